"""All that is known of one person is handed out, and erased to the last byte of the file."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from storage.people import deliveries, personal_data, subscribers, suppressions
from storage.people.database import open_people
from storage.people.schema import APPROVAL, BOUNCE, LETTER, METADATA, REQUEST, SUBSCRIBER, SUPPRESSION
from storage.people.subscribers import SubscriberState
from tests.people import AT, LATER, MONDAY, SECRET
from yibao.errors import PeopleError, SuppressedError
from yibao.records import Frequency, Subscription

MARK = "zq7marked"
EMAIL = f"{MARK}@example.org"
#: Of nobody in particular, or a hash.
IMPERSONAL = {"approval", "suppression"}


@pytest.fixture
def people(tmp_path):
    return open_people(tmp_path / "people.sqlite", SECRET)


def fill(people, email):
    """Put a person into every table, as a mail server's words, letters and the person's own wishes would."""
    subscription = Subscription(Frequency.WEEKLY, keywords=(f"about {email}",))
    subscribers.add_subscriber(people, email, subscription, AT, "confirmed", "192.0.2.7", {"agent": email})
    number = subscribers.find_subscriber(people, email).subscriber_id
    deliveries.open_deliveries(people, MONDAY, {number: f"<{email}>"}, AT, words=f"451 {email} later")
    with people.begin() as connection:
        wish = subscribers.dump_subscription(subscription)
        request = {"request_id": f"r{number}", "email": email.upper(), "subscription": wish}
        connection.execute(insert(REQUEST).values(**request, asked_at=AT, expires_at=LATER, network=email))
        letter = {"kind": "confirm", "email": email, "email_key": email.casefold(), "answer": email}
        connection.execute(insert(LETTER).values(**letter, queued_at=AT))
        bounce = {"kind": "soft", "subscriber_id": number, "words": email}
        connection.execute(insert(BOUNCE).values(**bounce, report_hash=f"h{number}", at=AT))
        decision = {"state": "released", "asked_at": AT, "deadline_at": AT, "decided_by": email}
        connection.execute(insert(APPROVAL).values(edition=f"2025-W{number:02}", **decision))
    return number


def count_rows(people):
    with people.connect() as connection:
        return {table.name: len(connection.execute(select(table)).all()) for table in METADATA.tables.values()}


def test_an_export_has_every_row_of_the_person_and_of_nobody_else(people):
    fill(people, "other@example.org")
    number = fill(people, EMAIL)
    exported = json.loads(json.dumps(personal_data.export_person(people, EMAIL.upper())))
    assert exported.keys() - {"email"} == METADATA.tables.keys() - {"approval"}
    rows = {table: rows for table, rows in exported.items() if isinstance(rows, list)}
    assert {table: len(rows) for table, rows in rows.items()} == dict.fromkeys(METADATA.tables.keys() - IMPERSONAL, 1)
    assert all(row["subscriber_id"] == number for found in rows.values() for row in found if "subscriber_id" in row)
    assert all(MARK in json.dumps(found).casefold() for table, found in rows.items())
    assert rows["subscriber"][0]["subscribed_at"] == "2025-01-13 17:00:00+00:00"
    assert personal_data.export_person(people, "nobody@example.org") is None


def test_an_export_says_why_an_address_gets_no_mail(people):
    suppressions.suppress(people, EMAIL, suppressions.SuppressionReason.COMPLAINED, AT)
    assert personal_data.export_person(people, EMAIL)["suppression"] == "complained"


def test_after_an_erasure_no_byte_of_the_person_is_in_the_file_and_others_stay(people, tmp_path):
    for number in range(40):  # Pages that are filled, split and emptied leave pieces behind.
        fill(people, f"{MARK}{number}@example.org")
    fill(people, "other@example.org")
    subscribers.add_subscriber(people, EMAIL, Subscription(), AT)
    expected = dict.fromkeys(METADATA.tables, 1) | {"suppression": 41, "approval": 41}
    for email in (*(f"{MARK}{number}@example.org" for number in range(40)), EMAIL):
        assert personal_data.erase_person(people, email, LATER)
    assert count_rows(people) == expected
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert any(b"other@example.org" in content for content in files.values())
    assert not [name for name, content in files.items() if MARK.encode() in content.lower()]
    with people.connect() as connection:
        assert "(erased)" in connection.scalars(select(APPROVAL.c.decided_by)).all()


def test_what_an_older_yibao_deleted_without_overwriting_it_goes_as_well(people, tmp_path):
    path = tmp_path / "people.sqlite"
    fill(people, EMAIL)
    people.dispose()
    with closing(sqlite3.connect(path)) as older, older:
        older.execute("PRAGMA secure_delete = OFF")
        for table in ("letter", "bounce"):
            older.execute(f"DELETE FROM {table}")
    assert MARK.encode() in path.read_bytes()
    personal_data.erase_person(open_people(path, SECRET), EMAIL, LATER)
    assert not [one for one in tmp_path.iterdir() if MARK.encode() in one.read_bytes().lower()]


def test_what_is_deleted_day_by_day_is_overwritten_in_the_file(people, tmp_path):
    fill(people, EMAIL)
    with people.begin() as connection:
        for table in METADATA.tables.values():
            connection.execute(table.delete())
    people.dispose()  # The last connection empties the log.
    assert not [one for one in tmp_path.iterdir() if MARK.encode() in one.read_bytes().lower()]


def test_who_was_erased_is_not_added_again_and_may_come_back_by_their_own_wish(people):
    first = fill(people, EMAIL)
    assert personal_data.erase_person(people, EMAIL.upper(), LATER)
    assert not personal_data.erase_person(people, EMAIL, LATER)
    with pytest.raises(SuppressedError, match="had their data erased"):
        subscribers.add_subscriber(people, EMAIL, Subscription(), LATER)
    assert subscribers.add_subscriber(people, EMAIL, Subscription(), LATER, kind="confirmed")
    assert subscribers.find_subscriber(people, EMAIL).subscriber_id > first


def test_erasing_whoever_is_not_known_puts_nothing_on_record(people):
    assert not personal_data.erase_person(people, "nobody@example.org", AT)
    assert count_rows(people)["suppression"] == 0


def test_an_erasure_forgets_no_complaint(people):
    fill(people, EMAIL)
    suppressions.suppress(people, EMAIL, suppressions.SuppressionReason.COMPLAINED, AT)
    personal_data.erase_person(people, EMAIL, LATER)
    assert suppressions.find_reason(people, EMAIL) == "complained"


def test_a_hash_says_nothing_without_our_secret(people, tmp_path):
    suppressions.suppress(people, EMAIL, suppressions.SuppressionReason.BLOCKED, AT)
    with people.connect() as connection:
        (address_hash,) = connection.scalars(select(SUPPRESSION.c.address_hash)).all()
    assert len(address_hash) == 64
    other = open_people(tmp_path / "people.sqlite", SECRET[::-1])
    assert not suppressions.is_suppressed(other, EMAIL)


def test_a_reader_who_keeps_the_log_is_told_with_the_remedy(people, tmp_path, monkeypatch):
    fill(people, EMAIL)
    monkeypatch.setattr("storage.people.database.BUSY_TIMEOUT_MS", 50)
    people = open_people(tmp_path / "people.sqlite", SECRET)
    with closing(sqlite3.connect(tmp_path / "people.sqlite", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM subscriber").fetchall()
        with pytest.raises(
            PeopleError, match=r"are erased, but .* another program reads it. .* run the same command again"
        ):
            personal_data.erase_person(people, EMAIL, LATER)
        reader.execute("COMMIT")
    assert personal_data.export_person(people, EMAIL)["subscriber"] == []
    personal_data.erase_person(people, EMAIL, LATER + timedelta(days=1))
    assert not [path for path in tmp_path.iterdir() if MARK.encode() in path.read_bytes().lower()]


def test_a_number_is_never_given_twice(people):
    numbers = []
    for _ in range(2):
        subscribers.add_subscriber(people, EMAIL, Subscription(), AT, kind="confirmed")
        numbers.append(subscribers.find_subscriber(people, EMAIL).subscriber_id)
        personal_data.erase_person(people, EMAIL, LATER)
    assert len(set(numbers)) == 2


def test_leaving_ends_mail_and_erases_nothing(people):
    number = fill(people, EMAIL)
    subscribers.end_subscription(people, number, SubscriberState.LEFT, LATER)
    with people.connect() as connection:
        assert connection.scalar(select(SUBSCRIBER.c.email)) == EMAIL
