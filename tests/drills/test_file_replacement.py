"""Whoever reads the library keeps nobody from writing it, and what is killed meanwhile loses nothing."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

from storage.library import connection, file_replacement
from tests.holder import holding
from yibao.errors import LibraryBusyError, LibraryError

pytestmark = pytest.mark.soak

COUNT = "SELECT count(*) FROM problem"
INSERT = "INSERT INTO problem (scope, path, line) VALUES ('x', 'a.md', 1)"


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A library with one row in `problem`; writers wait for readers for a tenth of a second."""
    monkeypatch.setattr(connection, "_READERS_S", 0.1)
    path = tmp_path / "data" / "library.duckdb"
    add(path)
    return path


def add(path):
    with connection.write_library(path) as library:
        connection.insert_rows(
            library, "problem", [{"scope": "x", "path": "a.md", "line": 1, "column_number": 1, **TEXTS}]
        )


TEXTS = {"rule": "r", "severity": "error", "message": "m", "remedy": "do"}
ADD = "INSERT INTO problem BY NAME SELECT 'x' AS scope, 'a.md' AS path, 1 AS line, 1 AS column_number, 'r' AS rule, 'error' AS severity, 'm' AS message, 'd' AS remedy"  # noqa: E501


def count(path):
    with connection.read_library(path) as library:
        return library.execute(COUNT).fetchone()[0]


def files(path):
    return sorted(file.name for file in path.parent.iterdir())


def leave_a_log(path):
    """A writer is killed after it stored a row: the row is in the log beside the library, and nowhere else."""
    with holding(path, "writer") as writer:
        writer.ask(ADD)
        writer.kill()
    assert files(path) == ["library.duckdb", "library.duckdb.wal"]


def test_a_reader_keeps_its_answers_and_the_writer_writes(path):
    with holding(path, "reader") as reader:
        assert reader.ask(COUNT) == "[(1,)]"
        add(path)
        assert count(path) == 2
        assert reader.ask(COUNT) == "[(1,)]"
        with holding(path, "reader") as newcomer:
            assert newcomer.ask(COUNT) == "[(2,)]"
            add(path)
        assert reader.ask(COUNT) == "[(1,)]"
    assert count(path) == 3
    assert files(path) == ["library.duckdb"]


def test_a_reader_that_ends_soon_is_waited_for_and_the_file_stays_the_same(path, monkeypatch):
    monkeypatch.setattr(connection, "_READERS_S", 20.0)
    inode = path.stat().st_ino
    with holding(path, "reader") as reader:
        threading.Timer(0.3, reader.kill).start()
        add(path)
    assert (count(path), path.stat().st_ino) == (2, inode)


def test_what_a_killed_writer_left_in_the_log_is_in_the_copy_once(path):
    leave_a_log(path)
    with holding(path, "reader") as reader:
        assert reader.ask(COUNT) == "[(2,)]"
        add(path)
        assert reader.ask(COUNT) == "[(2,)]"
        assert count(path) == 3
    assert files(path) == ["library.duckdb"]


def test_rights_and_a_link_to_the_library_stay_as_they_were(path, tmp_path):
    path.chmod(0o640)
    place = tmp_path / "elsewhere.duckdb"
    path.rename(place)
    path.symlink_to(place)
    with holding(path, "reader"):
        add(path)
    assert (path.is_symlink(), place.stat().st_mode & 0o777, count(place)) == (True, 0o640, 2)


def test_a_library_that_another_process_writes_is_waited_for_and_then_told_with_its_process(path, monkeypatch):
    monkeypatch.setattr(connection, "_WRITER_PATIENCE_S", 1.0)
    with holding(path, "writer") as writer:
        writer.ask(ADD)
        with pytest.raises(LibraryBusyError) as raised:
            add(path)
        assert f"process {writer.pid} (python" in str(raised.value)
        assert "End that process" in str(raised.value)
        with pytest.raises(LibraryBusyError, match=str(writer.pid)), connection.read_library(path, patience_s=0.5):
            pass
        assert writer.ask(COUNT) == "[(2,)]"
    assert count(path) == 2


