"""Catch-up pages: which papers were announced in a category on any of the last 90 days, and how many.

The only place where arXiv says how long a list is, so that a list can be proven complete. Read: identifier, kind
of announcement, primary category. Left out, because other sources give it whole: titles, authors, abstracts. Not
given: versions. Withdrawals stand among the replacements; replacements from version 6 on are not listed.
Source: https://arxiv.org/catchup and its code, https://github.com/arXiv/arxiv-browse.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from lxml import etree, html

from yibao import categories, identifiers
from yibao.errors import GarbledError
from yibao.records import Announcement, AnnounceType, Problem, Severity
from yibao.sources import CATCHUP

#: How far back a page can be had.
REACH = timedelta(days=90)
_PAGE_URL = re.compile(r"/[^/?]+/\d{4}-\d\d-\d\d\?abs=True&page=\d+$")

_SECTION = re.compile(
    r"(?P<name>New|Cross|Replacement)[\s-]*(?:submissions?|lists?)\s*"
    r"\((?:continued,\s*)?showing\s+(?:first\s+|last\s+)?(?P<shown>\d+)\s+of\s+(?P<total>\d+)\s+entr",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"Total of (\d+) entr", re.IGNORECASE)
_DATE = re.compile(r"\b(\d{1,2})\s+([A-Z][a-z]{2})[a-z]*\.?,?\s+(\d{4})\b|\b(\d{4}-\d{2}-\d{2})\b")
_CODE = re.compile(r"\(([A-Za-z-]+(?:\.[A-Za-z-]+)?)\)\s*$")
_CROSS_FROM = re.compile(r"cross-list from ([A-Za-z-]+(?:\.[A-Za-z-]+)?)")


class PageCounts(NamedTuple):
    """How many entries a page shows, and how many its whole list has by the page's own words."""

    #: Of each section of the list.
    sections: Mapping[str, int]
    #: Of the list; None where the page does not say it in one figure.
    total: int | None
    shown: int


@dataclass(frozen=True, slots=True)
class CatchupPage:
    """One page of a list."""

    lines: tuple[Announcement, ...]
    problems: tuple[Problem, ...]
    counts: PageCounts


def is_page_url(url: str) -> bool:
    """Check whether an address is that of a catch-up page, of whatever server: the settings may name another by now."""
    return _PAGE_URL.search(url) is not None


def build_page_url(base_url: str, category: str, on: date, page: int = 1) -> str:
    """Build the address of a category's list for a date. Always with abstracts: caches like one form of address."""
    return f"{base_url}/{category}/{on.isoformat()}?abs=True&page={page}"


def parse_page_url(url: str) -> tuple[str, date]:
    """Parse a page's address into its category and its date."""
    *_, category, day = url.partition("?")[0].split("/")
    return category, date.fromisoformat(day)


def is_within_reach(on: date, today: date) -> bool:
    """Check whether arXiv still has a page for this date."""
    return today - REACH <= on <= today


def count_declared(pages: Sequence[PageCounts]) -> int:
    """Count the entries that a list has, by the words of all its pages."""
    sections: dict[str, int] = {}
    for page in pages:
        sections |= page.sections
    return max(sum(sections.values()), *(page.total or 0 for page in pages))


def has_more_pages(pages: Sequence[PageCounts]) -> bool:
    """Check whether the list goes on after these pages, as far as they say."""
    return pages[-1].shown > 0 and sum(page.shown for page in pages) < count_declared(pages)


