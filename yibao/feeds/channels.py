"""Which feeds there are, what is in each, and the archive of all that ever was in it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property, partial
from itertools import groupby
from typing import NamedTuple

from yibao import categories, identifiers, traditional
from yibao.feeds import choice
from yibao.feeds.items import item_of
from yibao.feeds.model import MOST_BYTES, MOST_ITEMS, NEVER, Feed, Item, Variant, tag, variants
from yibao.models import Edition, Entry
from yibao.settings import FeedChoice, Site
from yibao.text import legal

#: Items in one document of the archive.
ARCHIVE_ITEMS = 500
Member = Entry | Edition


class Subject(NamedTuple):
    """What a feed is about, in our two languages, and all that ever was in it, newest first."""

    name: str
    title: str
    title_en: str
    description: str
    description_en: str
    members: Sequence[Member]


class Workshop:
    """Makes each item once for all feeds."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._made: dict[tuple[str, Variant], Item] = {}

    def item(self, one: Member, variant: Variant) -> Item:
        """The item of this entry or edition."""
        key = (one.item, variant)
        if key not in self._made:
            self._made[key] = item_of(one, self.site, variant)
        return self._made[key]


@dataclass(frozen=True)
class Channel:
    """A feed in one variant."""

    #: What it says of itself, without its items.
    about: Feed
    #: Every entry or edition, newest first.
    members: Sequence[Member]
    variant: Variant
    workshop: Workshop = field(repr=False)
    #: Of its archive, oldest first: file names, and what is in each.
    parts: Sequence[tuple[str, Sequence[Member]]] = ()

    @property
    def newest(self) -> Sequence[Member]:
        """What the live feed is made from."""
        return self.members[:MOST_ITEMS]

    @cached_property
    def live(self) -> Feed:
        """The newest items, at most sixty of them and 300 KB; it leads into the archive, at its newest document."""
        items: list[Item] = []
        size = 0
        for one in self.newest:
            item = self.workshop.item(one, self.variant)
            size += item.size
            if size > MOST_BYTES and items:
                break
            items.append(item)
        return replace(self.about, items=tuple(items))


def feeds(
    entries: Iterable[Entry],
    editions: Iterable[Edition],
    wanted: Sequence[str],
    site: Site,
    chosen: Sequence[FeedChoice] = (),
) -> list[Channel]:
    """Every feed in every variant: all, translated, editions, each configured category, then the operator's own."""
    workshop = Workshop(site)
    found = list(_subjects(entries, editions, wanted, chosen))
    return [channel(subject, variant, workshop) for subject in found for variant in variants(site)]


def channel(subject: Subject, variant: Variant, workshop: Workshop, query: str = "") -> Channel:
    """The feed of a subject in one variant; `query` is what was asked, where it answers a question."""
    site = workshop.site
    title, description = subject.title, subject.description
    if variant is Variant.ENGLISH:
        title, description = subject.title_en, subject.description_en
    elif variant is Variant.TRADITIONAL:
        title = f"{traditional.convert(title)}（繁體，自動轉換）"
        description = traditional.convert(description)
    name = f"{subject.name}/{variant}" if variant else subject.name
    about = Feed(
        subject.name,
        legal(f"{site.title} · {title}"),
        legal(description),
        str(variant) or site.language,
        tag(site, f"feed/{name}{query}"),
        f"{site.base_url}/editions/" if subject.name == "editions" else f"{site.base_url}/",
        f"{site.base_url}/feeds/{name}/",
        (),
        None if query else site.hub_url,
        query,
    )
    # Variants and answers have no archive: it is in the words of those who wrote.
    parts = [] if variant or query else _parts(subject.members)
    if parts:
        about = replace(about, previous=parts[-1][0])
    return Channel(about, subject.members, variant, workshop, parts)


def archive(channel: Channel) -> list[tuple[str, Sequence[Member], Callable[[], Feed]]]:
    """The documents of a channel's archive, oldest first: file name, what is in it, and how it is made.

    By month of publication, in parts of 500 from the month's beginning, so that a full part never changes again for
    what comes later. Source: RFC 5005, section 4.
    """
    parts = channel.parts
    names = [None, *(name for name, _ in parts), None]

    def document(number: int) -> Feed:
        name, members = parts[number]
        items = tuple(channel.workshop.item(one, channel.variant) for one in reversed(members))
        return replace(channel.about, items=items, archive=name, previous=names[number], following=names[number + 2])

    return [(name, members, partial(document, number)) for number, (name, members) in enumerate(parts)]


def _subjects(
    entries: Iterable[Entry], editions: Iterable[Edition], wanted: Sequence[str], chosen: Sequence[FeedChoice]
) -> Iterator[Subject]:
    # Of one day, translations first.
    newest = sorted((entry for entry in entries if entry.stamp), key=_age)
    # By when the translation came: a paper of last year that is translated today is news here.
    translated = sorted((entry for entry in newest if entry.translated_on), key=_translated_on, reverse=True)
    issued = sorted((one for one in editions if one.stamp and one.entries), key=_published_at, reverse=True)
    yield Subject("all", "全部", "Everything", "每篇新论文，中英对照。Every new paper.", "Every new paper.", newest)
    yield Subject(
        "translated", "译文", "Translated", "有译文的论文。Translated papers.", "Translated papers.", translated
    )
    yield Subject(
        "editions", "各期", "Editions", "每日与每周各一条。One item an edition.", "One item an edition.", issued
    )
    by_category = _by_category(newest)
    for code in wanted:
        name = categories.name_of(code)
        about = f"{name.name_zh}：新论文，中英对照。{name.name_en}."
        listed = by_category.get(code, [])
        yield Subject(code, f"{code} {name.name_zh}", f"{code} {name.name_en}", about, f"{name.name_en}.", listed)
    for one in chosen:
        title = one.title or one.name
        yield Subject(one.name, title, title, one.description, one.description, choice.choose(one, newest))


def _by_category(newest: Iterable[Entry]) -> Mapping[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in newest:
        for code in entry.categories:
            found.setdefault(code, []).append(entry)
    return found


def _parts(members: Sequence[Member]) -> list[tuple[str, list[Member]]]:
    oldest = sorted(members, key=lambda one: (_published_at(one), one.item))
    parts: list[tuple[str, list[Member]]] = []
    for month, group in groupby(oldest, key=lambda one: f"{_published_at(one):%Y-%m}"):
        found = list(group)
        for number, start in enumerate(range(0, len(found), ARCHIVE_ITEMS), 1):
            name = f"{month}.atom.xml" if number == 1 else f"{month}-{number}.atom.xml"
            parts.append((name, found[start : start + ARCHIVE_ITEMS]))
    return parts


def _age(entry: Entry) -> tuple[float, bool, float, str]:
    published = entry.stamp.published_at.timestamp() if entry.stamp else 0.0
    month, number = identifiers.sort_key(entry.arxiv_id)
    return (-published, entry.translation is None, -month, number)


def _published_at(one: Member) -> datetime:
    return one.stamp.published_at if one.stamp else NEVER


def _translated_on(entry: Entry) -> date:
    return entry.translated_on or NEVER.date()
