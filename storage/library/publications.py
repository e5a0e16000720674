"""What readers are shown, item by item: when they first met it, when it last changed, and in which lists it stands."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from storage.library import pending
from storage.library.connection import WANTED, Connection, bind_names, insert_rows
from yibao.build_graph import ItemRef
from yibao.records import Stamp


class Item(NamedTuple):
    """What may be published: its permanent name, what a reader would notice of it, and its date if it is new."""

    item: str
    content_sha256: str
    published_at: datetime


class _Published(NamedTuple):
    """What is on record of an item that was published."""

    content_sha256: str
    edits: int
    published_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ListedItem:
    """What lists need to know of an item that readers are shown."""

    item: str
    #: Of all that is shown of it.
    digest: str
    #: When its translation came to readers; None without one.
    translated_on: date | None
    lists: tuple[str, ...]
    #: The last date of an edition; None for a paper.
    ends_on: date | None = None
    #: Year and month in a paper's identifier, and its order within the month; None for an edition.
    identifier_month: int | None = None
    identifier_number: str | None = None


#: Of what was published at one instant, translations come first; then weeks before their last day; then the papers of
#: the latest month, by number.
_NEWEST = """
    published_at DESC, translated_on IS NULL, ends_on DESC NULLS LAST,
    identifier_month DESC NULLS LAST, identifier_number, item DESC
