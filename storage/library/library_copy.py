"""A copy of the library while it is in use: every transaction that had ended, and none that had not."""

import contextlib
import os
import shutil
from pathlib import Path

import duckdb

from storage.disk import explain_disk_errors
from storage.library import faults
from storage.library.connection import read_library
from yibao.errors import LibraryBusyError

_BLOCK_BYTES = 1 << 22
_MOST_TRIES = 5


def copy_library(path: Path, target: Path) -> None:
    """Copy the library to a new file. Runs go on meanwhile: a writer that waits too long copies it, too.

    Raises:
        LibraryBusyError: a writer kept the library for longer than readers wait.
        LibraryError: there is no library, or it is damaged.
        YibaoError: the disk of the copy is full or cannot be written to.
    """
    for _ in range(_MOST_TRIES):
        # Opened before the reader that keeps it still: where the path names the same file after that, a writer that
        # put a copy into its place came before both.
        with path.open("rb") as source, read_library(path):
            if _is_still_at(path, source.fileno()):
                with explain_disk_errors(target):
                    _copy_files(path, source.fileno(), target)
                break
    else:
        raise LibraryBusyError(f"{path}: the library was replaced {_MOST_TRIES} times while it was copied. Try again.")
    with faults.explain_faults(target), contextlib.closing(duckdb.connect(str(target))) as copy:
        copy.execute("CHECKPOINT")  # What a killed writer left in the log is in the file from now on.


def _is_still_at(path: Path, descriptor: int) -> bool:
    return os.path.samestat(os.fstat(descriptor), path.stat())


def _copy_files(path: Path, descriptor: int, target: Path) -> None:
    with os.fdopen(os.dup(descriptor), "rb") as source, target.open("xb") as copy:
        shutil.copyfileobj(source, copy, _BLOCK_BYTES)
    log = path.with_name(f"{path.name}.wal")
    if log.exists():
        shutil.copyfile(log, target.with_name(f"{target.name}.wal"))
