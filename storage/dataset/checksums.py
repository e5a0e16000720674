"""SHA-256 of a release's files, written, and compared with what is on the disk."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from yibao.dataset.releases import ReleaseFile

NAME = "SHA256SUMS"


def digest_file(path: Path) -> str:
    """Digest a file of any size by SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe_file(folder: Path, path: str) -> ReleaseFile:
    """Describe a file of a release as it is on the disk."""
    file = folder / path
    return ReleaseFile(path, file.stat().st_size, digest_file(file))


def write_checksums(folder: Path, files: Iterable[ReleaseFile]) -> None:
    """Write SHA256SUMS, as `sha256sum --check` reads it."""
    lines = [f"{file.sha256}  {file.path}\n" for file in sorted(files, key=lambda file: file.path)]
    (folder / NAME).write_text("".join(lines), encoding="utf-8")


def find_damaged_files(folder: Path, files: Iterable[ReleaseFile]) -> list[str]:
    """Find files that are missing, cut short or altered; returns a sentence for each."""
    return [trouble for file in files if (trouble := _check(folder / file.path, file))]


def _check(path: Path, file: ReleaseFile) -> str:
    if not path.is_file():
        return f"{path} is missing"
    size = path.stat().st_size
    if size != file.bytes:
        return f"{path} has {size} bytes where {file.bytes} were published"
    return "" if digest_file(path) == file.sha256 else f"{path} is not what was published: its SHA-256 differs"
