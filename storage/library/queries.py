"""A person's query of a release or of the library: read-only, within limits, its rows handed on as they come."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import duckdb

from storage.library.connection import Connection, read_library
from yibao.errors import DatasetError, LibraryError

_T = TypeVar("_T")

_BLOCK_ROWS = 2_000
_NO_FILES = "`yibao sql` reads its database and nothing else; to save the answer: --out answer.csv"


@dataclass(frozen=True)
class Bounds:
    """The most that a query takes of memory, and of disk for what does not fit there, in DuckDB's words."""

    memory: str = "1GB"
    disk: str = "4GB"


class Answer(NamedTuple):
    """The names of the columns, and the rows, which are read while the caller takes them."""

    names: list[str]
    rows: Iterator[tuple[Any, ...]]


def count_statements(query: str) -> int:
    """Count how many SQL statements the text holds; comments are none.

    Raises:
        LibraryError: it is not SQL.
    """
    try:
        return len(duckdb.extract_statements(query))
    except duckdb.Error as error:
        raise LibraryError(_first_sentence(error)) from None


@contextmanager
def open_answer(  # noqa: PLR0913  (what, of what, within which limits)
    path: Path, query: str, spill: Path, bounds: Bounds, *, is_library: bool, out: Path | None = None
) -> Iterator[Answer]:
    """Ask a database one query; its rows can be read inside the block, and take little memory.

    Args:
        path: the library, or a release's database.
        query: one statement.
        spill: an empty folder for what does not fit into memory.
        bounds: the most that the query takes.
        is_library: whether to wait for a run that writes the file.
        out: a Parquet file into which the answer is written; the answer then is the number of rows.

    Raises:
        LibraryError: the query is wrong, would change something, read or write files, or take too much.
        DatasetError: the release cannot be read.
    """
    with (
        _open_database(path, is_library=is_library) as connection,
        ThreadPoolExecutor(max_workers=1) as worker,
    ):
        _lock_down(connection, spill, bounds, out)
        with _explain_refusals(bounds):
            asked = _write_parquet(query, out) if out else query
            _interruptibly(connection, worker.submit(connection.execute, asked))
            names = [column[0] for column in connection.description or ()]
        yield Answer(names, _read_rows(connection, worker, bounds))


@contextmanager
def _open_database(path: Path, *, is_library: bool) -> Iterator[Connection]:
    if is_library:
        with read_library(path) as connection:
            yield connection
        return
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise DatasetError(
            f"{path} cannot be read: {_first_sentence(error)}. `yibao dataset check` tells whether it is what was "
            "published; a release of a newer Yibao needs a newer DuckDB."
        ) from None
    with contextlib.closing(connection):
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def _lock_down(connection: Connection, spill: Path, bounds: Bounds, out: Path | None) -> None:
    """See to it that the query reaches no file but the one to be written, and cannot lift its limits."""
    connection.execute(f"SET memory_limit = '{bounds.memory}'; SET max_temp_directory_size = '{bounds.disk}'")
    connection.execute("SET temp_directory = $spill", {"spill": str(spill)})
    if out:
        connection.execute("SET allowed_paths = [$out]", {"out": str(out)})
    connection.execute("SET enable_external_access = false; SET lock_configuration = true")


def _write_parquet(query: str, out: Path) -> str:
    """Turn a SELECT into its answer's way to a file.

    Raises:
        LibraryError: it is another statement.
    """
    (statement,) = duckdb.extract_statements(query)
    if statement.type != duckdb.StatementType.SELECT:
        raise LibraryError("Only the answer of a SELECT can be written as Parquet.")
    path = str(out).replace("'", "''")
    bare = statement.query.strip().rstrip(";")
    return f"COPY ({bare}\n) TO '{path}' (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"


def _read_rows(connection: Connection, worker: ThreadPoolExecutor, bounds: Bounds) -> Iterator[tuple[Any, ...]]:
    while True:
        with _explain_refusals(bounds):
            rows = _interruptibly(connection, worker.submit(connection.fetchmany, _BLOCK_ROWS))
        if not rows:
            return
        yield from rows


def _interruptibly(connection: Connection, work: "Future[_T]") -> _T:
    """Wait for DuckDB in a way that Ctrl-C ends: while it works in the main thread, Python does not notice."""
    try:
        return work.result()
    except KeyboardInterrupt:
        connection.interrupt()
        raise


@contextmanager
def _explain_refusals(bounds: Bounds) -> Iterator[None]:
    try:
        yield
    except duckdb.PermissionException as error:
        raise LibraryError(f"{_first_sentence(error)}. {_NO_FILES}") from None
    except duckdb.OutOfMemoryException:
        raise LibraryError(
            f"The query needs more than {bounds.memory} of memory and {bounds.disk} of disk. Ask for less at a time, "
            "or set more: sql.memory_gb, sql.disk_gb."
        ) from None
    except (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException):
        raise  # The database's file: told where it is opened.
    except duckdb.Error as error:
        raise LibraryError(_first_sentence(error)) from None


def _first_sentence(error: duckdb.Error) -> str:
    """Tell what DuckDB says first, on one line; it goes on with the query and the place in it."""
    return " ".join(str(error).partition("\n\n")[0].split())
