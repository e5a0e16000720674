"""An edition cut into pages of a size that a phone loads at once."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from yibao.records import Edition, Entry

#: Of one page, as estimated before it is made; formulas may add a third.
MOST_BYTES = 95_000
#: Markup around an entry: with both abstracts, and in a list.
_ARTICLE_BYTES, _LINE_BYTES = 1_100, 520
#: Names that a list shows of a paper's authors; the paper's own page shows all.
MOST_NAMES = 8
#: Translated papers on the front page beside those that lead; and papers of a category where none is translated.
MOST_OTHERS, MOST_FIRST = 60, 5


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
    #: Of an edition of a day.
    number: int | None
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
    #: On the first page: every translated paper, and the page that it stands on.
    titles: tuple[tuple[Entry, int], ...] = ()


class IndexLine(NamedTuple):
    """A heading of an edition as the front page names it."""

    name: str
    total: int
    #: The page of the edition that it begins on.
    page: int
    #: Its first papers, where nothing is translated.
    first: tuple[Entry, ...]


class Front(NamedTuple):
    """What the front page shows of the newest edition."""

    head: Head
    leads: tuple[Entry, ...]
    #: Translated papers beside those.
    others: tuple[Entry, ...]
    lines: tuple[IndexLine, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All papers that it shows."""
        return (*self.leads, *self.others, *(entry for line in self.lines for entry in line.first))


def compose_front(edition: Edition) -> Front:
    """Choose what the front page shows of an edition: leads, other translations, and the rest as an index."""
    head = split_edition(edition)[0].head
    others = tuple(entry for entry in edition.translated if entry not in edition.leads)
    sections = dict(edition.by_category)
    lines = [
        IndexLine(name, total, page, () if edition.translated else sections.get(name, ())[:MOST_FIRST])
        for name, total, page in head.contents
        if name != "translated"
    ]
    return Front(head, edition.leads, others[:MOST_OTHERS], tuple(lines))


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
        edition.number,
        edition.starts_on,
        edition.ends_on,
        len(edition.translated),
        edition.untranslated,
        len(edition.replaced),
        edition.notes,
        tuple(begins.values()),
        len(pages),
    )
    titles = tuple(
        (entry, page)
        for page, sections in enumerate(pages, 1)
        for section in sections
        for entry in section.entries
        if section.name == "translated"
    )
    return [Part(head, number, sections, titles if number == 1 else ()) for number, sections in enumerate(pages, 1)]


def locate_entries(edition: Edition) -> dict[str, int]:
    """Tell on which page of a daily edition each of its papers stands, by identifier; nothing of a weekly one.

    Papers of a weekly edition are read in those of its days.
    """
    if edition.is_weekly:
        return {}
    return {
        entry.arxiv_id: number
        for number, sections in enumerate(_split_into_pages(edition), 1)
        for section in sections
        for entry in section.entries
    }


def _split_into_pages(edition: Edition) -> list[tuple[Section, ...]]:
    """Put all on one page if it fits; else translated papers on pages of their own, before all others.

    Others are put on pages as if none were translated: a translation moves no other paper, and addresses stay.
    """
    whole = [("translated", edition.translated), *edition.by_category, ("replaced", edition.replaced)]
    totals = {name: len(entries) for name, entries in whole}
    translated = [("translated", entry, _weigh_article(entry)) for entry in edition.translated]
    listed = [
        (name, entry, _weigh_line(entry, has_abstract=not edition.is_weekly))
        for name, entries in (*(edition.announced or edition.by_category), ("replaced", edition.replaced))
        for entry in entries
    ]
    weighed = [*translated, *listed]
    if sum(weight for _, _, weight in weighed) <= MOST_BYTES:
        pages = [weighed]
    else:
        pages = [*_fill_pages(translated), *_fill_pages(listed)]
    shown = [
        [(name, entry) for name, entry, _ in page if name == "translated" or not entry.translation] for page in pages
    ]
    return [tuple(_arrange_sections(page, totals)) for page in shown if page] or [()]


def _fill_pages(weighed: Iterable[tuple[str, Entry, int]]) -> list[list[tuple[str, Entry, int]]]:
    pages: list[list[tuple[str, Entry, int]]] = []
    size = MOST_BYTES
    for one in weighed:
        size += one[2]
        if size > MOST_BYTES:
            pages.append([])
            size = one[2]
        pages[-1].append(one)
    return pages


def _weigh_article(entry: Entry) -> int:
    texts = (entry.translation.abstract if entry.translation else "", entry.paper.abstract if entry.paper else "")
    return sum(map(_weigh_text, texts)) + _weigh_names(entry) + _ARTICLE_BYTES


def _weigh_line(entry: Entry, *, has_abstract: bool) -> int:
    abstract = _weigh_text(entry.paper.abstract) if has_abstract and entry.paper else 0
    return len(entry.title_en.encode()) + abstract + _weigh_names(entry) + _LINE_BYTES


def _weigh_text(text: str) -> int:
    # Formulas in MathML take several times their TeX.
    return len(text.encode()) + text.count("$") * 150


def _weigh_names(entry: Entry) -> int:
    return sum(len(author.name.encode()) + 2 for author in entry.paper.authors[:MOST_NAMES]) if entry.paper else 0


def _arrange_sections(page: list[tuple[str, Entry]], totals: dict[str, int]) -> Iterator[Section]:
    names = dict.fromkeys(name for name, _ in page)
    for name in names:
        yield Section(name, tuple(entry for section, entry in page if section == name), totals[name])
