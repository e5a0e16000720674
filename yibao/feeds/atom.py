"""Atom 1.0. Source: https://www.rfc-editor.org/rfc/rfc4287."""

from datetime import datetime

from lxml import etree

from yibao.categories import name_of
from yibao.feeds.model import Feed, Item

_ATOM = "http://www.w3.org/2005/Atom"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_SCHEME = "http://arxiv.org/schemas/atom"
_HISTORY = "http://purl.org/syndication/history/1.0"
_MEDIA_TYPE = "application/atom+xml"


def render(feed: Feed) -> bytes:
    """The feed as UTF-8; the same feed always gives the same bytes."""
    root = etree.Element(f"{{{_ATOM}}}feed", {_LANG: feed.language}, nsmap={None: _ATOM, "fh": _HISTORY})  # type: ignore[dict-item]  # the stubs know no default namespace
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "subtitle", feed.description)
    _add(root, "updated", stamp(feed.updated_at))
    _links(root, feed)
    # Entries without authors of their own (editions, papers still waiting for arXiv) need the feed's.
    _author(root, feed.title.partition(" · ")[0])
    for item in feed.items:
        _add_entry(root, item)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _links(root: etree._Element, feed: Feed) -> None:
    """Where it is, what it is of, and its archive. Source: RFC 5005, section 4; WebSub."""
    live = f"{feed.base_url}atom.xml"
    _link(root, f"{feed.base_url}archive/{feed.archive}" if feed.archive else live, "self", _MEDIA_TYPE)
    _link(root, feed.home_url, "alternate", "text/html")
    if feed.archive:
        etree.SubElement(root, f"{{{_HISTORY}}}archive")
        _link(root, live, "current", _MEDIA_TYPE)
    elif feed.hub_url:
        _link(root, feed.hub_url, "hub", None)
    for name, rel in ((feed.previous, "prev-archive"), (feed.following, "next-archive")):
        if name:
            _link(root, f"{feed.base_url}archive/{name}", rel, _MEDIA_TYPE)


def stamp(at: datetime) -> str:
    """An RFC 3339 timestamp in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _add_entry(root: etree._Element, item: Item) -> None:
    entry = etree.SubElement(root, f"{{{_ATOM}}}entry", {_LANG: item.language})
    _add(entry, "id", item.id)
    _add(entry, "title", item.title)
    _add(entry, "published", stamp(item.published_at))
    _add(entry, "updated", stamp(item.updated_at))
    for author in item.authors:
        _author(entry, author)
    for category in item.categories:
        attributes = {"term": category, "scheme": _SCHEME, "label": name_of(category).name_en}
        etree.SubElement(entry, f"{{{_ATOM}}}category", attributes)
    _link(entry, item.url, "alternate", "text/html")
    if item.pdf_url:
        _link(entry, item.pdf_url, "related", "application/pdf")
    if item.license_url:
        _link(entry, item.license_url, "license", None)
    if item.rights:
        _add(entry, "rights", item.rights)
    _add(entry, "summary", item.summary)
    _add(entry, "content", item.html).set("type", "html")


def _author(parent: etree._Element, name: str) -> None:
    _add(etree.SubElement(parent, f"{{{_ATOM}}}author"), "name", name)


def _link(parent: etree._Element, href: str, rel: str, media_type: str | None) -> None:
    attributes = {"href": href, "rel": rel} | ({"type": media_type} if media_type else {})
    etree.SubElement(parent, f"{{{_ATOM}}}link", attributes)


def _add(parent: etree._Element, name: str, text: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{_ATOM}}}{name}")
    element.text = text
    return element
