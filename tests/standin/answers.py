"""arXiv's documents, made from the stand-in's papers: feeds, API, OAI-PMH, catch-up pages."""

import re
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from html import escape
from urllib.parse import parse_qs, quote, unquote, urlencode

from lxml import etree

from tests.standin.papers import StandinPaper, listed
from yibao import categories
from yibao.dates import EASTERN

_ATOM = "http://www.w3.org/2005/Atom"
_ARXIV = "http://arxiv.org/schemas/atom"
_DC = "http://purl.org/dc/elements/1.1/"
_OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
_OAI = "http://www.openarchives.org/OAI/2.0/"
_OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
_RECORDS_A_PAGE = 5


def rss(papers: list[StandinPaper], category: str, on: date, speaks_of: date | None = None) -> bytes:
    """The announcement feed of a category. `speaks_of`: a stale feed, with the lists of that earlier day."""
    root = etree.Element("rss", {"version": "2.0"}, {"arxiv": _ARXIV, "dc": _DC, "atom": _ATOM})
    channel = _add(root, "channel")
    stamp = format_datetime(datetime.combine(speaks_of or on, time(), EASTERN))
    _add(channel, "title", f"{category} updates on arXiv.org")
    _add(channel, "link", f"http://rss.arxiv.org/rss/{category}")
    _add(channel, "description", f"{category} updates on the arXiv.org e-print archive.")
    _add(channel, "language", "en-us")
    _add(channel, "pubDate", stamp)
    for paper, line in listed(papers, category, speaks_of or on):
        item = _add(channel, "item")
        _add(item, "title", paper.title)
        _add(item, "link", f"https://arxiv.org/abs/{paper.id}")
        _add(item, "description", _description(paper, line.version, line.type))
        _add(item, "guid", f"oai:arXiv.org:{paper.id}v{line.version}").set("isPermaLink", "false")
        for code in paper.categories:
            _add(item, "category", code)
        _add(item, "pubDate", stamp)
        _add(item, f"{{{_ARXIV}}}announce_type", line.type)
        _add(item, f"{{{_DC}}}rights", paper.license)
        if paper.doi:
            _add(item, f"{{{_ARXIV}}}DOI", paper.doi)
        if paper.journal_ref:
            _add(item, f"{{{_ARXIV}}}journal_reference", paper.journal_ref)
        _add(item, f"{{{_DC}}}creator", ", ".join(paper.authors))
    return _bytes(root)


def atom(papers: list[StandinPaper], category: str, on: date, speaks_of: date | None = None) -> bytes:
    root = etree.Element(f"{{{_ATOM}}}feed", None, {None: _ATOM, "arxiv": _ARXIV, "dc": _DC})
    _add(root, f"{{{_ATOM}}}id", f"http://rss.arxiv.org/atom/{category}")
    _add(root, f"{{{_ATOM}}}title", f"{category} updates on arXiv.org")
    stamp = datetime.combine(speaks_of or on, time(), EASTERN).isoformat()
    _add(root, f"{{{_ATOM}}}updated", stamp)
    for paper, line in listed(papers, category, speaks_of or on):
        entry = _add(root, f"{{{_ATOM}}}entry")
        _add(entry, f"{{{_ATOM}}}id", f"oai:arXiv.org:{paper.id}v{line.version}")
        _add(entry, f"{{{_ATOM}}}title", paper.title)
        _add(entry, f"{{{_ATOM}}}updated", stamp)
        _add(entry, f"{{{_ATOM}}}link").attrib.update({"href": f"https://arxiv.org/abs/{paper.id}", "rel": "alternate"})
        _add(entry, f"{{{_ATOM}}}summary", _description(paper, line.version, line.type))
        for code in paper.categories:
            _add(entry, f"{{{_ATOM}}}category").set("term", code)
        _add(entry, f"{{{_ATOM}}}published", stamp)
        _add(entry, f"{{{_ARXIV}}}announce_type", line.type)
        _add(entry, f"{{{_DC}}}rights", paper.license)
        if paper.doi:
            _add(entry, f"{{{_ARXIV}}}DOI", paper.doi)
        _add(entry, f"{{{_DC}}}creator", ", ".join(paper.authors))
    return _bytes(root)


