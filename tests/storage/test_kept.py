"""Kept responses, and people."""

from datetime import UTC, date, datetime

import pytest

from storage.people import deliveries, subscribers
from storage.people.deliveries import DeliveryState
from storage.people.schema import METADATA, open_people
from storage.responses import Responses

AT = datetime(2025, 1, 13, tzinfo=UTC)


def test_a_response_comes_back_byte_for_byte_and_is_kept_once(tmp_path):
    kept = Responses(tmp_path)
    for _ in range(2):
        answer = kept.keep("https://e.org", date(2025, 1, 13), 200, b"\x00body" * 100, "text/xml", AT)
    assert kept.body(answer.sha256) == b"\x00body" * 100
    assert len(list(tmp_path.rglob("*.zst"))) == 1
    assert list(kept.journal()) == [answer, answer]


def test_a_journal_line_that_a_kill_cut_off_spoils_no_other(tmp_path):
    kept = Responses(tmp_path)
    kept.keep("https://e.org/1", date(2025, 1, 13), 200, b"1", "", AT)
    with (tmp_path / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"url": "https://e.org/2", "on"')
    kept.keep("https://e.org/3", date(2025, 1, 13), 200, b"3", "", AT)
    assert [answer.url for answer in kept.journal()] == ["https://e.org/1", "https://e.org/3"]


@pytest.fixture
def people(tmp_path):
    return open_people(tmp_path / "people.sqlite")


def test_every_column_about_people_says_what_it_means_or_is_a_key():
    for table in METADATA.tables.values():
        assert all(column.comment or column.name.endswith("_id") for column in table.columns)


def test_the_file_about_people_is_its_owners_alone(tmp_path):
    open_people(tmp_path / "people.sqlite")
    assert (tmp_path / "people.sqlite").stat().st_mode & 0o077 == 0


def test_a_database_error_names_no_person(people):
    from sqlalchemy import insert
    from sqlalchemy.exc import IntegrityError

    from storage.people.schema import SUBSCRIBER

    def add():
        with people.begin() as connection:
            connection.execute(insert(SUBSCRIBER).values(email="ann@example.org", frequency="daily", subscribed_at=AT))

    add()
    with pytest.raises(IntegrityError) as error:
        add()
    assert "ann@example.org" not in str(error.value)


def test_subscribing_twice_is_subscribing_once_and_leaving_is_leaving(people):
    assert subscribers.add_subscriber(people, "A@example.org", "daily", AT)
    assert not subscribers.add_subscriber(people, "a@example.org", "weekly", AT)
    assert [person.email for person in subscribers.read_active_subscribers(people, "weekly")] == ["A@example.org"]
    assert subscribers.remove_subscriber(people, "a@EXAMPLE.org", AT)
    assert not subscribers.remove_subscriber(people, "a@example.org", AT)
    assert subscribers.read_active_subscribers(people) == []


def test_a_delivery_is_put_on_record_once_and_keeps_how_far_it_came(people):
    deliveries.open_deliveries(people, "2025-W03", {1: "<m>"}, AT)
    for state in (DeliveryState.SENDING, DeliveryState.SENT):
        deliveries.record_delivery(people, 1, "2025-W03", state, AT)
        deliveries.open_deliveries(people, "2025-W03", {1: "<m>", 2: "<n>"}, AT)
        assert deliveries.read_states(people, "2025-W03") == {1: state, 2: DeliveryState.CLAIMED}
    assert deliveries.count_deliveries(people, "2025-W03") == {DeliveryState.SENT: 1, DeliveryState.CLAIMED: 1}