"""


def stamp_items(connection: Connection, items: Iterable[Item], changed_at: datetime) -> dict[str, Stamp]:
    """Fix the dates of first publication and of last change of every item; returns them by name.

    An item's publication date is fixed the first time. Its update date moves only when its content did, to
    `changed_at` (midnight of the run's date) plus one second for each edit so far, so that two corrections on one
    day differ; the same library always gives the same stamps.
    """
    offered = {item.item: item for item in items}
    known = _read_published(connection, offered)
    stamps: dict[str, Stamp] = {}
    new, changed = [], []
    for item in offered.values():
        old = known.get(item.item)
        if old is None:
            stamps[item.item] = Stamp(item.published_at, item.published_at)
            new.append({**item._asdict(), "edits": 0, "updated_at": item.published_at})
        elif old.content_sha256 == item.content_sha256:
            stamps[item.item] = Stamp(old.published_at, old.updated_at)
        else:
            edits = old.edits + 1
            updated_at = max(old.updated_at + timedelta(seconds=1), changed_at + timedelta(seconds=edits))
            stamps[item.item] = Stamp(old.published_at, updated_at)
            changed.append({**item._asdict(), "edits": edits, "updated_at": updated_at})
    insert_rows(connection, "operations.published_item", new)
    _update_stamps(connection, changed)
    return stamps


def _read_published(connection: Connection, items: Iterable[str]) -> dict[str, _Published]:
    rows = connection.execute(
        f"""
        SELECT item, content_sha256, edits, published_at, updated_at
        FROM operations.published_item
        WHERE item IN {WANTED}
        """,  # noqa: S608  (our own text)
        bind_names(items),
    )
    return {row[0]: _Published(*row[1:]) for row in rows.fetchall()}


def _update_stamps(connection: Connection, changed: Sequence[Mapping[str, Any]]) -> None:
    connection.execute(
        """
        UPDATE operations.published_item
        SET content_sha256 = changed.content_sha256, edits = changed.edits, updated_at = changed.updated_at
        FROM (
            SELECT unnest(from_json($changed, '[{"item": "VARCHAR", "content_sha256": "VARCHAR", "edits": "INTEGER",
                "updated_at": "TIMESTAMPTZ"}]'), max_depth := 2)
        ) AS changed
        WHERE published_item.item = changed.item
        """,
        {"changed": json.dumps(changed, default=str)},
    )


def read_stamps(connection: Connection, items: Iterable[str]) -> dict[str, Stamp]:
    """Read both dates of those of these items that were published, by name."""
    published = _read_published(connection, items)
    return {item: Stamp(row.published_at, row.updated_at) for item, row in published.items()}


def update_lists(connection: Connection, shown: Collection[ListedItem], gone: Collection[str]) -> None:
    """Put these items into their lists, and take those that are gone out of theirs; mark what changed as pending."""
    before = _read_listed(connection, [*(item.item for item in shown), *gone])
    changed = [item for item in shown if before.get(item.item) != (item.digest, item.lists)]
    lost = [item for item in gone if item in before]
    names = {*lost, *(item.item for item in changed)}
    names |= {name for item in names if item in before for name in before[item][1]}
    pending.mark_pending(connection, names | {name for item in changed for name in item.lists})
    rows: list[dict[str, Any]] = [{name: getattr(item, name) for name in ListedItem.__slots__} for item in changed]
    rows += [dict.fromkeys(ListedItem.__slots__) | {"item": item} for item in lost]
    connection.execute(
        """
        UPDATE operations.published_item
        SET digest = changed.digest, translated_on = changed.translated_on, ends_on = changed.ends_on,
            identifier_month = changed.identifier_month, identifier_number = changed.identifier_number,
            lists = changed.lists
        FROM (
            SELECT unnest(from_json($changed, '[{"item": "VARCHAR", "digest": "VARCHAR", "translated_on": "DATE",
                "ends_on": "DATE", "identifier_month": "INTEGER", "identifier_number": "VARCHAR",
                "lists": ["VARCHAR"]}]'), max_depth := 2)
        ) AS changed
        WHERE published_item.item = changed.item
        """,
        {"changed": json.dumps(rows, default=str)},
    )


def _read_listed(connection: Connection, items: Iterable[str]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Digest and lists of those of these items that readers are shown, by name."""
    rows = connection.execute(
        f"""
        SELECT item, digest, lists
        FROM operations.published_item
        WHERE digest IS NOT NULL AND item IN {WANTED}
        """,  # noqa: S608  (likewise)
        bind_names(items),
    )
    return {row[0]: (row[1], tuple(row[2])) for row in rows.fetchall()}


def read_shown_items(connection: Connection) -> set[str]:
    """Read the names of all items that readers are shown."""
    rows = connection.execute("SELECT item FROM operations.published_item WHERE digest IS NOT NULL")
    return {row[0] for row in rows.fetchall()}


def read_digests(connection: Connection, items: Iterable[str]) -> dict[str, str]:
    """Read the digests of those of these items that readers are shown, by name."""
    return {item: digest for item, (digest, _) in _read_listed(connection, items).items()}


def count_members(connection: Connection) -> dict[str, int]:
    """Count the items of every list."""
    rows = connection.execute("""
        SELECT name, count(*) FROM (SELECT unnest(lists) AS name FROM operations.published_item) GROUP BY name
    """)
    return dict(rows.fetchall())


def read_newest_members(
    connection: Connection, lists: Iterable[str], most: int, *, by_translation: bool
) -> dict[str, list[ItemRef]]:
    """Read the newest of each list, newest first, at most so many: by date of publication, or of translation."""
    order = f"translated_on DESC, {_NEWEST}" if by_translation else _NEWEST
    place = f"row_number() OVER (PARTITION BY name ORDER BY {order})"
    return _members(connection, lists, f"QUALIFY {place} <= {most:d} ORDER BY name, {order}")


def read_members(connection: Connection, lists: Iterable[str]) -> dict[str, list[ItemRef]]:
    """Read all items of these lists, oldest first."""
    return _members(connection, lists, "ORDER BY name, published_at, item")


def _members(connection: Connection, lists: Iterable[str], order: str) -> dict[str, list[ItemRef]]:
    rows = connection.execute(
        f"""
        SELECT name, item, digest
        FROM (
            SELECT unnest(lists) AS name, * EXCLUDE (lists)
            FROM operations.published_item
            WHERE digest IS NOT NULL
        )
        WHERE name IN {WANTED}
        {order}
        """,  # noqa: S608  (our own text)
        bind_names(lists),
    )
    members: dict[str, list[ItemRef]] = {}
    for name, item, digest in rows.fetchall():
        members.setdefault(name, []).append(ItemRef(item, digest))
    return members


def find_readable_papers(connection: Connection, arxiv_ids: Collection[str] | None = None) -> set[str]:
    """Find every paper that readers may meet, or met: announced, translated or shown; or those of these papers."""
    rows = connection.execute(
        f"""
        SELECT DISTINCT arxiv_id
        FROM (
            SELECT arxiv_id FROM announcement
            UNION ALL SELECT arxiv_id FROM current_translation
            UNION ALL SELECT arxiv_id FROM publication WHERE is_shown AND arxiv_id IS NOT NULL
        )
        WHERE $wanted IS NULL OR arxiv_id IN {WANTED}
        """,  # noqa: S608  (our own text)
        bind_names(arxiv_ids),
    )
    return {row[0] for row in rows.fetchall()}
