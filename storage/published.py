"""The published tree: built beside the one that readers see, and put in its place in one step.

Two trees take turns. What is new is written into the one that is not shown, the two change places at once, and the
other follows by links: no reader sees half a file, or a link to a page that is not there yet.
Where the disk cannot exchange folders, files are replaced one by one, pages before what points to them.
A document whose inputs did not change is not made again, and a file whose bytes are the same is not written again, so
the work follows the change and not the archive.
"""

import gzip
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import zstandard

from storage import exchange
from yibao.rendering import Rendering

#: In each tree: what we published there, by path with its digest.
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


def write(
    folder: Path,
    untold: Path,
    tree: Mapping[str, Rendering],
    tell: Callable[[Collection[str]], None] = lambda _paths: None,
) -> Written:
    """The folder holds exactly this tree, beside files that we never wrote; `tell` was told which of ours changed.

    A file that somebody took away is made again; one that somebody changed is, once its inputs change. `untold` lists
    what changed until it was told: who is killed in between tells again.
    """
    spare = folder.with_name(f"{folder.name}.next")
    folder.mkdir(parents=True, exist_ok=True)
    shown = _Tree(folder)
    changed = [path for path, one in tree.items() if not shown.has(path, one.digest)]
    gone = shown.manifest.keys() - tree.keys()
    different: set[str] = set()
    if changed or gone:
        different = _bring_up_to_date(_Tree(spare), shown, tree)
        _store(untold, sorted({*_read(untold, []), *different}))
        _show(spare, shown, changed, gone)
    pending = [path for path in _read(untold, []) if path in tree]
    if pending:
        tell(pending)
    untold.unlink(missing_ok=True)
    return Written(len(different), len(tree) - len(different), len(gone))


def _show(spare: Path, shown: "_Tree", changed: Sequence[str], gone: Collection[str]) -> None:
    """Readers see the spare tree in place of the shown one, which then holds the same files."""
    try:
        exchange.swap(spare, shown.root)
    except OSError:
        _replace_files(spare, shown, changed, gone)
        return
    # What was shown until now is the spare tree. A kill in here costs the next publication some links.
    _store(spare / _MANIFEST, {**shown.manifest, **dict.fromkeys(changed, _UNKNOWN)})
    for path in gone:
        _remove(spare, path)
    for path in changed:
        for name in _names(path):
            if (shown.root / name).exists():
                _link(shown.root / name, spare / name)
            else:
                (spare / name).unlink(missing_ok=True)
    _store(spare / _MANIFEST, _read(shown.root / _MANIFEST, {}))


class _Tree:
    """One of the two trees, as it was when we looked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(exist_ok=True)
        self.files = set(_walk(root))
        self.manifest: dict[str, str] = _read(root / _MANIFEST, {})

    def has(self, path: str, digest: str) -> bool:
        """Whether it holds the document of this digest."""
        return self.manifest.get(path) == digest and path in self.files

    def foreign(self) -> set[str]:
        """Files that we never wrote: a name for the domain, a proof of ownership."""
        ours = {_MANIFEST, _PARTIAL}
        return {
            path
            for path in self.files - self.manifest.keys() - ours
            if not (path.endswith(_TWINS) and path.rpartition(".")[0] in self.manifest)
        }


def _bring_up_to_date(spare: _Tree, shown: _Tree, tree: Mapping[str, Rendering]) -> set[str]:
    """The spare tree is what shall be shown; returns the paths whose bytes differ from what is shown now."""
    stale = [path for path, one in tree.items() if not spare.has(path, one.digest)]
    # Listed before they are written: a kill in between leaves no file that nobody knows, and none taken for done.
    _store(spare.root / _MANIFEST, {**spare.manifest, **dict.fromkeys(stale, _UNKNOWN)})
    foreign = shown.foreign()
    for path in (spare.manifest.keys() - tree.keys()) | (spare.foreign() - foreign):
        _remove(spare.root, path)
    for path in foreign:
        _link(shown.root / path, spare.root / path)
    different = set()
    for path in stale:
        if shown.has(path, tree[path].digest):
            _link_all(shown, spare, path)
        elif _place(shown, spare, path, tree[path].render()):
            different.add(path)
    _store(spare.root / _MANIFEST, {path: one.digest for path, one in tree.items()})
    return different


def _replace_files(spare: Path, shown: _Tree, changed: Sequence[str], gone: Collection[str]) -> None:
    """The shown tree is what the spare one is, file by file; each is whole at every moment."""
    # As in the spare tree: who is killed in here takes no new bytes for the old ones.
    _store(shown.root / _MANIFEST, {**shown.manifest, **dict.fromkeys(changed, _UNKNOWN)})
    # Deepest first: papers, then editions and feeds, then the front page.
    for path in sorted(changed, key=lambda path: (-path.count("/"), path)):
        for name in _names(path):
            if (spare / name).exists():
                _write(shown.root, name, (spare / name).read_bytes())
            else:
                (shown.root / name).unlink(missing_ok=True)
    for path in gone:
        _remove(shown.root, path)
    _write(shown.root, _MANIFEST, (spare / _MANIFEST).read_bytes())


def _place(shown: _Tree, spare: _Tree, path: str, content: bytes) -> bool:
    """The document is in the spare tree; returns whether its bytes differ from those shown."""
    if path in shown.files and (shown.root / path).read_bytes() == content:
        _link_all(shown, spare, path)
        return False
    _write(spare.root, path, content)
    for twin in _TWINS:
        (spare.root / f"{path}{twin}").unlink(missing_ok=True)
    if path.endswith(_TEXT) and len(content) >= _LEAST_BYTES:
        # Without a time in it: the same bytes compress to the same bytes.
        _write(spare.root, f"{path}.gz", gzip.compress(content, 6, mtime=0))
        _write(spare.root, f"{path}.zst", zstandard.compress(content, _ZSTD_LEVEL))
    return True


def _write(root: Path, path: str, content: bytes) -> None:
    # Never in place: the bytes may be shared with the tree that is shown.
    partial = root / _PARTIAL
    partial.write_bytes(content)
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    partial.replace(target)


def _link_all(shown: _Tree, spare: _Tree, path: str) -> None:
    for name in _names(path):
        if name in shown.files:
            _link(shown.root / name, spare.root / name)
        elif name in spare.files:
            (spare.root / name).unlink()


def _link(source: Path, target: Path) -> None:
    """The target is the same file as the source; a copy, with its date, where the disk knows no links."""
    if target.exists() and target.samefile(source):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
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


def _walk(root: Path) -> Iterator[str]:
    base = len(str(root)) + 1
    pending = [str(root)]
    while pending:
        with os.scandir(pending.pop()) as found:
            for one in found:
                if one.is_dir(follow_symlinks=False):
                    pending.append(one.path)
                else:
                    yield one.path[base:].replace(os.sep, "/")


def _read(path: Path, default: Any) -> Any:
    return orjson.loads(path.read_bytes()) if path.exists() else default


def _store(path: Path, value: object) -> None:
    partial = path.with_suffix(".part")
    partial.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    partial.replace(path)
