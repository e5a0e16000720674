"""A person's query of the library: read-only, within limits, its rows handed on as they come."""

import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import duckdb

from storage.library.connection import Connection, read_library
from yibao.errors import LibraryError

_T = TypeVar("_T")

#: The most that a query takes, of memory, and of disk for what does not fit there.
_MEMORY, _DISK = "1GB", "4GB"
_BLOCK_ROWS = 2_000
_NO_FILES = "`yibao sql` reads the library and nothing else; to save the answer, redirect the output: > answer.csv"


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
def open_answer(path: Path, query: str) -> Iterator[Answer]:
    """Ask the library one query; its rows can be read inside the block, and take little memory.

    Raises:
        LibraryError: the query is wrong, would change something, read or write files, or take too much.
    """
    with (
        tempfile.TemporaryDirectory(prefix="yibao-sql-") as spill,
        read_library(path) as connection,
        ThreadPoolExecutor(max_workers=1) as worker,
    ):
        _lock_down(connection, Path(spill))
        _interruptibly(connection, worker.submit(connection.execute, query))
        names = [column[0] for column in connection.description or ()]
        yield Answer(names, _read_rows(connection, worker))


def _lock_down(connection: Connection, spill: Path) -> None:
    """See to it that the query reaches no file and cannot lift its limits."""
    connection.execute(f"SET memory_limit = '{_MEMORY}'; SET max_temp_directory_size = '{_DISK}'")
    connection.execute("SET temp_directory = $spill", {"spill": str(spill)})
    connection.execute("SET enable_external_access = false; SET lock_configuration = true")


def _read_rows(connection: Connection, worker: ThreadPoolExecutor) -> Iterator[tuple[Any, ...]]:
    while rows := _interruptibly(connection, worker.submit(connection.fetchmany, _BLOCK_ROWS)):
        yield from rows


def _interruptibly(connection: Connection, work: "Future[_T]") -> _T:
    """Wait for DuckDB in a way that Ctrl-C ends: while it works in the main thread, Python does not notice."""
    try:
        with _explain_refusals():
            return work.result()
    except KeyboardInterrupt:
        connection.interrupt()
        raise


@contextmanager
def _explain_refusals() -> Iterator[None]:
    try:
        yield
    except duckdb.PermissionException as error:
        raise LibraryError(f"{_first_sentence(error)}. {_NO_FILES}") from None
    except duckdb.OutOfMemoryException:
        raise LibraryError(
            f"The query needs more than {_MEMORY} of memory and {_DISK} of disk. Ask for less at a time, or open "
            "a copy of the library in DuckDB itself."
        ) from None
    except (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException):
        raise  # The library's file: told where it is opened.
    except duckdb.Error as error:
        raise LibraryError(_first_sentence(error)) from None


def _first_sentence(error: duckdb.Error) -> str:
    """Tell what DuckDB says first, on one line; it goes on with the query and the place in it."""
    return " ".join(str(error).partition("\n\n")[0].split())
