"""The ledger: what each source reported of each list, and whether we hold all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from storage.library.connection import Connection, insert_rows, read_clock
from yibao.records import Batch, BatchState, SourceReport

#: Columns in the order of the records' fields.
_REPORT = "category, announced_on, source, declared, parsed, reported_on, note, confirmed"
_BATCH = "category, announced_on, state, declared, stored, sources, note, since_on"


def read_source_reports(connection: Connection, category: str, announced_on: date) -> dict[str, SourceReport]:
    """Read what each source that was asked last reported of one list, by source."""
    condition = "category = $category AND announced_on = $on"
    reports = _read_reports(connection, condition, {"category": category, "on": announced_on})
    return {report.source: report for report in reports}


def read_catchup_reports(connection: Connection) -> dict[tuple[str, date], SourceReport]:
    """Read what each catch-up page last reported, by category and date."""
    reports = _read_reports(connection, "source = 'catchup'")
    return {(report.category, report.announced_on): report for report in reports}


def read_reports_of_run_date(connection: Connection, looked_on: date) -> list[SourceReport]:
    """Read the reports that runs for a date asked for."""
    return _read_reports(connection, "reported_on = $on", {"on": looked_on})


def store_source_report(connection: Connection, report: SourceReport) -> None:
    """Store what a source reported of one list; it replaces the source's report before."""
    connection.execute(
        "DELETE FROM operations.source_report WHERE category = $category AND announced_on = $on AND source = $source",
        {"category": report.category, "on": report.announced_on, "source": report.source},
    )
    row = {**asdict(report), "parsed": report.read, "reported_on": report.looked_on}
    insert_rows(connection, "operations.source_report", [row])


def store_batch(connection: Connection, batch: Batch, on: date) -> None:
    """Store what is known of a list; day and instant since when its state holds stay until the state changes."""
    key = {"category": batch.category, "on": batch.announced_on}
    row = connection.execute(
        f"""
        SELECT {_BATCH}, since_at
        FROM batch
        WHERE category = $category AND announced_on = $on
        """,  # noqa: S608  (our own names)
        key,
    ).fetchone()
    before = _make_batch(row[:-1]) if row else None
    if before and replace(before, since_on=batch.since_on) == batch:
        return
    connection.execute("DELETE FROM batch WHERE category = $category AND announced_on = $on", key)
    if row and before and before.state == batch.state:
        since = {"since_on": before.since_on, "since_at": row[-1]}
    else:
        since = {"since_on": on, "since_at": read_clock(connection)}
    insert_rows(connection, "batch", [{**asdict(batch), **since}])


def read_batches(connection: Connection) -> list[Batch]:
    """Read all batches by date, newest first, then by category."""
    return _read_batches(connection, "true")


def read_batches_between(connection: Connection, first: date, last: date) -> list[Batch]:
    """Read the batches of these dates, both included; in the order of `read_batches`."""
    return _read_batches(connection, "announced_on BETWEEN $first AND $last", {"first": first, "last": last})


def read_first_dates(connection: Connection) -> dict[str, date]:
    """Return the date of each category's first list that we know of: no earlier one is missing."""
    rows = connection.execute("SELECT category, min(announced_on) FROM batch GROUP BY category")
    return dict(rows.fetchall())


def read_notable_batches(connection: Connection) -> list[Batch]:
    """Read what readers are told of: batches of the newest two weeks, and all that may be incomplete."""
    newest = "announced_on > (SELECT max(announced_on) FROM batch) - INTERVAL 14 DAY"
    return _read_batches(connection, f"state IN ('partial', 'unknown') OR {newest}")


def _read_reports(
    connection: Connection, condition: str, parameters: Mapping[str, object] | None = None
) -> list[SourceReport]:
    query = f"SELECT {_REPORT} FROM operations.source_report WHERE {condition}"  # noqa: S608  (our own text)
    return [SourceReport(*row) for row in connection.execute(query, parameters).fetchall()]


def _read_batches(
    connection: Connection, condition: str, parameters: Mapping[str, object] | None = None
) -> list[Batch]:
    query = f"SELECT {_BATCH} FROM batch WHERE {condition} ORDER BY announced_on DESC, category"  # noqa: S608  (likewise)
    return [_make_batch(row) for row in connection.execute(query, parameters).fetchall()]


def _make_batch(row: Sequence[Any]) -> Batch:
    return Batch(row[0], row[1], BatchState(row[2]), row[3], row[4], tuple(row[5]), *row[6:])
