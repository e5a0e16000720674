"""The files of published trees: names, compressed forms, links from tree to tree, and what is set aside."""

import gzip
import hashlib
import itertools
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import zstandard

from storage import readable

#: Bytes on their way to a file.
PARTIAL = ".yibao.part"
#: Text is there in compressed forms too, for servers that hand them out as they are.
_TEXT = (".html", ".xml", ".json", ".css", ".js", ".opml", ".txt", ".bib", ".ris", ".svg")
_TWINS = (".gz", ".zst")
#: Below this compression saves no packet.
_LEAST_BYTES = 500
_ZSTD_LEVEL = 3
#: Of files that were set aside, so many are named one by one.
_MOST_NAMED = 5


def names_of(path: str) -> tuple[str, ...]:
    """The files of one document: itself, and its compressed twins where it may have some."""
    return (path, *(f"{path}{twin}" for twin in _TWINS)) if path.endswith(_TEXT) else (path,)


def document_of(name: str) -> str:
    """The document that a file of this name belongs to."""
    base = next((name.removesuffix(twin) for twin in _TWINS if name.endswith(twin)), name)
    return base if base.endswith(_TEXT) else name


def forms_of(path: str, content: bytes) -> dict[str, bytes]:
    """The bytes of each file of a document."""
    if not path.endswith(_TEXT) or len(content) < _LEAST_BYTES:
        return {path: content}
    # Without a time in it: the same bytes compress to the same bytes.
    packed = (gzip.compress(content, 6, mtime=0), zstandard.compress(content, _ZSTD_LEVEL))
    return dict(zip(names_of(path), (content, *packed), strict=True))


def read_forms(root: Path, path: str) -> dict[str, bytes]:
    """The bytes of each file of a document, as they are on the disk; those that are no files are left out."""
    return {name: (root / name).read_bytes() for name in names_of(path) if (root / name).is_file()}


def fingerprint(forms: Mapping[str, bytes]) -> str:
    """A digest of all files of one document."""
    digest = hashlib.blake2b(digest_size=12)
    for name, content in sorted(forms.items()):
        digest.update(f"{name.rpartition('/')[2]} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def is_shared(one: Path, other: Path, path: str) -> bool:
    """Whether the files of a document are the same files in both trees, under two names."""
    return all(_inode(one / name) == _inode(other / name) for name in names_of(path))


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def has_bytes(path: Path, content: bytes) -> bool:
    """Whether there is a file with these bytes."""
    return path.is_file() and path.read_bytes() == content


def write(root: Path, path: str, content: bytes) -> None:
    """Write a file, whole or not at all; never in place, for the bytes may be shared with another tree."""
    partial = root / PARTIAL
    readable.write_file(partial, content)
    partial.replace(_place(root / path))


def link_all(source: Path, target: Path, path: str) -> None:
    """The document is in the target tree as it is in the source tree."""
    for name in names_of(path):
        if (source / name).exists():
            link(source / name, target / name)
        else:
            (target / name).unlink(missing_ok=True)


def link(source: Path, target: Path) -> None:
    """The target is the same file as the source; a copy, with its date, where the disk knows no links."""
    if target.exists() and target.samefile(source):
        return
    _place(target).unlink(missing_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)


def remove(root: Path, path: str) -> None:
    """The document is gone, and every folder that is empty without it."""
    for name in names_of(path):
        (root / name).unlink(missing_ok=True)
    parent = (root / path).parent
    while parent != root and parent.exists() and not any(parent.iterdir()):
        parent.rmdir()
        parent = parent.parent


def set_aside(root: Path, paths: Iterable[str], folder: Path) -> list[str]:
    """Give files of others a second name below a folder, since something of ours is to take their place.

    Returns:
        What a person should know of it.
    """
    kept = [(root / path, _keep(root / path, path, folder)) for path in sorted(paths)]
    told = [f"a file that is not Yibao's was in the way: {path} is kept as {place}" for path, place in kept]
    more = [f"{len(kept) - _MOST_NAMED} more such files are kept in {folder}"] if len(kept) > _MOST_NAMED else []
    return told[:_MOST_NAMED] + more


def _keep(source: Path, path: str, folder: Path) -> Path:
    for number in itertools.count(1):
        target = folder / str(number) / path
        if target.exists() and source.exists() and target.samefile(source):
            break
        if not os.path.lexists(target) and not any(one.is_file() for one in target.parents):
            link(source, target)
            break
    return target


def _place(target: Path) -> Path:
    """Where a file can be put: its folder is there, and no empty folder of its name."""
    readable.make_folder(target.parent)
    if target.is_dir() and not target.is_symlink():
        target.rmdir()
    return target
