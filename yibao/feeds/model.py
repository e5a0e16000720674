"""A feed and its items, as all formats see them, and the entries and editions they are made from.

Ids are tag URIs (RFC 4151) without version, the same in every feed. `published_at` never changes; `updated_at`
moves only for a correction that a reader would notice. All datetimes are UTC.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import escape
from itertools import groupby

from yibao import categories, identifiers, typesetting
from yibao.models import Edition, Entry, Translation
from yibao.settings import Site
from yibao.text import legal, shorten

#: A feed holds at least this many items where there are as many, and never a part of a day.
MINIMUM_ITEMS = 60
_SUMMARY_CHARACTERS = 300
_WITHDRAWN = "本文已撤回。This paper has been withdrawn."
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Item:
    """What a reader shows as one article."""

    id: str
    url: str
    #: Plain Unicode: several readers show markup in titles wrongly.
    title: str
    #: Plain Unicode.
    summary: str
    html: str
    #: BCP 47, of the title and summary.
    language: str
    published_at: datetime
    updated_at: datetime
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    pdf_url: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """A channel, newest item first."""

    #: Its folder under `feeds/`: all, translated, editions, or a category.
    name: str
    title: str
    description: str
    language: str
    id: str
    home_url: str
    #: Where its three files are; ends in a slash.
    base_url: str
    items: tuple[Item, ...]

    @property
    def updated_at(self) -> datetime:
        """When the newest of its items changed; 1970 while it has none."""
        return max((item.updated_at for item in self.items), default=_NEVER)


def feeds(entries: Iterable[Entry], editions: Iterable[Edition], wanted: Sequence[str], site: Site) -> list[Feed]:
    """Every feed of the site: all, translated, editions, and one for each configured category, in that order."""
    newest = sorted((entry for entry in entries if entry.stamp), key=_newest_first)
    # By when the translation came: a paper of last year that is translated today is news here.
    translated = sorted((entry for entry in newest if entry.translated_on), key=_translated_on, reverse=True)
    issued = [edition for edition in editions if edition.stamp and edition.entries]
    return [
        _feed(
            "all",
            f"{site.title} · 全部",
            "每篇新论文，中英对照。Every new paper.",
            _items(newest, _published_on, site),
            site,
        ),
        _feed(
            "translated",
            f"{site.title} · 译文",
            "有译文的论文。Translated papers.",
            _items(translated, _translated_on, site),
            site,
        ),
        _feed(
            "editions", f"{site.title} · 各期", "每日与每周各一条。One item an edition.", _issues(issued, site), site
        ),
        *(_category_feed(code, newest, site) for code in wanted),
    ]


def tag(site: Site, name: str) -> str:
    """The permanent id of an item or feed."""
    return f"tag:{site.tag_authority}:{name}"


def paper_url(site: Site, entry: Entry) -> str:
    """Where the paper is read: our page where it is translated, else arXiv's."""
    return f"{site.base_url}/papers/{entry.arxiv_id}/" if entry.translation else identifiers.abs_url(entry.arxiv_id)


def _newest_first(entry: Entry) -> tuple[float, bool, float, str]:
    published = entry.stamp.published_at.timestamp() if entry.stamp else 0.0
    month, number = identifiers.sort_key(entry.arxiv_id)
    return (-published, entry.translation is None, -month, number)


def _category_feed(code: str, newest: Sequence[Entry], site: Site) -> Feed:
    category = categories.name_of(code)
    listed = [entry for entry in newest if code in entry.categories]
    description = f"{category.name_zh}：新论文，中英对照。{category.name_en}."
    return _feed(
        code,
        f"{site.title} · {code} {category.name_zh}",
        description,
        _items(listed, _published_on, site),
        site,
    )


def _feed(name: str, title: str, description: str, items: Iterable[Item], site: Site) -> Feed:
    base_url = f"{site.base_url}/feeds/{name}/"
    home_url = f"{site.base_url}/editions/" if name == "editions" else f"{site.base_url}/"
    return Feed(name, title, description, site.language, tag(site, f"feed/{name}"), home_url, base_url, tuple(items))


def _items(entries: Sequence[Entry], day_of: Callable[[Entry], date], site: Site) -> list[Item]:
    return [_paper_item(entry, site) for entry in _recent(entries, day_of)]


def _issues(editions: Iterable[Edition], site: Site) -> list[Item]:
    newest = sorted(editions, key=lambda edition: edition.stamp.published_at if edition.stamp else _NEVER, reverse=True)
    return [_edition_item(edition, site) for edition in newest[:MINIMUM_ITEMS]]


def _recent(entries: Sequence[Entry], day_of: Callable[[Entry], date]) -> list[Entry]:
    """The newest whole days that together make the minimum: a reader who polls daily misses nothing."""
    kept: list[Entry] = []
    for _, day in groupby(entries, key=day_of):
        if len(kept) >= MINIMUM_ITEMS:
            break
        kept.extend(day)
    return kept


