"""Which feeds there are, what is in each, and the archive of all that ever was in it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from yibao import catalogues, categories, chinese_scripts
from yibao.catalogues import mark_text
from yibao.edition_summaries import EditionSummary
from yibao.feeds import filters
from yibao.feeds.items import make_item
from yibao.feeds.model import Feed, Item, Variant, make_tag_uri
from yibao.records import Edition, Entry
from yibao.settings import FeedChoice, Site
from yibao.text import remove_illegal_characters

#: Items in one document of the archive.
ARCHIVE_ITEMS = 500
#: Readers show no SVG, and RSS allows no picture wider than this.
_ICON = "icon-144.png"
_ARCHIVE = re.compile(r"feeds/(?P<feed>[^/]+)/archive/(?P<month>\d{4}-\d{2})")


class Subject(NamedTuple):
    """What a feed is about, in our two languages."""

    name: str
    title: str
    title_en: str
    description: str
    description_en: str

    def label(self, language: str) -> tuple[str, str, str]:
        """Say its name, title and description for pages in a language."""
        if language == "en":
            return self.name, self.title_en, self.description_en
        if chinese_scripts.is_traditional(language):
            title, description = map(chinese_scripts.convert_text, (self.title, self.description))
            return self.name, title, description
        return self.name, self.title, self.description

    @property
    def live(self) -> str:
        """The list of what its live feed is made from."""
        return f"feeds/{self.name}/live"

    def archive(self, month: str) -> str:
        """Return the list of what was published in a month."""
        return f"feeds/{self.name}/archive/{month}"


class ItemMaker:
    """Makes each item once for all feeds of a publication."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._items: dict[tuple[str, Variant, bool], Item] = {}

    def make_item(self, subject: Entry | EditionSummary, variant: Variant, *, is_short: bool = False) -> Item:
        """Make the item that readers of this variant are shown, or return the one made before; editions are whole."""
        is_short = is_short and isinstance(subject, Entry) and subject.translation is None
        key = (subject.item, variant, is_short)
        if key not in self._items:
            self._items[key] = make_item(subject, self._site, variant, is_short=is_short)
        return self._items[key]


def list_subjects(codes: Sequence[str], chosen: Sequence[FeedChoice] = ()) -> list[Subject]:
    """List every feed: all, translated, editions, each configured category, then the operator's own."""
    say = catalogues.load_texts("zh-Hans").gettext
    subjects = [
        Subject(name, say(title), title, f"{say(about)}{about}", about)
        for name, title, about in (
            ("all", mark_text("Everything"), mark_text("Every new paper.")),
            ("translated", mark_text("Translated"), mark_text("Translated papers.")),
            ("editions", mark_text("Editions"), mark_text("One item per edition.")),
        )
    ]
    new = mark_text("%(name)s: new papers.")
    for code in codes:
        name = categories.find_category(code)
        chinese, english = say(new) % {"name": name.name_zh}, new % {"name": name.name_en}
        titles = (f"{code} {name.name_zh}", f"{code} {name.name_en}")
        subjects.append(Subject(code, *titles, f"{chinese}{english}", english))
    for choice in chosen:
        title = choice.title or choice.name
        subjects.append(Subject(choice.name, title, title, choice.description, choice.description))
    return subjects


def name_feed_lists(item: Entry | Edition, codes: Iterable[str], chosen: Iterable[FeedChoice] = ()) -> list[str]:
    """Name the lists of feeds in which an item stands: none before it is published, none for an empty edition."""
    if item.stamp is None:
        return []
    if isinstance(item, Edition):
        names = ["editions"] if item.entries else []
    else:
        names = ["all", *(["translated"] if item.translated_on else [])]
        names += [code for code in codes if code in item.categories]
        names += [feed.name for feed in chosen if filters.choose_entries(feed, [item])]
    month = f"{item.stamp.published_at:%Y-%m}"
    return [f"feeds/{name}/{place}" for name in names for place in ("live", f"archive/{month}")]


def describe_feed(
    subject: Subject, variant: Variant, site: Site, documents: Sequence[str] = (), query: str = ""
) -> Feed:
    """Describe the feed of a subject in one variant, without its items.

    `documents` are those of its archive, oldest first; `query` is what was asked, where it answers a question.
    """
    title, description = subject.title, subject.description
    if variant is Variant.ENGLISH:
        title, description = subject.title_en, subject.description_en
    elif variant is Variant.TRADITIONAL:
        converted = catalogues.load_texts(chinese_scripts.LANGUAGE).gettext("%(title)s (Traditional, converted)")
        title = converted % {"title": chinese_scripts.convert_text(title)}
        description = chinese_scripts.convert_text(description)
    name = f"{subject.name}/{variant}" if variant else subject.name
    return Feed(
        subject.name,
        remove_illegal_characters(f"{site.title} · {title}"),
        remove_illegal_characters(description),
        str(variant) or site.language,
        make_tag_uri(site, f"feed/{name}{query}"),
        f"{site.base_url}/editions/" if subject.name == "editions" else f"{site.base_url}/",
        f"{site.base_url}/feeds/{name}/",
        (),
        None if query else site.hub_url,
        query,
        # Variants and answers have no archive: it is in the words of those who wrote.
        previous=documents[-1] if documents and not variant and not query else None,
        folder_url=f"{site.base_url}/feeds/{subject.name}/",
        page_suffix=f".{variant}" if variant else "",
        icon_url=f"{site.base_url}/{_ICON}",
    )


def list_archives(counts: Mapping[str, int]) -> dict[str, dict[str, list[str]]]:
    """List the documents of every feed's archive, by feed and month, oldest first; `counts` is the size of each list.

    By month of publication, in parts of 500 from the month's beginning, so that a full part never changes again for
    what comes later. Source: RFC 5005, section 4.
    """
    archives: dict[str, dict[str, list[str]]] = {}
    for name in sorted(counts):
        if parsed := _ARCHIVE.fullmatch(name):
            month, parts = parsed["month"], range(1, -(-counts[name] // ARCHIVE_ITEMS) + 1)
            documents = [f"{month}.atom.xml" if part == 1 else f"{month}-{part}.atom.xml" for part in parts]
            archives.setdefault(parsed["feed"], {})[month] = documents
    return archives


def find_dependent_lists(changed: Iterable[str], counts: Mapping[str, int]) -> set[str]:
    """Find the lists of months next to those that changed: documents of an archive name those before and after them."""
    archives = list_archives(counts)
    dependent: set[str] = set()
    for parsed in filter(None, map(_ARCHIVE.fullmatch, changed)):
        months = sorted({parsed["month"], *archives.get(parsed["feed"], ())})
        place = months.index(parsed["month"])
        dependent.update(f"feeds/{parsed['feed']}/archive/{month}" for month in months[max(0, place - 1) : place + 2])
    return dependent & counts.keys()
