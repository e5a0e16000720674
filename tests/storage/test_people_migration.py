"""Files that older Yibaos made, what becomes of them, and that all tables are then what the code says."""

import multiprocessing
import re
import sqlite3
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from storage.people import database, deliveries, subscribers
from storage.people.database import open_people
from storage.people.deliveries import DeliveryState
from storage.people.schema import METADATA
from storage.people.subscribers import SubscriberState
from tests.people import AT, SECRET
from yibao.errors import PeopleError
from yibao.records import Subscription

SUBSCRIBER = """
CREATE TABLE subscriber (
    subscriber_id INTEGER NOT NULL, email VARCHAR NOT NULL, frequency VARCHAR NOT NULL, subscribed_at DATETIME NOT NULL,
    left_at DATETIME, PRIMARY KEY (subscriber_id), UNIQUE (email)
);
"""
DELIVERY = """
CREATE TABLE delivery (
    delivery_id INTEGER NOT NULL, subscriber_id INTEGER NOT NULL, edition VARCHAR NOT NULL, state VARCHAR NOT NULL,
    message_id VARCHAR NOT NULL, changed_at DATETIME NOT NULL, answer VARCHAR, PRIMARY KEY (delivery_id),
    UNIQUE (subscriber_id, edition)
);
"""
INDEXES = """
CREATE INDEX delivery_edition ON delivery (edition, state);
CREATE INDEX delivery_state ON delivery (state, edition);
"""
#: What Yibaos before numbered migrations made: the first that was tried out, those without indexes, and the last.
OLDER = {"deliveries alone": DELIVERY, "no indexes": SUBSCRIBER + DELIVERY, "the last": SUBSCRIBER + DELIVERY + INDEXES}
WHEN = "2025-01-10 17:00:00.000000"


def make_older(path, tables="the last", people=(), sent=()):
    """Make a file as an older Yibao did: people as (email, left_at), deliveries as (subscriber, edition, state)."""
    with closing(sqlite3.connect(path)) as older, older:
        older.executescript(OLDER[tables])
        older.execute("PRAGMA journal_mode = WAL")
        for number, (email, left_at) in enumerate(people, 1):
            older.execute("INSERT INTO subscriber VALUES (?, ?, 'weekly', ?, ?)", (number, email, WHEN, left_at))
        for number, (subscriber, edition, state) in enumerate(sent, 1):
            row = (number, subscriber, edition, state, f"<{number}@yibao>", WHEN)
            older.execute("INSERT INTO delivery VALUES (?, ?, ?, ?, ?, ?, NULL)", row)
    return path


def list_differences(people):
    """List in what the tables differ from what the code says."""
    with people.connect() as connection:
        options = {"version_table": "people_version", "compare_type": True, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)


def read_definitions(path):
    """Read how each table and index of a file was made, spaces apart."""
    with closing(sqlite3.connect(path)) as file:
        rows = file.execute(
            "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%' ORDER BY name"
        ).fetchall()
    return {name: re.sub(r"\s+|(?<=\()\s|\s(?=\))", "", sql or "") for name, sql in rows}


@pytest.mark.parametrize("tables", OLDER)
def test_a_migrated_file_has_the_tables_of_a_fresh_one_and_of_the_code(tmp_path, tables):
    old, new = make_older(tmp_path / "old", tables), tmp_path / "new"
    people, fresh = open_people(old, SECRET), open_people(new, SECRET)
    assert list_differences(people) == list_differences(fresh) == []
    assert read_definitions(old) == read_definitions(new)
    with people.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []


