"""Tell in words what a disk refuses: no space, no rights, read-only."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yibao.errors import YibaoError

#: Less than this is not enough for one run's temporary files.
_LEAST_FREE_BYTES = 16 * 2**20
_FREE_SPACE = "Free some space on that disk and run the same command again; nothing half done was kept."
#: What to do, by the number of the operating system's error.
REMEDIES = {
    errno.ENOSPC: _FREE_SPACE,
    errno.EDQUOT: _FREE_SPACE,
    errno.EFBIG: "Raise the limit on the size of files (`ulimit -f`) and run the same command again.",
    errno.EROFS: "Make the disk writable, or choose another folder (`paths.data` in yibao.toml).",
    errno.EACCES: "Run Yibao as the user who owns it, or correct its rights.",
    errno.EPERM: "Run Yibao as the user who owns it, or correct its rights.",
    errno.EIO: "The disk fails: look at it, and restore from a backup on another one where need be.",
}
_OTHERWISE = "Correct that and run the same command again."


@contextmanager
def explain_disk_errors(path: Path) -> Iterator[None]:
    """Raise YibaoError, with path and remedy, for what the disk refuses inside the block."""
    try:
        yield
    except OSError as error:
        raise YibaoError(describe(path, error)) from error


def describe(path: Path, error: OSError) -> str:
    """What the disk refused, where, and what to do about it."""
    number = error.errno or 0
    where = error.filename or path
    return f"{where}: {os.strerror(number) if number else error}. {REMEDIES.get(number, _OTHERWISE)}"


def make_writable_folder(folder: Path) -> None:
    """Make a folder where it is missing, and write a file into it once.

    Raises:
        YibaoError: the folder cannot be made or written to, or its disk is full. The message names it and the remedy.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(2**16))
            file.flush()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise YibaoError(describe(folder, OSError(error.errno, error.strerror, str(folder)))) from None
    if free < _LEAST_FREE_BYTES:
        raise YibaoError(f"{explain_full_disk(folder)} {free / 2**20:.1f} MiB are free.")


def explain_full_disk(folder: Path) -> str:
    """Say that there is no room left where a folder is, and what to do."""
    return describe(folder, OSError(errno.ENOSPC, "", str(folder)))


def explain_unwritable(folder: Path, reason: str) -> str:
    """Say that a folder cannot be written to, and what to do."""
    return f"{folder}: this folder cannot be written to ({reason}). {REMEDIES[errno.EROFS]}"
