"""JSON Feed 1.1. Source: https://www.jsonfeed.org/version/1.1/."""

from typing import Any

import orjson

from yibao.categories import name_category
from yibao.feeds.model import Feed, Item, format_timestamp


def render_feed(feed: Feed) -> bytes:
    """Render the feed as UTF-8; the same feed always gives the same bytes."""
    document: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home_url,
        "feed_url": feed.url("feed.json"),
        "description": feed.description,
        "language": feed.language,
        "items": [_convert_item(item, feed.language) for item in feed.items],
    }
    if feed.icon_url:
        document |= {"icon": feed.icon_url, "favicon": feed.icon_url}
    if feed.next_page:
        document["next_url"] = feed.page_url(feed.next_page, "feed.json")
    if feed.hub_url:
        document["hubs"] = [{"type": "WebSub", "url": feed.hub_url}]
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _convert_item(item: Item, language: str) -> dict[str, Any]:
    converted: dict[str, Any] = {
        "id": item.id,
        "url": item.url,
        "title": item.title,
        **({"content_html": item.html} if item.html else {"content_text": item.summary}),
        "summary": item.summary,
        "date_published": format_timestamp(item.published_at),
        "date_modified": format_timestamp(item.updated_at),
        "language": item.language,
    }
    if item.pdf_url:
        # No attachment: readers download those by themselves.
        converted["external_url"] = item.pdf_url
    # Tags are codes, which people filter by; what they mean, in the language of the feed, is beside them.
    labels = {code: name_category(code, language) for code in item.categories}
    told = (("translator", item.translator), ("rights", item.rights), ("categories", labels))
    extension = {name: value for name, value in told if value}
    if extension:
        converted["_yibao"] = extension
    if item.authors:
        converted["authors"] = [{"name": author} for author in item.authors]
    if item.categories:
        converted["tags"] = list(item.categories)
    return converted
