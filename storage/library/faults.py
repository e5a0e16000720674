"""Tell in words what is wrong with a library's file, and what to do about it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import duckdb

from storage.disk import explain_words
from yibao.errors import LibraryError

#: What DuckDB raises for a file that it cannot use, not for a query that is wrong.
_OF_THE_FILE = (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException)
_HOLDER = re.compile(r"Conflicting lock is held in (.+?) \(PID (\d+)\)")


class Holder(NamedTuple):
    """The process that has the library open."""

    pid: int
    program: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.program})"


def is_held(error: duckdb.Error) -> bool:
    """Tell whether DuckDB refused the file because another process has it open."""
    return "Could not set lock" in str(error)


def find_holder(error: duckdb.Error) -> Holder | None:
    """Return the process that DuckDB's message names; None where it names none."""
    match = _HOLDER.search(str(error))
    return Holder(int(match[2]), Path(match[1]).name) if match else None


def describe_holder(error: duckdb.Error) -> str:
    """Return the process that has the library open, as it is called in a message."""
    holder = find_holder(error)
    return str(holder) if holder else "another process"


@contextmanager
def explain_faults(path: Path) -> Iterator[None]:
    """Raise LibraryError, with file and remedy, for what DuckDB raises when it cannot read or write the library."""
    try:
        yield
    except _OF_THE_FILE as error:
        raise explain(path, error) from error
    except duckdb.TransactionException as error:
        # A COMMIT that the disk refused; others are mistakes of the program.
        if not explain_words(str(error)):
            raise
        raise explain(path, error) from error


def explain(path: Path, error: duckdb.Error) -> LibraryError:
    """Tell what is wrong with the library's file, and what to do about it."""
    words = str(error).splitlines()[0]
    refusal = explain_words(words)
    if path.is_dir():
        return LibraryError(f"{path}: this is a folder, where the library's file should be. {_remake(path)}")
    if refusal:
        return LibraryError(f"{path}: {refusal}")
    if "version number" in words:
        return LibraryError(
            f"{path}: a newer DuckDB wrote this library ({words}). Install the Yibao, or the duckdb, that wrote it."
        )
    return LibraryError(f"{path}: the library is damaged, or is no library of Yibao ({words}). {_remake(path)}")


def _remake(path: Path) -> str:
    return (
        f"Put a backup in its place; or move it and {path.name}.wal, where there is one, aside and run "
        "`yibao harvest --kept`, which makes a new library from the kept responses."
    )
