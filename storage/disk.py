"""Tell in words what a disk refuses: no space, no rights, read-only; and what to do about it."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yibao.errors import YibaoError

#: With less, the library and Prefect's own records cannot be begun, and what fails first is chance.
_LEAST_FREE_BYTES = 16 * 2**20
_RIGHTS = "Run Yibao as the user who owns it, or correct its rights."
#: What to do, by the number of the operating system's error.
REMEDIES = {
    errno.ENOSPC: "Make room on that disk and run again; nothing half done was kept.",
    errno.EDQUOT: "Make room within the quota and run again; nothing half done was kept.",
    errno.EFBIG: "Raise the limit of a file's size (`ulimit -f`) and run again.",
    errno.EROFS: "That disk is read-only: make it writable, or name another folder in yibao.toml.",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.ENOENT: "Check the path.",
    errno.ENOTDIR: "A part of this path is a file: move it elsewhere, or name another path.",
    errno.EEXIST: "Move what is there elsewhere, or name another path.",
    errno.EISDIR: "This is a folder, and a file was expected: name another path.",
    errno.ELOOP: "Links lead in a circle there: correct them.",
    errno.ENAMETOOLONG: "Choose a shorter path.",
    errno.EMFILE: "Raise the limit of open files (`ulimit -n`) and run again.",
    errno.ENFILE: "The machine has too many files open: stop other programs and run again.",
    errno.EIO: "The disk fails: look into the system's log, and restore from a backup on another one where need be.",
    errno.ENOMEM: "Give the machine more memory, or stop other programs, and run again.",
}


@contextmanager
def explain_disk_errors(path: Path) -> Iterator[None]:
    """Raise YibaoError, with path and remedy, for what the disk refuses inside the block."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise  # Not the disk's: gzip says so of a damaged file.
        raise YibaoError(describe_error(path, error)) from error


def describe_error(path: Path | None, error: OSError) -> str:
    """Say what the system refused, where, and what to do about it."""
    where = error.filename or path
    words = os.strerror(error.errno) if error.errno else str(error)
    return f"{f'{where}: ' if where else ''}{words}. {REMEDIES.get(error.errno or 0, '')}".rstrip()


def make_writable_folder(folder: Path, setting: str = "") -> None:
    """Make a folder where it is missing, and write a file into it once; `setting` names it in a message.

    Raises:
        YibaoError: the folder cannot be made or written to, or its disk is as good as full.
    """
    name = f"{setting}: {folder}" if setting else str(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(2**16))
            file.flush()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        remedy = REMEDIES.get(error.errno or 0, "")
        raise YibaoError(f"{name}: it cannot be written: {error.strerror}. {remedy}") from None
    if free < _LEAST_FREE_BYTES:
        raise YibaoError(
            f"{name}: its disk has {free // 1024} KiB left, too little for a run. {REMEDIES[errno.ENOSPC]}"
        )


def explain_words(words: str) -> str | None:
    """Say what the disk refused and what to do, where a library repeats the system's words; None for other words."""
    number = next((number for number in REMEDIES if os.strerror(number) in words), None)
    return f"{os.strerror(number)}. {REMEDIES[number]}" if number else None
