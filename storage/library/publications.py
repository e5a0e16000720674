"""What readers are shown, item by item: when they first met it, when it last changed, and in which lists it stands."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from storage.library import pending
from storage.library.connection import WANTED, Connection, bind_names, insert_rows
from yibao.build_graph import ItemRef
from yibao.records import PAPER, Timestamps


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
    has_variant_ids: bool


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
    #: What its title says; None for an edition.
    words: tuple[str, ...] | None = None


#: Of what was published at one instant, translations come first; then weeks before their last day; then the papers of
#: the latest month, by number.
NEWEST = """
    published_at DESC, translated_on IS NULL, ends_on DESC NULLS LAST,
    identifier_month DESC NULLS LAST, identifier_number, item DESC
"""


#: Of the instants of a day, which has 23 hours when clocks change.
_LAST_SECOND = 23 * 3600 - 1


def stamp_items(connection: Connection, items: Iterable[Item], changed_at: datetime) -> dict[str, Timestamps]:
    """Fix the dates of first publication and of last change of every item; returns them by name.

    An item's publication date is fixed the first time; papers of one midnight get a second each, so that readers, who
    sort by it, keep the order in which they are given here: the first is the latest. Its update date moves only when
    its content did, to `changed_at` (midnight of the run's date) plus one second for each edit so far, so that two
    corrections on one day differ; the same library always gives the same stamps.
    """
    offered = {item.item: item for item in items}
    known = _read_published(connection, offered)
    new = _space_instants(connection, [item for item in offered.values() if item.item not in known])
    stamps = {item.item: Timestamps(item.published_at, item.published_at) for item in new}
    changed = []
    for name, old in known.items():
        updated_at = old.updated_at
        if old.content_sha256 != offered[name].content_sha256:
            edits = old.edits + 1
            updated_at = max(old.updated_at + timedelta(seconds=1), changed_at + timedelta(seconds=edits))
            changed.append({**offered[name]._asdict(), "edits": edits, "updated_at": updated_at})
        stamps[name] = Timestamps(old.published_at, updated_at, old.has_variant_ids)
    rows = [{**item._asdict(), "edits": 0, "updated_at": item.published_at, "has_variant_ids": True} for item in new]
    insert_rows(connection, "operations.published_item", rows)
    _update_stamps(connection, changed)
    return stamps


def _space_instants(connection: Connection, items: Sequence[Item]) -> list[Item]:
    """Give new papers of one midnight a second each, the first of them the latest; above those that are there."""
    by_midnight: dict[datetime, list[Item]] = defaultdict(list)
    for item in items:
        if item.item.startswith(PAPER):
            by_midnight[item.published_at].append(item)
    spaced = [item for item in items if not item.item.startswith(PAPER)]
    for midnight, papers in by_midnight.items():
        end = {"first": midnight, "end": midnight + timedelta(hours=23)}
        query = "SELECT count(*) FROM operations.published_item WHERE published_at >= $first AND published_at < $end"
        [(taken,)] = connection.execute(query, end).fetchall()
        for place, item in enumerate(reversed(papers), taken):
            spaced.append(item._replace(published_at=midnight + timedelta(seconds=min(place, _LAST_SECOND))))
    return spaced


def _read_published(connection: Connection, items: Iterable[str]) -> dict[str, _Published]:
    rows = connection.execute(
        f"""
        SELECT item, content_sha256, edits, published_at, updated_at, has_variant_ids
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


def read_stamps(connection: Connection, items: Iterable[str]) -> dict[str, Timestamps]:
    """Read both dates of those of these items that were published, by name."""
    published = _read_published(connection, items)
    return {item: Timestamps(row.published_at, row.updated_at, row.has_variant_ids) for item, row in published.items()}


def number_editions(connection: Connection, items: Iterable[str]) -> dict[str, int]:
    """Give these editions of days their numbers, those without one in the order of their dates; returns all by name.

    They must have been stamped. A number once given stays, whatever is published later of earlier days.
    """
    wanted = bind_names(items)
    connection.execute(
        f"""
        UPDATE operations.published_item
        SET edition_number = numbered.edition_number
        FROM (
            SELECT item, row_number() OVER (ORDER BY item)
                + (SELECT coalesce(max(edition_number), 0) FROM operations.published_item) AS edition_number
            FROM operations.published_item
            WHERE edition_number IS NULL AND item IN {WANTED}
        ) AS numbered
        WHERE published_item.item = numbered.item
        """,  # noqa: S608  (likewise)
        wanted,
    )
    return read_edition_numbers(connection, items)


def read_edition_numbers(connection: Connection, items: Iterable[str]) -> dict[str, int]:
    """Read the numbers of those of these editions that have one, by permanent name."""
    rows = connection.execute(
        f"""
        SELECT item, edition_number FROM operations.published_item
        WHERE edition_number IS NOT NULL AND item IN {WANTED}
        """,  # noqa: S608  (likewise)
        bind_names(items),
    )
    return dict(rows.fetchall())


def update_lists(connection: Connection, shown: Collection[ListedItem], gone: Collection[str], on: date) -> None:
    """Put these items into their lists, and take those that are gone out of theirs; mark what changed as pending.

    An item stands in a list since the run of this date; since its own date where nothing stood there before, for then
    nobody has read it.
    """
    if not shown and not gone:
        return
    before = _read_listed(connection, [*(item.item for item in shown), *gone])
    changed = [item for item in shown if item.item not in before or before[item.item].differs_from(item)]
    lost = [item for item in gone if item in before]
    names = {*lost, *(item.item for item in changed)}
    names |= {name for item in names if item in before for name in before[item].lists}
    pending.mark_pending(connection, names | {name for item in changed for name in item.lists})
    known = _find_lists(connection, "feeds/")
    rows = [_make_row(item, before.get(item.item), known, on) for item in changed]
    rows += [dict.fromkeys((*ListedItem.__slots__, "listed_on")) | {"item": item} for item in lost]
    connection.execute(
        """
        UPDATE operations.published_item
        SET digest = changed.digest, translated_on = changed.translated_on, ends_on = changed.ends_on,
            identifier_month = changed.identifier_month, identifier_number = changed.identifier_number,
            lists = changed.lists, words = changed.words,
            listed_on = list_transform(
                changed.listed_on, since -> if(since = '0001-01-01', published_at::DATE, since)
            )
        FROM (
            SELECT unnest(from_json($changed, '[{"item": "VARCHAR", "digest": "VARCHAR", "translated_on": "DATE",
                "ends_on": "DATE", "identifier_month": "INTEGER", "identifier_number": "VARCHAR",
                "lists": ["VARCHAR"], "words": ["VARCHAR"], "listed_on": ["DATE"]}]'), max_depth := 2)
        ) AS changed
        WHERE published_item.item = changed.item
        """,
        {"changed": json.dumps(rows, default=str)},
    )


class _Listed(NamedTuple):
    """What is on record of an item that readers are shown."""

    digest: str
    lists: tuple[str, ...]
    #: Parallel to the lists; None for what was listed before this was kept.
    listed_on: tuple[date | None, ...]

    def differs_from(self, item: ListedItem) -> bool:
        """Tell whether the item is shown otherwise now, or elsewhere."""
        return (self.digest, self.lists) != (item.digest, item.lists)


def _make_row(item: ListedItem, before: _Listed | None, known: Collection[str], on: date) -> dict[str, Any]:
    """Make the row of an item in its lists, of which those that are known had members before."""
    since = dict(zip(before.lists, before.listed_on, strict=True)) if before else {}
    listed_on = [since.get(name, on if name in known else date.min) for name in item.lists]
    return {name: getattr(item, name) for name in ListedItem.__slots__} | {"listed_on": listed_on}


def _find_lists(connection: Connection, start: str) -> set[str]:
    """Find the lists that have members, of those whose names begin so: of others nobody asks since when."""
    rows = connection.execute(
        """
        SELECT DISTINCT name
        FROM (SELECT unnest(lists) AS name FROM operations.published_item)
        WHERE starts_with(name, $start)
        """,
        {"start": start},
    )
    return {row[0] for row in rows.fetchall()}


def _read_listed(connection: Connection, items: Iterable[str]) -> dict[str, _Listed]:
    """What is on record of those of these items that readers are shown, by name."""
    rows = connection.execute(
        f"""
        SELECT item, digest, lists, coalesce(listed_on, list_transform(lists, name -> NULL))
        FROM operations.published_item
        WHERE digest IS NOT NULL AND item IN {WANTED}
        """,  # noqa: S608  (likewise)
        bind_names(items),
    )
    return {row[0]: _Listed(row[1], tuple(row[2]), tuple(row[3])) for row in rows.fetchall()}


def read_shown_items(connection: Connection) -> set[str]:
    """Read the names of all items that readers are shown."""
    rows = connection.execute("SELECT item FROM operations.published_item WHERE digest IS NOT NULL")
    return {row[0] for row in rows.fetchall()}


def read_digests(connection: Connection, items: Iterable[str]) -> dict[str, str]:
    """Read the digests of those of these items that readers are shown, by name."""
    return {item: listed.digest for item, listed in _read_listed(connection, items).items()}


def count_members(connection: Connection, uncounted: str) -> dict[str, int]:
    """Count the items of every list, but those whose names begin so."""
    rows = connection.execute(
        """
        SELECT name, count(*)
        FROM (SELECT unnest(lists) AS name FROM operations.published_item)
        WHERE NOT starts_with(name, $uncounted)
        GROUP BY name
        """,
        {"uncounted": uncounted},
    )
    return dict(rows.fetchall())


def find_translated_lists(
    connection: Connection, start: str, most: int | None = None, names: Iterable[str] | None = None
) -> dict[str, int]:
    """Find those lists whose names begin so that have a translated paper, of all or of these, and how many each has.

    Those with most come first, at most so many.
    """
    rows = connection.execute(
        f"""
        SELECT name, count(*) AS translated
        FROM (SELECT unnest(lists) AS name FROM operations.published_item WHERE translated_on IS NOT NULL)
        WHERE starts_with(name, $start) AND ($wanted IS NULL OR name IN {WANTED})
        GROUP BY name
        ORDER BY translated DESC, name
        LIMIT $most
        """,  # noqa: S608  (our own text)
        {"start": start, "most": most, **bind_names(names)},
    )
    return dict(rows.fetchall())


def read_newest_members(
    connection: Connection, lists: Iterable[str], most: int, *, by_translation: bool
) -> dict[str, list[ItemRef]]:
    """Read the newest of each list, newest first, at most so many: by date of publication, or of translation."""
    order = f"translated_on DESC, {NEWEST}" if by_translation else NEWEST
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
