"""JSON Feed 1.1. Source: https://www.jsonfeed.org/version/1.1/."""

from typing import Any

import orjson

from yibao.feeds.model import Feed, Item, stamp


def render(feed: Feed) -> bytes:
    """The feed as UTF-8; the same feed always gives the same bytes."""
    document: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home_url,
        "feed_url": feed.url("feed.json"),
        "description": feed.description,
        "language": feed.language,
        "items": [_item(item) for item in feed.items],
    }
    if feed.hub_url:
        document["hubs"] = [{"type": "WebSub", "url": feed.hub_url}]
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _item(item: Item) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": item.id,
        "url": item.url,
        "title": item.title,
        "content_html": item.html,
        "summary": item.summary,
        "date_published": stamp(item.published_at),
        "date_modified": stamp(item.updated_at),
        "language": item.language,
    }
    if item.pdf_url:
        # No attachment: readers download those by themselves.
        found["external_url"] = item.pdf_url
    own = {name: value for name, value in (("translator", item.translator), ("rights", item.rights)) if value}
    if own:
        found["_yibao"] = own
    if item.authors:
        found["authors"] = [{"name": author} for author in item.authors]
    if item.categories:
        found["tags"] = list(item.categories)
    return found
