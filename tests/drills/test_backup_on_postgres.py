"""People move between SQLite and PostgreSQL by backup and restore, and nothing of them changes on the way."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from storage.people.database import open_people
from storage.people.people_copy import copy_people
from storage.people.schema import DELIVERY, METADATA, SUBSCRIBER
from tests.drills.postgres import new_database, postgres_server
from yibao.errors import PeopleError

AT = datetime(2025, 1, 13, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def server():
    with postgres_server() as address:
        yield address


@pytest.fixture
def file(tmp_path):
    people = open_people(tmp_path / "people.sqlite", b"secret" * 8)
    with people.begin() as connection:
        for number in range(1, 12_001):
            address = f"reader{number}@example.org"
            row = {"email": address, "email_key": address, "token_id": str(number), "state": "active"}
            connection.execute(SUBSCRIBER.insert(), row | {"state_at": AT, "subscribed_at": AT})
        delivery = {"edition": "2025-01-13", "state": "sent", "message_id": "<a@b>", "changed_at": AT}
        connection.execute(DELIVERY.insert(), [delivery | {"subscriber_id": number} for number in range(1, 101)])
        connection.execute(SUBSCRIBER.delete().where(SUBSCRIBER.c.subscriber_id == 12_000))
    return people


def read_everything(people):
    with people.connect() as connection:
        return {
            table.name: sorted(map(str, connection.execute(select(table)).all())) for table in METADATA.sorted_tables
        }


def add_one(people):
    row = {"email": "new@example.org", "email_key": "new@example.org", "token_id": "new", "state": "active"}
    with people.begin() as connection:
        done = connection.execute(SUBSCRIBER.insert(), row | {"state_at": AT, "subscribed_at": AT})
        return done.inserted_primary_key[0]


def test_there_and_back_everything_is_the_same_and_no_number_is_given_twice(server, file, tmp_path):
    with new_database(server) as address:
        shared, again = open_people(address, b""), open_people(tmp_path / "again.sqlite", b"")
        assert copy_people(file, shared) == copy_people(shared, again)
        assert read_everything(file) == read_everything(shared) == read_everything(again)
        with pytest.raises(PeopleError, match="not empty"):
            copy_people(file, shared)
        assert add_one(shared) == add_one(again) == 12_001
        shared.dispose()
