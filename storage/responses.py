"""Every answer of arXiv, byte for byte, so that the library can be rebuilt without asking again.

A body is stored compressed, once, under the SHA-256 of its bytes. The order in which answers came is told by a
journal beside them, one JSON object a line: it outlives the library.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import zstandard


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer in the journal. Datetimes are UTC."""

    url: str
    on: date
    status: int
    sha256: str
    size_bytes: int
    content_type: str
    fetched_at: datetime


class Responses:
    """The folder of kept answers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._journal = folder / "journal.jsonl"

    def keep(self, url: str, on: date, status: int, body: bytes, content_type: str, fetched_at: datetime) -> Kept:  # noqa: PLR0913
        """The body is on disk, and then in the journal; a kill between the two costs nothing."""
        digest = hashlib.sha256(body).hexdigest()
        path = self.path_of(digest)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(f".{os.getpid()}.part")
            partial.write_bytes(zstandard.compress(body, 10))
            partial.replace(path)
        kept = Kept(url, on, status, digest, len(body), content_type, fetched_at)
        self._append(kept)
        return kept

    def body(self, sha256: str) -> bytes:
        """The bytes as arXiv sent them."""
        return zstandard.decompress(self.path_of(sha256).read_bytes())

    def journal(self) -> Iterator[Kept]:
        """Every answer in the order of arrival; a last line that a kill cut off is left out."""
        if not self._journal.exists():
            return
        for line in self._journal.read_bytes().splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            row["on"] = date.fromisoformat(row["on"])
            row["fetched_at"] = datetime.fromisoformat(row["fetched_at"])
            yield Kept(**row)

    def set_aside(self, after: date) -> Path | None:
        """Move the answers to runs for later dates into a file beside the journal; returns it, if there are any.

        Their bodies stay where they are. A kill in between leaves a line in both files, and none in neither.
        """
        if not self._journal.exists():
            return None
        lines = self._journal.read_bytes().splitlines(keepends=True)
        late = [line for line in lines if _is_after(line, after)]
        if not late:
            return None
        aside = self._folder / f"journal.after-{after}.jsonl"
        with aside.open("ab") as file:
            file.writelines(late)
            file.flush()
            os.fsync(file.fileno())
        partial = self._journal.with_suffix(".part")
        partial.write_bytes(b"".join(line for line in lines if not _is_after(line, after)))
        partial.replace(self._journal)
        return aside

    def path_of(self, sha256: str) -> Path:
        """Where the body with this hash is kept."""
        return self._folder / sha256[:2] / f"{sha256}.zst"

    def _append(self, kept: Kept) -> None:
        row = {name: getattr(kept, name) for name in Kept.__dataclass_fields__}
        line = json.dumps(row, default=lambda value: value.isoformat(), ensure_ascii=False)
        # A line that was cut off by a kill is closed first, so that it spoils no other.
        with self._journal.open("ab+") as journal:
            journal.seek(0, os.SEEK_END)
            if journal.tell():
                journal.seek(-1, os.SEEK_END)
                line = line if journal.read(1) == b"\n" else "\n" + line
            journal.write(line.encode() + b"\n")


def _is_after(line: bytes, after: date) -> bool:
    """Whether a line of the journal is of a run for a date after this one; one that was cut off is of none."""
    try:
        return date.fromisoformat(json.loads(line)["on"]) > after
    except (ValueError, KeyError, TypeError):
        return False
