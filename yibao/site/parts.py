"""An edition cut into pages of a size that a phone loads at once."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from yibao.records import Edition, Entry

#: Of one page, as estimated before it is made; formulas may add a third.
MOST_BYTES = 95_000
#: Markup around an entry: with both abstracts, and in a list.
_ARTICLE_BYTES, _LINE_BYTES = 1_100, 420
#: Names that a list shows of a paper's authors; the paper's own page shows all.
MOST_NAMES = 8


class Section(NamedTuple):
    """Entries under one heading: `translated`, `replaced`, or a category."""

    name: str
    entries: tuple[Entry, ...]
    #: How many the whole edition has under this heading.
    total: int


class Head(NamedTuple):
    """What each page of an edition says of the whole."""

    key: str
    is_weekly: bool
    starts_on: date
    ends_on: date
    translated: int
    untranslated: int
    replaced: int
    notes: tuple[str, ...]
    #: Every heading: its name, how many entries it has, and the number of the page that it begins on.
    contents: tuple[tuple[str, int, int], ...]
    pages: int


class Part(NamedTuple):
    """One page of an edition."""

    head: Head
    number: int
    sections: tuple[Section, ...]


def split_edition(edition: Edition) -> list[Part]:
    """Split an edition into pages in order, at least one; every entry is on one of them."""
    pages = _split_into_pages(edition)
    begins: dict[str, tuple[str, int, int]] = {}
    for number, sections in enumerate(pages, 1):
        for section in sections:
            begins.setdefault(section.name, (section.name, section.total, number))
    head = Head(
        edition.key,
        edition.is_weekly,
        edition.starts_on,
        edition.ends_on,
        len(edition.translated),
        edition.untranslated,
        len(edition.replaced),
        edition.notes,
        tuple(begins.values()),
        len(pages),
    )
    return [Part(head, number, sections) for number, sections in enumerate(pages, 1)]


def _split_into_pages(edition: Edition) -> list[tuple[Section, ...]]:
    whole = [("translated", edition.translated), *edition.by_category, ("replaced", edition.replaced)]
    totals = {name: len(entries) for name, entries in whole}
    pages: list[list[tuple[str, Entry]]] = [[]]
    size = 0
    for name, entry, weight in _weigh_entries(edition):
        size += weight
        if size > MOST_BYTES and pages[-1]:
            pages.append([])
            size = weight
        pages[-1].append((name, entry))
    return [tuple(_arrange_sections(page, totals)) for page in pages]


def _weigh_entries(edition: Edition) -> Iterator[tuple[str, Entry, int]]:
    for entry in edition.translated:
        texts = (entry.translation.abstract if entry.translation else "", entry.paper.abstract if entry.paper else "")
        # Formulas in MathML take several times their TeX.
        maths = sum(text.count("$") for text in texts) * 150
        yield (
            "translated",
            entry,
            sum(len(text.encode()) for text in texts) + maths + _weigh_names(entry) + _ARTICLE_BYTES,
        )
    for name, entries in (*edition.by_category, ("replaced", edition.replaced)):
        for entry in entries:
            yield name, entry, len(entry.title_en.encode()) + _weigh_names(entry) + _LINE_BYTES


def _weigh_names(entry: Entry) -> int:
    return sum(len(author.name.encode()) + 2 for author in entry.paper.authors[:MOST_NAMES]) if entry.paper else 0


def _arrange_sections(page: list[tuple[str, Entry]], totals: dict[str, int]) -> Iterator[Section]:
    names = dict.fromkeys(name for name, _ in page)
    for name in names:
        yield Section(name, tuple(entry for section, entry in page if section == name), totals[name])
