"""Tell in words what a disk refuses: no space, no rights, read-only."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yibao.errors import YibaoError

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
        if error.errno is None:
            raise  # Not the disk's: gzip says so of a damaged file.
        raise YibaoError(describe(path, error)) from error


def describe(path: Path, error: OSError) -> str:
    """What the disk refused, where, and what to do about it."""
    number = error.errno or 0
    where = error.filename or path
    return f"{where}: {os.strerror(number) if number else error}. {REMEDIES.get(number, _OTHERWISE)}"


def explain_words(words: str) -> str | None:
    """What the disk refused and what to do, where a library repeats the operating system's words; else None."""
    number = next((number for number in REMEDIES if os.strerror(number) in words), None)
    return f"{os.strerror(number)}. {REMEDIES[number]}" if number else None
