"""Every answer of arXiv, byte for byte, so that the library can be rebuilt without asking again.

A body is stored compressed, once, under the SHA-256 of its bytes. The order in which answers came is told by a
journal beside them, one JSON object a line: it outlives the library.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import zstandard

from storage.disk import describe_error, explain_disk_errors
from yibao.errors import YibaoError

_SHA256 = re.compile(r"[0-9a-f]{64}")
_BLOCK_BYTES = 1 << 20
#: More than any answer of arXiv: what unpacks to more is damaged.
_MOST_BYTES = 1 << 30


class DamagedResponseError(YibaoError):
    """A kept answer cannot be had again. The message names its file."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class DamagedLine(NamedTuple):
    """A line of the journal that is no answer."""

    line: int
    reason: str
    #: Whether it is the beginning of one, as a kill leaves it: that answer was asked for again, nothing is missing.
    is_cut_off: bool


# Prefect tells by a weak reference which task fetched it.
@dataclass(frozen=True, slots=True, weakref_slot=True)
class KeptResponse:
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

    def keep_response(  # noqa: PLR0913  (what an answer is)
        self, url: str, on: date, status: int, body: bytes, content_type: str, fetched_at: datetime
    ) -> KeptResponse:
        """Store the body on disk, and then the answer in the journal; a kill between the two costs nothing."""
        digest = hashlib.sha256(body).hexdigest()
        path = self.find_path(digest)
        with explain_disk_errors(path):
            if not self._is_sound(digest):
                path.parent.mkdir(parents=True, exist_ok=True)
                _write_whole(path, zstandard.compress(body, 10))
            kept = KeptResponse(url, on, status, digest, len(body), content_type, fetched_at)
            self._append(kept)
        return kept

    def read_body(self, sha256: str) -> bytes:
        """Read the bytes as arXiv sent them.

        Raises:
            DamagedResponseError: the file is missing, cannot be read, or holds something else.
        """
        path = self.find_path(sha256)
        try:
            body = _unpack(path)
        except OSError as error:
            raise DamagedResponseError(path, describe_error(path, error).removeprefix(f"{path}: ")) from None
        except (zstandard.ZstdError, MemoryError) as error:
            raise DamagedResponseError(path, f"the file is damaged or cut off ({error})") from None
        if hashlib.sha256(body).hexdigest() != sha256:
            raise DamagedResponseError(path, "the file is damaged: its bytes are not those that were kept")
        return body

    @property
    def journal_path(self) -> Path:
        """The file that tells in which order answers came."""
        return self._journal

    def read_journal(self) -> Iterator[KeptResponse]:
        """Read every answer in the order of arrival; damaged lines are left out.

        Raises:
            YibaoError: the journal cannot be read.
        """
        return (row for row in self._read_lines() if isinstance(row, KeptResponse))

    def find_damaged_lines(self) -> list[DamagedLine]:
        """Find the lines of the journal that are no answers.

        Raises:
            YibaoError: the journal cannot be read.
        """
        return [row for row in self._read_lines() if isinstance(row, DamagedLine)]

    def _read_lines(self) -> Iterator[KeptResponse | DamagedLine]:
        with explain_disk_errors(self._journal):
            if not self._journal.exists():
                return
            with self._journal.open("rb") as lines:
                for number, line in enumerate(lines, 1):
                    yield _read_line(number, line)

    def _is_sound(self, sha256: str) -> bool:
        try:
            self.read_body(sha256)
        except DamagedResponseError:
            return False
        return True

    def set_aside_responses(self, after: date) -> Path | None:
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

    def find_path(self, sha256: str) -> Path:
        """Return where the body with this hash is kept."""
        return self._folder / sha256[:2] / f"{sha256}.zst"

    def _append(self, kept: KeptResponse) -> None:
        row = {name: getattr(kept, name) for name in KeptResponse.__dataclass_fields__}
        line = json.dumps(row, default=lambda value: value.isoformat(), ensure_ascii=False)
        # A line that was cut off by a kill is closed first, so that it spoils no other.
        with self._journal.open("ab+") as journal:
            journal.seek(0, os.SEEK_END)
            if journal.tell():
                journal.seek(-1, os.SEEK_END)
                line = line if journal.read(1) == b"\n" else "\n" + line
            journal.write(line.encode() + b"\n")


def _is_after(line: bytes, after: date) -> bool:
    """Tell whether a line of the journal is of a run for a later date; one that was cut off is of none."""
    try:
        return date.fromisoformat(json.loads(line)["on"]) > after
    except (ValueError, KeyError, TypeError):
        return False


def _read_line(number: int, line: bytes) -> KeptResponse | DamagedLine:
    try:
        row = json.loads(line)
        kept = KeptResponse(
            **{**row, "on": date.fromisoformat(row["on"]), "fetched_at": datetime.fromisoformat(row["fetched_at"])}
        )
        is_whole = bool(_SHA256.fullmatch(kept.sha256))
    except (ValueError, TypeError, KeyError, RecursionError):
        is_whole = False
    if is_whole:
        return kept
    is_cut_off = line.startswith(b'{"url"') and not line.rstrip().endswith(b"}")
    reason = "The line breaks off, as a kill leaves it." if is_cut_off else "The line is damaged."
    return DamagedLine(number, reason, is_cut_off)


def _unpack(path: Path) -> bytes:
    """Read the file's content, in bounded memory whatever its header says."""
    blocks, size = [], 0
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
        while block := stream.read(_BLOCK_BYTES):
            size += len(block)
            if size > _MOST_BYTES:
                raise zstandard.ZstdError("it unpacks to more than a gigabyte")
            blocks.append(block)
    return b"".join(blocks)


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file whole, or not at all."""
    partial = path.with_suffix(f".{os.getpid()}.part")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
