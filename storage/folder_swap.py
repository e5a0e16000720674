"""Two folders change places in one step, as the kernel can do it: no moment without either.

Source: https://man7.org/linux/man-pages/man2/rename.2.html (RENAME_EXCHANGE); on macOS renamex_np(2), RENAME_SWAP.
"""

import ctypes
import errno
import os
import sys
from pathlib import Path

_CURRENT_FOLDER = -100
_EXCHANGE = 2


def swap_folders(one: Path, other: Path) -> None:
    """Swap two folders atomically: each path then names the folder that the other named.

    Raises:
        OSError: this system or this disk cannot, or the two are not on one disk; nothing has changed.
    """
    first_path, second_path = os.fsencode(one.absolute()), os.fsencode(other.absolute())
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        failed = library.renamex_np(first_path, second_path, _EXCHANGE)
    elif hasattr(library, "renameat2"):
        failed = library.renameat2(_CURRENT_FOLDER, first_path, _CURRENT_FOLDER, second_path, _EXCHANGE)
    else:
        raise OSError(errno.ENOSYS, "this system cannot exchange two folders")
    if failed:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(one), None, str(other))
