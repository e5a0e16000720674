"""Releases of the dataset within the published tree: no documents, never rendered, carried along from tree to tree.

They are large and never change, so that each is the same files in both trees, by links. What readers see of them is
decided in the shown tree alone; the spare one follows before the two change places.
"""

import os
import shutil
from pathlib import Path

from storage import readable, tree_files

#: The folder of releases, a folder each, with their list.
RELEASES = "data/releases"
#: Names the newest release.
LATEST = "data/latest.json"


def is_carried(path: str) -> bool:
    """Tell whether a path within the tree is none of the publication's business."""
    return path in (RELEASES, LATEST) or path.startswith(f"{RELEASES}/")


def carry_along(shown: Path, spare: Path) -> None:
    """Make what the spare tree has of releases what the shown tree has."""
    here, there = _list_names(shown), _list_names(spare)
    for name in there - here:
        _remove(spare / RELEASES / name)
    for name in here:
        source, target = shown / RELEASES / name, spare / RELEASES / name
        if not source.is_dir():
            tree_files.link_file(source, target)
        elif name not in there:
            link_folder(source, target)
    if (shown / LATEST).is_file():
        tree_files.link_file(shown / LATEST, spare / LATEST)
    else:
        (spare / LATEST).unlink(missing_ok=True)


def link_folder(source: Path, target: Path) -> None:
    """Link all files of a folder into a new one, which appears under its name when it is whole."""
    partial = target.with_name(f".{target.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    for file in sorted(source.rglob("*")):
        if file.is_file():
            tree_files.link_file(file, partial / file.relative_to(source))
    readable.make_folder(partial)
    partial.replace(target)


def _list_names(root: Path) -> set[str]:
    """List releases and files beside them; what is hidden is being made."""
    try:
        return {name for name in os.listdir(root / RELEASES) if not name.startswith(".")}  # noqa: PTH208  (names alone)
    except FileNotFoundError:
        return set()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