def api(papers: list[StandinPaper], query: dict[str, list[str]], on: date) -> tuple[int, bytes]:
    """The API's answer to an id_list; unknown ids are left out in silence, malformed ones spoil the whole."""
    wanted = [one for one in query.get("id_list", [""])[0].split(",") if one]
    root = etree.Element(f"{{{_ATOM}}}feed", None, {None: _ATOM, "arxiv": _ARXIV, "opensearch": _OPENSEARCH})
    _add(root, f"{{{_ATOM}}}title", f"arXiv Query: id_list={','.join(wanted)}")
    bad = next(
        (one for one in wanted if not re.fullmatch(r"(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7})(v\d+)?", one)), None
    )
    if bad:
        entry = _add(root, f"{{{_ATOM}}}entry")
        _add(entry, f"{{{_ATOM}}}id", f"https://arxiv.org/api/errors#incorrect_id_format_for_{bad}")
        _add(entry, f"{{{_ATOM}}}title", "Error")
        _add(entry, f"{{{_ATOM}}}summary", f"incorrect id format for {bad}")
        return 400, _bytes(root)
    known = {paper.id: shown for paper in papers if (shown := paper.as_of(on))}
    found = [known[one] for one in (re.sub(r"v\d+$", "", one) for one in wanted) if one in known]
    _add(root, f"{{{_OPENSEARCH}}}totalResults", str(len(found)))
    for paper in found:
        _api_entry(root, paper)
    return 200, _bytes(root)


def _api_entry(root: etree._Element, paper: StandinPaper) -> None:
    entry = _add(root, f"{{{_ATOM}}}entry")
    _add(entry, f"{{{_ATOM}}}id", f"http://arxiv.org/abs/{paper.id}v{paper.latest.number}")
    _add(entry, f"{{{_ATOM}}}title", paper.title)
    _add(entry, f"{{{_ATOM}}}updated", paper.latest.submitted.strftime("%Y-%m-%dT%H:%M:%SZ"))
    _add(entry, f"{{{_ATOM}}}published", paper.versions[0].submitted.strftime("%Y-%m-%dT%H:%M:%SZ"))
    _add(entry, f"{{{_ATOM}}}summary", paper.latest.abstract)
    for code in paper.categories:
        _add(entry, f"{{{_ATOM}}}category").attrib.update({"term": code, "scheme": _ARXIV})
    _add(entry, f"{{{_ARXIV}}}primary_category").set("term", paper.categories[0])
    for name, value in (("comment", paper.latest.comment), ("journal_ref", paper.journal_ref), ("doi", paper.doi)):
        if value:
            _add(entry, f"{{{_ARXIV}}}{name}", value)
    for author in paper.authors:
        name, _, place = author.partition(" (")
        element = _add(entry, f"{{{_ATOM}}}author")
        _add(element, f"{{{_ATOM}}}name", name)
        if place:
            _add(element, f"{{{_ARXIV}}}affiliation", place.rstrip(")"))


def catchup(papers: list[StandinPaper], category: str, on: date) -> bytes:
    """The page that lists one day of one category, with declared counts. Withdrawals count as replacements."""
    groups = {
        "New submissions": ("new",),
        "Cross submissions": ("cross",),
        "Replacement submissions": ("replace", "replace-cross"),
    }
    lines = listed(papers, category, on)
    parts = [f"<h1>Catch-up results for {escape(category)} on {on.strftime('%a, %d %b %Y')}</h1>", "<dl id='articles'>"]
    for title, kinds in groups.items():
        group = [paper for paper, line in lines if line.type in kinds]
        parts.append(f"<h3>{title} (showing {len(group)} of {len(group)} entries)</h3>")
        for number, paper in enumerate(group, 1):
            parts.append(
                f"<dt><a name='item{number}'>[{number}]</a> <a href='/abs/{paper.id}' title='Abstract' id='{paper.id}'>"
                f"arXiv:{paper.id}</a></dt><dd><div class='meta'><div class='list-title mathjax'>"
                f"<span class='descriptor'>Title:</span> {escape(paper.title)}</div>"
                f"<div class='list-authors'>{escape(', '.join(paper.authors))}</div></div></dd>"
            )
    parts.append("</dl>")
    return f"<!DOCTYPE html><html><body>{''.join(parts)}</body></html>".encode()


