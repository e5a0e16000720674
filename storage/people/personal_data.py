"""All that is known of one person: handed out, or erased, as they may ask."""

import json
import sqlite3
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, select, update

from storage.people import suppressions
from storage.people.database import People
from storage.people.schema import (
    APPROVAL,
    BOUNCE,
    CONSENT,
    DELIVERY,
    LETTER,
    REQUEST,
    SUBSCRIBER,
    SUBSCRIPTION,
    make_email_key,
)
from storage.people.suppressions import SuppressionReason
from yibao.errors import PeopleError

#: Tables by number of subscriber, those first that name another one.
_BY_NUMBER = (BOUNCE, DELIVERY, CONSENT, SUBSCRIPTION, SUBSCRIBER)
_ERASED = "(erased)"
_UNFINISHED = (
    "The person's rows are erased, but their bytes are still in the file or its log, which could not be written anew: "
    "{}. End other programs that use the subscribers, make room on the disk, and run the same command again."
)


def export_person(people: People, email: str) -> dict[str, Any] | None:
    """Collect every row about the person with this address, by table, as JSON's types; None where there is none.

    `suppression` says why the address gets no mail, where it gets none.
    """
    with people.connect() as connection:
        rows = {
            table.name: [_dump_row(row) for row in connection.execute(select(table).where(condition))]
            for table, condition in _find_rows(connection, email)
        }
        reasons = suppressions.find_reasons_within(connection, people.secret, [email])
    if not any(rows.values()) and not reasons:
        return None
    return {"email": email, **rows, "suppression": reasons.get(email)}


def erase_person(people: People, email: str, at: datetime) -> bool:
    """Erase every row about the person with this address; a hash remains, which keeps it from being added again.

    Afterwards the file of SQLite holds no byte of it. PostgreSQL overwrites what was deleted in its own time. Returns
    whether there was anything.

    Raises:
        PeopleError: the rows are gone, and another program keeps their bytes in the file's log; it says what to do.
    """
    with people.begin() as connection:
        erased = [
            connection.execute(delete(table).where(condition)).rowcount
            for table, condition in _find_rows(connection, email)
        ]
        for decision in connection.scalars(select(APPROVAL.c.decided_by).distinct()).all():
            if decision and make_email_key(email) in make_email_key(decision):
                is_theirs = APPROVAL.c.decided_by == decision
                connection.execute(update(APPROVAL).where(is_theirs).values(decided_by=_ERASED))
        if any(erased):
            suppressions.suppress_within(connection, people.secret, email, SuppressionReason.ERASED, at)
    if people.engine.dialect.name == "sqlite":
        _rewrite_file(people)
    return any(erased)


def _find_rows(connection: Connection, email: str) -> list[tuple[Table, ColumnElement[bool]]]:
    """Find which rows of which tables are about a person, in an order in which they can be deleted."""
    key = make_email_key(email)
    query = select(SUBSCRIBER.c.subscriber_id).where(SUBSCRIBER.c.email_key == key)
    numbers = list(connection.scalars(query))
    # Requests are few: they expire.
    requests = [
        row.request_id
        for row in connection.execute(select(REQUEST.c.request_id, REQUEST.c.email))
        if make_email_key(row.email) == key
    ]
    return [
        *((table, table.c.subscriber_id.in_(numbers)) for table in _BY_NUMBER),
        (LETTER, LETTER.c.email_key == key),
        (REQUEST, REQUEST.c.request_id.in_(requests)),
    ]


def _rewrite_file(people: People) -> None:
    """Write the file anew without what was deleted, and empty its log."""
    # VACUUM knows no transaction, and SQLAlchemy begins one: the driver does it.
    with people.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute("VACUUM")
            is_busy, *_ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise PeopleError(_UNFINISHED.format(error)) from error
    if is_busy:
        raise PeopleError(_UNFINISHED.format("another program reads it"))


def _dump_row(row: Row[Any]) -> dict[str, Any]:
    dumped: dict[str, Any] = json.loads(json.dumps(row._asdict(), default=str))
    return dumped
