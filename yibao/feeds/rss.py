"""RSS 2.0. Source: https://www.rssboard.org/rss-specification and its profile of best practices."""

from yibao.feeds import xml_templates
from yibao.feeds.model import Feed


def render_feed(feed: Feed) -> bytes:
    """Render the feed as UTF-8; the same feed always gives the same bytes."""
    return xml_templates.render_template("rss.xml", feed=feed)
