"""The ledger: what each source said of each list, and what may be said of it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from storage.library.connection import Connection, insert_rows
from yibao.records import Batch, BatchState, SourceReport


def read_source_reports(connection: Connection, category: str, announced_on: date) -> dict[str, SourceReport]:
    """The last look at one list of each source that was asked, by source."""
    rows = connection.execute(
        """
        SELECT category, announced_on, source, declared, "read", looked_on, note, confirmed
        FROM look
        WHERE category = $category AND announced_on = $on
        """,
        {"category": category, "on": announced_on},
    )
    return {row[2]: SourceReport(*row) for row in rows.fetchall()}


def read_catchup_reports(connection: Connection) -> dict[tuple[str, date], SourceReport]:
    """The last look at each catch-up page, by category and date."""
    rows = connection.execute("""
        SELECT category, announced_on, source, declared, "read", looked_on, note, confirmed
        FROM look
        WHERE source = 'catchup'
    """)
    return {(row[0], row[1]): SourceReport(*row) for row in rows.fetchall()}


def read_reports_of_run_date(connection: Connection, looked_on: date) -> list[SourceReport]:
    """The last looks that were taken on a date."""
    rows = connection.execute(
        """
        SELECT category, announced_on, source, declared, "read", looked_on, note, confirmed
        FROM look
        WHERE looked_on = $on
        """,
        {"on": looked_on},
    )
    return [SourceReport(*row) for row in rows.fetchall()]


def store_source_report(connection: Connection, look: SourceReport) -> None:
    """The last look of its source at its list is this one."""
    connection.execute(
        "DELETE FROM look WHERE category = $category AND announced_on = $on AND source = $source",
        {"category": look.category, "on": look.announced_on, "source": look.source},
    )
    insert_rows(connection, "look", [asdict(look)])


def store_batch(connection: Connection, batch: Batch, on: date) -> None:
    """The list's state is this one, since the run that first found it so."""
    key = {"category": batch.category, "on": batch.announced_on}
    row = connection.execute(
        """
        SELECT state, declared, stored, sources, note, since_on
        FROM batch
        WHERE category = $category AND announced_on = $on
        """,
        key,
    ).fetchone()
    if row and (*row[:3], tuple(row[3]), row[4]) == (
        batch.state,
        batch.declared,
        batch.stored,
        batch.sources,
        batch.note,
    ):
        return
    connection.execute("DELETE FROM batch WHERE category = $category AND announced_on = $on", key)
    since_on = row[5] if row and row[0] == batch.state else on
    insert_rows(connection, "batch", [{**asdict(batch), "since_on": since_on}])


def read_batches(connection: Connection) -> list[Batch]:
    """All lists by date, newest first, then by category."""
    rows = connection.execute("""
        SELECT category, announced_on, state, declared, stored, sources, note, since_on
        FROM batch
        ORDER BY announced_on DESC, category
    """)
    return [_batch(row) for row in rows.fetchall()]


def between(connection: Connection, first: date, last: date) -> list[Batch]:
    """All lists of these dates, both included; as `batches`."""
    rows = connection.execute(
        """
        SELECT category, announced_on, state, declared, stored, sources, note, since_on
        FROM batch
        WHERE announced_on BETWEEN $first AND $last
        ORDER BY announced_on DESC, category
        """,
        {"first": first, "last": last},
    )
    return [_batch(row) for row in rows.fetchall()]


def beginnings(connection: Connection) -> dict[str, date]:
    """The date of each category's first list that we know of: no earlier one is missing."""
    rows = connection.execute("SELECT category, min(announced_on) FROM batch GROUP BY category")
    return dict(rows.fetchall())


def read_notable_batches(connection: Connection) -> list[Batch]:
    """What readers are told of lists: those of the newest two weeks, and all that may be incomplete; as `batches`."""
    rows = connection.execute("""
        SELECT category, announced_on, state, declared, stored, sources, note, since_on
        FROM batch
        WHERE state IN ('partial', 'unknown') OR announced_on > (SELECT max(announced_on) FROM batch) - INTERVAL 14 DAY
        ORDER BY announced_on DESC, category
    """)
    return [_batch(row) for row in rows.fetchall()]


def _batch(row: Sequence[Any]) -> Batch:
    return Batch(row[0], row[1], BatchState(row[2]), row[3], row[4], tuple(row[5]), *row[6:])
