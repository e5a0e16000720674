"""Addresses of the pages on which a person confirms, changes or ends a subscription. Pure."""

from datetime import datetime
from typing import NamedTuple

from yibao.newsletter.tokens import Purpose, make_token

#: Below the site's root.
SUBSCRIBE = "subscribe/"


class Links(NamedTuple):
    """What a mail to a subscriber links to."""

    preferences: str
    #: A GET shows a page with a button; a POST leaves at once (RFC 8058).
    leave: str


def make_links(base_url: str, secret: bytes, token_id: str) -> Links:
    """Make a subscriber's links, valid until their data are erased: a mail is kept for years."""
    return Links(
        make_link(base_url, secret, Purpose.PREFERENCES, token_id), make_link(base_url, secret, Purpose.LEAVE, token_id)
    )


def make_link(base_url: str, secret: bytes, purpose: Purpose, name: str, expires_at: datetime | None = None) -> str:
    """Make the address of the page for this purpose."""
    return f"{base_url}/{SUBSCRIBE}{purpose}/{make_token(secret, purpose, name, expires_at)}"
