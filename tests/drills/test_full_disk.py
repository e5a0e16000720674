"""A full or read-only disk: a sentence with path and remedy, and nothing half written."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from storage import linter_cache
from storage.disk import explain_disk_errors
from storage.library import connection
from storage.responses import Responses
from tests.storage.test_bulk import record
from tests.storage.test_search import ENTRIES, fill, found
from yibao.errors import YibaoError

AS_ROOT = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can be another user")
ON = date(2025, 1, 13)
AT = datetime(2025, 1, 13, tzinfo=UTC)
ROWS = "INSERT INTO problem BY NAME SELECT 'x' AS scope, range::VARCHAR AS path, 1 AS line, 1 AS column_number, 'r' AS rule, 'error' AS severity, md5(range::VARCHAR) AS message, md5((range + 1)::VARCHAR) AS remedy FROM range(400000)"  # noqa: E501


@pytest.fixture
def disk(tmp_path):
    """A small disk."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def leave(disk, free):
    """The disk is full but for so many bytes; returns the file that fills it."""
    filler = disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(disk).free - free))
    return filler


def test_a_batch_that_does_not_fit_is_told_and_the_library_holds_what_it_held(disk):
    path = disk / "data" / "library.duckdb"
    with connection.write_library(path) as library:
        library.execute(ROWS.replace("400000", "3"))
    filler = leave(disk, 1 << 20)
    with (
        pytest.raises(YibaoError, match=r"data/library\.duckdb: No space left on device.*Make room"),
        connection.write_library(path) as library,
    ):
        library.execute(ROWS)
    with connection.read_library(path) as library:
        assert library.execute("SELECT count(*) FROM problem").fetchall() == [(3,)]
    filler.unlink()
    with connection.write_library(path) as library:
        library.execute("DELETE FROM problem")


def test_a_library_for_which_there_is_no_room_is_not_begun(disk):
    leave(disk, 8192)
    with (
        pytest.raises(YibaoError, match="No space left on device"),
        connection.write_library(disk / "data" / "library.duckdb"),
    ):
        pass
    assert not (disk / "data" / "library.duckdb").exists()


def test_a_response_that_does_not_fit_is_told_and_leaves_nothing(disk):
    kept = Responses(disk / "responses")
    kept.keep_response("https://e.org/1", ON, 200, b"1", "", AT)
    filler = leave(disk, 4096)
    with pytest.raises(YibaoError, match=r"No space left on device.*Make room"):
        kept.keep_response("https://e.org/2", ON, 200, os.urandom(100_000), "", AT)
    assert list(disk.rglob("*.part")) == []
    filler.unlink()
    kept.keep_response("https://e.org/3", ON, 200, b"3", "", AT)
    assert ([one.url for one in kept.read_journal()], kept.find_damaged_lines()) == (
        ["https://e.org/1", "https://e.org/3"],
        [],
    )


def test_an_index_that_does_not_fit_is_told_and_found_in_as_before_or_made_anew(disk):
    folder = disk / "search"
    fill(folder, ENTRIES, is_whole=True)
    filler = leave(disk, 4096)
    with pytest.raises(YibaoError, match="disk/search"):
        fill(folder, ENTRIES * 300)
    filler.unlink()
    fill(folder, ENTRIES, is_whole=True)
    assert found(folder) == [3, 2, 1]


def test_an_import_that_does_not_fit_is_told_and_leaves_no_parts(disk, tmp_path):
    from tests.storage.test_bulk import Installed

    place = disk / "place"
    place.mkdir()
    installed = Installed(place)
    path = tmp_path / "x.json"
    path.write_text(
        "no record\n" + "".join(json.dumps(record(n, abstract="word " * 200)) + "\n" for n in range(1, 4000))
    )
    with pytest.raises(YibaoError, match="No space left on device"):
        installed.take(path)
    assert list((place / "data" / "import").iterdir()) == []


def write(disk, name):
    if name == "library":
        with connection.write_library(disk / "data" / "library.duckdb"):
            pass
    elif name == "responses":
        Responses(disk / "responses").keep_response("https://e.org/1", ON, 200, b"1", "", AT)
    else:
        fill(disk / "search", ENTRIES)


@pytest.mark.parametrize("name", ["library", "responses", "search"])
def test_a_read_only_disk_is_told_so(disk, name):
    path = disk / "data" / "library.duckdb"
    with connection.write_library(path):
        pass
    fill(disk / "search", ENTRIES, is_whole=True)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(YibaoError, match=r"Read-only file system.*make it writable") as raised:
        write(disk, name)
    assert str(disk) in str(raised.value)
    assert found(disk / "search") == [3, 2, 1]
    with connection.read_library(path) as library:
        assert library.execute("SELECT count(*) FROM problem").fetchall() == [(0,)]


def test_an_error_of_the_disk_is_told_with_the_path_that_it_names(tmp_path):
    with (
        pytest.raises(YibaoError, match=r"below: No such file or directory. Check the path"),
        explain_disk_errors(tmp_path),
    ):
        (tmp_path / "not" / "below").read_bytes()


PROGRAM = """
import os, sys
from pathlib import Path
from storage import linter_cache
os.setgroups([]); os.setgid(65534); os.setuid(65534)
with linter_cache.open_cache(Path(sys.argv[1]), 0.0) as kept:
    print(kept.get(b"old"))
    kept.put(b"new", 2)
    print(kept.get(b"new"))
"""


@AS_ROOT
def test_a_cache_that_may_not_be_written_is_read_and_else_done_without(tmp_path):
    place = Path(tempfile.mkdtemp())
    try:
        place.chmod(0o755)
        with linter_cache.open_cache(place / "checked.sqlite3", 0.0) as kept:
            kept.put(b"old", 1)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(place / "checked.sqlite3")],
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout, done.stderr) == ("1\nNone\n", "")
    finally:
        shutil.rmtree(place)


def test_a_cache_that_another_check_is_writing_is_done_without(tmp_path):
    path = tmp_path / "checked.sqlite3"
    with linter_cache.open_cache(path, 0.0):
        pass
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with linter_cache.open_cache(path, 0.0) as kept:
        kept.put(b"new", 2)
    other.close()


def test_a_cache_that_is_damaged_inside_is_done_without(tmp_path):
    path = tmp_path / "checked.sqlite3"
    with linter_cache.open_cache(path, 0.0) as kept:
        for number in range(2000):
            kept.put(b"%d" % number, "x" * 100)
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with linter_cache.open_cache(path, 0.0) as kept:
        assert kept.get(b"7") is None
        kept.put(b"7", 1)
