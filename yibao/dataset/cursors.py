"""Where a list goes on: the release from which it is read, and after which row. One opaque word for its readers."""

import base64
import binascii
import json
from datetime import date
from typing import NamedTuple

from yibao.dataset.releases import is_name
from yibao.errors import QueryError

#: Longer ones are none of ours.
_MOST_CHARACTERS = 300
_DAMAGED = "This cursor is damaged: send it as it was given, or begin anew without one."


class Cursor(NamedTuple):
    """A place in a list."""

    release: str
    #: What the last row was ordered by; of a ranked list, how many were read.
    after: tuple[str | int, ...]


def write_cursor(cursor: Cursor) -> str:
    """Write a cursor as a word that may stand in an address."""
    content = json.dumps([cursor.release, *cursor.after], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def read_cursor(text: str, kinds: tuple[type, ...]) -> Cursor:
    """Read a cursor whose `after` has values of these kinds: int, str, or date for a text that is one.

    Raises:
        QueryError: it is none of ours.
    """
    if len(text) > _MOST_CHARACTERS:
        raise QueryError(_DAMAGED)
    try:
        release, *after = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
        is_sound = isinstance(release, str) and is_name(release) and len(after) == len(kinds)
        is_sound = is_sound and all(_fits(value, kind) for value, kind in zip(after, kinds, strict=True))
    except (binascii.Error, ValueError, TypeError):
        raise QueryError(_DAMAGED) from None
    if not is_sound:
        raise QueryError(_DAMAGED)
    return Cursor(release, tuple(after))


def _fits(value: object, kind: type) -> bool:
    if kind is date:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    if kind is int:
        return type(value) is int and 0 <= value < 2**31
    return isinstance(value, kind)
