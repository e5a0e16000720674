"""Files of bulk metadata on disk: plain, gzip or zstd JSON lines, and Parquet. Knows bytes and lines, not papers."""

import contextlib
import gzip
import io
import itertools
import json
import re
import zlib
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import zstandard

from storage import zstd_frames
from storage.disk import explain_disk_errors
from yibao.errors import YibaoError

#: Uncompressed bytes of one part, more than a million papers: each part leaves some hundred megabytes of the library's
#: file unused, and small ones cost almost twice the time.
PART_BYTES = 2 << 30
_BLOCK_BYTES = 1 << 24
#: The longest line: DuckDB reads no longer record, and arXiv's longest has some 200 kB.
LINE_BYTES = 1 << 24
#: With more lines set aside than this the file is no snapshot of arXiv's.
_MOST_BAD_LINES = 10_000
_HEAD_BYTES = 64
_PARQUET, _GZIP, _ZSTD = b"PAR1", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_ID = re.compile(rb'"id"\s*:\s*("(?:[^"\\]|\\.)*"|[^,}\s]+)')


class BadLine(NamedTuple):
    """A line that is no record, and why."""

    line: int
    reason: str


def detect_kind(path: Path) -> str:
    """Detect by its first bytes whether a file is `parquet`, `gzip`, `zstd` or `plain`.

    Raises:
        YibaoError: it cannot be read, is empty, or is no file but a folder or a pipe.
    """
    if path.exists() and not path.is_file():
        raise YibaoError(
            f"{path}: this is no file. A snapshot is read several times: save what a pipe hands over first."
        )
    with explain_disk_errors(path), path.open("rb") as file:
        head = file.read(4)
    if not head:
        raise YibaoError(f"{path}: the file is empty.")
    if head == _PARQUET:
        return "parquet"
    return "gzip" if head.startswith(_GZIP) else "zstd" if head == _ZSTD else "plain"


