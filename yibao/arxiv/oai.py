"""OAI-PMH: every record that changed since a day, whole, in pages. Reads `arXivRaw`, `arXiv` and `oai_dc`.

A record's datestamp is a UTC date, that of its last modification: neither submission nor announcement. Errors come
under HTTP 200. A resumption token dies at midnight UTC; it is the query itself, and records come by datestamp, so
that a list can be taken up from the last day that was read. arXiv's `acm-class` is left out: its server writes the
MSC class, or the word None, into it. Left out, because they say nothing of a paper: its sets, which follow from its
categories, and `proxy`, the agent who submitted it.
Source: https://info.arxiv.org/help/oa/index.html and https://www.openarchives.org/OAI/openarchivesprotocol.html
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlencode

from lxml import etree

from yibao import categories, identifiers, merging, withdrawals
from yibao.arxiv import documents
from yibao.arxiv.authors import people
from yibao.errors import GarbledError, UpstreamError
from yibao.models import Author, Paper, Problem, Severity, Version
from yibao.text import one_line

#: The form that tells a paper's versions and withdrawals.
PREFIX = "arXivRaw"
#: No record is older; arXiv refuses to be asked for an earlier day.
EARLIEST = date(2005, 9, 16)
#: Records that a list left out have come later under their old date, so that a new list begins two days earlier.
#: Source: https://github.com/scirate/scirate/issues/500
OVERLAP = timedelta(days=2)

_MONTHS = {
    name: number
    for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)  # noqa: SIM905
}


class _Names(dict[str, str]):
    """Local names by qualified ones: a page has ten thousands of elements and two dozen names."""

    def __missing__(self, tag: str) -> str:
        self[tag] = name = str(tag).rpartition("}")[2]
        return name


_NAMES = _Names()
_STAMP_LENGTH = len("Thu, 18 Jun 2009 02:19:29 GMT")


class TokenError(UpstreamError):
    """The resumption token has expired, or is not known any more: begin again from the last day that was read."""

    is_repeatable = False


class NoRecordError(UpstreamError):
    """arXiv has no record of this identifier, in this form."""

    is_repeatable = False


@dataclass(frozen=True, slots=True)
class Page:
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


def is_query(url: str) -> bool:
    """Whether an address asks the OAI-PMH server."""
    return "?verb=" in url


def is_list(url: str) -> bool:
    """Whether an address asks for a page of a list of records."""
    return "?verb=ListRecords" in url


def is_continued(url: str) -> bool:
    """Whether an address asks for a later page of a list."""
    return "resumptionToken=" in url


def begun_on(url: str) -> date | None:
    """Since when the list of an address holds changes; None where a token says it."""
    return _day(url.rpartition("&from=")[2]) if "&from=" in url else None


def list_url(base_url: str, since: date, prefix: str = PREFIX) -> str:
    """The address of the list of all that changed since a day. Without an end: what comes meanwhile is in it."""
    return f"{base_url}?{urlencode({'verb': 'ListRecords', 'metadataPrefix': prefix, 'from': max(since, EARLIEST)})}"


def next_url(base_url: str, token: str) -> str:
    """The address of a list's next page."""
    return f"{base_url}?{urlencode({'verb': 'ListRecords', 'resumptionToken': token})}"


def record_url(base_url: str, arxiv_id: str, prefix: str = PREFIX) -> str:
    """The address of one record."""
    query = {"verb": "GetRecord", "metadataPrefix": prefix, "identifier": f"oai:arXiv.org:{arxiv_id}"}
    return f"{base_url}?{urlencode(query, safe=':/')}"


