"""Opening the library, and transactions. Mechanism only: knows nothing of papers.

DuckDB lets one process at a time have the file. We keep it for one batch at a time, so that a person's query
between two batches of a run goes through.
"""

import contextlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from yibao.errors import LibraryError

Connection = duckdb.DuckDBPyConnection

#: In a query: the names that `wanted` gives. As JSON: 2,000 Python values take DuckDB a tenth of a second to take over.
WANTED = "(SELECT unnest(from_json($wanted, '[\"VARCHAR\"]')))"
_PATIENCE_S = 30.0
_PAUSE_S = 0.05


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Connection]:
    """One transaction on the library, made and brought up to date first where need be.

    Raises:
        LibraryError: another process kept the library for half a minute, or it is newer than this program.
    """
    with opened(path) as connection, transaction(connection):
        yield connection


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Connection]:
    """The library, made and brought up to date first where need be, kept for several transactions.

    Raises:
        LibraryError: another process kept the library for half a minute, or it is newer than this program.
    """
    if not path.exists():
        _create(path)
    with contextlib.closing(_connect(path, read_only=False)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        migrate(connection)
        yield connection


@contextlib.contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """What the block does is done when it ends, and undone when it raises.

    In DuckDB a COMMIT after a failed statement says nothing and stores nothing, so that only a ROLLBACK will do.
    """
    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


@contextlib.contextmanager
def reading(path: Path) -> Iterator[Connection]:
    """The library, read-only.

    Raises:
        LibraryError: there is none yet, or another process kept it for half a minute.
    """
    if not path.exists():
        raise LibraryError(f"{path}: there is no library yet. `yibao run` makes one.")
    with contextlib.closing(_connect(path, read_only=True)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def ask(connection: Connection, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The answer to a person's query: names of the columns, and rows.

    Raises:
        LibraryError: the query is wrong, or would change something.
    """
    try:
        cursor = connection.execute(query)
    except duckdb.Error as error:
        raise LibraryError(str(error)) from None
    return [column[0] for column in cursor.description or ()], cursor.fetchall()


def migrate(connection: Connection) -> None:
    """The library has every migration of this program; each was applied in a transaction with its record.

    Raises:
        LibraryError: the library has migrations that this program does not know.
    """
    migrations = sorted((files("storage.library") / "migrations").iterdir(), key=lambda file: file.name)
    have = _version(connection)
    if have > len(migrations):
        raise LibraryError(
            f"The library is at version {have}, this program at {len(migrations)}. Install the newer Yibao."
        )
    if have == len(migrations):
        return
    for number, file in enumerate(migrations[have:], have + 1):
        with transaction(connection):
            connection.execute(file.read_text(encoding="utf-8"))
            connection.execute("INSERT INTO migration (version, name) VALUES ($1, $2)", [number, file.name])
    for file in (files("storage.library") / "views").iterdir():
        connection.execute(file.read_text(encoding="utf-8"))


def wanted(names: Iterable[str] | None) -> dict[str, str | None]:
    """The parameter of a query that speaks of these names; NULL for None, which is to mean all."""
    return {"wanted": None if names is None else json.dumps(list(names))}


def insert(connection: Connection, table: str, rows: Iterable[Mapping[str, Any]]) -> int:
    """All rows are in the table; returns how many. Names and types are the table's own."""
    values = list(rows)
    if not values:
        return 0
    columns = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = $1 AND NOT internal", [table]
    ).fetchall()
    # One document, not one statement a row: 2,000 papers take 0.05 s, and 4 s as a list of Python values.
    shape = ", ".join(f'"{name}" {kind}' for name, kind in columns)
    names = ", ".join(f'"{name}"' for name, _ in columns)
    connection.execute(
        f"INSERT INTO {table} ({names}) "  # noqa: S608  (our own names, read from the catalogue)
        f"SELECT unnest(row) FROM (SELECT unnest(CAST(CAST($rows AS JSON) AS STRUCT({shape})[])) AS row)",
        {"rows": json.dumps([{name: row.get(name) for name, _ in columns} for row in values], default=str)},
    )
    return len(values)


def _version(connection: Connection) -> int:
    connection.execute("CREATE TABLE IF NOT EXISTS migration (version INTEGER NOT NULL, name VARCHAR NOT NULL)")
    row = connection.execute("SELECT coalesce(max(version), 0) FROM migration").fetchone()
    return int(row[0]) if row else 0


def _create(path: Path) -> None:
    """A library is there, with every migration."""
    # Made beside its place: a kill in DuckDB's first write leaves a file that DuckDB itself does not open.
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f"{path.name}.new*"):
        left.unlink()
    new = path.with_name(f"{path.name}.new")
    with contextlib.closing(_connect(new, read_only=False)) as connection:
        migrate(connection)
    new.replace(path)


def _connect(path: Path, *, read_only: bool) -> Connection:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only)
        except duckdb.IOException as error:
            if "lock" not in str(error) or time.monotonic() > deadline:
                raise LibraryError(f"{path}: {str(error).splitlines()[0]}") from error
            time.sleep(_PAUSE_S)
        except duckdb.Error as error:
            raise LibraryError(f"{path}: this is no library of Yibao, or it is damaged: {error}") from error
