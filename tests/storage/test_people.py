"""The database of subscribers where it cannot be used: one sentence that names the file and the remedy."""

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from storage.people import subscribers
from storage.people.database import open_people
from storage.people.schema import APPROVAL, METADATA
from tests.people import AT, SECRET
from yibao.errors import PeopleError
from yibao.records import Subscription


def test_every_column_about_people_says_what_it_means_or_is_a_key():
    for table in METADATA.tables.values():
        assert all(column.comment or column.name.endswith("_id") for column in table.columns)


def test_the_file_about_people_is_its_owners_alone(tmp_path):
    open_people(tmp_path / "people.sqlite", SECRET)
    assert (tmp_path / "people.sqlite").stat().st_mode & 0o077 == 0


def test_a_database_error_names_no_person(tmp_path):
    row = {"edition": "2025-01-13", "state": "waiting", "asked_at": AT, "deadline_at": AT, "decided_by": "ann@e.org"}
    people = open_people(tmp_path / "people.sqlite", SECRET)
    with people.begin() as connection:
        connection.execute(insert(APPROVAL).values(row))
    with pytest.raises(IntegrityError) as error, people.begin() as connection:
        connection.execute(insert(APPROVAL).values(row))
    assert "ann@e.org" not in str(error.value)


def test_damage_that_shows_later_is_told_likewise(tmp_path):
    path = tmp_path / "people.sqlite"
    people = open_people(path, SECRET)
    for number in range(300):
        subscribers.add_subscriber(people, f"reader{number}-{'x' * 40}@example.org", Subscription(), AT)
    people.dispose()
    content = bytearray(path.read_bytes())
    beyond = 4096 * 25  # Tables and their columns are in the first pages.
    content[beyond:] = b"\xff" * (len(content) - beyond)
    path.write_bytes(content)
    with pytest.raises(PeopleError, match=r"people\.sqlite: .*malformed.* Restore it from a backup; or move it away"):
        subscribers.read_active_subscribers(open_people(path, SECRET))


def test_a_file_that_another_program_keeps_is_told_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr("storage.people.database.BUSY_TIMEOUT_MS", 50)
    path = tmp_path / "people.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(PeopleError, match=r"locked\. Another program keeps it open\. End that program, or wait"):
            open_people(path, SECRET)
    people = open_people(path, SECRET)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(PeopleError, match="Another program keeps it open"):
            subscribers.add_subscriber(people, "a@example.org", Subscription(), AT)


def test_a_row_that_is_not_whole_is_refused_by_the_database(tmp_path):
    people = open_people(tmp_path / "people.sqlite", SECRET)
    with pytest.raises(IntegrityError, match="NOT NULL"), people.begin() as connection:
        connection.execute(insert(APPROVAL).values(edition="2025-01-13"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_of_another_user_is_told_with_the_remedy(tmp_path, mode):
    open_people(tmp_path / "before", SECRET)  # All of SQLAlchemy is loaded before we are somebody else.
    folder = Path(tempfile.mkdtemp(prefix="yibao-mail-"))
    path = folder / "people.sqlite"
    try:
        open_people(path, SECRET).dispose()
        path.chmod(mode)
        folder.chmod(0o755)
        os.seteuid(65534)
        try:
            with pytest.raises(PeopleError, match="Let the user who runs Yibao read and write this file"):
                open_people(path, SECRET)
        finally:
            os.seteuid(0)
    finally:
        shutil.rmtree(folder)
