"""Whether a zstd file has all of its blocks. Decompressors of streams take one that was cut off for a short one.

Only headers are read: it takes milliseconds for gigabytes. Source: RFC 8878, section 3.1.
"""

from pathlib import Path
from typing import BinaryIO

import zstandard

_MAGIC_BYTES = 4
_HEADER_BYTES = 18
#: The first of the sixteen magic numbers of frames that hold no data.
_SKIPPABLE = 0x184D2A50
_RLE, _RESERVED = 1, 3


def is_whole(path: Path) -> bool:
    """Tell whether every frame of the file ends as it says. Damage inside a block is found when it is decompressed."""
    size = path.stat().st_size
    with path.open("rb") as file:
        try:
            while file.tell() < size:
                _skip_frame(file)
        except (ValueError, zstandard.ZstdError):
            return False
        return file.tell() == size


def _skip_frame(file: BinaryIO) -> None:
    head = file.read(_HEADER_BYTES)
    start = file.tell() - len(head)
    if _read_number(head[:_MAGIC_BYTES]) & ~0xF == _SKIPPABLE:
        file.seek(start + 8 + _read_number(head[4:8]))
        return
    parameters = zstandard.get_frame_parameters(head)
    file.seek(start + zstandard.frame_header_size(head))
    is_last = False
    while not is_last:
        header = file.read(3)
        if len(header) < 3:  # noqa: PLR2004
            raise ValueError("a block is missing")
        number = _read_number(header)
        is_last, kind, size = bool(number & 1), number >> 1 & 3, number >> 3
        if kind == _RESERVED:
            raise ValueError("there is no such block")
        file.seek(1 if kind == _RLE else size, 1)
    if parameters.has_checksum:
        file.seek(4, 1)


def _read_number(raw: bytes) -> int:
    return int.from_bytes(raw, "little")
