"""The published tree: what is written, and what stays untouched.

A file whose bytes are the same is not touched; another is replaced in one step, so that no reader sees half of it.
Pages come before the indexes and feeds that point to them.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_PARTIAL = ".yibao.part"


class Written(NamedTuple):
    """What publishing did to the tree."""

    changed: int
    unchanged: int
    removed: int


def write(folder: Path, manifest: Path, tree: Mapping[str, bytes]) -> Written:
    """The folder holds exactly this tree, beside files that we never wrote.

    The manifest lists what we wrote, so that what is no longer published goes away and nothing else does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = set(json.loads(manifest.read_text(encoding="utf-8"))) if manifest.exists() else set()
    # Listed before they are written: a kill in between leaves no file that nobody knows.
    _write_manifest(manifest, before | set(tree))
    # Deepest first: papers, then editions and feeds, then the front page.
    paths = sorted(tree, key=lambda path: (-path.count("/"), path))
    changed = sum(_write(folder, path, tree[path]) for path in paths)
    removed = sum(_remove(folder, path) for path in sorted(before - set(tree)))
    _write_manifest(manifest, set(tree))
    return Written(changed, len(tree) - changed, removed)


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


def _write_manifest(manifest: Path, paths: set[str]) -> None:
    content = json.dumps(sorted(paths), indent=0)
    if manifest.exists() and manifest.read_text(encoding="utf-8") == content:
        return
    partial = manifest.with_suffix(".part")
    partial.write_text(content, encoding="utf-8")
    partial.replace(manifest)