def test_a_writer_that_ends_is_outlasted_by_writers_and_readers(path):
    with holding(path, "writer") as writer:
        threading.Timer(1.0, writer.kill).start()
        assert count(path) == 1
    with holding(path, "writer") as writer:
        threading.Timer(1.0, writer.kill).start()
        add(path)
    assert count(path) == 2


def test_where_the_disk_has_no_room_for_a_copy_the_reader_is_named_and_nothing_is_left(path, monkeypatch):
    monkeypatch.setattr(connection, "_WRITER_PATIENCE_S", 1.0)
    monkeypatch.setattr(file_replacement, "_SPARE_BYTES", 1 << 60)
    with holding(path, "reader") as reader:
        with pytest.raises(LibraryBusyError) as raised:
            add(path)
        assert f"process {reader.pid}" in str(raised.value)
        assert "MiB are free" in str(raised.value)
    assert (count(path), files(path)) == (1, ["library.duckdb"])


def test_while_the_copy_is_made_nobody_else_can_write(path, monkeypatch):
    refused = []
    real = shutil.copyfileobj

    def copy(source, target, length):
        real(source, target, length)
        program = "import duckdb, sys; duckdb.connect(sys.argv[1])"
        done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False)
        refused.append("Could not set lock" in done.stderr)

    with holding(path, "reader") as reader:
        monkeypatch.setattr(shutil, "copyfileobj", lambda *given: (reader.kill(), copy(*given)))
        file_replacement.replace_with_copy(path)
    assert refused == [True]


#: Replaces the library, and dies by SIGKILL before the n-th call that changes a file.
KILLED = """
import os, shutil, signal, sys
from pathlib import Path

left = int(sys.argv[2])

def fatal(real):
    def call(*given, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **named)
    return call

import duckdb
from storage.library import file_replacement

for owner, name in ((shutil, "copyfileobj"), (shutil, "copyfile"), (os, "fsync"), (Path, "replace"), (Path, "unlink"),
                    (duckdb, "connect")):
    setattr(owner, name, fatal(getattr(owner, name)))
file_replacement.replace_with_copy(Path(sys.argv[1]))
print("done")
"""


@pytest.mark.parametrize("has_log", [False, True], ids=["without a log", "with a log"])
def test_killed_at_any_step_of_the_exchange_nothing_is_lost_or_doubled(path, tmp_path, has_log):
    if has_log:
        leave_a_log(path)
    rows = 1 + has_log
    steps, is_done = 0, False
    while not is_done:
        place = tmp_path / f"killed{steps}"
        shutil.copytree(path.parent, place)
        library = place / path.name
        with holding(library, "reader") as reader:
            done = subprocess.run(
                [sys.executable, "-c", KILLED, str(library), str(steps)],
                env={**os.environ, "PYTHONPATH": str(Path.cwd())},
                capture_output=True,
                text=True,
                check=False,
            )
            is_done = done.stdout == "done\n"
            assert is_done or done.returncode == -9, done.stderr
            assert reader.ask(COUNT) == f"[({rows},)]"
            add(library)
        assert (count(library), files(library)) == (rows + 1, [path.name]), steps
        steps += 1
    assert steps >= (12 if has_log else 6)


def test_a_copy_that_a_kill_left_is_not_put_in_the_place_of_what_others_wrote_since(path):
    ready = path.with_name("library.duckdb.ready")
    shutil.copyfile(path, ready)
    time.sleep(0.02)
    with duckdb.connect(str(path)) as other:
        other.execute(ADD)
    add(path)
    assert (count(path), files(path)) == (3, ["library.duckdb"])


def test_without_a_library_a_reader_learns_what_makes_one(tmp_path):
    with pytest.raises(LibraryError, match="yibao run"), connection.read_library(tmp_path / "library.duckdb"):
        pass
