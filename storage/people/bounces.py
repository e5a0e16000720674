"""What mail servers and readers reported of our messages: each report once, and whom it stops."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, distinct, func, select, update

from storage.people.database import People, build_insert
from storage.people.schema import BOUNCE, CONSENT, DELIVERY, SUBSCRIBER, make_email_key
from storage.people.subscribers import SubscriberState, record_consent
from storage.people.suppressions import SuppressionReason, suppress_within

#: Kinds of consent with which mail begins.
_SUBSCRIBED = ("added", "imported", "confirmed")
#: What a report is kept as that ends a person's mail.
_LEAVING = "leaving"
_REASONS = {"hard": SuppressionReason.BOUNCED, "complaint": SuppressionReason.COMPLAINED}


class Addressee(NamedTuple):
    """Whose message a report is about."""

    delivery_id: int
    subscriber_id: int
    #: None after their data were erased.
    email: str | None


class Bounce(NamedTuple):
    """A report as it is kept."""

    #: Of the report's bytes.
    report_hash: str
    #: hard, soft, complaint, leaving or other.
    kind: str
    #: RFC 3463; empty where the report names none.
    status: str
    #: None where nobody can tell.
    addressee: Addressee | None
    #: What the report says, without addresses.
    words: str


def is_known_report(people: People, report_hash: str) -> bool:
    """Tell whether a report is on record."""
    with people.connect() as connection:
        return connection.scalar(select(BOUNCE.c.kind).where(BOUNCE.c.report_hash == report_hash)) is not None


def find_addressee(people: People, delivery_id: int) -> Addressee | None:
    """Find whose a delivery was; None where no such delivery is on record."""
    query = (
        select(DELIVERY.c.delivery_id, DELIVERY.c.subscriber_id, SUBSCRIBER.c.email)
        .join(SUBSCRIBER, SUBSCRIBER.c.subscriber_id == DELIVERY.c.subscriber_id, isouter=True)
        .where(DELIVERY.c.delivery_id == delivery_id)
    )
    with people.connect() as connection:
        row = connection.execute(query).first()
    return Addressee(*row) if row else None


def find_addressee_by_message(
    people: People, message_ids: Collection[str], emails: Collection[str]
) -> Addressee | None:
    """Find whose message one of these Message-IDs names, if one of these addresses is theirs, too.

    Without a mark in the return path both are asked for: a Message-ID alone travels through many hands.
    """
    query = (
        select(DELIVERY.c.delivery_id, DELIVERY.c.subscriber_id, SUBSCRIBER.c.email)
        .join(SUBSCRIBER, SUBSCRIBER.c.subscriber_id == DELIVERY.c.subscriber_id)
        .where(
            SUBSCRIBER.c.email_key.in_({make_email_key(email) for email in emails}),
            DELIVERY.c.message_id.in_(list(message_ids)),
        )
    )
    with people.connect() as connection:
        row = connection.execute(query).first()
    return Addressee(*row) if row else None


def record_bounce(people: People, bounce: Bounce, at: datetime) -> bool:
    """Record a report, and stop the mail of whom it says that their address is dead, that they complained, or leave.

    All or nothing, and once: a report that is on record changes nothing. Who subscribed again after the message went
    out is not stopped by a late report of a dead address. Returns whether somebody's mail was stopped.
    """
    addressee = bounce.addressee
    values = {
        "report_hash": bounce.report_hash,
        "kind": bounce.kind,
        "status": bounce.status or None,
        "subscriber_id": addressee.subscriber_id if addressee else None,
        "delivery_id": addressee.delivery_id if addressee else None,
        "at": at,
        "words": bounce.words,
    }
    with people.begin() as connection:
        # Of an INSERT, psycopg tells no count that means anything.
        put = build_insert(connection, BOUNCE).values(values).on_conflict_do_nothing().returning(BOUNCE.c.report_hash)
        is_new = connection.scalar(put) is not None
        if not (is_new and addressee and addressee.email):
            return False
        if bounce.kind == _LEAVING:
            return _end(connection, addressee, SubscriberState.LEFT, at, {"by": "mail"})
        reason = _REASONS.get(bounce.kind)
        if not reason:
            return False
        if reason is SuppressionReason.BOUNCED and _has_come_back(connection, addressee):
            return False
        suppress_within(connection, people.secret, addressee.email, reason, at)
        details = {"reason": reason, "status": bounce.status, "words": bounce.words}
        return _end(connection, addressee, SubscriberState.STOPPED, at, details)


def count_soft_bounces(people: People) -> dict[int, int]:
    """Count for each subscriber the messages that failed for the time being; those without one are left out."""
    query = (
        select(BOUNCE.c.subscriber_id, func.count(distinct(BOUNCE.c.delivery_id)))
        .where(BOUNCE.c.kind == "soft", BOUNCE.c.subscriber_id.is_not(None))
        .group_by(BOUNCE.c.subscriber_id)
    )
    with people.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def _has_come_back(connection: Connection, addressee: Addressee) -> bool:
    """Tell whether the person subscribed again after the message went out."""
    query = (
        select(CONSENT.c.consent_id)
        .join(DELIVERY, DELIVERY.c.subscriber_id == CONSENT.c.subscriber_id)
        .where(
            DELIVERY.c.delivery_id == addressee.delivery_id,
            CONSENT.c.kind.in_(_SUBSCRIBED),
            CONSENT.c.at > DELIVERY.c.changed_at,
        )
    )
    return connection.execute(query).first() is not None


def _end(
    connection: Connection, addressee: Addressee, state: SubscriberState, at: datetime, details: dict[str, str]
) -> bool:
    ended = connection.execute(
        update(SUBSCRIBER)
        .where(SUBSCRIBER.c.subscriber_id == addressee.subscriber_id, SUBSCRIBER.c.state == SubscriberState.ACTIVE)
        .values(state=state, state_at=at)
    )
    if ended.rowcount:
        record_consent(connection, addressee.subscriber_id, state, at, details)
    return ended.rowcount > 0