def test_an_older_files_people_and_mail_are_taken_over(tmp_path):
    states = ("held", "claimed", "sending", "sent", "refused", "given up")
    sent = [(1, f"2025-01-{day}", state) for day, state in enumerate(states, 13)]
    path = make_older(tmp_path / "old", people=[("Ann@example.org", None), ("bob@example.org", WHEN)], sent=sent)
    people = open_people(path, SECRET)
    ann, bob = (subscribers.find_subscriber(people, f"{name}@example.org") for name in ("ann", "bob"))
    assert (ann.subscriber_id, ann.email, ann.state, str(ann.subscribed_on)) == (
        1,
        "Ann@example.org",
        "active",
        "2025-01-10",
    )
    assert (ann.frequency, ann.subscription.has_topics, ann.subscription.timezone) == ("weekly", False, "Asia/Shanghai")
    assert (bob.state, len({ann.token_id, bob.token_id, ""})) == (SubscriberState.LEFT, 3)
    kept = {edition: str(deliveries.read_states(people, edition)[1]) for _, edition, _ in sent}
    assert list(kept.values()) == ["held", "queued", "unknown", "sent", "refused", "given up"]
    (unknown,) = (one for one in deliveries.list_undelivered(people) if one.state is DeliveryState.UNKNOWN)
    assert "the run was killed" in unknown.words
    with people.connect() as connection:
        consents = connection.exec_driver_sql(
            "SELECT subscriber_id, kind, details FROM consent ORDER BY 1, 2"
        ).fetchall()
    by = '{"by": "an older Yibao"}'
    assert consents == [(1, "added", by), (2, "added", by), (2, "left", by)]


def test_two_spellings_of_one_address_become_one_person_who_gets_nothing_twice(tmp_path):
    people = [("ann@example.org", WHEN), ("Ann@example.org", None), ("ANN@example.org", None)]
    sent = [
        (1, "1", "sent"),
        (2, "2", "claimed"),
        (3, "2", "sent"),
        (2, "3", "sent"),
        (3, "3", "claimed"),
        (3, "4", "held"),
    ]
    opened = open_people(make_older(tmp_path / "old", people=people, sent=sent), SECRET)
    assert [one.email for one in subscribers.read_active_subscribers(opened)] == ["Ann@example.org"]
    kept = {edition: deliveries.read_states(opened, edition) for edition in "1234"}
    assert kept == {"1": {2: "sent"}, "2": {2: "sent"}, "3": {2: "sent"}, "4": {2: "held"}}


def test_a_number_that_old_deliveries_name_is_given_to_nobody_else(tmp_path):
    people = open_people(make_older(tmp_path / "old", "deliveries alone", sent=[(7, "2025-01-13", "sent")]), SECRET)
    subscribers.add_subscriber(people, "new@example.org", Subscription(), AT)
    assert subscribers.find_subscriber(people, "new@example.org").subscriber_id == 8


def test_a_migration_that_fails_in_the_middle_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = make_older(tmp_path / "old", people=[("ann@example.org", None)], sent=[(1, "2025-01-13", "claimed")])
    before = read_definitions(path)
    with monkeypatch.context() as patch:
        patch.setattr("secrets.token_urlsafe", lambda _length: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            open_people(path, SECRET)
    assert read_definitions(path) == before
    assert deliveries.read_states(open_people(path, SECRET), "2025-01-13") == {1: DeliveryState.QUEUED}


def test_a_file_of_a_newer_yibao_is_refused_with_the_remedy(tmp_path):
    path = tmp_path / "people.sqlite"
    with open_people(path, SECRET).begin() as connection:
        connection.exec_driver_sql("UPDATE people_version SET version_num = '0099'")
    with pytest.raises(PeopleError, match=r"by a newer Yibao \(version 0099; this one knows \d{4}\). Install that one"):
        open_people(path, SECRET)


def test_the_head_that_the_code_names_is_the_newest_migration():
    versions = database.Path(database.__file__).parent / "migrations" / "versions"
    assert max(path.name[:4] for path in versions.glob("0*.py")) == database.HEAD


def open_and_add(path, number, start):
    start.wait()
    people = open_people(path, SECRET)
    subscribers.add_subscriber(people, f"reader{number}@example.org", Subscription(), AT)


@pytest.mark.soak
@pytest.mark.parametrize("is_old", [False, True])
def test_processes_that_open_a_new_or_an_old_file_at_once_all_work(tmp_path, is_old):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    for number in range(3):
        path = tmp_path / f"{number}.sqlite"
        if is_old:
            make_older(path)
        start = context.Barrier(4)
        workers = [context.Process(target=open_and_add, args=(path, n, start)) for n in range(4)]
        for one in workers:
            one.start()
        for one in workers:
            one.join(60)
        assert [one.exitcode for one in workers] == [0] * 4
        people = open_people(path, SECRET)
        assert len(subscribers.read_active_subscribers(people)) == 4
        assert list_differences(people) == []
