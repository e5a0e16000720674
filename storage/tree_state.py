"""The published tree as it stands on the disk: what we wrote there, what somebody took away, what others put there."""

import contextlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from storage import carried_files, manifest, readable, tree_files
from storage.manifest import Manifest
from storage.tree_files import list_names
from yibao.build_graph import Document
from yibao.errors import YibaoError


@dataclass(frozen=True)
class Tree:
    """A published tree as it was when it was read."""

    root: Path
    manifest: Manifest
    #: When it was read: the disk's clock, in nanoseconds.
    looked_at: int
    #: Documents that somebody took away.
    missing: frozenset[str]
    #: Files that we never wrote.
    others: frozenset[str]
    #: Whether nobody knows who wrote what is here: there is a manifest that cannot be read.
    is_unknown: bool = False
    #: Documents whose bytes are not those that we wrote; empty unless the tree was checked.
    damaged: frozenset[str] = frozenset()
    is_checked: bool = False
    #: What a person should know.
    notes: tuple[str, ...] = ()

    @property
    def documents(self) -> Mapping[str, str]:
        """What we published here, by path with the digest of its inputs."""
        return self.manifest.documents

    @property
    def signature(self) -> str | None:
        """The signature under which it was published; None before that, and where a file was taken away since."""
        return self.manifest.signature if not self.missing else None

    def find_stale(self, tree: Mapping[str, Document]) -> list[str]:
        """Find those of these documents that are missing here, or have other inputs; returns their paths."""
        return [path for path, document in tree.items() if not self.has(path, document.digest)]

    def has(self, path: str, digest: str) -> bool:
        """Tell whether it holds the document of this digest."""
        return self.documents.get(path) == digest and path not in self.missing and path not in self.damaged

    def is_sound(self, path: str) -> bool:
        """Tell whether the document's files are those that we wrote, as far as anybody looked."""
        return path in self.manifest.contents and path not in self.missing and path not in self.damaged


def read_tree(root: Path) -> Tree:
    """Read what is published in a folder, which is made where it is missing. File contents are not read.

    Raises:
        YibaoError: there is a file where the folder is to be.
    """
    # A link stays a link: what it leads to is what changes places.
    place = root.resolve()
    if place.exists() and not place.is_dir():
        raise YibaoError(f"{root} is a file; the published tree is to be there. Move it elsewhere.")
    readable.make_folder(place)
    try:
        known, note = Manifest.load(place), ""
    except ValueError as error:
        known = Manifest({})
        note = (
            f"{place / manifest.NAME} is damaged ({error}); nothing is known of the tree, so everything is "
            "made again over what is there, and nothing is removed"
        )
    looked_at = read_disk_clock(place)
    folders = {path: find_folder(path) for path in known.documents}
    scanned, names = _scan_changed_folders(place, known, {*folders.values(), *map(find_folder, known.others)})
    inside = {path for path, folder in folders.items() if folder in scanned}
    ours = {manifest.NAME, tree_files.PARTIAL, *(name for path in inside for name in list_names(path))}
    others = {path for path in known.others if find_folder(path) not in scanned} | (names - ours)
    return Tree(
        place,
        known,
        looked_at,
        frozenset(inside - names),
        frozenset(others),
        is_unknown=bool(note),
        notes=(note,) if note else (),
    )


def check_tree(tree: Tree, other: Tree | None = None) -> Tree:
    """Read every document and its compressed forms; returns the tree with those in `damaged` that we did not write so.

    Files that another tree shares, and that are as they should be there, are not read again.
    """
    damaged = set()
    for path in tree.documents.keys() - tree.missing:
        written = tree.manifest.contents.get(path)
        is_known = other is not None and other.is_sound(path) and other.manifest.contents[path] == written
        if other is not None and is_known and tree_files.is_shared(tree.root, other.root, path):
            continue
        if written is None or tree_files.digest_forms(tree_files.read_forms(tree.root, path)) != written:
            damaged.add(path)
    return replace(tree, damaged=frozenset(damaged), is_checked=True)


def _scan_changed_folders(root: Path, known: Manifest, folders: Iterable[str]) -> tuple[set[str], set[str]]:
    """Scan those of the folders, and above them, that changed since we last looked, and folders new to us.

    Returns:
        The folders that were scanned, and the paths of the files in them.
    """
    expected = {"", *folders, *find_folders_above(folders)}
    scanned = {folder for folder in expected if _has_changed(root, folder, known.looked_at)}
    files: set[str] = set()
    pending = list(scanned)
    while pending:
        folder = pending.pop()
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(root / folder) as children:
            for child in children:
                path = f"{folder}/{child.name}" if folder else child.name
                if carried_files.is_carried(path):
                    continue
                if not child.is_dir(follow_symlinks=False):
                    files.add(path)
                elif path not in expected:
                    scanned.add(path)
                    pending.append(path)
    return scanned, files


def _has_changed(root: Path, folder: str, since_ns: int) -> bool:
    # A folder's time moves whenever a file in it comes or goes.
    try:
        return os.stat(f"{root}/{folder}").st_mtime_ns >= since_ns  # noqa: PTH116  (many)
    except (FileNotFoundError, NotADirectoryError):
        return True


def find_folder(path: str) -> str:
    """Return the folder in which a path stands; empty for the root."""
    return path.rpartition("/")[0]


def find_folders_above(paths: Iterable[str]) -> set[str]:
    """Find every folder above these paths, within the tree."""
    folders: set[str] = set()
    for path in paths:
        above = find_folder(path)
        while above and above not in folders:
            folders.add(above)
            above = find_folder(above)
    return folders


def read_disk_clock(root: Path) -> int:
    """Read the clock of the disk that the tree is on, in nanoseconds."""
    probe = root / tree_files.PARTIAL
    probe.write_bytes(b"")
    now = probe.stat().st_mtime_ns
    probe.unlink()
    return now
