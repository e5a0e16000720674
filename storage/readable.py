"""Write files and folders that everybody may read, whatever the umask of the process: a web server is another user."""

import os
import stat
from contextlib import suppress
from pathlib import Path

_READ = stat.S_IRGRP | stat.S_IROTH
_LOOK_INTO = _READ | stat.S_IXGRP | stat.S_IXOTH


def write_file(path: Path, content: bytes) -> None:
    """Write a file that everybody may read."""
    with path.open("wb") as file:
        file.write(content)
        mode = os.fstat(file.fileno()).st_mode
    _allow(path, mode, _READ)


def make_folder(folder: Path) -> None:
    """Make a folder that everybody may look into, with what is missing above it; folders above that exist stay."""
    try:
        mode = folder.stat().st_mode
    except FileNotFoundError:
        if not folder.parent.exists():
            make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        mode = folder.stat().st_mode
    _allow(folder, mode, _LOOK_INTO)


def _allow(path: Path, mode: int, rights: int) -> None:
    if mode & rights != rights:
        with suppress(PermissionError):  # Another user's, who decides.
            path.chmod(stat.S_IMODE(mode) | rights)
