"""The published tree: what is written, and what stays untouched.

A document whose inputs did not change is not made again; a file whose bytes are the same is not touched; another is
replaced in one step, so that no reader sees half of it. Pages come before the indexes and feeds that point to them.
"""

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from yibao.rendering import Rendering

_PARTIAL = ".yibao.part"
#: In the list of what was published: bytes that we are about to write, or wrote before a kill.
_UNKNOWN = ""


class Written(NamedTuple):
    """What publishing did to the tree."""

    changed: int
    unchanged: int
    removed: int


def write(
    folder: Path,
    manifest: Path,
    tree: Mapping[str, Rendering],
    tell: Callable[[Collection[str]], None] = lambda _paths: None,
) -> Written:
    """The folder holds exactly this tree, beside files that we never wrote; `tell` was told which of them changed.

    The manifest lists what we wrote, by path with its digest, so that what is no longer published goes away and nothing
    else does. A file that somebody took away is made again; one that somebody changed is, once its inputs change.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = _read_manifest(manifest)
    stale = {path for path, one in tree.items() if before.get(path) != one.digest or not (folder / path).exists()}
    if stale:
        # Listed before they are written: a kill in between leaves no file that nobody knows, and none taken for done.
        _write_manifest(manifest, {**before, **dict.fromkeys(stale, _UNKNOWN)})
    # Deepest first: papers, then editions and feeds, then the front page.
    paths = sorted(stale, key=lambda path: (-path.count("/"), path))
    changed = {path for path in paths if _write(folder, path, tree[path].render())}
    removed = sum(_remove(folder, path) for path in sorted(before.keys() - tree.keys()))
    # Before the list says that all is done: who is killed here tells again.
    tell([path for path in paths if path in changed or before.get(path) == _UNKNOWN])
    _write_manifest(manifest, {path: one.digest for path, one in tree.items()})
    return Written(len(changed), len(tree) - len(changed), removed)


def _read_manifest(manifest: Path) -> dict[str, str]:
    if not manifest.exists():
        return {}
    listed = json.loads(manifest.read_text(encoding="utf-8"))
    # Until now it was a list of paths.
    return dict.fromkeys(listed, _UNKNOWN) if isinstance(listed, list) else listed


def _write(folder: Path, path: str, content: bytes) -> bool:
    target = folder / path
    if target.exists() and target.read_bytes() == content:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    # One name for all: only one run writes, and a kill leaves at most one, which the next write takes away.
    partial = folder / _PARTIAL
    partial.write_bytes(content)
    partial.replace(target)
    return True


def _remove(folder: Path, path: str) -> bool:
    target = folder / path
    existed = target.exists()
    target.unlink(missing_ok=True)
    parent = target.parent
    while parent != folder and parent.exists() and not any(parent.iterdir()):
        parent.rmdir()
        parent = parent.parent
    return existed


def _write_manifest(manifest: Path, paths: Mapping[str, str]) -> None:
    content = json.dumps(paths, indent=0, sort_keys=True)
    if manifest.exists() and manifest.read_text(encoding="utf-8") == content:
        return
    partial = manifest.with_suffix(".part")
    partial.write_text(content, encoding="utf-8")
    partial.replace(manifest)
