"""Subscribers, suppressions, deliveries and approvals on PostgreSQL; and a server that is not as it should be."""

import psycopg
import pytest
from sqlalchemy import inspect

from storage.people import subscribers
from storage.people.database import open_people
from storage.people.schema import DELIVERY
from tests.drills.postgres import new_database, postgres_server
from tests.drills.scheduled import free_port
from tests.people import AT, SECRET, PeoplePromises, people
from tests.storage.test_people_migration import list_differences
from yibao.errors import PeopleError
from yibao.records import Subscription

__all__ = ["people"]


@pytest.fixture(scope="module")
def server():
    with postgres_server() as address:
        yield address


@pytest.fixture
def database(server):
    with new_database(server) as address:
        yield address


class TestPostgres(PeoplePromises):
    """The same as on SQLite."""


def test_a_fresh_database_has_the_tables_of_the_code_and_their_meaning_beside_each_column(people):
    assert list_differences(people) == []
    with people.connect() as connection:
        comments = {one["name"]: one["comment"] for one in inspect(connection).get_columns("delivery")}
    assert comments == {column.name: column.comment for column in DELIVERY.columns}


def test_prefect_may_have_the_same_database(database):
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('9e83011d1f2a')")
    for _ in range(2):
        assert subscribers.read_active_subscribers(open_people(database, SECRET)) == []


def test_a_newer_yibaos_database_is_refused(database):
    with open_people(database, SECRET).begin() as connection:
        connection.exec_driver_sql("UPDATE people_version SET version_num = '0099'")
    with pytest.raises(PeopleError, match="by a newer Yibao"):
        open_people(database, SECRET)


def test_a_user_without_rights_is_told_what_is_missing(database):
    with psycopg.connect(database) as connection:
        connection.execute("DROP ROLE IF EXISTS guest")
        connection.execute("CREATE ROLE guest LOGIN")
    with pytest.raises(PeopleError, match=r"/people_\d+: .*permission denied.* Give this user the right to make"):
        open_people(database.replace("yibao@", "guest@"), SECRET)


def test_a_server_that_goes_away_is_told_with_the_remedy_and_used_again_when_it_is_back():
    port = free_port()
    with postgres_server(port) as address:
        people = open_people(address, SECRET)
        subscribers.add_subscriber(people, "a@example.org", Subscription(), AT)
    says = (
        rf"127\.0\.0\.1:{port}/postgres: the subscribers cannot be used: .* Start PostgreSQL, or mend people.database"
    )
    for use in (
        lambda: subscribers.read_active_subscribers(people),
        lambda: subscribers.add_subscriber(people, "b@example.org", Subscription(), AT),
        lambda: open_people(address, SECRET),
    ):
        with pytest.raises(PeopleError, match=says) as error:
            use()
        assert "example.org" not in str(error.value)
    with postgres_server(port) as address, people.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_a_connection_that_is_cut_in_the_middle_of_a_transaction_is_told_and_the_next_one_works(people):
    def lose_the_connection():
        with people.begin() as connection:
            number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            with people.begin() as other:
                other.exec_driver_sql(f"SELECT pg_terminate_backend({number})")
            connection.exec_driver_sql("SELECT 1")

    with pytest.raises(PeopleError, match="Start PostgreSQL"):
        lose_the_connection()
    assert subscribers.read_active_subscribers(people) == []


@pytest.mark.parametrize("end", ["host:port/name", "127.0.0.1:1/name?sslmod=require", "127.0.0.1:1/name"])
def test_an_address_that_leads_nowhere_is_told_without_its_password(end):
    with pytest.raises(PeopleError, match=r"people\.database") as error:
        open_people(f"postgresql://yibao:geheim@{end}", SECRET)
    assert "geheim" not in str(error.value)
