"""Opening the library, and transactions. Mechanism only: knows nothing of papers.

DuckDB lets one process write the file, or several read it. A run keeps it for one batch at a time, so that a person's
query between two batches goes through; and readers who keep it for longer do not keep the run from writing, see
`storage.library.file_replacement`.
"""

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, cast

import duckdb

from storage.disk import explain_disk_errors
from storage.library import faults, file_replacement
from yibao.errors import LibraryBusyError, LibraryError, YibaoError

Connection = duckdb.DuckDBPyConnection

#: In a query: the names that `wanted` gives. As JSON: 2,000 Python values take DuckDB a tenth of a second to take over.
WANTED = "(SELECT unnest(from_json($wanted, '[\"VARCHAR\"]')))"
#: So long a writer waits for readers; then it puts a copy in the place of the file that they have open.
_READERS_S = 5.0
#: So long a writer waits for another writer.
_WRITER_PATIENCE_S = 30.0
#: So long a reader waits for a writer: an import keeps the library for a minute or two.
READER_PATIENCE_S = 120.0
_PAUSE_S = 0.05
#: Views whose columns mean what those of a table mean, by view.
_TABLES_OF_VIEWS = {"paper": "paper_state", "current_translation": "translation"}


@contextlib.contextmanager
def write_library(path: Path) -> Iterator[Connection]:
    """Open the library for one transaction; create it, or bring it up to date, first where need be.

    Raises:
        LibraryError: another process writes it, it is damaged, it is newer than this program, or the disk is full.
    """
    with open_library(path) as connection, begin_transaction(connection):
        yield connection