def read(body: bytes, url: str, prefix: str | None = PREFIX) -> Page:
    """The records of a page. One that cannot be a paper becomes a Problem; its neighbours are still read.

    Args:
        body: what the server sent.
        url: what was asked, for messages.
        prefix: the form that was asked for; None where any will do.

    Raises:
        TokenError: begin the list again from the last day that was read.
        NoRecordError: of a single record, that there is none.
        GarbledError: the document is broken, answers another request, or tells another error.
    """
    text, problems = documents.decode(body, url)
    root = _root(text, url)
    responded_on = _responded_on(root, url)
    _check_echo(root, url, prefix)
    if _is_empty(root, url):
        return Page((), tuple(problems), responded_on, None, None, 0)
    found = records(root)
    papers: list[Paper] = []
    for record in found:
        try:
            papers.append(_paper(record, prefix))
        except ValueError as error:
            problems.append(_set_aside(url, record, str(error)))
    if not found and root.find("{*}ListRecords") is None and root.find("{*}GetRecord") is None:
        raise GarbledError(url, "the answer is OAI-PMH, but holds neither records nor an error")
    days = [day for record in found if (day := _day(record.datestamp))]
    return Page(tuple(papers), tuple(problems), responded_on, _token(root), max(days) if days else None, len(found))


class Record(NamedTuple):
    """What a record says, as text, before anybody asks what it means."""

    element: etree._Element
    identifier: str
    datestamp: str
    is_deleted: bool
    #: arXivRaw, arXiv or dc; empty where there is no metadata.
    form: str
    #: What the metadata's children say, by name; of several of one name the last.
    fields: dict[str, str]
    #: arXivRaw's history: (`v1`, what it says of it).
    versions: list[tuple[str, dict[str, str]]]
    metadata: etree._Element | None


def records(root: etree._Element) -> list[Record]:
    """The records of a document, in its order, as texts by name."""
    return [_record(element) for element in _children(root, "record")]


def _record(element: etree._Element) -> Record:
    names = _NAMES
    header: dict[str, str] = {}
    metadata = None
    is_deleted = False
    for part in element:
        if names[part.tag] == "header":
            header = {name: child.text or "" for child in part if (name := names[child.tag]) != "setSpec"}
            is_deleted = part.get("status") == "deleted"
        elif names[part.tag] == "metadata" and len(part):
            metadata = part[0]
    fields: dict[str, str] = {}
    versions = []
    for child in metadata if metadata is not None else ():
        name = names[child.tag]
        if name == "version":
            versions.append((child.get("version") or "", {names[one.tag]: one.text or "" for one in child}))
        else:
            fields[name] = child.text or ""
    form = names[metadata.tag] if metadata is not None else ""
    identifier, datestamp = header.get("identifier", "").strip(), header.get("datestamp", "")
    return Record(element, identifier, datestamp, is_deleted, form, fields, versions, metadata)


def _root(text: str, url: str) -> etree._Element:
    try:
        root = etree.fromstring(
            text.encode(), etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        )
    except etree.XMLSyntaxError as error:
        raise GarbledError(url, f"the answer is not well-formed XML ({error})") from None
    if etree.QName(root).localname not in ("OAI-PMH", "record"):
        raise GarbledError(url, f"the answer is XML, but not OAI-PMH: <{etree.QName(root).localname}>")
    return root


def _responded_on(root: etree._Element, url: str) -> date:
    stamp = root.findtext("{*}responseDate")
    if stamp is None and etree.QName(root).localname == "record":
        return EARLIEST  # A record kept by itself, without its envelope.
    day = _day((stamp or "")[:10])
    if day is None:
        raise GarbledError(url, f"the answer bears no date: {stamp!r}")
    return day


def _check_echo(root: etree._Element, url: str, prefix: str | None) -> None:
    """An answer to another question, as a cache between us may give it, is refused.

    `from` is not looked at: arXiv echoes the one of its own next token.
    """
    echo = root.find("{*}request")
    verb = echo.get("verb") if echo is not None else None
    if verb and f"verb={verb}" not in url and "?verb=" in url:
        raise GarbledError(url, f"the answer is to another request (verb {verb})")
    told = echo.get("metadataPrefix") if echo is not None else None
    if prefix and told and told != prefix:
        raise GarbledError(url, f"the answer is to another request (metadataPrefix {told})")