def oai(papers: list[StandinPaper], query: dict[str, list[str]], on: date, base_url: str) -> bytes:
    """OAI-PMH as arXiv speaks it: errors under HTTP 200, tokens that are the query itself and die at midnight UTC."""
    arguments = {name: values[0] for name, values in query.items()}
    skip = 0
    if "resumptionToken" in arguments:
        token = parse_qs(unquote(arguments["resumptionToken"]))
        if "skip" not in token:
            return _oai_error(base_url, "badResumptionToken", "the token is malformed or has expired")
        skip = int(token["skip"][0])
        arguments = {name: values[0] for name, values in token.items()}
    verb = arguments.get("verb", "")
    root = etree.Element(f"{{{_OAI}}}OAI-PMH", None, {None: _OAI})
    _add(root, f"{{{_OAI}}}responseDate", datetime.combine(on, time(2, 30), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    _add(root, f"{{{_OAI}}}request", base_url).set("verb", verb)
    if verb == "Identify":
        element = _add(root, f"{{{_OAI}}}Identify")
        for name, value in (
            ("repositoryName", "arXiv"),
            ("baseURL", base_url),
            ("protocolVersion", "2.0"),
            ("earliestDatestamp", "2005-09-16"),
            ("deletedRecord", "persistent"),
            ("granularity", "YYYY-MM-DD"),
        ):
            _add(element, f"{{{_OAI}}}{name}", value)
        return _bytes(root)
    if verb == "ListMetadataFormats":
        element = _add(root, f"{{{_OAI}}}ListMetadataFormats")
        for prefix in ("oai_dc", "arXiv", "arXivRaw"):
            _add(_add(element, f"{{{_OAI}}}metadataFormat"), f"{{{_OAI}}}metadataPrefix", prefix)
        return _bytes(root)
    if verb not in ("ListRecords", "ListIdentifiers", "GetRecord"):
        return _oai_error(base_url, "badVerb", "illegal or missing verb")
    prefix = arguments.get("metadataPrefix")
    if prefix not in ("oai_dc", "arXiv", "arXivRaw"):
        return _oai_error(base_url, "cannotDisseminateFormat", f"no format {prefix}")
    shown = sorted(
        (paper for one in papers if (paper := one.as_of(on))), key=lambda paper: (_datestamp(paper, on), paper.id)
    )
    element = _add(root, f"{{{_OAI}}}{verb}")
    if verb == "GetRecord":
        wanted = arguments.get("identifier", "").removeprefix("oai:arXiv.org:")
        found = [paper for paper in shown if paper.id == wanted]
        if not found:
            return _oai_error(base_url, "idDoesNotExist", f"no record {wanted}")
        _record(element, found[0], prefix, on)
        return _bytes(root)
    since = date.fromisoformat(arguments.get("from", "2005-09-16"))
    until = date.fromisoformat(arguments["until"]) if "until" in arguments else on + timedelta(days=1)
    wanted_set = arguments.get("set", "")
    chosen = [p for p in shown if since <= _datestamp(p, on) <= until and _in_set(p, wanted_set)]
    if not chosen:
        return _oai_error(base_url, "noRecordsMatch", "nothing matches")
    page = chosen[skip : skip + _RECORDS_A_PAGE]
    for paper in page:
        if verb == "ListRecords":
            _record(element, paper, prefix, on)
        else:
            _header(element, paper, on)
    token = _add(element, f"{{{_OAI}}}resumptionToken")
    if skip + len(page) < len(chosen):
        token.text = quote(urlencode({**arguments, "skip": skip + len(page)}))
        midnight = datetime.combine(on + timedelta(days=1), time(), UTC)
        token.set("expirationDate", midnight.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return _bytes(root)


def _datestamp(paper: StandinPaper, on: date) -> date:
    return max(line.on for line in paper.announced if line.on <= on)


def _in_set(paper: StandinPaper, wanted: str) -> bool:
    codes = {
        alias for code in paper.categories for alias in (code, *[a for a, c in categories.ALIASES.items() if c == code])
    }
    return not wanted or wanted.rpartition(":")[2] in {
        part for code in codes for part in (code, code.partition(".")[2], code.partition(".")[0])
    }


def _header(parent: etree._Element, paper: StandinPaper, on: date) -> None:
    header = _add(parent, f"{{{_OAI}}}header")
    _add(header, f"{{{_OAI}}}identifier", f"oai:arXiv.org:{paper.id}")
    _add(header, f"{{{_OAI}}}datestamp", _datestamp(paper, on).isoformat())
    archive, _, subject = paper.categories[0].partition(".")
    _add(header, f"{{{_OAI}}}setSpec", f"{archive}:{archive}:{subject}" if subject else f"physics:{archive}")


def _record(parent: etree._Element, paper: StandinPaper, prefix: str, on: date) -> None:
    record = _add(parent, f"{{{_OAI}}}record")
    _header(record, paper, on)
    metadata = _add(record, f"{{{_OAI}}}metadata")
    if prefix == "oai_dc":
        dc = etree.SubElement(metadata, f"{{{_OAI_DC}}}dc", None, {"oai_dc": _OAI_DC, "dc": _DC})
        for name, value in (("title", paper.title), ("description", paper.latest.abstract)):
            _add(dc, f"{{{_DC}}}{name}", value)
        for author in paper.authors:
            _add(dc, f"{{{_DC}}}creator", author)
        _add(dc, f"{{{_DC}}}identifier", f"https://arxiv.org/abs/{paper.id}")
        return
    space = f"http://arxiv.org/OAI/{prefix}/"
    element = etree.SubElement(metadata, f"{{{space}}}{prefix}", None, {None: space})
    _add(element, f"{{{space}}}id", paper.id)
    if prefix == "arXiv":
        _add(element, f"{{{space}}}created", paper.versions[0].submitted.date().isoformat())
        if len(paper.versions) > 1:
            _add(element, f"{{{space}}}updated", paper.latest.submitted.date().isoformat())
        people = _add(element, f"{{{space}}}authors")
        for author in paper.authors:
            person = _add(people, f"{{{space}}}author")
            fore, _, last = author.partition(" (")[0].rpartition(" ")
            _add(person, f"{{{space}}}keyname", last)
            if fore:
                _add(person, f"{{{space}}}forenames", fore)
    else:
        for version in paper.versions:
            row = _add(element, f"{{{space}}}version")
            row.set("version", f"v{version.number}")
            _add(row, f"{{{space}}}date", format_datetime(version.submitted, usegmt=True))
            _add(row, f"{{{space}}}size", "100kb")
        _add(element, f"{{{space}}}authors", ", ".join(paper.authors))
    _add(element, f"{{{space}}}title", paper.title)
    _add(element, f"{{{space}}}categories", " ".join(paper.categories))
    for name, value in (("comments", paper.latest.comment), ("journal-ref", paper.journal_ref), ("doi", paper.doi)):
        if value:
            _add(element, f"{{{space}}}{name}", value)
    _add(element, f"{{{space}}}license", paper.license)
    _add(element, f"{{{space}}}abstract", f"  {paper.latest.abstract}\n")


def _oai_error(base_url: str, code: str, message: str) -> bytes:
    root = etree.Element(f"{{{_OAI}}}OAI-PMH", None, {None: _OAI})
    _add(root, f"{{{_OAI}}}request", base_url)
    _add(root, f"{{{_OAI}}}error", message).set("code", code)
    return _bytes(root)


def _description(paper: StandinPaper, version: int, kind: str) -> str:
    abstract = next(v.abstract for v in paper.versions if v.number == version)
    return f"arXiv:{paper.id}v{version} Announce Type: {kind} \nAbstract: {abstract}"


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, name)
    element.text = text
    return element


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