@contextlib.contextmanager
def open_library(path: Path) -> Iterator[Connection]:
    """Open the library for several transactions; create it, or bring it up to date, first where need be.

    Raises:
        LibraryError: another process writes it, it is damaged, it is newer than this program, or the disk is full.
    """
    with explain_disk_errors(path):
        file_replacement.finish_replacement(path)
        if not path.exists():
            _create(path)
    with faults.explain_faults(path), contextlib.closing(_connect_writer(path)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        migrate(connection)
        yield connection


@contextlib.contextmanager
def begin_transaction(connection: Connection) -> Iterator[None]:
    """Commit what the block does when it ends, and undo it when it raises.

    In DuckDB a COMMIT after a failed statement says nothing and stores nothing, so that only a ROLLBACK will do.
    """
    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        # After a COMMIT that failed, on a full disk say, there is nothing to undo any more.
        with contextlib.suppress(duckdb.TransactionException, duckdb.FatalException):
            connection.rollback()
        raise


@contextlib.contextmanager
def read_library(path: Path, patience_s: float | None = None) -> Iterator[Connection]:
    """Open the library read-only, and wait so long (two minutes by default) for a process that writes it.

    Raises:
        LibraryBusyError: the other process has not ended by then.
        LibraryError: there is no library yet, or it is damaged.
    """
    if not path.exists():
        raise LibraryError(f"{path}: there is no library yet. `yibao run` makes one.")
    patience_s = READER_PATIENCE_S if patience_s is None else patience_s
    with faults.explain_faults(path), contextlib.closing(_connect_reader(path, patience_s)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def attach_library(connection: Connection, path: Path, name: str) -> None:
    """Attach the library read-only to another database's connection, under a name.

    Raises:
        LibraryBusyError: a process that writes it has not ended within two minutes.
        LibraryError: there is no library yet, or it is damaged.
    """
    if not path.exists():
        raise LibraryError(f"{path}: there is no library yet. `yibao run` makes one.")
    literal = str(path).replace("'", "''")
    with faults.explain_faults(path):
        _await_readable(
            path, lambda: connection.execute(f"ATTACH '{literal}' AS {name} (READ_ONLY)"), READER_PATIENCE_S
        )


def run_query(connection: Connection, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Answer a person's query: names of the columns, and rows.

    Raises:
        LibraryError: the query is wrong, or would change something.
    """
    try:
        cursor = connection.execute(query)
    except duckdb.Error as error:
        raise LibraryError(str(error)) from None
    return [column[0] for column in cursor.description or ()], cursor.fetchall()


def migrate(connection: Connection) -> None:
    """Bring the library's tables and views up to date; each migration in a transaction with its record.

    Raises:
        LibraryError: the library has migrations that this program does not know.
    """
    migrations = _list_migrations()
    version = _read_version(connection)
    if version > len(migrations):
        raise LibraryError(
            f"The library is at version {version}, this program at {len(migrations)}. Install the newer Yibao."
        )
    if version == len(migrations):
        return
    for number, file in enumerate(migrations[version:], version + 1):
        # Each alone: DuckDB refuses to change a table's rows and, in the same transaction, its columns.
        with begin_transaction(connection):
            connection.execute(file.read_text(encoding="utf-8"))
            connection.execute("INSERT INTO main.migration (version, name) VALUES ($1, $2)", [number, file.name])
            if number == len(migrations):
                _create_views(connection)


def read_versions(connection: Connection) -> tuple[int, int]:
    """Read the version of a library, and find the newest that this program knows."""
    (row,) = connection.execute("SELECT coalesce(max(version), 0) FROM main.migration").fetchall()
    return int(row[0]), len(_list_migrations())


def read_clock(connection: Connection) -> datetime:
    """Read the library's clock: the instant, in UTC, at which the present transaction began."""
    ((instant,),) = connection.execute("SELECT now()").fetchall()
    return cast("datetime", instant)


def bind_names(names: Iterable[str] | None) -> dict[str, str | None]:
    """Bind these names as the parameter of a query; NULL for None, which is to mean all."""
    return {"wanted": None if names is None else json.dumps(list(names))}


def insert_rows(connection: Connection, table: str, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert all rows into a table, such as `problem` or `operations.run`; returns how many.

    Names and types of the columns are the table's own; what a row lacks is NULL.
    """
    values = list(rows)
    if not values:
        return 0
    columns = _read_columns(connection, table)
    # One document, not one statement a row: 2,000 papers take 0.05 s, and 4 s as a list of Python values.
    shape = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    connection.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608  (our own names, read from the catalogue)
        f"SELECT unnest(row) FROM (SELECT unnest(CAST(CAST($rows AS JSON) AS STRUCT({shape})[])) AS row)",
        {"rows": json.dumps([{name: row.get(name) for name in columns} for row in values], default=str)},
    )
    return len(values)


def _read_columns(connection: Connection, table: str) -> dict[str, str]:
    """Return the columns of a table with DuckDB's types for them, in order."""
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE {table}").fetchall()}


def _create_views(connection: Connection) -> None:
    folder = files("storage.library")
    for file in (*(folder / "views").iterdir(), folder / "view_columns.sql"):
        connection.execute(file.read_text(encoding="utf-8"))
    for view, table in _TABLES_OF_VIEWS.items():
        _copy_comments(connection, table, view)


def _copy_comments(connection: Connection, table: str, view: str) -> None:
    """Explain the view's columns, those apart that are explained already, as the table's of the same name are."""
    rows = connection.execute(
        """
        SELECT shown.column_name, stored.comment
        FROM duckdb_columns() AS shown
        JOIN duckdb_columns() AS stored USING (schema_name, column_name)
        WHERE schema_name = 'main' AND shown.table_name = $view AND stored.table_name = $table
          AND shown.comment IS NULL
        """,
        {"view": view, "table": table},
    )
    for column, comment in rows.fetchall():
        literal = comment.replace("'", "''")
        connection.execute(f"COMMENT ON COLUMN {view}.{column} IS '{literal}'")


def _list_migrations() -> list[Traversable]:
    return sorted((files("storage.library") / "migrations").iterdir(), key=lambda file: file.name)


def _read_version(connection: Connection) -> int:
    # In main, where programs of any age look for it.
    connection.execute("CREATE TABLE IF NOT EXISTS main.migration (version INTEGER NOT NULL, name VARCHAR NOT NULL)")
    row = connection.execute("SELECT coalesce(max(version), 0) FROM main.migration").fetchone()
    return int(row[0]) if row else 0


def _create(path: Path) -> None:
    """Create a library with every migration."""
    # Beside its place: a kill in DuckDB's first write leaves a file that DuckDB itself does not open.
    path.parent.mkdir(parents=True, exist_ok=True)
    for remnant in path.parent.glob(f"{path.name}.new*"):
        remnant.unlink()
    new = path.with_name(f"{path.name}.new")
    with faults.explain_faults(new), contextlib.closing(duckdb.connect(str(new))) as connection:
        migrate(connection)
    new.replace(path)


def _connect_reader(path: Path, patience_s: float) -> Connection:
    return _await_readable(path, lambda: duckdb.connect(str(path), read_only=True), patience_s)


def _await_readable(path: Path, read: Callable[[], Connection], patience_s: float) -> Connection:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return read()
        except duckdb.IOException as error:
            if not faults.is_held(error):
                raise
            if time.monotonic() > deadline:
                raise LibraryBusyError(_busy(path, error, "")) from error
        time.sleep(_PAUSE_S)


def _connect_writer(path: Path) -> Connection:
    begun, obstacle = time.monotonic(), ""
    while True:
        try:
            return duckdb.connect(str(path))
        except duckdb.IOException as error:
            if not faults.is_held(error):
                raise
            waited_s = time.monotonic() - begun
            if waited_s > _WRITER_PATIENCE_S:
                raise LibraryBusyError(_busy(path, error, obstacle)) from error
        if waited_s > _READERS_S and not obstacle:
            obstacle = _replace(path)
        time.sleep(_PAUSE_S)


def _replace(path: Path) -> str:
    """Put a copy in the place of a file that only readers have open; returns why that cannot be done, or nothing."""
    try:
        file_replacement.replace_with_copy(path)
    except duckdb.IOException as error:
        if not faults.is_held(error):
            raise
    except YibaoError as error:
        return str(error)
    return ""


def _busy(path: Path, error: duckdb.Error, obstacle: str) -> str:
    holder = faults.describe_holder(error)
    because = f" ({obstacle})" if obstacle else ""
    return (
        f"{path}: {holder} has the library open, and has not closed it while we waited{because}. "
        "End that process, or wait until it ends, and run the same command again."
    )
