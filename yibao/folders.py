"""Folders that must stay apart: what is published is handed out, and changes places with the folder beside it."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

#: What is added to the published tree's name for what is ours beside it: the spare tree, and files that were set aside.
BESIDE = (".next", ".aside")
#: Folders below the data that are emptied and filled again.
_INSIDE_DATA = ("search", "responses", "prefect")


def find_overlap(public: Path, data: Path, private: Mapping[str, Iterable[Path]]) -> str | None:
    """Say which two folders overlap that must not, and what to do; None where all is well. Links are followed.

    `private` names the settings of all other places that must not be published, `yibao.toml` itself among them.
    """
    # A link to the tree stays: what it leads to is what changes places.
    place = public.resolve()
    trees = [public, *(place.parent / f"{place.name}{end}" for end in BESIDE)]
    for name, paths in {"paths.data": [data], **private}.items():
        for tree in trees:
            for path in paths:
                # Translations, and the settings, may well stand in the folder in which the tree is.
                if _is_in(path, tree) or (name == "paths.data" and _is_in(tree, path)):
                    return _explain_overlap(tree, name, path)
    for name, paths in private.items():
        for path in paths:
            if any(_is_in(path, data / inside) for inside in _INSIDE_DATA) or (
                name == "translations.paths" and _is_in(path, data) and _is_in(data, path)
            ):
                return (
                    f"{name} ({path}) is a folder that Yibao itself fills and empties, below paths.data ({data}). "
                    f"Give {name} a folder of its own."
                )
    return None


def _explain_overlap(tree: Path, name: str, path: Path) -> str:
    return (
        f"paths.public and {name} overlap: {tree} and {path}. Everything in the published tree is handed out to "
        "anybody, and the whole folder is replaced at each publication. Give paths.public a folder of its own, such as "
        'public = "public", outside of all others.'
    )


def _is_in(path: Path, folder: Path) -> bool:
    """Check whether a path is the folder or below it on the disk: links are followed, and case as the disk takes it."""
    place, outer = path.resolve(), folder.resolve()
    if place == outer or outer in place.parents:
        return True
    try:
        outer_stat = outer.stat()
    except OSError:
        return False
    return any(_is_same(part, outer_stat) for part in (place, *place.parents))


def _is_same(path: Path, stat: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), stat)
    except OSError:
        return False
