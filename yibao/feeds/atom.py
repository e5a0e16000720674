"""Atom 1.0, the canonical form. Source: https://www.rfc-editor.org/rfc/rfc4287; archives: RFC 5005; hub: WebSub."""

from yibao.feeds import xml_templates
from yibao.feeds.model import Feed


def render_feed(feed: Feed) -> bytes:
    """Render the feed as UTF-8; the same feed always gives the same bytes."""
    return xml_templates.render_template("atom.xml", feed=feed)
