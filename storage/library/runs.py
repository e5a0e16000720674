"""What each run did: the one place that tells what happened, whatever Prefect remembers."""

import json
from datetime import date, datetime
from typing import Any, NamedTuple

from storage.library.connection import Connection, insert
from yibao.errors import LibraryError


class RunRow(NamedTuple):
    """A run as the table has it."""

    flow: str
    on: date
    state: str
    started_at: datetime
    report: dict[str, Any]


def begin(connection: Connection, run_id: str, flow: str, on: date, started_at: datetime) -> None:
    """The run is running. Others that still say so were killed: only one runs at a time."""
    connection.execute("UPDATE run SET state = 'interrupted' WHERE state = 'running'")
    row = {"run_id": run_id, "flow": flow, "on": on, "state": "running", "started_at": started_at}
    insert(connection, "run", [row])


def end(connection: Connection, run_id: str, state: str, finished_at: datetime, report: dict[str, Any]) -> None:
    """The run has ended so, and this is what it did."""
    connection.execute(
        "UPDATE run SET state = $state, finished_at = $finished_at, report = $report WHERE run_id = $run_id",
        {"run_id": run_id, "state": state, "finished_at": finished_at, "report": json.dumps(report)},
    )


def last(connection: Connection) -> RunRow:
    """The run that began last. There is one: a library is made by its first run.

    Raises:
        LibraryError: the library was made by hand, and no run was ever begun on it.
    """
    row = connection.execute("""
        SELECT flow, "on", state, started_at, report
        FROM run
        ORDER BY started_at DESC, finished_at DESC NULLS LAST
        LIMIT 1
    """).fetchone()
    if row is None:
        raise LibraryError("There was no run on this library yet. Begin with `yibao run`.")
    return RunRow(row[0], row[1], row[2], row[3], json.loads(row[4] or "{}"))