def _is_empty(root: etree._Element, url: str) -> bool:
    """Whether the server says that nothing matches; any other error is raised."""
    error = root.find("{*}error")
    if error is None:
        return False
    code, reason = error.get("code"), one_line(error.text or "")
    if code == "noRecordsMatch":
        return True
    if code == "badResumptionToken":
        raise TokenError(url, f"arXiv does not take the resumption token: {reason}")
    if code in ("idDoesNotExist", "cannotDisseminateFormat") and "GetRecord" in url:
        raise NoRecordError(url, f"arXiv has no such record: {reason}")
    raise GarbledError(url, f"arXiv answers {code}: {reason}")


def _children(root: etree._Element, name: str) -> Iterator[etree._Element]:
    if etree.QName(root).localname == name:
        yield root
        return
    yield from root.iterfind(f"{{*}}*/{{*}}{name}")


def _paper(record: Record, prefix: str | None) -> Paper:
    identifier = identifiers.parse(record.identifier.removeprefix("oai:arXiv.org:"))
    if identifier is None:
        raise ValueError(f"Its identifier {record.identifier or '(none)'!r} is not one of arXiv's.")
    if record.is_deleted:
        # arXiv deletes nothing: its withdrawals are versions. Said for the day on which this changes.
        raise ValueError(f"{identifier.arxiv_id} is marked as deleted.")
    if record.metadata is None:
        raise ValueError(f"{identifier.arxiv_id} has no metadata.")
    form = "oai_dc" if record.form == "dc" else record.form
    reader = _READERS.get(form)
    if reader is None or (prefix and form != prefix):
        raise ValueError(f"{identifier.arxiv_id} comes as {form}, not as {prefix or 'arXivRaw, arXiv or oai_dc'}.")
    paper = reader(record, identifier.arxiv_id)
    if not paper.title:
        raise ValueError(f"{identifier.arxiv_id} has no title.")
    return paper


def _raw(record: Record, arxiv_id: str) -> Paper:
    told, versions = record.fields, [_version(*one) for one in record.versions]
    if not versions:
        raise ValueError(f"{arxiv_id} has no version.")
    codes, classes = _codes(told)
    abstract, comment, latest = told.get("abstract", "").strip(), told.get("comments"), versions[-1]
    return Paper(
        arxiv_id,
        latest.version,
        one_line(told.get("title", "")),
        abstract,
        people(told.get("authors", "")),
        codes,
        codes[0] if codes else None,
        "arXivRaw",
        classes,
        one_line(comment) if comment else None,
        _folded(told, "journal-ref"),
        _folded(told, "doi"),
        told.get("license") or None,
        versions[0].submitted_at,
        latest.submitted_at,
        _folded(told, "report-no"),
        _folded(told, "submitter"),
        tuple(versions),
        withdrawals.is_withdrawn(versions, comment, abstract),
        fingerprint_of(told, versions),
    )


def fingerprint_of(told: dict[str, str], versions: list[Version]) -> str:
    """The fingerprint of a full record: what it says under these names, and the seconds of its versions."""
    stamps = ",".join(
        [f"{one.version}:{int(one.submitted_at.timestamp()) if one.submitted_at else ''}" for one in versions]
    )
    withdrawn = versions[-1].source_type == withdrawals.SOURCE_TYPE if versions else False
    return merging.fingerprint([*map(told.get, FINGERPRINTED), stamps, "withdrawn" if withdrawn else ""])


#: What a full record is compared by, in this order; the bulk import computes the same.
FINGERPRINTED = (
    "title",
    "abstract",
    "authors",
    "categories",
    "comments",
    "journal-ref",
    "doi",
    "report-no",
    "license",
    "submitter",
)


def _version(name: str, told: dict[str, str]) -> Version:
    if not name[1:].isdigit():
        raise ValueError(f"It has a version named {name!r}.")
    size = told.get("size", "").removesuffix("kb")
    kilobytes = int(size) if size.isdigit() else None
    return Version(int(name[1:]), _instant(told.get("date", "")), told.get("source_type"), kilobytes)