def _published_on(entry: Entry) -> date:
    return (entry.stamp.published_at if entry.stamp else _NEVER).date()


def _translated_on(entry: Entry) -> date:
    return entry.translated_on or _NEVER.date()


def _paper_item(entry: Entry, site: Site) -> Item:
    if entry.stamp is None:
        raise ValueError(f"{entry.arxiv_id} has not been published")
    paper = entry.paper
    return Item(
        id=tag(site, entry.item),
        url=paper_url(site, entry),
        title=legal(typesetting.plain(entry.title)),
        summary=legal(shorten(_summary(entry), _SUMMARY_CHARACTERS)),
        html=legal(paper_html(entry)),
        language=entry.translation.language if entry.translation and entry.title_zh else "en",
        published_at=entry.stamp.published_at,
        updated_at=entry.stamp.updated_at,
        authors=tuple(legal(author.name) for author in paper.authors) if paper else (),
        categories=entry.categories,
        pdf_url=identifiers.pdf_url(entry.arxiv_id),
    )


def _summary(entry: Entry) -> str:
    return f"{_WITHDRAWN} {_abstract(entry)}" if entry.is_withdrawn else _abstract(entry)


def _abstract(entry: Entry) -> str:
    if entry.translation and entry.translation.abstract:
        return typesetting.text_of_markdown(entry.translation.abstract)
    return typesetting.text_of_abstract(entry.paper.abstract) if entry.paper else ""


def paper_html(entry: Entry) -> str:
    """The body of an item: English title, people and places, the translation, the English abstract."""
    paper, translation = entry.paper, entry.translation
    parts = [f'<p lang="en"><strong>{escape(typesetting.plain(entry.title_en))}</strong></p>'] if entry.title_zh else []
    parts.append(f'<p lang="en">{_byline(entry)}</p>')
    if paper and paper.is_withdrawn:
        reason = f' <span lang="en">{escape(typesetting.plain(paper.comment))}</span>' if paper.comment else ""
        parts.append(f"<p><strong>{_WITHDRAWN}</strong>{reason}</p>")
    if entry.is_stale:
        parts.append(f"<p>{_stale(entry)}</p>")
    if translation and translation.abstract:
        html = typesetting.html_of_markdown(translation.abstract)
        parts.append(f'<div lang="{escape(translation.language)}">{html}</div>')
        credit = "，".join(f"{role}：{escape(name)}" for role, name in _roles(translation) if name)
        parts += [f"<p>{credit}</p>"] if credit else []
    if paper and paper.abstract:
        parts.append(f'<div lang="en">{typesetting.html_of_abstract(paper.abstract)}</div>')
    if paper is None:
        parts.append("<p>尚待 arXiv 的元数据。Metadata from arXiv is still to come.</p>")
    return "\n".join(parts)


def _stale(entry: Entry) -> str:
    """What readers are told of a translation that arXiv's text has outlived."""
    of = f" v{entry.source_version}" if entry.source_version else "较早的文本"
    return f"译文依据{of}，此后 arXiv 上的标题或摘要有改动。Translated from an earlier text; arXiv's has changed since."


def _roles(translation: Translation) -> tuple[tuple[str, str | None], ...]:
    return (
        ("译者", translation.translator),
        ("审校", translation.reviewer),
        ("订正", translation.corrector),
        ("许可", translation.license),
    )


def _byline(entry: Entry) -> str:
    authors = escape(", ".join(author.name for author in entry.paper.authors)) if entry.paper else ""
    link = f'<a href="{identifiers.abs_url(entry.arxiv_id)}">arXiv:{entry.arxiv_id}</a>'
    return " · ".join(part for part in (authors, ", ".join(entry.categories), link) if part)


def _edition_item(edition: Edition, site: Site) -> Item:
    if edition.stamp is None:
        raise ValueError(f"edition {edition.key} has not been published")
    counts = f"译文 {len(edition.translated)} 篇，其余 {edition.untranslated} 篇"
    rows = [
        f'<li><a href="{escape(paper_url(site, entry))}">{escape(typesetting.plain(entry.title))}</a>'
        + (f'<br/><span lang="en">{escape(typesetting.plain(entry.title_en))}</span>' if entry.title_zh else "")
        + (f"<br/>{_WITHDRAWN}" if entry.is_withdrawn else "")
        + "</li>"
        for entry in edition.entries
        if entry not in edition.replaced
    ]
    notes = "".join(f"<p>不完整 Incomplete: {escape(note)}</p>" for note in edition.notes)
    return Item(
        id=tag(site, edition.item),
        url=f"{site.base_url}/editions/{edition.key}/",
        title=f"{site.title} {edition.key}：{counts}",
        summary=counts,
        html=legal(f"{notes}<ol>{''.join(rows)}</ol>"),
        language=site.language,
        published_at=edition.stamp.published_at,
        updated_at=edition.stamp.updated_at,
    )
