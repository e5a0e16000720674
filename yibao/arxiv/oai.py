"""OAI-PMH: every record that changed since a day, whole, in pages. Reads `arXivRaw`, `arXiv` and `oai_dc`.

A record's datestamp is a UTC date, that of its last modification: neither submission nor announcement. Errors come
under HTTP 200. A resumption token dies at midnight UTC; it is the query itself, and records come by datestamp, so
that a list can be taken up from the last day that was read.
Source: https://info.arxiv.org/help/oa/index.html and https://www.openarchives.org/OAI/openarchivesprotocol.html
"""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from lxml import etree

from yibao.arxiv import oai_records, xml_documents
from yibao.errors import GarbledError, UpstreamError
from yibao.records import Paper, Problem, Severity
from yibao.text import join_lines

#: The form that gives a paper's versions and withdrawals.
PREFIX = "arXivRaw"
#: No record is older; arXiv refuses to be asked for an earlier day.
EARLIEST = date(2005, 9, 16)
#: Records that a list left out have come later under their old date, so that a new list begins two days earlier.
#: Source: https://github.com/scirate/scirate/issues/500
OVERLAP = timedelta(days=2)


class TokenError(UpstreamError):
    """The resumption token has expired, or is not known any more: begin again from the last day that was read."""

    is_repeatable = False


class NoRecordError(UpstreamError):
    """arXiv has no record of this identifier, in this form."""

    is_repeatable = False


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """One page of a list, in the list's order."""

    papers: tuple[Paper, ...]
    problems: tuple[Problem, ...]
    #: The server's clock, UTC.
    responded_on: date
    #: Ask with it for the next page; None on the last.
    token: str | None
    #: The greatest datestamp on the page; None where it has no record.
    reached_on: date | None
    #: How many records the page carried, readable or not.
    declared: int


def is_query_url(url: str) -> bool:
    """Check whether an address asks the OAI-PMH server."""
    return "?verb=" in url


def is_list_url(url: str) -> bool:
    """Check whether an address asks for a page of a list of records."""
    return "?verb=ListRecords" in url


def is_continued_url(url: str) -> bool:
    """Check whether an address asks for a later page of a list."""
    return "resumptionToken=" in url


def parse_start_date(url: str) -> date | None:
    """Parse since when the list of an address holds changes; None where a token says it."""
    return _parse_day(url.rpartition("&from=")[2]) if "&from=" in url else None


def build_list_url(base_url: str, since: date, prefix: str = PREFIX) -> str:
    """Build the address of the list of all that changed since a day. It has no end: later changes are in it, too."""
    return f"{base_url}?{urlencode({'verb': 'ListRecords', 'metadataPrefix': prefix, 'from': max(since, EARLIEST)})}"


def build_next_url(base_url: str, token: str) -> str:
    """Build the address of a list's next page."""
    return f"{base_url}?{urlencode({'verb': 'ListRecords', 'resumptionToken': token})}"


def build_record_url(base_url: str, arxiv_id: str, prefix: str = PREFIX) -> str:
    """Build the address of one record."""
    query = {"verb": "GetRecord", "metadataPrefix": prefix, "identifier": f"oai:arXiv.org:{arxiv_id}"}
    return f"{base_url}?{urlencode(query, safe=':/')}"


def parse_page(body: bytes, url: str, prefix: str | None = PREFIX) -> RecordsPage:
    """Parse a page of records. One that cannot be a paper becomes a Problem; its neighbours are still read.

    Args:
        body: what the server sent.
        url: what was asked, for messages.
        prefix: the form that was asked for; None where any will do.

    Raises:
        TokenError: begin the list again from the last day that was read.
        NoRecordError: of a single record, that there is none.
        GarbledError: the document is broken, answers another request, or reports another error.
    """
    text, problems = xml_documents.decode_body(body, url)
    root = _parse_root(text, url)
    responded_on = _parse_response_date(root, url)
    _check_echo(root, url, prefix)
    if _is_empty(root, url):
        return RecordsPage((), tuple(problems), responded_on, None, None, 0)
    records = oai_records.iterate_records(root)
    papers: list[Paper] = []
    for record in records:
        try:
            papers.append(oai_records.parse_paper(record, prefix))
        except ValueError as error:
            problems.append(_set_aside(url, record, str(error)))
    if not records and root.find("{*}ListRecords") is None and root.find("{*}GetRecord") is None:
        raise GarbledError(url, "the answer is OAI-PMH, but holds neither records nor an error")
    days = [day for record in records if (day := _parse_day(record.datestamp))]
    return RecordsPage(
        tuple(papers), tuple(problems), responded_on, _find_token(root), max(days) if days else None, len(records)
    )


def _parse_root(text: str, url: str) -> etree._Element:
    try:
        root = etree.fromstring(
            text.encode(),
            # Blanks between elements say nothing, and their nodes cost a quarter of the time.
            etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_blank_text=True),
        )
    except etree.XMLSyntaxError as error:
        raise GarbledError(url, f"the answer is not well-formed XML ({error})") from None
    if etree.QName(root).localname not in ("OAI-PMH", "record"):
        raise GarbledError(url, f"the answer is XML, but not OAI-PMH: <{etree.QName(root).localname}>")
    return root


def _parse_response_date(root: etree._Element, url: str) -> date:
    stamp = root.findtext("{*}responseDate")
    if stamp is None and etree.QName(root).localname == "record":
        return EARLIEST  # A record kept by itself, without its envelope.
    day = _parse_day((stamp or "")[:10])
    if day is None:
        raise GarbledError(url, f"the answer bears no date: {stamp!r}")
    return day


def _check_echo(root: etree._Element, url: str, prefix: str | None) -> None:
    """Refuse an answer to another request, as a cache between us may give it.

    `from` is not compared: arXiv echoes the one of its own next token.
    """
    echo = root.find("{*}request")
    verb = echo.get("verb") if echo is not None else None
    if verb and f"verb={verb}" not in url and "?verb=" in url:
        raise GarbledError(url, f"the answer is to another request (verb {verb})")
    echoed_prefix = echo.get("metadataPrefix") if echo is not None else None
    if prefix and echoed_prefix and echoed_prefix != prefix:
        raise GarbledError(url, f"the answer is to another request (metadataPrefix {echoed_prefix})")


def _is_empty(root: etree._Element, url: str) -> bool:
    """Check whether the server says that nothing matches; any other error is raised."""
    error = root.find("{*}error")
    if error is None:
        return False
    code, reason = error.get("code"), join_lines(error.text or "")
    if code == "noRecordsMatch":
        return True
    if code == "badResumptionToken":
        raise TokenError(url, f"arXiv does not take the resumption token: {reason}")
    if code in ("idDoesNotExist", "cannotDisseminateFormat") and "GetRecord" in url:
        raise NoRecordError(url, f"arXiv has no such record: {reason}")
    raise GarbledError(url, f"arXiv answers {code}: {reason}")


def _find_token(root: etree._Element) -> str | None:
    for token in oai_records.find_children(root, "resumptionToken"):
        return (token.text or "").strip() or None
    return None


def _parse_day(stamp: str) -> date | None:
    try:
        return date.fromisoformat(stamp[:10])
    except ValueError:
        return None


def _set_aside(url: str, record: oai_records.Record, message: str) -> Problem:
    sentence = f"The record {record.identifier or 'without identifier'} was set aside. {message}"
    remedy = "Look at the kept response; the other records were read."
    address = url.partition("&resumptionToken")[0]
    line = record.element.sourceline if isinstance(record.element.sourceline, int) else 1
    return Problem(address, line, 1, "unreadable-item", Severity.ERROR, sentence, remedy)