@contextmanager
def open_file(path: Path) -> Iterator[BinaryIO]:
    """Open the file's bytes, uncompressed. What is cut off raises YibaoError where it ends, at the latest."""
    kind = detect_kind(path)
    require_whole(path)
    with path.open("rb") as raw:
        if kind == "gzip":
            stream: Any = gzip.GzipFile(fileobj=raw)
        elif kind == "zstd":
            stream = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
        else:
            stream = raw
        try:
            yield cast("BinaryIO", stream)
        except (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
            raise YibaoError(f"{path}: the compressed file is damaged or cut off ({error}). Get it again.") from None


def require_whole(path: Path) -> None:
    """Check that a zstd file has all of its blocks: its readers take one that was cut off for a short one.

    Raises:
        YibaoError: it was cut off.
    """
    if detect_kind(path) == "zstd" and not zstd_frames.is_whole(path):
        raise YibaoError(f"{path}: the compressed file is damaged or cut off. Get it again.")


def split_file(path: Path, folder: Path) -> Iterator[tuple[Path, int]]:
    """Split the file into parts of whole lines, plain files that live until the next: (part, bytes read so far).

    The next part is written while its reader is at work on the last one. A plain file that is no larger than a part
    is a part as it is.
    """
    size = measure_size(path)
    if size is not None and size <= PART_BYTES:
        yield path, size
        return
    folder.mkdir(parents=True, exist_ok=True)
    places = [folder / f"bulk.part{number}.jsonl" for number in range(2)]
    try:
        with open_file(path) as source, ThreadPoolExecutor(max_workers=1) as writer:
            done, coming = 0, writer.submit(_copy_part, source, places[0], b"")
            for number in itertools.count(1):
                written, rest = coming.result()
                if not written:
                    return
                done += written
                coming = writer.submit(_copy_part, source, places[number % 2], rest)
                yield places[(number - 1) % 2], done
    finally:
        for place in places:
            place.unlink(missing_ok=True)


def _copy_part(source: BinaryIO, part: Path, rest: bytes) -> tuple[int, bytes]:
    """Write one part; returns its size and the beginning of the line that did not fit."""
    written = 0
    with explain_disk_errors(part), part.open("wb") as target:
        while written < PART_BYTES:
            block = source.read(_BLOCK_BYTES)
            end = block.rfind(b"\n") + 1
            if not block:
                written += target.write(rest)
                return written, b""
            if not end:
                rest += block
                if len(rest) > LINE_BYTES:  # No record: kept on disk, it may be as long as the file.
                    written += target.write(rest)
                    rest = b""
                continue
            written += target.write(rest) + target.write(block[:end])
            rest = block[end:]
    return written, rest


def measure_size(path: Path) -> int | None:
    """Measure the uncompressed size in bytes, for a measure of progress; None where nothing tells it."""
    return path.stat().st_size if detect_kind(path) == "plain" else None


def sample_records(path: Path, most: int) -> list[dict[str, Any]]:
    """Sample the objects among the first lines of a file; other lines are passed over."""
    records = []
    with open_file(path) as source:
        for _, line in itertools.islice(_read_lines(source), most):
            with contextlib.suppress(ValueError, RecursionError):
                record = json.loads(line)
                records += [record] if isinstance(record, dict) else []
    return records


def copy_lines(path: Path, ids: Collection[str | None], copy: Path) -> None:
    """Copy the records of these identifiers, as the file writes them; each tells its line, from 1, as `line`.

    None stands for records that have no identifier. Lines that are no records are left out.
    """
    wanted_ids = {json.dumps(arxiv_id, ensure_ascii=False).encode() for arxiv_id in ids} | {
        arxiv_id.encode() for arxiv_id in ids if arxiv_id
    }
    with open_file(path) as source, copy.open("wb") as target:
        for number, line in _read_lines(source):
            # The identifier is the first thing that the snapshot says; a short look is enough nearly always.
            match = _ID.search(line, 0, _HEAD_BYTES) or _ID.search(line)
            written_id = match[1] if match else b"null"
            if (
                written_id in wanted_ids or (b"\\" in written_id and _unescape(written_id) in wanted_ids)
            ) and _find_fault(line) is None:
                ended = line if line.endswith(b"\n") else line + b"\n"
                target.write(b'{"line": %d, ' % number + ended.lstrip()[1:])


def _unescape(written_id: bytes) -> bytes:
    """Remove needless escapes from an identifier: some write a backslash before a slash."""
    return json.dumps(json.loads(written_id), ensure_ascii=False).encode()


def copy_good_lines(path: Path, clean: Path) -> list[BadLine]:
    """Copy a file without the lines that are no records; returns those. For files that DuckDB refuses."""
    bad = []
    with open_file(path) as source, explain_disk_errors(clean), clean.open("wb") as target:
        for number, line in _read_lines(source):
            if not line.strip():
                continue
            reason = _find_fault(line)
            if not reason:
                target.write(line if line.endswith(b"\n") else line + b"\n")
                continue
            bad.append(BadLine(number, reason))
            if len(bad) > _MOST_BAD_LINES:
                raise YibaoError(
                    f"{path}: more than {_MOST_BAD_LINES:,} of its lines are no records; this is not arXiv's snapshot. "
                    f"Line {bad[0].line}: {bad[0].reason}"
                )
    return bad


def _read_lines(source: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Read every line with its number, from 1. Of one that is too long LINE_BYTES and a byte, never more."""
    reader = io.BufferedReader(cast("Any", source), _BLOCK_BYTES)
    for number in itertools.count(1):
        line = reader.readline(LINE_BYTES + 1)
        if not line:
            return
        end = line
        while len(end) > LINE_BYTES and not end.endswith(b"\n"):
            end = reader.readline(LINE_BYTES + 1)
        yield number, line


def _find_fault(line: bytes) -> str | None:
    """Say why a line is no record of the snapshot; None where it is one."""
    if len(line) > LINE_BYTES:
        return f"It is longer than {LINE_BYTES >> 20} MiB."
    try:
        record = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        return "It is not UTF-8."
    except (ValueError, RecursionError) as error:
        return f"It is not JSON: {error}."
    return _find_record_fault(record) if isinstance(record, dict) else "It is JSON, but no object."


def _find_record_fault(record: dict[str, Any]) -> str | None:
    for name, kind in (("versions", dict), ("authors_parsed", list)):
        value = record.get(name) or []
        if not isinstance(value, list) or not all(isinstance(element, kind) for element in value):
            return f"Its {name!r} is not as in arXiv's snapshot."
    return None
