"""The query API: metadata for a list of identifiers.

Read with lxml: feedparser keeps one affiliation an entry, and the API gives several an author.
Left out, because they say nothing of a paper: the feed's id, title, link, counts and update time; an entry's
links (they follow from the identifier and the DOI). The API has no licence and no announcement date.
Source: https://info.arxiv.org/help/api/user-manual.html
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlencode

from lxml import etree

from yibao import categories, identifiers
from yibao.arxiv import xml_documents
from yibao.errors import GarbledError
from yibao.records import Author, Paper, ParsedDocument, Precision, Problem, Severity
from yibao.text import join_lines

#: Identifiers in one request: far below the limit of 2000 results, and an address that every proxy passes.
BATCH = 100

_NAMESPACES = {"a": "http://www.w3.org/2005/Atom", "arxiv": "http://arxiv.org/schemas/atom"}


def is_query_url(url: str) -> bool:
    """Check whether an address asks the API for identifiers."""
    return "id_list=" in url


class NotAnIdentifierError(GarbledError):
    """The API refused the whole list because of one identifier in it."""

    is_repeatable = False


def build_query_url(base_url: str, arxiv_ids: Iterable[str]) -> str:
    """Build the address that asks for these papers' latest versions."""
    ids = list(arxiv_ids)
    return f"{base_url}?{urlencode({'id_list': ','.join(ids), 'start': 0, 'max_results': len(ids)}, safe=',/')}"


def parse_response(body: bytes, url: str) -> ParsedDocument:
    """Parse a response of the API into papers, in its order; none where it knows none of the identifiers.

    Raises:
        NotAnIdentifierError: the answer is the API's error entry, which looks like a paper and is none.
        GarbledError: the document is broken.
    """
    text, problems = xml_documents.decode_body(body, url)
    papers = []
    items = _parse_root(text, url).findall("a:entry", _NAMESPACES)
    for number, item in enumerate(items, 1):
        if "/api/errors" in _find_text(item, "a:id"):
            raise NotAnIdentifierError(url, f"the API answers: {_find_text(item, 'a:summary')}")
        try:
            papers.append(_parse_paper(item))
        except ValueError as error:
            problems.append(_set_aside(url, item, f"Entry {number} was set aside. {error}"))
            continue
        if not papers[-1].abstract:
            problems.append(_report_missing_abstract(url, item, papers[-1].arxiv_id))
    return ParsedDocument(tuple(papers), (), tuple(problems), None, len(items))


def _parse_root(text: str, url: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise GarbledError(url, f"the answer is not well-formed XML ({error})") from None
    if root.tag != f"{{{_NAMESPACES['a']}}}feed":
        raise GarbledError(url, f"the answer is XML, but no Atom feed: <{etree.QName(root).localname}>")
    return root


def _parse_paper(item: etree._Element) -> Paper:
    address = identifiers.parse_link(_find_text(item, "a:id"))
    if address is None:
        raise ValueError(f"Its identifier {_find_text(item, 'a:id')!r} is not one of arXiv's.")
    title = join_lines(_find_text(item, "a:title"))
    if not title:
        raise ValueError(f"{address.identifier.arxiv_id} has no title.")
    primary = item.find("arxiv:primary_category", _NAMESPACES)
    terms = [str(category.get("term")) for category in item.findall("a:category", _NAMESPACES)]
    codes, classes = categories.split_terms([str(primary.get("term")), *terms] if primary is not None else terms)
    return Paper(
        arxiv_id=address.identifier.arxiv_id,
        version=address.identifier.version or 1,
        title=title,
        abstract=_parse_abstract(item),
        authors=tuple(_parse_author(author) for author in item.findall("a:author", _NAMESPACES)),
        categories=codes,
        primary_category=codes[0] if codes else None,
        source="api",
        subject_classes=classes,
        comment=join_lines(_find_text(item, "arxiv:comment")) or None,
        journal_ref=join_lines(_find_text(item, "arxiv:journal_ref")) or None,
        doi=_find_text(item, "arxiv:doi") or None,
        submitted_at=(submitted_at := _parse_instant(_find_text(item, "a:published"))),
        updated_at=_parse_instant(_find_text(item, "a:updated")),
        submitted_precision=Precision.SECOND if submitted_at else None,
    )


def _parse_abstract(item: etree._Element) -> str:
    # Blanks at the start of a later line mark a paragraph; those before the first mean nothing.
    return _find_text(item, "a:summary").strip()


def _parse_author(author: etree._Element) -> Author:
    places = author.findall("arxiv:affiliation", _NAMESPACES)
    return Author(join_lines(_find_text(author, "a:name")), tuple(join_lines(place.text or "") for place in places))


def _strip_query(url: str) -> str:
    # Without the list of identifiers, which is of no use to a person.
    return url.partition("?")[0]


def _find_line(item: etree._Element) -> int:
    return int(item.sourceline) if isinstance(item.sourceline, int) else 1


def _find_text(item: etree._Element, path: str) -> str:
    return (item.findtext(path, "", _NAMESPACES) or "").strip("\n")


def _parse_instant(stamp: str) -> datetime | None:
    try:
        return datetime.fromisoformat(stamp.strip()).astimezone(UTC)
    except ValueError:
        return None


def _set_aside(url: str, item: etree._Element, message: str) -> Problem:
    remedy = "Look at the kept response; the other entries were read."
    return Problem(_strip_query(url), _find_line(item), 1, "unreadable-item", Severity.ERROR, message, remedy)


def _report_missing_abstract(url: str, item: etree._Element, arxiv_id: str) -> Problem:
    message, remedy = f"{arxiv_id} has no abstract at arXiv.", "It is published with its title alone."
    return Problem(
        _strip_query(url), _find_line(item), 1, "missing-abstract", Severity.WARNING, message, remedy, arxiv_id
    )
