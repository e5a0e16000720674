"""When readers first met an item, and when what they see last changed; and what each edition held."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from storage.library.connection import Connection, insert
from yibao.models import Edition, Stamp


class Item(NamedTuple):
    """What may be published: its permanent name, what a reader would notice of it, and its date if it is new."""

    item: str
    content_sha256: str
    published_at: datetime


def stamp(connection: Connection, items: Iterable[Item], changed_at: datetime) -> Mapping[str, Stamp]:
    """Both dates of every item, by its name.

    An item's publication date is fixed the first time. Its update date moves only when its content did, to
    `changed_at` (midnight of the run's date) plus one second for each edit so far, so that two corrections on one
    day differ; the same library always gives the same stamps.
    """
    known = {
        row[0]: row[1:]
        for row in connection.execute(
            "SELECT item, content_sha256, edits, published_at, updated_at FROM publication"
        ).fetchall()
    }
    stamps: dict[str, Stamp] = {}
    rows = []
    for item in items:
        old = known.get(item.item)
        if old and old[0] == item.content_sha256:
            stamps[item.item] = Stamp(old[2], old[3])
            continue
        edits = old[1] + 1 if old else 0
        published_at = old[2] if old else item.published_at
        earlier = old[3] + timedelta(seconds=1) if old else published_at
        updated_at = max(earlier, changed_at + timedelta(seconds=edits)) if old else published_at
        stamps[item.item] = Stamp(published_at, updated_at)
        rows.append({**item._asdict(), "edits": edits, "published_at": published_at, "updated_at": updated_at})
    connection.execute(
        "DELETE FROM publication WHERE item IN (SELECT unnest(from_json($items, '[\"VARCHAR\"]')))",
        {"items": json.dumps([row["item"] for row in rows])},
    )
    insert(connection, "publication", rows)
    return stamps


def store_editions(connection: Connection, editions: Iterable[Edition]) -> None:
    """The table of editions says what these hold."""
    connection.execute("DELETE FROM edition")
    insert(connection, "edition", [_row(edition) for edition in editions])


def _row(edition: Edition) -> dict[str, object]:
    return {
        "edition": edition.key,
        "starts_on": edition.starts_on,
        "ends_on": edition.ends_on,
        "translated": len(edition.translated),
        "untranslated": edition.untranslated,
        "replaced": len(edition.replaced),
        "arxiv_ids": [entry.arxiv_id for entry in edition.entries],
    }
