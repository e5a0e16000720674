"""The published tree: built beside the one that readers see, and put in its place in one step.

Two trees take turns. What is new is written into the one that is not shown, the two change places at once, and the
other follows by links: no reader sees half a file, or a link to a page that is not there yet.
Where the disk cannot exchange folders, files are replaced one by one, pages before what points to them.
A document whose inputs did not change is not made again, and a file whose bytes are the same is not written again, so
the work follows the change and not the archive.
"""

import contextlib
import gzip
import os
import shutil
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import zstandard

from storage import exchange, readable
from yibao.rendering import Rendering

_MANIFEST = ".yibao.json"
_PARTIAL = ".yibao.part"
#: In the manifest: bytes that we are about to write, or wrote before a kill.
_UNKNOWN = ""
#: Text is there in compressed forms too, for servers that hand them out as they are.
_TEXT = (".html", ".xml", ".json", ".css", ".js", ".opml", ".txt", ".bib", ".ris", ".svg")
_TWINS = (".gz", ".zst")
#: Below this compression saves no packet.
_LEAST_BYTES = 500
_ZSTD_LEVEL = 3


class Written(NamedTuple):
    """What publishing did to the tree."""

    changed: int
    unchanged: int
    removed: int


def write(  # noqa: PLR0913  (where, what, and who is told)
    shown: "Tree",
    untold: Path,
    tree: Mapping[str, Rendering],
    tell: Callable[[Collection[str]], None] = lambda _paths: None,
    *,
    told_whole: Collection[str] = ("",),
    signature: str = "",
) -> Written:
    """Readers are shown these documents, under this signature, beside files that we never wrote.

    `told_whole`: below paths that begin so, the tree is all that there is; elsewhere what was published stays. `tell`
    was told which documents changed. A document that somebody took away is made again; one that somebody changed is,
    once its inputs change. `untold` lists what changed until it was told: who is killed in between tells again.
    """
    documents = {path: shown.documents[path] for path in shown.documents.keys() - _below(shown.documents, told_whole)}
    documents |= {path: one.digest for path, one in tree.items()}
    changed = shown.stale(tree)
    gone = shown.documents.keys() - documents.keys()
    wanted = _Manifest(documents, sorted(shown.others), signature, shown.looked_at)
    different: set[str] = set()
    if changed or gone:
        spare = shown.root.with_name(f"{shown.root.name}.next")
        different = _bring_up_to_date(Tree(spare), shown, tree, wanted)
        _store(untold, sorted({*_read(untold, []), *different}))
        _show(spare, shown, wanted, changed, gone)
    elif wanted._replace(looked_at=shown.manifest.looked_at) != shown.manifest:
        wanted.store(shown.root)
    pending = [path for path in _read(untold, []) if path in documents]
    if pending:
        tell(pending)
    untold.unlink(missing_ok=True)
    return Written(len(different), len(documents) - len(different), len(gone))


class _Manifest(NamedTuple):
    """What we know of a tree; a file in the tree itself, so that it changes places with what it speaks of."""

    #: What we published there, by path with its digest.
    documents: Mapping[str, str]
    #: Files that we never wrote: a name for the domain, a proof of ownership.
    others: Sequence[str] = ()
    signature: str | None = None
    #: When we last looked for what others did there: the disk's clock, in nanoseconds.
    looked_at: int = 0

    @classmethod
    def load(cls, root: Path) -> "_Manifest":
        told = _read(root / _MANIFEST, {"documents": {}})
        # Earlier versions wrote the documents alone.
        return cls(**told) if "documents" in told else cls(told)

    def store(self, root: Path) -> None:
        _store(root / _MANIFEST, self._asdict())

    def doubted(self, paths: Iterable[str]) -> "_Manifest":
        """The same, where nobody knows the bytes of these documents."""
        return self._replace(documents={**self.documents, **dict.fromkeys(paths, _UNKNOWN)}, signature=None)


