"""Many subscribers at once, as an operator brings them from elsewhere."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select

from storage.people import suppressions
from storage.people.database import People, build_insert
from storage.people.schema import CONSENT, SUBSCRIBER, SUBSCRIPTION
from storage.people.subscribers import SubscriberState, dump_subscription, make_subscriber_row
from storage.people.suppressions import SuppressionReason
from yibao.records import Subscription

#: How many addresses one transaction takes: a database looks so many up by name at once.
PORTION = 500


class ImportOutcome(StrEnum):
    """What became of an address."""

    ADDED = "added"
    #: They get mail already; what they ask for stays as they left it.
    KNOWN = "known"
    #: They left, or were stopped: nothing changes.
    LEFT = "left"
    STOPPED = "stopped"


def import_subscribers(
    people: People, wishes: Mapping[str, Subscription], at: datetime, evidence: Mapping[str, Any]
) -> dict[str, ImportOutcome | SuppressionReason]:
    """Subscribe up to `PORTION` addresses, in one transaction; who was known before stays as they are.

    Returns what became of each address. No two of them may be spellings of one. `evidence` says how each agreed.
    """
    with people.begin() as connection:
        outcomes: dict[str, ImportOutcome | SuppressionReason] = {}
        outcomes |= suppressions.find_reasons_within(connection, people.secret, wishes)
        rows = [make_subscriber_row(email, at) for email in wishes if email not in outcomes]
        numbers = _insert_new(connection, rows)
        _insert_wishes(connection, numbers, wishes, at, evidence)
        known = [row["email_key"] for row in rows if row["email"] not in numbers]
        states = _read_states(connection, known)
    for row in rows:
        outcomes[row["email"]] = states.get(row["email_key"], ImportOutcome.ADDED)
    return outcomes


def _insert_new(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Insert subscribers whose address nobody has; returns the number of each by address."""
    if not rows:
        return {}
    statement = build_insert(connection, SUBSCRIBER).on_conflict_do_nothing(index_elements=[SUBSCRIBER.c.email_key])
    returned = connection.execute(statement.returning(SUBSCRIBER.c.email, SUBSCRIBER.c.subscriber_id), list(rows))
    return {row.email: row.subscriber_id for row in returned}


def _insert_wishes(
    connection: Connection,
    numbers: Mapping[str, int],
    wishes: Mapping[str, Subscription],
    at: datetime,
    evidence: Mapping[str, Any],
) -> None:
    dumped = {email: dump_subscription(wishes[email]) for email in numbers}
    if dumped:
        connection.execute(
            insert(SUBSCRIPTION), [{"subscriber_id": numbers[email], **wish} for email, wish in dumped.items()]
        )
        connection.execute(
            insert(CONSENT),
            [
                {"subscriber_id": numbers[email], "kind": "imported", "at": at, "details": {**wish, **evidence}}
                for email, wish in dumped.items()
            ],
        )


def _read_states(connection: Connection, keys: Sequence[str]) -> dict[str, ImportOutcome]:
    query = select(SUBSCRIBER.c.email_key, SUBSCRIBER.c.state).where(SUBSCRIBER.c.email_key.in_(keys))
    return {
        row.email_key: ImportOutcome.KNOWN if row.state == SubscriberState.ACTIVE else ImportOutcome(row.state)
        for row in connection.execute(query)
    }
