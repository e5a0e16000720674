"""arXiv's OAI-PMH, made from the stand-in's papers: errors under HTTP 200, tokens that are the query itself."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, quote, unquote, urlencode

from lxml import etree

from tests.standin.answers import Damage, add, as_bytes
from tests.standin.papers import StandinPaper
from yibao import categories, tex

_DC = "http://purl.org/dc/elements/1.1/"
_OAI = "http://www.openarchives.org/OAI/2.0/"
_OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
_EARLIEST = date(2005, 9, 16)
_PREFIXES = ("oai_dc", "arXiv", "arXivRaw")


class OaiError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Asked:
    """What a request asks, from its arguments or from its token."""

    verb: str
    prefix: str
    since: date
    until: date
    wanted_set: str
    identifier: str
    skip: int
    #: What a token repeats.
    arguments: dict[str, str]


def oai(
    papers: list[StandinPaper],
    query: dict[str, list[str]],
    on: date,
    base_url: str,
    page_size: int = 5,
    damaged: Damage = list,
) -> bytes:
    """The answer to a request. `damaged`: what becomes of a page's records on the way."""
    root = etree.Element(f"{{{_OAI}}}OAI-PMH", None, {None: _OAI})
    add(root, f"{{{_OAI}}}responseDate", datetime.combine(on, time(2, 30), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    echo = add(root, f"{{{_OAI}}}request", base_url)
    try:
        asked = _asked(query, on)
        echo.set("verb", asked.verb)
        _answer(root, papers, asked, on, base_url, page_size, damaged)
    except OaiError as error:
        add(root, f"{{{_OAI}}}error", str(error)).set("code", error.code)
    return as_bytes(root)


def error(base_url: str, code: str, message: str, on: date) -> bytes:
    root = etree.Element(f"{{{_OAI}}}OAI-PMH", None, {None: _OAI})
    add(root, f"{{{_OAI}}}responseDate", f"{on}T02:30:00Z")
    add(root, f"{{{_OAI}}}request", base_url)
    add(root, f"{{{_OAI}}}error", message).set("code", code)
    return as_bytes(root)


def _asked(query: dict[str, list[str]], on: date) -> Asked:
    arguments = {name: values[0] for name, values in query.items()}
    skip = 0
    if "resumptionToken" in arguments:
        token = parse_qs(unquote(arguments["resumptionToken"]))
        if "skip" not in token or token["expires"][0] < on.isoformat():
            raise OaiError("badResumptionToken", "The value is invalid or expired.")
        skip = int(token["skip"][0])
        arguments = {name: values[0] for name, values in token.items()}
    verb, prefix = arguments.get("verb", ""), arguments.get("metadataPrefix", "")
    if verb not in ("Identify", "ListMetadataFormats", "ListRecords", "ListIdentifiers", "GetRecord"):
        raise OaiError("badVerb", "Illegal or missing verb.")
    if verb not in ("Identify", "ListMetadataFormats") and prefix not in _PREFIXES:
        raise OaiError("cannotDisseminateFormat", f"No format {prefix}.")
    since, until = (_day(arguments, name) for name in ("from", "until"))
    if since and since < _EARLIEST:
        raise OaiError("badArgument", "The from date is before earliestDatestamp.")
    if until and until > on + timedelta(days=1):
        raise OaiError("badArgument", "The until date is in the future.")
    last = on + timedelta(days=1)
    identifier = arguments.get("identifier", "").removeprefix("oai:arXiv.org:")
    return Asked(verb, prefix, since or _EARLIEST, until or last, arguments.get("set", ""), identifier, skip, arguments)


def _day(arguments: dict[str, str], name: str) -> date | None:
    try:
        return date.fromisoformat(arguments[name]) if name in arguments else None
    except ValueError:
        raise OaiError("badArgument", f"{name} date format must be YYYY-MM-DD.") from None


def _answer(
    root: etree._Element,
    papers: list[StandinPaper],
    asked: Asked,
    on: date,
    base_url: str,
    page_size: int,
    damaged: Damage,
) -> None:
    if asked.verb in ("Identify", "ListMetadataFormats"):
        _describe(root, asked.verb, base_url)
        return
    shown = [(one.datestamp(on), one.id, paper) for one in papers if (paper := one.as_of(on))]
    if asked.verb == "GetRecord":
        matching = [entry for entry in shown if entry[1] == asked.identifier]
        if not matching:
            raise OaiError("idDoesNotExist", "Nothing found for this ID.")
        _record(add(root, f"{{{_OAI}}}GetRecord"), matching[0][2], asked.prefix, matching[0][0])
        return
    chosen = sorted(
        (entry for entry in shown if asked.since <= entry[0] <= asked.until and _in_set(entry[2], asked.wanted_set)),
        key=lambda entry: entry[:2],
    )
    if not chosen:
        raise OaiError("noRecordsMatch", "The combination of the values results in an empty list.")
    element = add(root, f"{{{_OAI}}}{asked.verb}")
    page = chosen[asked.skip : asked.skip + page_size]
    for stamp, _, paper in damaged(page):
        if asked.verb == "ListRecords":
            _record(element, paper, asked.prefix, stamp)
        else:
            _header(element, paper, stamp)
    token = add(element, f"{{{_OAI}}}resumptionToken")
    if asked.skip + len(page) < len(chosen):
        # As arXiv's: the query from the last day on, with the number of records of that day that were given.
        since = page[-1][0]
        skip = asked.skip + len(page) - sum(entry[0] < since for entry in chosen)
        token.text = quote(urlencode({**asked.arguments, "from": since, "skip": skip, "expires": on}))
        token.set("expirationDate", f"{on + timedelta(days=1)}T00:00:00Z")


def _describe(root: etree._Element, verb: str, base_url: str) -> None:
    element = add(root, f"{{{_OAI}}}{verb}")
    if verb == "ListMetadataFormats":
        for prefix in _PREFIXES:
            add(add(element, f"{{{_OAI}}}metadataFormat"), f"{{{_OAI}}}metadataPrefix", prefix)
        return
    for name, value in (
        ("repositoryName", "arXiv"),
        ("baseURL", base_url),
        ("protocolVersion", "2.0"),
        ("earliestDatestamp", _EARLIEST.isoformat()),
        ("deletedRecord", "persistent"),
        ("granularity", "YYYY-MM-DD"),
    ):
        add(element, f"{{{_OAI}}}{name}", value)


def _in_set(paper: StandinPaper, wanted: str) -> bool:
    codes = {
        alias for code in paper.categories for alias in (code, *[a for a, c in categories.ALIASES.items() if c == code])
    }
    return not wanted or wanted.rpartition(":")[2] in {
        part for code in codes for part in (code, code.partition(".")[2], code.partition(".")[0])
    }


def _header(parent: etree._Element, paper: StandinPaper, stamp: date) -> None:
    header = add(parent, f"{{{_OAI}}}header")
    add(header, f"{{{_OAI}}}identifier", f"oai:arXiv.org:{paper.id}")
    add(header, f"{{{_OAI}}}datestamp", stamp.isoformat())
    archive, _, subject = paper.categories[0].partition(".")
    add(header, f"{{{_OAI}}}setSpec", f"{archive}:{archive}:{subject}" if subject else f"physics:{archive}")


def _record(parent: etree._Element, paper: StandinPaper, prefix: str, stamp: date) -> None:
    record = add(parent, f"{{{_OAI}}}record")
    _header(record, paper, stamp)
    metadata = add(record, f"{{{_OAI}}}metadata")
    if prefix == "oai_dc":
        _dublin_core(metadata, paper)
        return
    space = f"http://arxiv.org/OAI/{prefix}/"
    element = etree.SubElement(metadata, f"{{{space}}}{prefix}", None, {None: space})
    # arXivRaw keeps TeX; arXiv turns its accents and Greek letters into Unicode.
    spelt = tex.decode_tex if prefix == "arXiv" else str
    add(element, f"{{{space}}}id", paper.id)
    if prefix == "arXiv":
        _dated_people(element, space, paper)
    else:
        add(element, f"{{{space}}}submitter", paper.authors[0].partition(" (")[0])
        _history(element, space, paper)
    add(element, f"{{{space}}}title", spelt(paper.title))
    if prefix == "arXivRaw":
        add(element, f"{{{space}}}authors", ", ".join(paper.authors))
    add(element, f"{{{space}}}categories", " ".join(paper.categories))
    for name, value in (("comments", paper.latest.comment), ("journal-ref", paper.journal_ref), ("doi", paper.doi)):
        if value:
            add(element, f"{{{space}}}{name}", spelt(value))
    add(element, f"{{{space}}}license", paper.license)
    add(element, f"{{{space}}}abstract", f"  {spelt(paper.latest.abstract)}\n")


def _dublin_core(metadata: etree._Element, paper: StandinPaper) -> None:
    dc = etree.SubElement(metadata, f"{{{_OAI_DC}}}dc", None, {"oai_dc": _OAI_DC, "dc": _DC})
    add(dc, f"{{{_DC}}}title", tex.decode_tex(paper.title))
    for author in paper.authors:
        fore, _, last = author.partition(" (")[0].rpartition(" ")
        add(dc, f"{{{_DC}}}creator", f"{last}, {fore}" if fore else last)
    add(dc, f"{{{_DC}}}description", tex.decode_tex(paper.latest.abstract))
    if paper.latest.comment:
        add(dc, f"{{{_DC}}}description", paper.latest.comment)
    for scheme in ("https", "http"):
        add(dc, f"{{{_DC}}}identifier", f"{scheme}://arxiv.org/abs/{paper.id}")


def _dated_people(element: etree._Element, space: str, paper: StandinPaper) -> None:
    add(element, f"{{{space}}}created", paper.versions[0].submitted.date().isoformat())
    if len(paper.versions) > 1:
        add(element, f"{{{space}}}updated", paper.latest.submitted.date().isoformat())
    people = add(element, f"{{{space}}}authors")
    for author in paper.authors:
        person = add(people, f"{{{space}}}author")
        name, _, place = author.partition(" (")
        fore, _, last = name.rpartition(" ")
        add(person, f"{{{space}}}keyname", tex.decode_tex(last))
        if fore:
            add(person, f"{{{space}}}forenames", tex.decode_tex(fore))
        if place:
            add(person, f"{{{space}}}affiliation", place.rstrip(")"))


def _history(element: etree._Element, space: str, paper: StandinPaper) -> None:
    for version in paper.versions:
        row = add(element, f"{{{space}}}version")
        row.set("version", f"v{version.number}")
        add(row, f"{{{space}}}date", format_datetime(version.submitted, usegmt=True))
        add(row, f"{{{space}}}size", "0kb" if version.source_type == "I" else "100kb")
        if version.source_type:
            add(row, f"{{{space}}}source_type", version.source_type)
