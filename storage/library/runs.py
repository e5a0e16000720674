"""What each run did: the one record of what happened, whatever Prefect remembers."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from storage.library.connection import Connection, insert_rows
from yibao.errors import LibraryError

_COLUMNS = "flow, run_on, state, started_at, report"


class RunRow(NamedTuple):
    """A run as the table has it."""

    flow: str
    on: date
    state: str
    started_at: datetime
    #: Empty while it runs, and for ever where it was interrupted.
    report: dict[str, Any]


def begin_run(connection: Connection, run_id: str, flow: str, on: date, started_at: datetime) -> None:
    """Record that the run has begun. Others that still say so were killed: only one runs at a time."""
    connection.execute("UPDATE operations.run SET state = 'interrupted' WHERE state = 'running'")
    row = {"run_id": run_id, "flow": flow, "run_on": on, "state": "running", "started_at": started_at}
    insert_rows(connection, "operations.run", [row])


def end_run(connection: Connection, run_id: str, state: str, finished_at: datetime, report: dict[str, Any]) -> None:
    """Record how the run ended, and what it did."""
    connection.execute(
        "UPDATE operations.run SET state = $state, finished_at = $finished_at, report = $report WHERE run_id = $run_id",
        {"run_id": run_id, "state": state, "finished_at": finished_at, "report": json.dumps(report)},
    )


def forget_run(connection: Connection, run_id: str) -> None:
    """Take the run off the record."""
    connection.execute("DELETE FROM operations.run WHERE run_id = $run_id", {"run_id": run_id})


def find_run(connection: Connection, run_id: str) -> RunRow | None:
    """Return the run of this id; None where it was never recorded."""
    query = f"SELECT {_COLUMNS} FROM operations.run WHERE run_id = $run_id"  # noqa: S608  (our own text)
    row = connection.execute(query, {"run_id": run_id}).fetchone()
    return _row(row) if row else None


def read_last_run(connection: Connection) -> RunRow:
    """Return the run that was recorded last. There is one: a library is made by its first run.

    Raises:
        LibraryError: the library was made by hand, and no run was ever begun on it.
    """
    latest = read_history(connection, 1)
    if not latest:
        raise LibraryError("There was no run on this library yet. Begin with `yibao run`.")
    return latest[0]


def read_history(connection: Connection, most: int | None = None) -> list[RunRow]:
    """Runs, the last recorded first: all, or so many.

    By the order in which they came into the table, not by their time: a clock may be set back between two runs.
    """
    query = f"SELECT {_COLUMNS} FROM operations.run ORDER BY rowid DESC LIMIT $most"  # noqa: S608  (likewise)
    return [_row(row) for row in connection.execute(query, {"most": most}).fetchall()]


def _row(row: Sequence[Any]) -> RunRow:
    return RunRow(row[0], row[1], row[2], row[3], json.loads(row[4] or "{}"))
