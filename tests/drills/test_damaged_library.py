"""A library that cannot be opened is told with its file and a remedy, by every command that opens it."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from commands.main import yibao
from storage.library import connection, runs
from tests.conftest import MONDAY, section
from tests.preloaded import run_command
from yibao.errors import LibraryError

pytestmark = pytest.mark.soak

COMMANDS = [
    ("sql", "--library", "SELECT * FROM paper"),
    ("status",),
    ("translations", "status"),
    ("translations", "check"),
    ("translations", "new", "2501.06252", "--to", "new.md"),
    ("newsletter", "preview", "--edition", "2025-01-13"),
]


@pytest.fixture
def path(tmp_path):
    """A library of an installation in the test's folder."""
    (tmp_path / "yibao.toml").write_text("[arxiv]\ncontact = 'me@example.org'\n")
    (tmp_path / "translations").mkdir()
    (tmp_path / "translations" / "a.md").write_text(section("2501.05727"))
    path = tmp_path / "data" / "library.duckdb"
    with connection.write_library(path) as library:
        runs.begin_run(library, "a", "daily", MONDAY, datetime(2025, 1, 13, tzinfo=UTC))
        library.execute("CREATE TABLE much AS SELECT range AS n, md5(range::VARCHAR) AS text FROM range(300000)")
    return path


def turn_into_text(path):
    path.write_bytes(b"not a database" * 1000)


def empty(path):
    path.write_bytes(b"")


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def cut_to_its_header(path):
    path.write_bytes(path.read_bytes()[:4096])


def turn_into_a_folder(path):
    path.unlink()
    path.mkdir()


def turn_into_sqlite(path):
    path.unlink()
    sqlite3.connect(path).execute("CREATE TABLE x (y)").connection.commit()


def overwrite_the_middle(path):
    content = bytearray(path.read_bytes())
    content[8192 + 4096 :] = os.urandom(len(content) - 8192 - 4096)
    path.write_bytes(content)


def checksum(block):
    """DuckDB's, of whole words."""
    result = 5381
    for start in range(0, len(block), 8):
        word = int.from_bytes(block[start : start + 8], "little")
        result ^= word * 0xBF58476D1CE4E5B9 % (1 << 64)
    return result


def age_by_a_version(path):
    """The file says that a DuckDB of the future wrote it."""
    content = bytearray(path.read_bytes())
    assert (content[8:12], checksum(content[8:4096])) == (b"DUCK", int.from_bytes(content[:8], "little"))
    content[12:20] = (900).to_bytes(8, "little")
    content[:8] = checksum(content[8:4096]).to_bytes(8, "little")
    path.write_bytes(content)


DAMAGE = [turn_into_text, empty, cut, cut_to_its_header, turn_into_a_folder, turn_into_sqlite, overwrite_the_middle]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("damage", DAMAGE)
def test_every_command_tells_file_and_remedy(path, monkeypatch, capfd, damage, arguments):
    damage(path)
    monkeypatch.chdir(path.parents[1])
    done = CliRunner().invoke(yibao, [*arguments])
    assert done.exit_code == 1
    # A process of its own answers SQL, and tells by itself.
    message = str(done.exception) if arguments[0] != "sql" else capfd.readouterr().err.removeprefix("yibao: ")
    assert isinstance(done.exception, LibraryError) or arguments[0] == "sql", done.exception
    assert message.startswith(f"{path}: ")
    assert "backup" in message
    assert "yibao harvest --kept" in message


@pytest.mark.parametrize("damage", DAMAGE)
def test_whoever_would_write_is_told_so_too_and_nothing_is_changed(path, damage):
    damage(path)
    before = None if path.is_dir() else path.read_bytes()
    with pytest.raises(LibraryError, match="backup"), connection.write_library(path) as library:
        library.execute("SELECT count(n), max(text) FROM much").fetchall()
    assert before is None or path.read_bytes() == before


def test_damage_deep_inside_that_opening_does_not_notice_is_told_as_such(path):
    content = bytearray(path.read_bytes())
    place = len(content) * 2 // 3
    content[place : place + 4096] = os.urandom(4096)
    path.write_bytes(content)
    with pytest.raises(LibraryError, match=r"damaged.*backup"), connection.read_library(path) as library:
        library.execute("SELECT max(n), max(text) FROM much").fetchall()


def test_a_library_that_a_newer_duckdb_wrote_names_that(path, monkeypatch):
    age_by_a_version(path)
    monkeypatch.chdir(path.parents[1])
    done = CliRunner().invoke(yibao, ["status"])
    assert isinstance(done.exception, LibraryError), done.exception
    assert "a newer DuckDB wrote this library" in str(done.exception)
    assert "Install" in str(done.exception)


def test_a_damaged_log_beside_the_library_is_told(path):
    from tests.holder import holding

    with holding(path, "writer") as writer:
        writer.ask("INSERT INTO much VALUES (1, 'x')")
        writer.kill()
    log = path.with_name("library.duckdb.wal")
    content = bytearray(log.read_bytes())
    content[len(content) // 2 :] = os.urandom(len(content) - len(content) // 2)
    log.write_bytes(content)
    with pytest.raises(LibraryError, match=r"library\.duckdb\.wal"), connection.read_library(path):
        pass


@pytest.mark.parametrize("arguments", [("run",), ("sql", "--library", "SELECT 1")], ids=" ".join)
def test_on_the_command_line_it_is_one_sentence_and_exit_status_1(path, arguments):
    turn_into_text(path)
    status, out, err = run_command(*arguments, cwd=path.parents[1])
    assert (status, out, err.count("\n"), "Traceback" in err) == (1, "", 1, False), err


PROGRAM = """
import os, sys
from pathlib import Path
from storage.library import connection
from yibao.errors import LibraryError
import pytz
os.setgroups([]); os.setgid(65534); os.setuid(65534)
for way in (connection.read_library, connection.write_library):
    try:
        with way(Path(sys.argv[1])):
            pass
    except LibraryError as error:
        print(error)
"""


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can be another user")
def test_a_library_that_its_reader_may_not_open_is_told_so(path):
    place = Path(tempfile.mkdtemp())
    try:
        place.chmod(0o755)
        shutil.copyfile(path, place / "library.duckdb")
        (place / "library.duckdb").chmod(0)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(place / "library.duckdb")],
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
            capture_output=True,
            text=True,
            check=False,
        )
        message = (
            f"{place / 'library.duckdb'}: Permission denied. Run Yibao as the user who owns it, or correct its rights."
        )
        assert done.stdout.splitlines() == [message, message], done.stderr
    finally:
        shutil.rmtree(place)
