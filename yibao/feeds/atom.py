"""Atom 1.0. Source: https://www.rfc-editor.org/rfc/rfc4287."""

from datetime import datetime

from lxml import etree

from yibao.categories import name_of
from yibao.feeds.model import Feed, Item

_ATOM = "http://www.w3.org/2005/Atom"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_SCHEME = "http://arxiv.org/schemas/atom"


def render(feed: Feed) -> bytes:
    """The feed as UTF-8; the same feed always gives the same bytes."""
    root = etree.Element(f"{{{_ATOM}}}feed", {_LANG: feed.language}, nsmap={None: _ATOM})  # type: ignore[dict-item]  # the stubs know no default namespace
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "subtitle", feed.description)
    _add(root, "updated", stamp(feed.updated_at))
    _link(root, f"{feed.base_url}atom.xml", "self", "application/atom+xml")
    _link(root, feed.home_url, "alternate", "text/html")
    # Entries without authors of their own (editions, papers still waiting for arXiv) need the feed's.
    _author(root, feed.title.partition(" · ")[0])
    for item in feed.items:
        _add_entry(root, item)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


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
    _add(entry, "summary", item.summary)
    _add(entry, "content", item.html).set("type", "html")


def _author(parent: etree._Element, name: str) -> None:
    _add(etree.SubElement(parent, f"{{{_ATOM}}}author"), "name", name)


def _link(parent: etree._Element, href: str, rel: str, media_type: str) -> None:
    etree.SubElement(parent, f"{{{_ATOM}}}link", {"href": href, "rel": rel, "type": media_type})


def _add(parent: etree._Element, name: str, text: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{_ATOM}}}{name}")
    element.text = text
    return element
