"""JSON Feed 1.1. Source: https://www.jsonfeed.org/version/1.1/."""

import json
from typing import Any

from yibao.feeds.atom import stamp
from yibao.feeds.model import Feed, Item


def render(feed: Feed) -> bytes:
    """The feed as UTF-8; the same feed always gives the same bytes."""
    document: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home_url,
        "feed_url": f"{feed.base_url}feed.json",
        "description": feed.description,
        "language": feed.language,
        "items": [_item(item) for item in feed.items],
    }
    if feed.hub_url:
        document["hubs"] = [{"type": "WebSub", "url": feed.hub_url}]
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


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
    if item.rights:
        found["_yibao"] = {"rights": item.rights}
    if item.authors:
        found["authors"] = [{"name": author} for author in item.authors]
    if item.categories:
        found["tags"] = list(item.categories)
    return found
