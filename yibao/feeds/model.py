"""A feed and its items, as all formats see them, and the entries and editions they are made from.

Ids are tag URIs (RFC 4151) without version, the same in every feed. `published_at` never changes; `updated_at`
moves only for a correction that a reader would notice. All datetimes are UTC.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from html import escape
from itertools import groupby
from typing import NamedTuple

from yibao import categories, identifiers, typesetting
from yibao.feeds import choice
from yibao.models import Edition, Entry, Translation
from yibao.settings import FeedChoice, Site
from yibao.text import legal, shorten

#: Readers fetch a live feed many times a day: it holds the newest, its archive holds all.
MOST_ITEMS = 60
MOST_BYTES = 300_000
#: Items in one document of the archive.
ARCHIVE_ITEMS = 500
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
    #: Of the translation, as its file says it.
    rights: str | None = None
    #: Address of the licence of the paper, as arXiv tells it.
    license_url: str | None = None

    @property
    def size(self) -> int:
        """About how many bytes it takes in a feed: markup within XML takes more than its own."""
        return len(self.html.encode()) * 6 // 5 + len(self.summary.encode()) + len(self.title.encode()) + 1200


@dataclass(frozen=True, slots=True)
class Feed:
    """A channel, newest item first; or one document of its archive."""

    #: Its folder under `feeds/`: all, translated, editions, a category, or what the operator named.
    name: str
    title: str
    description: str
    language: str
    id: str
    home_url: str
    #: Where its three files are; ends in a slash.
    base_url: str
    items: tuple[Item, ...]
    #: Where readers are told of changes (WebSub); None where nobody tells them.
    hub_url: str | None = None
    #: File names within `archive/` (RFC 5005): of this document, the one before and the one after.
    archive: str | None = None
    previous: str | None = None
    following: str | None = None

    @property
    def updated_at(self) -> datetime:
        """When the newest of its items changed; 1970 while it has none."""
        return max((item.updated_at for item in self.items), default=_NEVER)


class Channel(NamedTuple):
    """A feed, and all that ever was in it."""

    live: Feed
    #: Every entry or edition, newest first.
    members: Sequence[Entry | Edition]


def feeds(
    entries: Iterable[Entry],
    editions: Iterable[Edition],
    wanted: Sequence[str],
    site: Site,
    chosen: Sequence[FeedChoice] = (),
) -> list[Channel]:
    """Every feed: all, translated, editions, one for each configured category, then the operator's own."""
    newest = sorted((entry for entry in entries if entry.stamp), key=_newest_first)
    # By when the translation came: a paper of last year that is translated today is news here.
    translated = sorted((entry for entry in newest if entry.translated_on), key=_translated_on, reverse=True)
    issued = sorted(
        (edition for edition in editions if edition.stamp and edition.entries),
        key=lambda edition: edition.stamp.published_at if edition.stamp else _NEVER,
        reverse=True,
    )
    made: dict[str, Item] = {}
    found: list[tuple[str, str, str, Sequence[Entry | Edition]]] = [
        ("all", "全部", "每篇新论文，中英对照。Every new paper.", newest),
        ("translated", "译文", "有译文的论文。Translated papers.", translated),
        ("editions", "各期", "每日与每周各一条。One item an edition.", issued),
        *(_of_category(code, newest) for code in wanted),
        *((one.name, one.title or one.name, one.description, choice.choose(one, newest)) for one in chosen),
    ]
    return [_channel(name, title, told, members, site, made) for name, title, told, members in found]


def archive(channel: Channel, site: Site) -> list[tuple[str, Sequence[Entry | Edition], Callable[[], Feed]]]:
    """The documents of a channel's archive, oldest first: file name, what is in it, and how it is made.

    By month of publication, in parts of 500 from the month's beginning, so that a full part never changes again for
    what comes later. Source: RFC 5005, section 4.
    """
    oldest = sorted(channel.members, key=lambda one: (_published_at(one), one.item))
    parts: list[tuple[str, list[Entry | Edition]]] = []
    for month, group in groupby(oldest, key=lambda one: f"{_published_at(one):%Y-%m}"):
        members = list(group)
        for number, start in enumerate(range(0, len(members), ARCHIVE_ITEMS), 1):
            name = f"{month}.atom.xml" if number == 1 else f"{month}-{number}.atom.xml"
            parts.append((name, members[start : start + ARCHIVE_ITEMS]))
    names = [None, *(name for name, _ in parts), None]

    def document(number: int) -> Feed:
        name, members = parts[number]
        items = tuple(_item(one, site, {}) for one in reversed(members))
        previous, following = names[number], names[number + 2]
        return replace(channel.live, items=items, archive=name, previous=previous, following=following)

    return [(name, members, partial(document, number)) for number, (name, members) in enumerate(parts)]


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


def _of_category(code: str, newest: Sequence[Entry]) -> tuple[str, str, str, list[Entry]]:
    category = categories.name_of(code)
    listed = [entry for entry in newest if code in entry.categories]
    return code, f"{code} {category.name_zh}", f"{category.name_zh}：新论文，中英对照。{category.name_en}.", listed


def _channel(  # noqa: PLR0913  (what a feed says of itself, and what is in it)
    name: str,
    title: str,
    description: str,
    members: Sequence[Entry | Edition],
    site: Site,
    made: dict[str, Item],
) -> Channel:
    items: list[Item] = []
    size = 0
    for one in members[:MOST_ITEMS]:
        item = _item(one, site, made)
        size += item.size
        if size > MOST_BYTES and items:
            break
        items.append(item)
    live = Feed(
        name,
        f"{site.title} · {title}",
        description,
        site.language,
        tag(site, f"feed/{name}"),
        f"{site.base_url}/editions/" if name == "editions" else f"{site.base_url}/",
        f"{site.base_url}/feeds/{name}/",
        tuple(items),
        site.hub_url,
    )
    return Channel(live, members)


def _item(one: Entry | Edition, site: Site, made: dict[str, Item]) -> Item:
    """The item; each is made once for all feeds."""
    if one.item not in made:
        made[one.item] = _paper_item(one, site) if isinstance(one, Entry) else _edition_item(one, site)
    return made[one.item]


def _published_at(one: Entry | Edition) -> datetime:
    return one.stamp.published_at if one.stamp else _NEVER


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
        rights=legal(entry.translation.license) if entry.translation and entry.translation.license else None,
        license_url=paper.license if paper else None,
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
