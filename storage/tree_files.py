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


def list_names(path: str) -> tuple[str, ...]:
    """List the files of one document: itself, and its compressed twins where it may have some."""
    return (path, *(f"{path}{twin}" for twin in _TWINS)) if path.endswith(_TEXT) else (path,)


def find_document(name: str) -> str:
    """Find the document that a file of this name belongs to."""
    base = next((name.removesuffix(twin) for twin in _TWINS if name.endswith(twin)), name)
    return base if base.endswith(_TEXT) else name


def make_forms(path: str, content: bytes) -> dict[str, bytes]:
    """Make the bytes of each file of a document."""
    if not path.endswith(_TEXT) or len(content) < _LEAST_BYTES:
        return {path: content}
    # Without a time in it: the same bytes compress to the same bytes.
    packed = (gzip.compress(content, 6, mtime=0), zstandard.compress(content, _ZSTD_LEVEL))
    return dict(zip(list_names(path), (content, *packed), strict=True))


def read_forms(root: Path, path: str) -> dict[str, bytes]:
    """Read the bytes of each file of a document from the disk; those that are no files are left out."""
    return {name: (root / name).read_bytes() for name in list_names(path) if (root / name).is_file()}


def digest_forms(forms: Mapping[str, bytes]) -> str:
    """Digest all files of one document."""
    digest = hashlib.blake2b(digest_size=12)
    for name, content in sorted(forms.items()):
        digest.update(f"{name.rpartition('/')[2]} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def is_shared(one: Path, other: Path, path: str) -> bool:
    """Tell whether the files of a document are the same files in both trees, under two names."""
    return all(_read_inode(one / name) == _read_inode(other / name) for name in list_names(path))


def _read_inode(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def has_bytes(path: Path, content: bytes) -> bool:
    """Tell whether there is a file with these bytes."""
    return path.is_file() and path.read_bytes() == content


def write_file(root: Path, path: str, content: bytes) -> None:
    """Write a file, whole or not at all; never in place, for the bytes may be shared with another tree."""
    partial, target = root / PARTIAL, root / path
    readable.write_file(partial, content)
    try:
        partial.replace(target)
    except OSError:  # Its folder is missing, or it is a folder.
        partial.replace(_prepare_place(target))


def link_document(source: Path, target: Path, path: str) -> None:
    """Link all files of a document into the target tree, as they are in the source tree."""
    here, there = f"{source}/", f"{target}/"
    for name in list_names(path):
        if _try_link(f"{here}{name}", f"{there}{name}"):
            continue
        if (source / name).exists():
            link_file(source / name, target / name)
        else:
            (target / name).unlink(missing_ok=True)


def link_file(source: Path, target: Path) -> None:
    """Make the target the same file as the source; a copy, with its date, where the disk knows no links."""
    if _try_link(source, target) or (target.exists() and target.samefile(source)):
        return
    _prepare_place(target).unlink(missing_ok=True)
    if not _try_link(source, target):
        shutil.copy2(source, target)


def _try_link(source: str | Path, target: str | Path) -> bool:
    """Link a file to a name that is free in a folder that is there, as most are; returns whether that was so."""
    try:
        os.link(source, target)
    except OSError:
        return False
    return True


def remove_document(root: Path, path: str) -> None:
    """Remove the document, and every folder that is empty without it."""
    for name in list_names(path):
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
    kept = [(root / path, _keep_aside(root / path, path, folder)) for path in sorted(paths)]
    notes = [f"a file that is not Yibao's was in the way: {path} is kept as {place}" for path, place in kept]
    more = [f"{len(kept) - _MOST_NAMED} more such files are kept in {folder}"] if len(kept) > _MOST_NAMED else []
    return notes[:_MOST_NAMED] + more


def _keep_aside(source: Path, path: str, folder: Path) -> Path:
    for number in itertools.count(1):
        target = folder / str(number) / path
        if target.exists() and source.exists() and target.samefile(source):
            break
        if not os.path.lexists(target) and not any(parent.is_file() for parent in target.parents):
            link_file(source, target)
            break
    return target


def _prepare_place(target: Path) -> Path:
    """Prepare the place of a file: its folder is made, and an empty folder of its name removed."""
    readable.make_folder(target.parent)
    if target.is_dir() and not target.is_symlink():
        target.rmdir()
    return target