class Tree:
    """A published tree, as it is when we look."""

    def __init__(self, root: Path) -> None:
        self.root = root
        readable.make_folder(root)
        self.manifest = _Manifest.load(root)
        self.documents = self.manifest.documents
        self.looked_at = _now(root)
        folders = [_folder(path) for path in self.documents]
        looked_into, found = self._look({*folders, *map(_folder, self.manifest.others)})
        inside = {path for path, folder in zip(self.documents, folders, strict=True) if folder in looked_into}
        #: Documents that somebody took away.
        self.missing = inside - found
        names = {_MANIFEST, _PARTIAL, *(name for path in inside for name in _names(path))}
        self.others = {path for path in self.manifest.others if _folder(path) not in looked_into} | (found - names)

    @property
    def signature(self) -> str | None:
        """The signature under which it was published; None before that, and where a file was taken away since."""
        return self.manifest.signature if not self.missing else None

    def stale(self, tree: Mapping[str, Rendering]) -> list[str]:
        """The paths of those of these documents that are not here, or otherwise."""
        return [path for path, one in tree.items() if not self.has(path, one.digest)]

    def has(self, path: str, digest: str) -> bool:
        """Whether it holds the document of this digest."""
        return self.documents.get(path) == digest and path not in self.missing

    def _look(self, folders: Iterable[str]) -> tuple[set[str], set[str]]:
        """Those of the folders, above and new ones that were changed since we last looked; and the files in them."""
        known = {"", *folders}
        for folder in [*known]:
            above = _folder(folder)
            while above not in known:
                known.add(above)
                above = _folder(above)
        looked_into, found = {folder for folder in known if self._is_changed(folder)}, set()
        pending = list(looked_into)
        while pending:
            folder = pending.pop()
            with contextlib.suppress(FileNotFoundError), os.scandir(self.root / folder) as entries:
                for one in entries:
                    path = f"{folder}/{one.name}" if folder else one.name
                    if not one.is_dir(follow_symlinks=False):
                        found.add(path)
                    elif path not in known:
                        looked_into.add(path)
                        pending.append(path)
        return looked_into, found

    def _is_changed(self, folder: str) -> bool:
        # A folder's time moves whenever a file in it comes or goes.
        try:
            return os.stat(f"{self.root}/{folder}").st_mtime_ns >= self.manifest.looked_at  # noqa: PTH116  (many)
        except FileNotFoundError:
            return True


def _below(paths: Iterable[str], starts: Iterable[str]) -> set[str]:
    """Those of the paths that begin so."""
    ordered = sorted(paths)
    found: set[str] = set()
    for start in starts:
        place = bisect_left(ordered, start)
        while place < len(ordered) and ordered[place].startswith(start):
            found.add(ordered[place])
            place += 1
    return found


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _now(root: Path) -> int:
    """The clock of the disk that the tree is on."""
    probe = root / _PARTIAL
    probe.write_bytes(b"")
    now = probe.stat().st_mtime_ns
    probe.unlink()
    return now


def _bring_up_to_date(spare: Tree, shown: Tree, tree: Mapping[str, Rendering], wanted: _Manifest) -> set[str]:
    """The spare tree is what shall be shown; returns the paths whose bytes differ from what is shown now."""
    stale = [path for path, digest in wanted.documents.items() if not spare.has(path, digest)]
    # Listed before they are written: a kill in between leaves no file that nobody knows, and none taken for done.
    spare.manifest.doubted(stale).store(spare.root)
    for path in (spare.documents.keys() - wanted.documents.keys()) | (spare.others - shown.others):
        _remove(spare.root, path)
    for path in shown.others:
        _link(shown.root / path, spare.root / path)
    different = set()
    for path in stale:
        if shown.has(path, wanted.documents[path]):
            _link_all(shown.root, spare.root, path)
        elif _place(shown.root, spare.root, path, tree[path].render()):
            different.add(path)
    # Until it is shown, nobody but us does anything here.
    wanted._replace(looked_at=_now(spare.root)).store(spare.root)
    return different


