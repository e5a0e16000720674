"""What readers are shown, item by item: when they first met it, when it last changed, and in which lists it stands."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from storage.library import pending
from storage.library.connection import WANTED, Connection, bind_names, insert_rows
from yibao.build_graph import ItemRef
from yibao.records import PAPER, Stamp


class Item(NamedTuple):
    """What may be published: its permanent name, what a reader would notice of it, and its date if it is new."""

    item: str
    content_sha256: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class ListedItem:
    """What lists need to know of an item that readers are shown."""

    item: str
    #: Of all that is shown of it.
    digest: str
    #: When its translation came to readers; None without one.
    translated_on: date | None
    #: Orders items of one instant: greatest month first, then least number.
    sort_month: int
    sort_number: str
    lists: tuple[str, ...]


#: Of what was published at one instant, translations come first.
_NEWEST = "published_at DESC, translated_on IS NULL, sort_month DESC, sort_number"


def stamp_items(connection: Connection, items: Iterable[Item], changed_at: datetime) -> dict[str, Stamp]:
    """Both dates of every item, by its name.

    An item's publication date is fixed the first time. Its update date moves only when its content did, to
    `changed_at` (midnight of the run's date) plus one second for each edit so far, so that two corrections on one
    day differ; the same library always gives the same stamps.
    """
    told = list(items)
    rows = connection.execute(
        f"SELECT item, content_sha256, edits, published_at, updated_at FROM publication WHERE item IN {WANTED}",  # noqa: S608  (our own text)
        bind_names(item.item for item in told),
    )
    known = {row[0]: row[1:] for row in rows.fetchall()}
    stamps: dict[str, Stamp] = {}
    new, changed = [], []
    for item in told:
        old = known.get(item.item)
        if old is None:
            stamps[item.item] = Stamp(item.published_at, item.published_at)
            new.append({**item._asdict(), "edits": 0, "updated_at": item.published_at})
        elif old[0] == item.content_sha256:
            stamps[item.item] = Stamp(old[2], old[3])
        else:
            edits = old[1] + 1
            updated_at = max(old[3] + timedelta(seconds=1), changed_at + timedelta(seconds=edits))
            stamps[item.item] = Stamp(old[2], updated_at)
            changed.append({**item._asdict(), "edits": edits, "updated_at": updated_at})
    insert_rows(connection, "publication", new)
    connection.execute(
        """
        UPDATE publication
        SET content_sha256 = told.content_sha256, edits = told.edits, updated_at = told.updated_at
        FROM (
            SELECT unnest(from_json($changed, '[{"item": "VARCHAR", "content_sha256": "VARCHAR", "edits": "INTEGER",
                "updated_at": "TIMESTAMPTZ"}]'), max_depth := 2)
        ) AS told
        WHERE publication.item = told.item
        """,
        {"changed": json.dumps(changed, default=str)},
    )
    return stamps


def read_stamps(connection: Connection, items: Iterable[str]) -> dict[str, Stamp]:
    """Both dates of those of these items that were published, by name."""
    rows = connection.execute(
        f"SELECT item, published_at, updated_at FROM publication WHERE item IN {WANTED}",  # noqa: S608  (likewise)
        bind_names(items),
    )
    return {row[0]: Stamp(*row[1:]) for row in rows.fetchall()}


def update_lists(connection: Connection, shown: Collection[ListedItem], gone: Collection[str]) -> None:
    """Lists hold these items as they are now, and no more those that are gone; all that changed by it is pending."""
    after = {one.item: one for one in shown}
    rows = connection.execute(
        f"SELECT item, digest, lists FROM publication WHERE digest IS NOT NULL AND item IN {WANTED}",  # noqa: S608  (likewise)
        bind_names([*after, *gone]),
    )
    before = {row[0]: (row[1], tuple(row[2])) for row in rows.fetchall()}
    changed = [one for one in shown if before.get(one.item) != (one.digest, one.lists)]
    lost = [item for item in gone if item in before]
    names = {*lost, *(one.item for one in changed)}
    names |= {name for item in names for name in before.get(item, ("", ()))[1]}
    pending.mark_pending(connection, names | {name for one in changed for name in one.lists})
    told: list[dict[str, Any]] = [{name: getattr(one, name) for name in ListedItem.__slots__} for one in changed]
    told += [dict.fromkeys(ListedItem.__slots__) | {"item": item} for item in lost]
    connection.execute(
        """
        UPDATE publication
        SET digest = told.digest, translated_on = told.translated_on, sort_month = told.sort_month,
            sort_number = told.sort_number, lists = told.lists
        FROM (
            SELECT unnest(from_json($told, '[{"item": "VARCHAR", "digest": "VARCHAR", "translated_on": "DATE",
                "sort_month": "INTEGER", "sort_number": "VARCHAR", "lists": ["VARCHAR"]}]'), max_depth := 2)
        ) AS told
        WHERE publication.item = told.item
        """,
        {"told": json.dumps(told, default=str)},
    )


def read_shown_items(connection: Connection) -> set[str]:
    """Every item that readers are shown, by name."""
    return {row[0] for row in connection.execute("SELECT item FROM publication WHERE digest IS NOT NULL").fetchall()}


def read_digests(connection: Connection, items: Iterable[str]) -> dict[str, str]:
    """The digests of those of these items that readers are shown, by name."""
    rows = connection.execute(
        f"SELECT item, digest FROM publication WHERE digest IS NOT NULL AND item IN {WANTED}",  # noqa: S608  (likewise)
        bind_names(items),
    )
    return dict(rows.fetchall())


def count_members(connection: Connection) -> dict[str, int]:
    """How many items stand in every list."""
    rows = connection.execute("""
        SELECT name, count(*) FROM (SELECT unnest(lists) AS name FROM publication) GROUP BY name
    """)
    return dict(rows.fetchall())


def read_newest_members(
    connection: Connection, lists: Iterable[str], most: int, *, by_translation: bool
) -> dict[str, list[ItemRef]]:
    """The newest of each of these lists, newest first, at most so many: by their publication, or their translation."""
    order = f"translated_on DESC, {_NEWEST}" if by_translation else _NEWEST
    place = f"row_number() OVER (PARTITION BY name ORDER BY {order})"
    return _members(connection, lists, f"QUALIFY {place} <= {most:d} ORDER BY name, {order}")


def read_members(connection: Connection, lists: Iterable[str]) -> dict[str, list[ItemRef]]:
    """All of these lists, oldest first."""
    return _members(connection, lists, "ORDER BY name, published_at, item")


def _members(connection: Connection, lists: Iterable[str], order: str) -> dict[str, list[ItemRef]]:
    rows = connection.execute(
        f"""
        SELECT name, item, digest
        FROM (SELECT unnest(lists) AS name, * EXCLUDE (lists) FROM publication WHERE digest IS NOT NULL)
        WHERE name IN {WANTED}
        {order}
        """,  # noqa: S608  (our own text)
        bind_names(lists),
    )
    found: dict[str, list[ItemRef]] = {}
    for name, item, digest in rows.fetchall():
        found.setdefault(name, []).append(ItemRef(item, digest))
    return found


def find_readable_papers(connection: Connection, arxiv_ids: Collection[str] | None = None) -> set[str]:
    """Every paper that readers may meet, or met: announced, translated or shown; or those of these papers."""
    rows = connection.execute(
        f"""
        SELECT DISTINCT arxiv_id
        FROM (
            SELECT arxiv_id FROM announcement
            UNION ALL SELECT arxiv_id FROM current_translation
            UNION ALL SELECT substr(item, {len(PAPER) + 1:d}) FROM publication
            WHERE digest IS NOT NULL AND starts_with(item, '{PAPER}')
        )
        WHERE $wanted IS NULL OR arxiv_id IN {WANTED}
        """,  # noqa: S608  (our own text)
        bind_names(arxiv_ids),
    )
    return {row[0] for row in rows.fetchall()}
