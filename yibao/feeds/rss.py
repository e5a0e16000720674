"""RSS 2.0. Source: https://www.rssboard.org/rss-specification and its profile of best practices."""

from email.utils import format_datetime

from lxml import etree

from yibao.feeds.model import Feed, Item

_ATOM = "http://www.w3.org/2005/Atom"
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_DC = "http://purl.org/dc/elements/1.1/"


def render(feed: Feed) -> bytes:
    """The feed as UTF-8; the same feed always gives the same bytes."""
    root = etree.Element("rss", {"version": "2.0"}, {"atom": _ATOM, "content": _CONTENT, "dc": _DC})
    channel = etree.SubElement(root, "channel")
    _add(channel, "title", feed.title)
    _add(channel, "link", feed.home_url)
    _add(channel, "description", feed.description)
    _add(channel, "language", feed.language)
    if feed.items:
        _add(channel, "lastBuildDate", format_datetime(feed.updated_at))
    href = f"{feed.base_url}rss.xml"
    etree.SubElement(channel, f"{{{_ATOM}}}link", {"href": href, "rel": "self", "type": "application/rss+xml"})
    if feed.hub_url:
        etree.SubElement(channel, f"{{{_ATOM}}}link", {"href": feed.hub_url, "rel": "hub"})
    for item in feed.items:
        _add_item(channel, item)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _add_item(channel: etree._Element, item: Item) -> None:
    element = etree.SubElement(channel, "item")
    _add(element, "title", item.title)
    _add(element, "link", item.url)
    _add(element, "guid", item.id).set("isPermaLink", "false")
    _add(element, "pubDate", format_datetime(item.published_at))
    if item.authors:
        # One element: of several, some readers keep only the first and others only the last.
        _add(element, f"{{{_DC}}}creator", ", ".join(item.authors))
    for category in item.categories:
        _add(element, "category", category).set("domain", "http://arxiv.org/schemas/atom")
    if item.rights:
        _add(element, f"{{{_DC}}}rights", item.rights)
    _add(element, f"{{{_DC}}}language", item.language)
    _add(element, "description", item.summary)
    _add(element, f"{{{_CONTENT}}}encoded", item.html)
    _add(element, f"{{{_ATOM}}}updated", item.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ"))


def _add(parent: etree._Element, name: str, text: str) -> etree._Element:
    element = etree.SubElement(parent, name)
    element.text = text
    return element
