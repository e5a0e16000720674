"""Requests to be subscribed, which wait for the owner of the address to confirm them."""

import secrets
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, insert, select, update

from storage.people import suppressions
from storage.people.database import People
from storage.people.letters import LetterKind, queue_letter
from storage.people.schema import REQUEST, SUBSCRIBER, make_email_key
from storage.people.subscribers import (
    SubscriberState,
    add_subscriber,
    dump_subscription,
    find_subscriber,
    load_subscription,
    record_consent,
)
from storage.people.suppressions import LIFTED_BY_CONSENT
from yibao.records import Subscription

#: How long a request waits.
LIFETIME = timedelta(days=3)


class SignupRequest(NamedTuple):
    """What somebody asked for an address, who may not be its owner."""

    request_id: str
    email: str
    subscription: Subscription
    asked_at: datetime
    expires_at: datetime
    #: Address from which it was asked; None where unknown.
    network: str | None
    #: When it was confirmed; None while it waits.
    used_at: datetime | None


class Confirmation(StrEnum):
    """What became of an attempt to confirm."""

    #: The address is subscribed.
    DONE = "done"
    #: This request was confirmed before: nothing changes, whatever has become of the subscription since.
    USED = "used"
    #: It has expired, its data were erased, or the person has left since they asked.
    GONE = "gone"


def ask_subscription(
    people: People, email: str, subscription: Subscription, at: datetime, network: str | None = None
) -> str:
    """Store a request, and queue the letter that asks to confirm it; returns the request's identifier.

    The same is written for every address, known or not: how long it takes tells nothing.
    """
    request_id = secrets.token_urlsafe(12)
    with people.begin() as connection:
        connection.execute(
            insert(REQUEST).values(
                request_id=request_id,
                email=email,
                subscription=dump_subscription(subscription),
                asked_at=at,
                expires_at=at + LIFETIME,
                network=network,
            )
        )
        queue_letter(connection, LetterKind.CONFIRM, email, at, request_id)
    return request_id


def find_request(people: People, request_id: str) -> SignupRequest | None:
    """Find a request; None after it expired or was erased."""
    with people.connect() as connection:
        row = connection.execute(select(REQUEST).where(REQUEST.c.request_id == request_id)).first()
    return _read_row(row) if row else None


def confirm_request(people: People, request_id: str, at: datetime, network: str | None = None) -> Confirmation:
    """Subscribe the address of a request, once.

    Afterwards rows of consent say when and from where it was asked and confirmed. Mail to it that failed before stands
    in its way no more; a complaint, or the operator's word, does. The request is marked as used at last: who is killed
    before that can confirm again.
    """
    request = find_request(people, request_id)
    if request is None or request.used_at:
        return Confirmation.USED if request else Confirmation.GONE
    if at > request.expires_at or _has_left_since(people, request) or not _can_be_mailed(people, request.email):
        return Confirmation.GONE
    evidence = {"request": request_id}
    add_subscriber(people, request.email, request.subscription, at, "confirmed", network, evidence)
    _mark_used(people, request, at, evidence)
    return Confirmation.DONE


def purge_requests(people: People, at: datetime) -> None:
    """Delete requests that have expired, and the addresses in them."""
    with people.begin() as connection:
        connection.execute(delete(REQUEST).where(REQUEST.c.expires_at < at))


def _has_left_since(people: People, request: SignupRequest) -> bool:
    """Tell whether the person has left, or was stopped, since they asked: an old letter does not bring them back."""
    is_it = SUBSCRIBER.c.email_key == make_email_key(request.email)
    has_left = SUBSCRIBER.c.state != SubscriberState.ACTIVE
    with people.connect() as connection:
        query = select(SUBSCRIBER.c.subscriber_id).where(is_it, has_left, SUBSCRIBER.c.state_at > request.asked_at)
        return connection.execute(query).first() is not None


def _can_be_mailed(people: People, email: str) -> bool:
    """Tell whether an address may get mail, now that its owner asks for it; what that lifts is lifted."""
    reason = suppressions.find_reason(people, email)
    if reason in LIFTED_BY_CONSENT:
        suppressions.lift(people, email)
    return reason is None or reason in LIFTED_BY_CONSENT


def _mark_used(people: People, request: SignupRequest, at: datetime, evidence: dict[str, str]) -> None:
    subscriber = find_subscriber(people, request.email)
    details = {**dump_subscription(request.subscription), **evidence}
    with people.begin() as connection:
        is_waiting = (REQUEST.c.request_id == request.request_id, REQUEST.c.used_at.is_(None))
        done = connection.execute(update(REQUEST).where(*is_waiting).values(used_at=at))
        if done.rowcount and subscriber:
            record_consent(connection, subscriber.subscriber_id, "asked", request.asked_at, details, request.network)


def _read_row(row: Row[Any]) -> SignupRequest:
    return SignupRequest(
        row.request_id,
        row.email,
        load_subscription(row.subscription),
        row.asked_at.replace(tzinfo=UTC),
        row.expires_at.replace(tzinfo=UTC),
        row.network,
        row.used_at and row.used_at.replace(tzinfo=UTC),
    )