def parse_page(body: bytes, url: str) -> CatchupPage:
    """Parse a page into announcements, in its order. An entry that cannot be read becomes a Problem.

    Raises:
        GarbledError: it is no catch-up page, speaks of another date, or shows fewer entries than it says.
    """
    category, on = parse_page_url(url)
    root = _parse_root(body, url)
    _check_date(root, url, on)
    lines: list[Announcement] = []
    problems: list[Problem] = []
    sections: dict[str, int] = {}
    shown = entries = 0
    kind = ""
    seen: set[str] = set()
    for element in root.iter("h3", "dt"):
        if element.tag == "h3":
            if match := _SECTION.search(_fold_text(element)):
                kind = match["name"].lower()
                shown += int(match["shown"])
                sections[kind] = int(match["total"])
            continue
        entries += 1
        try:
            line = _parse_entry(element, kind, category, on)
        except ValueError as error:
            problems.append(_set_aside(url, element, entries, str(error)))
            continue
        if line.arxiv_id not in seen:
            seen.add(line.arxiv_id)
            lines.append(line)
    if entries != shown:
        raise GarbledError(url, f"the page shows {entries} entries and says that they are {shown}")
    total = _TOTAL.search(root.text_content())
    counts = PageCounts(sections, int(total[1]) if total else None, shown)
    return CatchupPage(tuple(lines), tuple(problems), counts)


def _parse_root(body: bytes, url: str) -> html.HtmlElement:
    if not body.strip():
        raise GarbledError(url, "the answer is empty")
    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        root = html.document_fromstring(body, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise GarbledError(url, f"the answer is no page ({error})") from None
    if not body.rstrip().lower().endswith(b"</html>"):
        raise GarbledError(url, "the page is cut off")
    return root


def _check_date(root: html.HtmlElement, url: str, on: date) -> None:
    """Check that the page names the date: one served for another date looks like a list of this one."""
    page_dates = [day for element in root.iter("title", "h1", "h2", "h3") for day in _parse_dates(_fold_text(element))]
    if not page_dates:
        raise GarbledError(url, "the answer is an HTML page, but does not say of which date it speaks")
    if on not in page_dates:
        raise GarbledError(url, f"the page speaks of {page_dates[0]}, not of {on}")


def _parse_dates(text: str) -> list[date]:
    parsed = []
    for day, month, year, iso in _DATE.findall(text):
        try:
            parsed.append(
                date.fromisoformat(iso) if iso else datetime.strptime(f"{day} {month} {year}", "%d %b %Y").date()  # noqa: DTZ007  (a calendar date in New York)
            )
        except ValueError:
            continue
    return parsed


def _parse_entry(element: html.HtmlElement, kind: str, category: str, on: date) -> Announcement:
    links = (identifiers.parse_link(f"//arxiv.org{a.get('href')}") for a in element.iter("a") if _is_abstract_link(a))
    link = next(filter(None, links), None)
    if link is None:
        raise ValueError("It has no link to an abstract.")
    if not kind:
        raise ValueError(f"{link.identifier.arxiv_id} stands under no heading.")
    return Announcement(link.identifier.arxiv_id, None, category, on, _determine_type(element, kind, category), CATCHUP)


def _is_abstract_link(link: html.HtmlElement) -> bool:
    return (link.get("href") or "").startswith("/abs/")


def _determine_type(element: html.HtmlElement, kind: str, category: str) -> AnnounceType:
    if kind == "new":
        return AnnounceType.NEW
    if kind == "cross":
        return AnnounceType.CROSS
    primary = _find_primary(element)
    is_own = primary is None or primary == category or primary.partition(".")[0] == category
    return AnnounceType.REPLACE if is_own else AnnounceType.REPLACE_CROSS


def _find_primary(element: html.HtmlElement) -> str | None:
    """Find the canonical primary category that an entry names; None where it names none."""
    if match := _CROSS_FROM.search(_fold_text(element)):
        return categories.find_canonical(match[1])
    described = element.getnext()
    if described is None or described.tag != "dd":
        return None
    for part in described.iter("span"):
        if part.get("class") == "primary-subject" and (match := _CODE.search(_fold_text(part))):
            return categories.find_canonical(match[1])
    return None


def _fold_text(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _set_aside(url: str, element: html.HtmlElement, number: int, message: str) -> Problem:
    line = int(element.sourceline) if isinstance(element.sourceline, int) else 1
    sentence = f"Entry {number} was set aside. {message}"
    remedy = "Look at the kept response; the other entries were read."
    return Problem(url, line, 1, "unreadable-item", Severity.ERROR, sentence, remedy)
