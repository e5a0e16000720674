"""The list of feeds as OPML 2.0, for readers that take many at once. Source: http://opml.org/spec2.opml."""

from collections.abc import Iterable

from lxml import etree

from yibao.feeds.model import Feed


def render(feeds: Iterable[Feed], title: str) -> bytes:
    """Every feed once, in its Atom form; the same feeds always give the same bytes."""
    root = etree.Element("opml", {"version": "2.0"})
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = title
    body = etree.SubElement(root, "body")
    for feed in feeds:
        attributes = {
            "type": "rss",
            "text": feed.title,
            "title": feed.title,
            "xmlUrl": f"{feed.base_url}atom.xml",
            "htmlUrl": feed.home_url,
        }
        etree.SubElement(body, "outline", attributes)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
