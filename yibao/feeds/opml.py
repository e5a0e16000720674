"""The list of feeds as OPML 2.0, for readers that take many at once. Source: http://opml.org/spec2.opml."""

from collections.abc import Sequence

from yibao.feeds import xml_templates
from yibao.feeds.model import Feed


def render_list(feeds: Sequence[Feed], title: str) -> bytes:
    """Render a list of feeds, each in its Atom form; the same feeds always give the same bytes."""
    return xml_templates.render_template("feeds.opml", feeds=feeds, title=title)
