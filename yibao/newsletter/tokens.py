"""Signed links: a token says what it is for and whom it names, and nobody else can make one. Pure."""

from datetime import datetime
from enum import StrEnum
from functools import cache

from itsdangerous import BadData, URLSafeSerializer

from yibao.errors import LinkError


class Purpose(StrEnum):
    """What a link allows. A token for one purpose is worth nothing for another."""

    CONFIRM = "confirm"
    PREFERENCES = "preferences"
    LEAVE = "leave"
    APPROVE = "approve"


def make_token(secret: bytes, purpose: Purpose, name: str, expires_at: datetime | None = None) -> str:
    """Make a token that names a request, a subscriber or an edition; without `expires_at` it is valid for good."""
    until = int(expires_at.timestamp()) if expires_at else 0
    return str(_make_serializer(secret, purpose).dumps([name, until]))


def read_token(secret: bytes, purpose: Purpose, token: str, at: datetime) -> str:
    """Return whom or what a token names.

    Raises:
        LinkError: it was not made by us for this purpose, or it has expired (`is_expired`).
    """
    try:
        name, until = _make_serializer(secret, purpose).loads(token)
    except (BadData, ValueError, TypeError):
        raise LinkError("This link is not valid: it was cut short or changed on its way.") from None
    if until and at.timestamp() > until:
        raise LinkError("This link has expired.", is_expired=True)
    return str(name)


@cache
def _make_serializer(secret: bytes, purpose: Purpose) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=f"yibao.{purpose}")
