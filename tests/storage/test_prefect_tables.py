"""Prefect's empty tables are made once, and copied into new homes; the cache is never trusted blindly."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage import prefect_tables


@pytest.fixture
def kept_home(tmp_path, monkeypatch) -> Path:
    """A home whose server has just made its tables, and kept them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    home = tmp_path / "made"
    home.mkdir()
    with closing(sqlite3.connect(home / "prefect.db")) as database:
        database.execute("CREATE TABLE flow_run (id INTEGER)")
        database.commit()
    prefect_tables.keep_tables(home)
    return home


def new_home(tmp_path: Path) -> Path:
    home = tmp_path / "new"
    home.mkdir()
    return home


def tables(home: Path) -> list[str]:
    with closing(sqlite3.connect(home / "prefect.db")) as database:
        return [row[0] for row in database.execute("SELECT name FROM sqlite_master")]


def test_a_new_home_begins_with_the_tables_that_were_kept(kept_home, tmp_path):
    home = new_home(tmp_path)
    prefect_tables.copy_tables(home)
    assert tables(home) == tables(kept_home) == ["flow_run"]


def test_a_home_that_has_tables_keeps_its_own(kept_home, tmp_path):
    with closing(sqlite3.connect(kept_home / "prefect.db")) as database:
        database.execute("INSERT INTO flow_run VALUES (1)")
        database.commit()
    before = (kept_home / "prefect.db").read_bytes()
    prefect_tables.copy_tables(kept_home)
    assert (kept_home / "prefect.db").read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"no database", None])
def test_a_damaged_copy_is_not_used(kept_home, tmp_path, damage):
    (kept,) = (tmp_path / "cache" / "yibao").iterdir()
    kept.write_bytes(kept.read_bytes()[:5000] if damage is None else damage)
    home = new_home(tmp_path)
    prefect_tables.copy_tables(home)
    assert not prefect_tables.has_tables(home)
    assert not kept.exists()


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(kept_home, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    prefect_tables.keep_tables(kept_home)
    home = new_home(tmp_path)
    prefect_tables.copy_tables(home)
    assert not prefect_tables.has_tables(home)
