"""Put a copy of the library in the place of a file that readers have open, so that a writer need not wait for them.

A reader keeps the file that it opened, and gets consistent answers from it until it closes it; whoever opens the
library from then on has the copy. `docs/decisions/0013-library-readers.md` says why.

Killed at any moment, nothing is lost, whether or not a kill before had left a write-ahead log (`.wal`):

- `library.duckdb.copy` may be half a copy: the next writer removes it.
- `library.duckdb.ready` is whole, and holds what the log held: the next writer puts it in place.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import duckdb

from storage.disk import explain_disk_errors
from yibao.errors import LibraryError

#: Room that must stay on the disk beside the copy.
_SPARE_BYTES = 64 << 20
_BLOCK_BYTES = 1 << 24


def replace_with_copy(path: Path) -> None:
    """Put a copy of the library in its place, while other processes may read it.

    Only one writer may do so at a time.

    Raises:
        duckdb.IOException: another process has it open for writing.
        LibraryError: the disk has no room for a copy.
        YibaoError: the disk refuses the copy for another reason.
    """
    path = path.resolve()
    # Connected as a reader we keep writers out; closing any descriptor of the file would give that lock up (POSIX),
    # so that both stay open until the copy is in place.
    with contextlib.closing(duckdb.connect(str(path), read_only=True)), path.open("rb") as source:
        _require_room(path)
        with explain_disk_errors(path), _removed_on_failure(path):
            copy = _copy(source, path)
            if _logs(path):
                _merge_log(path, copy)
                copy.replace(_ready(path))
                finish_replacement(path)
            else:
                copy.replace(path)
                _sync_folder(path)


def finish_replacement(path: Path) -> None:
    """Complete a replacement that a kill broke off, or remove what it left. To be called by a writer, first."""
    path = path.resolve()
    _remove(_copy_of(path))
    ready = _ready(path)
    if not ready.exists():
        return
    if any(file.stat().st_mtime_ns > ready.stat().st_mtime_ns for file in (path, *_logs(path))):
        ready.unlink()  # Somebody, no Yibao, has written since: the library knows more than the copy.
        return
    # The log goes first: read beside the copy, which holds it already, it would be stored twice.
    for log in _logs(path):
        log.unlink()
    _sync_folder(path)
    ready.replace(path)
    _sync_folder(path)


def _require_room(path: Path) -> None:
    needed = sum(file.stat().st_size for file in (path, *_logs(path))) + _SPARE_BYTES
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise LibraryError(
            f"a copy beside it, which would make waiting needless, needs {needed >> 20} MiB on that disk, "
            f"and {free >> 20} MiB are free"
        )


def _copy(source: BinaryIO, path: Path) -> Path:
    copy, like = _copy_of(path), path.stat()
    with copy.open("wb") as target:
        copy.chmod(like.st_mode & 0o777)
        # Whoever runs a command as root takes the library from nobody.
        with contextlib.suppress(PermissionError):
            os.chown(copy, like.st_uid, like.st_gid)
        shutil.copyfileobj(source, target, _BLOCK_BYTES)
        target.flush()
        os.fsync(target.fileno())
    return copy


def _merge_log(path: Path, copy: Path) -> None:
    """Store what a killed writer left in the library's log in the copy."""
    for log in _logs(path):
        shutil.copyfile(log, copy.with_name(copy.name + log.name.removeprefix(path.name)))
    with contextlib.closing(duckdb.connect(str(copy))) as connection:
        connection.execute("CHECKPOINT")


@contextlib.contextmanager
def _removed_on_failure(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        _remove(_copy_of(path))
        raise


def _remove(path: Path) -> None:
    for file in (path, *_logs(path)):
        file.unlink(missing_ok=True)


def _logs(path: Path) -> list[Path]:
    """Tell what DuckDB left beside the file: the log, and those of a checkpoint that was broken off."""
    return sorted(path.parent.glob(f"{path.name}.wal*"))


def _copy_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.copy")


def _ready(path: Path) -> Path:
    return path.with_name(f"{path.name}.ready")


def _sync_folder(path: Path) -> None:
    """See to it that a power cut does not take the file's new name back."""
    if os.name == "nt":
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
