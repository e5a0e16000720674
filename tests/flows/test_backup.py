"""`yibao backup` and `restore`: both stores as of one moment, back in an empty place, and nothing sent twice."""

import json
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from commands.main import yibao
from flows.steps import environment
from flows.steps.backup import make_backup, restore_backup
from storage import backup as backups
from storage.library import connection
from tests.conftest import MONDAY, further_values, lay_out, section
from yibao.errors import BackupError, YibaoError

TUESDAY = MONDAY + timedelta(days=1)


def type_command(installation, *words):
    done = CliRunner().invoke(yibao, [*words, "--config", str(installation.config)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture
def elsewhere(tmp_path, arxiv):
    """Another machine: the same settings and translations, and no data."""
    (tmp_path / "elsewhere").mkdir()
    return lay_out(tmp_path / "elsewhere", arxiv)


def load(installation):
    return environment.load_settings(installation.config)


def read_people(installation, query):
    with sqlite3.connect(installation.folder / "data" / "people.sqlite") as people:
        return people.execute(query).fetchall()


@pytest.mark.soak
def test_what_comes_back_is_what_was_there(lived, elsewhere, tmp_path):
    done = type_command(lived, "backup", str(tmp_path / "backup"))
    assert (done.exit_code, "MiB, as of" in done.stdout) == (0, True), done.output
    done = type_command(elsewhere, "restore", str(tmp_path / "backup"))
    assert (done.exit_code, "2 subscribers" in done.stdout) == (0, True), done.output
    for table in ("paper", "announcement", "batch", "translation", "edition_paper", "operations.run"):
        assert elsewhere.rows(table) == lived.rows(table), table
    people = "SELECT email, token_id, state FROM subscriber ORDER BY 1"
    assert read_people(elsewhere, people) == read_people(lived, people)
    assert (elsewhere.folder / "data" / "people.key").read_bytes() == (lived.folder / "data/people.key").read_bytes()
    kept = sorted(path.name for path in (lived.folder / "data" / "responses").rglob("*"))
    assert sorted(path.name for path in (elsewhere.folder / "data" / "responses").rglob("*")) == kept
    elsewhere.write("a.md", section("2501.05727"))
    elsewhere.run("publish", MONDAY)
    assert (elsewhere.public / "papers/2501.05727/index.html").exists()


@pytest.mark.soak
def test_nobody_gets_again_what_was_mailed_after_the_backup(lived, elsewhere, arxiv, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(environment, "now", lambda: datetime(2025, 1, 13, 15, tzinfo=UTC))
        make_backup(load(lived), tmp_path / "backup")
    arxiv.today = TUESDAY
    monkeypatch.setattr(environment, "today", lambda: TUESDAY)
    lived.write("b.md", section("2501.05040"))
    lived.run("daily", TUESDAY)
    mailed = {path.name for path in lived.outbox.glob("*.eml")}
    restore_backup(load(elsewhere), tmp_path / "backup")
    elsewhere.write("a.md", section("2501.05727"))
    elsewhere.write("b.md", section("2501.05040"))
    report = elsewhere.run("daily", TUESDAY)
    assert not report.faults
    assert mailed
    assert list(elsewhere.outbox.glob("*.eml")) == []
    wednesday = TUESDAY + timedelta(days=1)
    arxiv.today = wednesday
    monkeypatch.setattr(environment, "today", lambda: wednesday)
    elsewhere.write("c.md", section("2501.06252"))
    elsewhere.run("daily", wednesday)
    assert len(list(elsewhere.outbox.glob("*.eml"))) == 2


def test_messages_under_way_at_the_backup_are_unknown_until_a_person_settles_them(lived, elsewhere, tmp_path):
    with sqlite3.connect(lived.folder / "data" / "people.sqlite") as people:
        people.execute("UPDATE delivery SET state = 'queued' WHERE subscriber_id = 1")
    make_backup(load(lived), tmp_path / "backup")
    assert restore_backup(load(elsewhere), tmp_path / "backup").unknown == 1
    assert read_people(elsewhere, "SELECT state FROM delivery ORDER BY subscriber_id") == [("unknown",), ("sent",)]


def test_a_number_of_a_subscriber_is_never_given_again_after_a_restore(lived, elsewhere, tmp_path):
    assert type_command(lived, "subscribers", "add", "third@example.org").exit_code == 0
    assert type_command(lived, "subscribers", "erase", "third@example.org", "--yes").exit_code == 0
    make_backup(load(lived), tmp_path / "backup")
    restore_backup(load(elsewhere), tmp_path / "backup")
    assert type_command(elsewhere, "subscribers", "add", "fourth@example.org").exit_code == 0
    assert max(read_people(elsewhere, "SELECT subscriber_id FROM subscriber")) == (4,)


def test_a_backup_is_its_owners_alone_and_never_overwritten(lived, tmp_path):
    folder = tmp_path / "backup"
    make_backup(load(lived), folder)
    assert folder.stat().st_mode & 0o077 == 0
    before = (folder / "backup.json").read_bytes()
    with pytest.raises(BackupError, match="never overwritten"):
        make_backup(load(lived), folder)
    assert (folder / "backup.json").read_bytes() == before


def test_a_restore_overwrites_nothing(lived, tmp_path):
    make_backup(load(lived), tmp_path / "backup")
    before = lived.rows("paper")
    with pytest.raises(BackupError, match="overwrites nothing"):
        restore_backup(load(lived), tmp_path / "backup")
    assert lived.rows("paper") == before


@pytest.mark.parametrize(
    "name", ["library.duckdb", *further_values("people.sqlite", "backup.json", "responses/journal.jsonl")]
)
@pytest.mark.parametrize("harm", ["cut", *further_values("missing", "changed")])
def test_a_damaged_backup_is_refused_before_anything_is_put_back(lived, elsewhere, tmp_path, name, harm):
    folder = tmp_path / "backup"
    make_backup(load(lived), folder)
    path = folder / name
    if harm == "missing":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(path.read_bytes()[:-10])
    else:
        path.write_bytes(b"x" + path.read_bytes()[1:])
    with pytest.raises(BackupError, match="backup"):
        restore_backup(load(elsewhere), folder)
    assert not (elsewhere.folder / "data" / "library.duckdb").exists()
    assert not (elsewhere.folder / "data" / "people.sqlite").exists()


def test_a_manifest_that_leads_out_of_the_backup_is_refused(lived, elsewhere, tmp_path):
    folder = tmp_path / "backup"
    make_backup(load(lived), folder)
    manifest = json.loads((folder / "backup.json").read_text())
    manifest["files"]["../../etc/passwd"] = [1, "0" * 64]
    (folder / "backup.json").write_text(json.dumps(manifest))
    with pytest.raises(BackupError, match="outside"):
        restore_backup(load(elsewhere), folder)


def test_a_restore_that_was_killed_is_done_by_the_next_one(lived, elsewhere, tmp_path, monkeypatch):
    make_backup(load(lived), tmp_path / "backup")

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("flows.steps.backup.hold_restored_mail", die)
        with pytest.raises(KeyboardInterrupt):
            restore_backup(load(elsewhere), tmp_path / "backup")
    assert not (elsewhere.folder / "data" / "people.sqlite").exists()
    restored = restore_backup(load(elsewhere), tmp_path / "backup")
    assert restored.people["subscriber"] == 2
    assert elsewhere.rows("paper") == lived.rows("paper")
    assert not list((elsewhere.folder / "data").glob("*restor*"))


WRITER = """
import sys
from pathlib import Path
from storage.library import connection
for number in range(100_000):
    # Two rows in one transaction: a copy has both, or neither.
    with connection.write_library(Path(sys.argv[1])) as library:
        library.execute("CREATE TABLE IF NOT EXISTS pair (number INTEGER)")
        library.execute("INSERT INTO pair VALUES ($1)", [number])
        library.execute("INSERT INTO pair VALUES ($1)", [number])
    print(number, flush=True)
"""


@pytest.mark.soak
def test_a_library_is_copied_as_of_one_moment_while_a_run_writes(harvested, tmp_path):
    command = [sys.executable, "-c", WRITER, str(harvested.folder / "data" / "library.duckdb")]
    folders = [tmp_path / f"backup {number}" for number in range(5)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as writer:
        writer.stdout.readline()
        for folder in folders:
            make_backup(load(harvested), folder)
        written = int(writer.stdout.readline())
        writer.kill()
    assert written > 0
    for folder in folders:
        with connection.read_library(folder / "library.duckdb") as copy:
            assert set(copy.execute("SELECT count(*) FROM pair GROUP BY number").fetchall()) == {(2,)}


def test_a_disk_that_is_full_leaves_no_backup_that_looks_whole(lived, tmp_path, monkeypatch):
    def fill(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copy2", fill)
    with pytest.raises(YibaoError, match="No space left"):
        make_backup(load(lived), tmp_path / "backup")
    with pytest.raises(BackupError, match="not finished"):
        backups.read_backup(tmp_path / "backup")


def test_what_is_not_there_yet_is_not_backed_up(installation, tmp_path):
    (installation.folder / "data").mkdir()
    assert make_backup(load(installation), tmp_path / "backup").files == {}
