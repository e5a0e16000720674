"""A backup as a folder: its files, and a manifest that is written last and names each with its size and SHA-256."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from storage.disk import explain_disk_errors
from yibao.errors import BackupError

_MANIFEST = "backup.json"
_BLOCK_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class Backup:
    """What the manifest of a backup says."""

    #: Our clock, UTC.
    made_at: datetime
    #: The program that made it.
    version: str
    #: (size in bytes, SHA-256) by path below the folder.
    files: dict[str, tuple[int, str]]


def begin_backup(folder: Path) -> None:
    """Make an empty folder that its owner alone can read.

    Raises:
        BackupError: something is in it already.
        YibaoError: it cannot be made.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder}: something is there already. Name a new folder: a backup is never overwritten.")
    with explain_disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file that nobody changes in place, with its rights; it is there whole, or not at all."""
    with explain_disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{target.name}.part")
        shutil.copy2(source, partial)
        partial.replace(target)


def seal_backup(folder: Path, made_at: datetime, version: str) -> Backup:
    """Write the manifest: from now on the folder is a backup."""
    with explain_disk_errors(folder):
        files = {
            path.relative_to(folder).as_posix(): (path.stat().st_size, _hash_file(path))
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        backup = Backup(made_at, version, files)
        partial = folder / f"{_MANIFEST}.part"
        partial.write_text(json.dumps(asdict(backup), indent=1, default=str), encoding="utf-8")
        partial.replace(folder / _MANIFEST)
    return backup


def read_backup(folder: Path) -> Backup:
    """Read a backup's manifest, and check that each file is there as it was written.

    Raises:
        BackupError: it is no backup, was not finished, or a file is missing or damaged.
    """
    try:
        values = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        backup = Backup(
            datetime.fromisoformat(values["made_at"]),
            str(values["version"]),
            {str(path): (int(size), str(digest)) for path, (size, digest) in values["files"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise BackupError(
            f"{folder}: this is no backup of Yibao, or one that was not finished ({_MANIFEST} is missing or damaged). "
            "Name another one."
        ) from None
    if fault := next(_find_faults(folder, backup), None):
        raise BackupError(f"{folder}: the backup is damaged: {fault}. Name another one, or restore this file first.")
    return backup


def _find_faults(folder: Path, backup: Backup) -> Iterator[str]:
    for name, (size, digest) in backup.files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            yield f"{name} is outside of it"
        elif not path.is_file():
            yield f"{name} is missing"
        elif path.stat().st_size != size or _hash_file(path) != digest:
            yield f"{name} is not what was written"


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
