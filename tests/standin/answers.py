"""arXiv's feeds and API, made from the stand-in's papers."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from email.utils import format_datetime

from lxml import etree

from tests.standin.papers import StandinPaper, listed
from yibao.dates import EASTERN

_ATOM = "http://www.w3.org/2005/Atom"
_ARXIV = "http://arxiv.org/schemas/atom"
_DC = "http://purl.org/dc/elements/1.1/"
_OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"

#: What a fault makes of a list before it is written.
Damage = Callable[[list], list]


def rss(
    papers: list[StandinPaper],
    category: str,
    on: date,
    speaks_of: date | None = None,
    stamped: date | None = None,
    damaged: Damage = list,
) -> bytes:
    """The announcement feed of a category. `speaks_of`: the day whose list it gives; `stamped`: the day it names."""
    root = etree.Element("rss", {"version": "2.0"}, {"arxiv": _ARXIV, "dc": _DC, "atom": _ATOM})
    channel = add(root, "channel")
    stamp = format_datetime(datetime.combine(stamped or speaks_of or on, time(), EASTERN))
    add(channel, "title", f"{category} updates on arXiv.org")
    add(channel, "link", f"http://rss.arxiv.org/rss/{category}")
    add(channel, "description", f"{category} updates on the arXiv.org e-print archive.")
    add(channel, "language", "en-us")
    add(channel, "pubDate", stamp)
    for paper, line in damaged(listed(papers, category, speaks_of or on)):
        item = add(channel, "item")
        add(item, "title", paper.title)
        add(item, "link", f"https://arxiv.org/abs/{paper.id}")
        add(item, "description", _description(paper, line.version, line.type))
        add(item, "guid", f"oai:arXiv.org:{paper.id}v{line.version}").set("isPermaLink", "false")
        for code in paper.categories:
            add(item, "category", code)
        add(item, "pubDate", stamp)
        add(item, f"{{{_ARXIV}}}announce_type", line.type)
        add(item, f"{{{_DC}}}rights", paper.license)
        if paper.doi:
            add(item, f"{{{_ARXIV}}}DOI", paper.doi)
        if paper.journal_ref:
            add(item, f"{{{_ARXIV}}}journal_reference", paper.journal_ref)
        add(item, f"{{{_DC}}}creator", ", ".join(paper.authors))
    return as_bytes(root)


def atom(
    papers: list[StandinPaper],
    category: str,
    on: date,
    speaks_of: date | None = None,
    stamped: date | None = None,
    damaged: Damage = list,
) -> bytes:
    root = etree.Element(f"{{{_ATOM}}}feed", None, {None: _ATOM, "arxiv": _ARXIV, "dc": _DC})
    add(root, f"{{{_ATOM}}}id", f"http://rss.arxiv.org/atom/{category}")
    add(root, f"{{{_ATOM}}}title", f"{category} updates on arXiv.org")
    stamp = datetime.combine(stamped or speaks_of or on, time(), EASTERN).isoformat()
    add(root, f"{{{_ATOM}}}updated", stamp)
    for paper, line in damaged(listed(papers, category, speaks_of or on)):
        entry = add(root, f"{{{_ATOM}}}entry")
        add(entry, f"{{{_ATOM}}}id", f"oai:arXiv.org:{paper.id}v{line.version}")
        add(entry, f"{{{_ATOM}}}title", paper.title)
        add(entry, f"{{{_ATOM}}}updated", stamp)
        add(entry, f"{{{_ATOM}}}link").attrib.update({"href": f"https://arxiv.org/abs/{paper.id}", "rel": "alternate"})
        add(entry, f"{{{_ATOM}}}summary", _description(paper, line.version, line.type))
        for code in paper.categories:
            add(entry, f"{{{_ATOM}}}category").set("term", code)
        add(entry, f"{{{_ATOM}}}published", stamp)
        add(entry, f"{{{_ARXIV}}}announce_type", line.type)
        add(entry, f"{{{_DC}}}rights", paper.license)
        if paper.doi:
            add(entry, f"{{{_ARXIV}}}DOI", paper.doi)
        add(entry, f"{{{_DC}}}creator", ", ".join(paper.authors))
    return as_bytes(root)


def api(papers: list[StandinPaper], query: dict[str, list[str]], on: date, damaged: Damage = list) -> tuple[int, bytes]:
    """The API's answer to an id_list; unknown ids are left out in silence, malformed ones spoil the whole."""
    wanted = [one for one in query.get("id_list", [""])[0].split(",") if one]
    root = etree.Element(f"{{{_ATOM}}}feed", None, {None: _ATOM, "arxiv": _ARXIV, "opensearch": _OPENSEARCH})
    add(root, f"{{{_ATOM}}}title", f"arXiv Query: id_list={','.join(wanted)}")
    bad = next(
        (one for one in wanted if not re.fullmatch(r"(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7})(v\d+)?", one)), None
    )
    if bad:
        entry = add(root, f"{{{_ATOM}}}entry")
        add(entry, f"{{{_ATOM}}}id", f"https://arxiv.org/api/errors#incorrect_id_format_for_{bad}")
        add(entry, f"{{{_ATOM}}}title", "Error")
        add(entry, f"{{{_ATOM}}}summary", f"incorrect id format for {bad}")
        return 400, as_bytes(root)
    known = {paper.id: shown for paper in papers if (shown := paper.as_of(on))}
    papers_found = [known[one] for one in (re.sub(r"v\d+$", "", one) for one in wanted) if one in known]
    add(root, f"{{{_OPENSEARCH}}}totalResults", str(len(papers_found)))
    for paper in damaged(papers_found):
        _api_entry(root, paper)
    return 200, as_bytes(root)


def _api_entry(root: etree._Element, paper: StandinPaper) -> None:
    entry = add(root, f"{{{_ATOM}}}entry")
    add(entry, f"{{{_ATOM}}}id", f"http://arxiv.org/abs/{paper.id}v{paper.latest.number}")
    add(entry, f"{{{_ATOM}}}title", paper.title)
    add(entry, f"{{{_ATOM}}}updated", paper.latest.submitted.strftime("%Y-%m-%dT%H:%M:%SZ"))
    add(entry, f"{{{_ATOM}}}published", paper.versions[0].submitted.strftime("%Y-%m-%dT%H:%M:%SZ"))
    add(entry, f"{{{_ATOM}}}summary", paper.latest.abstract)
    for code in paper.categories:
        add(entry, f"{{{_ATOM}}}category").attrib.update({"term": code, "scheme": _ARXIV})
    add(entry, f"{{{_ARXIV}}}primary_category").set("term", paper.categories[0])
    for name, value in (("comment", paper.latest.comment), ("journal_ref", paper.journal_ref), ("doi", paper.doi)):
        if value:
            add(entry, f"{{{_ARXIV}}}{name}", value)
    for author in paper.authors:
        name, _, place = author.partition(" (")
        element = add(entry, f"{{{_ATOM}}}author")
        add(element, f"{{{_ATOM}}}name", name)
        if place:
            add(element, f"{{{_ARXIV}}}affiliation", place.rstrip(")"))


def _description(paper: StandinPaper, version: int, kind: str) -> str:
    abstract = next(v.abstract for v in paper.versions if v.number == version)
    return f"arXiv:{paper.id}v{version} Announce Type: {kind} \nAbstract: {abstract}"


def add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, name)
    element.text = text
    return element


def as_bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
