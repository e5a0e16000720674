"""Files of the published tree, as HTTP hands them out: media type, strong ETag, compressed forms.

Nothing outside the tree is found, and nothing hidden.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

_TYPES = {
    "atom.xml": "application/atom+xml; charset=utf-8",
    "rss.xml": "application/rss+xml; charset=utf-8",
    "feed.json": "application/feed+json; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json; charset=utf-8",
    ".opml": "text/x-opml; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".bib": "application/x-bibtex; charset=utf-8",
    ".ris": "application/x-research-info-systems; charset=utf-8",
    ".bin": "application/octet-stream",
    ".wasm": "application/wasm",
    ".duckdb": "application/vnd.duckdb",
    ".parquet": "application/vnd.apache.parquet",
}
#: Content codings by the ending of a file's twin, the best first.
_CODINGS = {"zstd": ".zst", "gzip": ".gz"}
#: Files larger than this are handed out from the disk, in each of their forms.
_MOST_BYTES = 1_000_000
#: How many files are kept in memory.
_KEPT = 512


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is now."""

    path: Path
    media_type: str
    #: Of the bytes, strong; the compressed form has its own.
    etag: str
    modified_at: datetime
    size: int
    #: Its bytes, or where they are, by content coding, the best first; empty where it was published in one form only.
    compressed: Mapping[str, bytes | Path]


def find_file(public: Path, address: str) -> File | str | None:
    """Find the file at an address below the tree's root, or the address to go to instead; None where there is nothing.

    The address is as the server decoded it, beginning with a slash.
    """
    try:
        place = _locate(public, address)
    except _FolderError:
        return f"{address}/"
    except (OSError, RuntimeError):
        return None  # Not there, or links in a circle.
    try:
        stat = os.stat(place)  # noqa: PTH116  (a third of the time of a request that was answered before)
        return _read_file(place, stat.st_mtime_ns, stat.st_size)
    except OSError:
        _locate.cache_clear()  # Taken away since, or not ours to read.
        return None


def find_media_type(name: str) -> str:
    """Find the media type of a file of this name."""
    return next((kind for end, kind in _TYPES.items() if name.endswith(end)), "application/octet-stream")


class _FolderError(Exception):
    """The address is that of a folder, without the slash."""


@lru_cache(maxsize=8 * _KEPT)
def _locate(public: Path, address: str) -> Path:
    """Locate the file of an address. What is not there is not remembered: it may come.

    Raises:
        FileNotFoundError: there is none, or none that may be seen.
    """
    parts = address.split("/")
    if any(part.startswith(".") or "\0" in part or "\\" in part for part in parts):
        raise FileNotFoundError(address)
    root = public.resolve()
    place = root.joinpath(*(part for part in parts if part)).resolve()
    if place != root and root not in place.parents:
        raise FileNotFoundError(address)
    if place.is_dir():
        if not address.endswith("/"):
            raise _FolderError
        return place / "index.html"
    if not place.is_file() or address.endswith("/"):
        raise FileNotFoundError(address)
    return place


@lru_cache(maxsize=_KEPT)
def _read_file(path: Path, modified_ns: int, size: int) -> File:
    """Read a file with this time and size, once for each."""
    modified_at = datetime.fromtimestamp(modified_ns // 10**9, UTC)
    kind = find_media_type(path.name)
    if size > _MOST_BYTES:
        digest = hashlib.blake2b(f"{path}\0{modified_ns}\0{size}".encode(), digest_size=12).hexdigest()
        return File(path, kind, f'"{digest}"', modified_at, size, _find_twins(path, modified_ns))
    digest = hashlib.blake2b(path.read_bytes(), digest_size=12).hexdigest()
    twins = {coding: twin.read_bytes() for coding, twin in _find_twins(path, modified_ns).items()}
    return File(path, kind, f'"{digest}"', modified_at, size, twins)


def _find_twins(path: Path, modified_ns: int) -> dict[str, Path]:
    """Find the file's compressed forms; those that are older than the file itself are of other bytes."""
    twins = {coding: path.with_name(path.name + ending) for coding, ending in _CODINGS.items()}
    return {coding: twin for coding, twin in twins.items() if twin.exists() and twin.stat().st_mtime_ns >= modified_ns}
