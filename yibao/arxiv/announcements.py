"""The daily announcement feeds: RSS 2.0, Atom 1.0, and the RSS 1.0 (RDF) of before 2024.

Left out, because they say nothing of a paper: the channel's title, link, description, docs, language, managing
editor, skip days, self link and build date; an item's link (it follows from the identifier); Atom's `updated`
(the moment at which the feed was built).
Source: https://info.arxiv.org/help/rss_specifications.html
"""

import re
from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

from yibao import categories, dates, identifiers
from yibao.arxiv import authors, xml_documents
from yibao.errors import GarbledError
from yibao.records import Announcement, AnnounceType, Author, Paper, ParsedDocument, Problem, Severity
from yibao.text import join_lines

_PREFIX = re.compile(r"^\s*arXiv:\S+\s+Announce Type:\s*\S+\s*(?:Abstract:\s?)?", re.IGNORECASE)
_LEGACY_TITLE = re.compile(
    r"\s*\(arXiv:(?P<id>\S+?)\s+\[(?P<category>[^\]]+)\](?:\s+(?P<type>UPDATED|CROSS LISTED))?\)\s*$"
)
_LEGACY_TYPES = {None: AnnounceType.NEW, "UPDATED": AnnounceType.REPLACE, "CROSS LISTED": AnnounceType.CROSS}
_TAG = re.compile(r"<[^>]+>")
#: The feed carries no more items than this; one that carries as many has been cut, and loses *new* papers first.
#: Source: https://info.arxiv.org/help/rss.html ("Limit 2000 results")
LIMIT = 2000


def build_feed_url(base_url: str, category: str) -> str:
    """Build the address of a category's feed."""
    return f"{base_url}/{category}"


def parse_feed_url(url: str) -> tuple[str, str]:
    """Parse a feed's address into its format (`rss` or `atom`) and its category."""
    *_, source, category = url.split("/")
    return source, category


def parse_feed(body: bytes, url: str, category: str, source: str) -> ParsedDocument:
    """Parse one category's feed into papers and announcements, in the feed's order.

    An item that cannot be a paper becomes a Problem; its neighbours are still read.

    Raises:
        GarbledError: the document is broken, or is arXiv's answer to a category that it does not know.
    """
    document, problems = xml_documents.parse_feed_document(body, url)
    feed = document.feed
    if feed.get("title", "").startswith("Feed error"):
        raise GarbledError(url, f"arXiv refuses the query: {feed.get('subtitle', 'no reason given')}")
    announced_on = _find_announcement_date(feed, document.entries)
    papers, announcements = [], []
    for number, item in enumerate(document.entries, 1):
        try:
            paper, kind = _parse_paper(item, source)
        except ValueError as error:
            problems.append(_set_aside(url, number, str(error)))
            continue
        problems.extend(_find_doubts(paper, url, number))
        papers.append(paper)
        on = _parse_item_date(item) or announced_on
        if on:
            announcements.append(Announcement(paper.arxiv_id, paper.version, category, on, kind, source))
        else:
            problems.append(_set_aside(url, number, f"{paper.arxiv_id} bears no date, nor does the feed."))
    return ParsedDocument(tuple(papers), tuple(announcements), tuple(problems), announced_on, len(document.entries))


def _find_announcement_date(feed: Any, entries: list[Any]) -> date | None:
    # Atom's `updated` is the moment of building: between 20:00 and midnight it is a day behind, so items go first.
    dated = {on for on in map(_parse_item_date, entries) if on}
    if dated:
        return max(dated)
    stamp = feed.get("published_parsed") or feed.get("updated_parsed")
    return _convert_stamp(stamp) if stamp else None


def _parse_item_date(item: Any) -> date | None:
    stamp = item.get("published_parsed")
    return _convert_stamp(stamp) if stamp else None


def _convert_stamp(stamp: Any) -> date:
    return dates.find_eastern_date(datetime.fromtimestamp(timegm(stamp), UTC))


def _parse_paper(item: Any, source: str) -> tuple[Paper, AnnounceType]:
    legacy = _LEGACY_TITLE.search(item.get("title", ""))
    identifier = identifiers.parse_identifier(legacy["id"]) if legacy else _parse_identifier(item)
    if identifier is None:
        raise ValueError(f"Its identifier {item.get('id') or item.get('link') or '(none)'!r} is not one of arXiv's.")
    title = join_lines(_LEGACY_TITLE.sub("", item.get("title", "")))
    if not title:
        raise ValueError(f"{identifier.arxiv_id} has no title.")
    terms = [tag["term"] for tag in item.get("tags", []) if tag.get("term")] or ([legacy["category"]] if legacy else [])
    codes, classes = categories.split_terms(terms)
    paper = Paper(
        arxiv_id=identifier.arxiv_id,
        version=identifier.version or 1,
        title=title,
        abstract=_parse_abstract(item, is_legacy=legacy is not None),
        authors=_parse_authors(item),
        categories=codes,
        primary_category=codes[0] if codes else None,
        source=source,
        subject_classes=classes,
        journal_ref=item.get("arxiv_journal_reference") or None,
        doi=item.get("arxiv_doi") or None,
        license=item.get("rights") or None,
    )
    return paper, _LEGACY_TYPES[legacy["type"]] if legacy else _parse_type(item, identifier.arxiv_id)


def _parse_identifier(item: Any) -> identifiers.Identifier | None:
    link = identifiers.parse_link(item.get("link", ""))
    return identifiers.parse_identifier(item.get("id", "")) or (link.identifier if link else None)


def _parse_type(item: Any, arxiv_id: str) -> AnnounceType:
    try:
        return AnnounceType(item.get("arxiv_announce_type", "").strip())
    except ValueError:
        raise ValueError(f"{arxiv_id} has the announce type {item.get('arxiv_announce_type')!r}.") from None


def _parse_abstract(item: Any, *, is_legacy: bool) -> str:
    text = _PREFIX.sub("", item.get("summary", ""))
    # The RSS 1.0 feed wraps the abstract into HTML, escaped a second time.
    text = unescape(unescape(_TAG.sub("", text))) if is_legacy else text
    return text.strip()


def _parse_authors(item: Any) -> tuple[Author, ...]:
    # arXiv gives one dc:creator, names joined by commas, with affiliations in brackets.
    joined = ", ".join(author["name"] for author in item.get("authors", []) if author.get("name"))
    return authors.parse_names(unescape(_TAG.sub("", joined)) or item.get("author", ""))


def _find_doubts(paper: Paper, url: str, number: int) -> Iterator[Problem]:
    if not paper.abstract:
        yield Problem(
            url,
            number,
            1,
            "missing-abstract",
            Severity.WARNING,
            f"{paper.arxiv_id} has no abstract in the feed.",
            "It is listed with its title; the API is asked for the rest.",
            paper.arxiv_id,
        )


def _set_aside(url: str, number: int, message: str) -> Problem:
    return Problem(
        url,
        number,
        1,
        "unreadable-item",
        Severity.ERROR,
        f"Item {number} was set aside. {message}",
        "Look at the kept response; the other items were read.",
    )
