"""Where releases stand: `data/releases/` of the published tree, with their list, and `data/latest.json`.

A release is made in a hidden folder beside the others, gets its name when it is whole, and is never touched again. The
list and the name of the newest are replaced last. A kill at any moment leaves what is listed whole; what it left
unlisted is cleared away by the next release.
"""

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import orjson

from storage import readable, tree_files
from storage.carried_files import LATEST, RELEASES
from yibao.dataset import releases
from yibao.dataset.releases import Release, ReleaseList
from yibao.errors import DatasetError

MANIFEST = "release.json"
INDEX = f"{RELEASES}/index.json"
_MAKING = ".making"
_T = TypeVar("_T")


def read_list(public: Path) -> ReleaseList:
    """Read the list of releases; an empty one before the first.

    Raises:
        DatasetError: it is damaged.
    """
    path = public / INDEX
    return _read_json(path, ReleaseList.from_json) if path.exists() else ReleaseList()


def read_release(public: Path, name: str) -> Release:
    """Read what a release tells of itself.

    Raises:
        DatasetError: there is none of this name, or it is damaged.
    """
    path = find_folder(public, name) / MANIFEST
    if not releases.is_name(name) or not path.exists():
        raise DatasetError(f"{path}: there is no such release. `yibao dataset list` names those that there are.")
    return _read_json(path, Release.from_json)


def find_folder(public: Path, name: str) -> Path:
    """Find the folder of a release, whether it is there or not."""
    return public / RELEASES / name


def prepare_folder(public: Path) -> Path:
    """Prepare the empty folder in which the next release is made; what a kill left there is removed."""
    folder = public / RELEASES / _MAKING
    shutil.rmtree(folder, ignore_errors=True)
    readable.make_folder(folder)
    return folder


def discard_folder(public: Path) -> None:
    """Remove the folder in which a release was to be made that nobody needs."""
    shutil.rmtree(public / RELEASES / _MAKING, ignore_errors=True)


def remove_unlisted(public: Path, listed: ReleaseList) -> None:
    """Remove releases that are in no list: a kill came between their name and their listing, or in pruning."""
    names = {release.name for release in listed.releases}
    for child in (public / RELEASES).glob("*"):
        if child.is_dir() and releases.is_name(child.name) and child.name not in names:
            shutil.rmtree(child)


def place_release(public: Path, folder: Path, release: Release) -> None:
    """Give a release that is whole its name and its place."""
    (folder / MANIFEST).write_bytes(_dump(release.as_json()))
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            readable.make_folder(path)
        else:
            path.chmod(0o444)
    folder.replace(find_folder(public, release.name))


def publish_list(public: Path, listed: ReleaseList, latest: dict[str, Any]) -> None:
    """Tell readers which releases there are, and which is the newest; to be called last."""
    for path, values in ((INDEX, listed.as_json()), (LATEST, latest)):
        tree_files.write_file(public, path, _dump(values))


def remove_releases(public: Path, names: Iterable[str]) -> None:
    """Remove releases that are listed no more."""
    for name in names:
        shutil.rmtree(find_folder(public, name), ignore_errors=True)


def _dump(values: Any) -> bytes:
    return orjson.dumps(values, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _read_json(path: Path, parse: Callable[[dict[str, Any]], _T]) -> _T:
    try:
        return parse(json.loads(path.read_bytes()))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DatasetError(
            f"{path} is damaged ({type(error).__name__}: {error}). Put it back from a copy, or remove its folder and "
            "run `yibao dataset release`."
        ) from None