def _parsed(record: Record, arxiv_id: str) -> Paper:
    told = record.fields
    found = record.metadata.find("{*}authors") if record.metadata is not None else None
    authors = [_author(person) for person in found] if found is not None else []
    codes, classes = _codes(told)
    abstract, comment = told.get("abstract", "").strip(), told.get("comments")
    return Paper(
        arxiv_id,
        None,
        one_line(told.get("title", "")),
        abstract,
        tuple(author for author in authors if author.name),
        codes,
        codes[0] if codes else None,
        "arXiv",
        classes,
        one_line(comment) if comment else None,
        _folded(told, "journal-ref"),
        _folded(told, "doi"),
        told.get("license") or None,
        report_no=_folded(told, "report-no"),
        is_withdrawn=withdrawals.is_withdrawn((), comment, abstract),
    )


def _author(person: etree._Element) -> Author:
    parts: dict[str, list[str]] = {}
    for child in person:
        parts.setdefault(_NAMES[child.tag], []).append(one_line(child.text or ""))
    name = " ".join(part for key in ("forenames", "keyname", "suffix") for part in parts.get(key, ()) if part)
    return Author(name, tuple(place for place in parts.get("affiliation", ()) if place))


def _dublin_core(record: Record, arxiv_id: str) -> Paper:
    told: dict[str, list[str]] = {}
    for child in record.metadata if record.metadata is not None else ():
        told.setdefault(_NAMES[child.tag], []).append((child.text or "").strip())
    abstract, *comments = told.get("description", [""])
    places = [one for one in told.get("identifier", []) if not identifiers.parse_address(one)]
    doi = next((one.removeprefix("doi:") for one in places if one.startswith("doi:")), None)
    return Paper(
        arxiv_id,
        None,
        one_line(next(iter(told.get("title", [])), "")),
        abstract,
        tuple(Author(_turned(name)) for name in told.get("creator", [])),
        (),
        None,
        "oai_dc",
        comment=one_line(" ".join(comments)) or None,
        journal_ref=next((one for one in map(one_line, places) if not one.startswith("doi:")), None),
        doi=doi,
        is_withdrawn=withdrawals.is_withdrawn((), " ".join(comments), abstract),
    )


def _turned(name: str) -> str:
    """`Xu, Zhaoxin` as people write it: Zhaoxin Xu."""
    last, comma, first = one_line(name).partition(", ")
    return f"{first} {last}" if comma else last


_READERS: dict[str, Callable[[Record, str], Paper]] = {
    "arXivRaw": _raw,
    "arXiv": _parsed,
    "oai_dc": _dublin_core,
}


def _folded(told: dict[str, str], name: str) -> str | None:
    return one_line(told[name]) or None if name in told else None


def _codes(told: dict[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Canonical categories, and the MSC classes as written."""
    codes, others = _split_categories(told.get("categories", ""))
    msc = _folded(told, "msc-class")
    return codes, (*others, msc) if msc and msc != "None" else others


@lru_cache(maxsize=10_000)
def _split_categories(joined: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return categories.split(joined.split())


def _token(root: etree._Element) -> str | None:
    for token in _children(root, "resumptionToken"):
        return (token.text or "").strip() or None
    return None


def _day(stamp: str) -> date | None:
    try:
        return date.fromisoformat(stamp[:10])
    except ValueError:
        return None


def _instant(stamp: str) -> datetime | None:
    """A date as mails bear it, `Thu, 18 Jun 2009 02:19:29 GMT`; None where it makes no sense."""
    try:
        if len(stamp) == _STAMP_LENGTH and stamp.endswith(" GMT"):
            # The form that arXiv writes, a dozen times faster than the standard library reads every form.
            month, clock = _MONTHS[stamp[8:11]], (int(stamp[17:19]), int(stamp[20:22]), int(stamp[23:25]))
            return datetime(int(stamp[12:16]), month, int(stamp[5:7]), *clock, tzinfo=UTC)
        return parsedate_to_datetime(stamp).astimezone(UTC)
    except (ValueError, KeyError):
        return None


def _set_aside(url: str, record: Record, message: str) -> Problem:
    told = f"The record {record.identifier or 'without identifier'} was set aside. {message}"
    remedy = "Look at the kept response; the other records were read."
    address = url.partition("&resumptionToken")[0]
    line = record.element.sourceline if isinstance(record.element.sourceline, int) else 1
    return Problem(address, line, 1, "unreadable-item", Severity.ERROR, told, remedy)