def _show(spare: Path, shown: Tree, wanted: _Manifest, changed: Sequence[str], gone: Collection[str]) -> None:
    """Readers see the spare tree in place of the shown one, which then holds the same files."""
    try:
        exchange.swap(spare, shown.root)
    except OSError:
        _replace_files(spare, shown, wanted, changed, gone)
        return
    # What was shown until now is the spare tree. A kill in here costs the next publication some links.
    late = [path for path in Tree(spare).others - shown.others if not (shown.root / path).exists()]
    for path in late:
        _link(spare / path, shown.root / path)
    if late:
        wanted = wanted._replace(others=sorted({*wanted.others, *late}))
        wanted.store(shown.root)
    shown.manifest.doubted(changed).store(spare)
    for path in gone:
        _remove(spare, path)
    for path in changed:
        _link_all(shown.root, spare, path)
    wanted.store(spare)


def _replace_files(spare: Path, shown: Tree, wanted: _Manifest, changed: Sequence[str], gone: Collection[str]) -> None:
    """The shown tree is what the spare one is, file by file; each is whole at every moment."""
    # As in the spare tree: who is killed in here takes no new bytes for the old ones.
    shown.manifest.doubted(changed).store(shown.root)
    # Deepest first: papers, then editions and feeds, then the front page.
    for path in sorted(changed, key=lambda path: (-path.count("/"), path)):
        for name in _names(path):
            if (spare / name).exists():
                _write(shown.root, name, (spare / name).read_bytes())
            else:
                (shown.root / name).unlink(missing_ok=True)
    for path in gone:
        _remove(shown.root, path)
    wanted.store(shown.root)


def _place(shown: Path, spare: Path, path: str, content: bytes) -> bool:
    """The document is in the spare tree; returns whether its bytes differ from those shown."""
    if (shown / path).exists() and (shown / path).read_bytes() == content:
        _link_all(shown, spare, path)
        return False
    _write(spare, path, content)
    for twin in _TWINS:
        (spare / f"{path}{twin}").unlink(missing_ok=True)
    if path.endswith(_TEXT) and len(content) >= _LEAST_BYTES:
        # Without a time in it: the same bytes compress to the same bytes.
        _write(spare, f"{path}.gz", gzip.compress(content, 6, mtime=0))
        _write(spare, f"{path}.zst", zstandard.compress(content, _ZSTD_LEVEL))
    return True


def _write(root: Path, path: str, content: bytes) -> None:
    # Never in place: the bytes may be shared with the tree that is shown.
    partial = root / _PARTIAL
    readable.write_file(partial, content)
    target = root / path
    readable.make_folder(target.parent)
    partial.replace(target)


def _link_all(shown: Path, spare: Path, path: str) -> None:
    """The document is in the spare tree as it is in the shown one."""
    for name in _names(path):
        if (shown / name).exists():
            _link(shown / name, spare / name)
        else:
            (spare / name).unlink(missing_ok=True)


def _link(source: Path, target: Path) -> None:
    """The target is the same file as the source; a copy, with its date, where the disk knows no links."""
    if target.exists() and target.samefile(source):
        return
    readable.make_folder(target.parent)
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)


def _names(path: str) -> tuple[str, ...]:
    """The files of one document: itself, and its compressed twins where it has some."""
    return (path, *(f"{path}{twin}" for twin in _TWINS))


def _remove(root: Path, path: str) -> None:
    for name in _names(path):
        (root / name).unlink(missing_ok=True)
    parent = (root / path).parent
    while parent != root and parent.exists() and not any(parent.iterdir()):
        parent.rmdir()
        parent = parent.parent


def _read(path: Path, default: Any) -> Any:
    return orjson.loads(path.read_bytes()) if path.exists() else default


def _store(path: Path, value: object) -> None:
    partial = path.with_suffix(".part")
    partial.write_bytes(orjson.dumps(value))
    partial.replace(path)
