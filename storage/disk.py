"""Whether a folder can be written to, asked before something fails in the middle for want of room."""

import errno
import shutil
import tempfile
from pathlib import Path

from yibao.errors import YibaoError

#: Less than this is not enough for one run's temporary files.
_LEAST_FREE_BYTES = 16 * 2**20
_FULL = (errno.ENOSPC, errno.EDQUOT)


def make_writable_folder(folder: Path) -> None:
    """Make `folder` where it is missing, and write a file into it once.

    Raises:
        YibaoError: the folder cannot be made or written to, or its disk is full. The message names the folder and
            what to do about it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(2**16))
            file.flush()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        if error.errno in _FULL:
            raise YibaoError(explain_full_disk(folder)) from None
        raise YibaoError(explain_unwritable(folder, error.strerror or str(error))) from None
    if free < _LEAST_FREE_BYTES:
        raise YibaoError(explain_full_disk(folder, f"{free / 2**20:.1f} MiB are free. "))


def explain_full_disk(folder: Path, measure: str = "") -> str:
    """Say that there is no room left where `folder` is, and what to do."""
    return f"{folder}: no space is left on this disk. {measure}Make room, or move paths.data to a larger disk."


def explain_unwritable(folder: Path, reason: str) -> str:
    """Say that `folder` cannot be written to, and what to do."""
    return (
        f"{folder}: this folder cannot be written to ({reason}). "
        "Give this user the right to write there, mount the disk writable, or change paths.data."
    )
