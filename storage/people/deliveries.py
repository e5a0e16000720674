"""The ledger of mail: at most one message for each subscriber and edition, whenever we are killed.

A delivery begins *held* (its day is not complete) or *claimed* (to be sent now). It is *sending* from the moment at
which the server may have the message, then *sent*, or *refused* where the server will never take it; *given up* where
it could not be sent in time. Held and claimed ones are taken up by any later run. One that stayed *sending* is the only
doubtful case: nobody can know whether the server took it, so it is reported and left to a person.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Engine, delete, func, insert, select, update

from storage.people.schema import DELIVERY, SUBSCRIBER


class DeliveryState(StrEnum):
    """How far a message came."""

    HELD = "held"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    GIVEN_UP = "given up"


#: Nothing was said to a server, or it refused for the time being: the next run goes on.
OPEN = (DeliveryState.HELD, DeliveryState.CLAIMED)
_KILLED = "the run was killed before the server's answer was on record"


class Undelivered(NamedTuple):
    """A message that is not known to have arrived."""

    email: str
    edition: str
    state: DeliveryState
    #: What the server said, or why it waits.
    words: str


def open_deliveries(  # noqa: PLR0913  (whose, of what, how far, when and why)
    people: Engine,
    edition: str,
    message_ids: Mapping[int, str],
    at: datetime,
    state: DeliveryState = DeliveryState.CLAIMED,
    words: str = "",
) -> None:
    """Put a delivery of the edition on record for each of these subscribers who has none; all or nothing.

    To be called by one process at a time (the run's lock sees to it). `message_ids` by subscriber.
    """
    states = read_states(people, edition)
    rows = [
        {
            "subscriber_id": subscriber_id,
            "edition": edition,
            "state": state,
            "message_id": message_id,
            "changed_at": at,
            "answer": words or None,
        }
        for subscriber_id, message_id in message_ids.items()
        if subscriber_id not in states
    ]
    if rows:
        with people.begin() as connection:
            connection.execute(insert(DELIVERY), rows)


def record_delivery(  # noqa: PLR0913  (which delivery, how far, when, and what the server said)
    people: Engine, subscriber_id: int, edition: str, state: DeliveryState, at: datetime, answer: str = ""
) -> None:
    """Record how far the delivery has come."""
    with people.begin() as connection:
        connection.execute(
            update(DELIVERY)
            .where(DELIVERY.c.subscriber_id == subscriber_id, DELIVERY.c.edition == edition)
            .values(state=state, changed_at=at, answer=answer or None)
        )


def read_states(people: Engine, edition: str) -> dict[int, DeliveryState]:
    """Read how far each delivery of an edition has come, by subscriber."""
    query = select(DELIVERY.c.subscriber_id, DELIVERY.c.state).where(DELIVERY.c.edition == edition)
    with people.connect() as connection:
        return {row[0]: DeliveryState(row[1]) for row in connection.execute(query)}


def count_deliveries(people: Engine, edition: str) -> dict[DeliveryState, int]:
    """Count the deliveries of an edition by state."""
    query = select(DELIVERY.c.state, func.count()).where(DELIVERY.c.edition == edition).group_by(DELIVERY.c.state)
    with people.connect() as connection:
        return {DeliveryState(row[0]): row[1] for row in connection.execute(query)}


def find_open_editions(people: Engine) -> set[str]:
    """Find the editions that some subscriber is still to get."""
    query = select(DELIVERY.c.edition).where(DELIVERY.c.state.in_(OPEN)).distinct()
    with people.connect() as connection:
        return set(connection.scalars(query))


def find_known_editions(people: Engine, editions: Iterable[str]) -> set[str]:
    """Find those of these editions that have any delivery on record."""
    query = select(DELIVERY.c.edition).where(DELIVERY.c.edition.in_(list(editions))).distinct()
    with people.connect() as connection:
        return set(connection.scalars(query))


def find_first_edition(people: Engine) -> str | None:
    """Find the first edition that was ever offered to anybody, a day before a week of the same year; None before."""
    with people.connect() as connection:
        first: str | None = connection.scalar(select(func.min(DELIVERY.c.edition)))
    return first


def give_up_deliveries(people: Engine, edition: str, at: datetime) -> int:
    """End the deliveries of an edition that are still open. Returns how many; what was said last stays on record."""
    with people.begin() as connection:
        done = connection.execute(
            update(DELIVERY)
            .where(DELIVERY.c.edition == edition, DELIVERY.c.state.in_(OPEN))
            .values(state=DeliveryState.GIVEN_UP, changed_at=at)
        )
        return int(done.rowcount)


def withdraw_deliveries(people: Engine, edition: str) -> None:
    """Forget the deliveries of an edition that are still open: it turned out to hold nothing."""
    with people.begin() as connection:
        connection.execute(delete(DELIVERY).where(DELIVERY.c.edition == edition, DELIVERY.c.state.in_(OPEN)))


def reopen_deliveries(
    people: Engine, edition: str, of: Collection[DeliveryState], subscriber_ids: Collection[int] | None, at: datetime
) -> set[int]:
    """Make deliveries of these states, of all or of these subscribers, ready to be sent again. Returns whose."""
    chosen = {
        subscriber_id
        for subscriber_id, state in read_states(people, edition).items()
        if state in of and (subscriber_ids is None or subscriber_id in subscriber_ids)
    }
    with people.begin() as connection:
        for subscriber_id in chosen:
            connection.execute(
                update(DELIVERY)
                .where(DELIVERY.c.subscriber_id == subscriber_id, DELIVERY.c.edition == edition)
                .values(state=DeliveryState.CLAIMED, changed_at=at)
            )
    return chosen


def note_killed_deliveries(people: Engine) -> dict[str, int]:
    """Count the messages of each edition that were underway when a run was killed, and note them: each is told once."""
    is_new = (DELIVERY.c.state == DeliveryState.SENDING) & DELIVERY.c.answer.is_(None)
    with people.begin() as connection:
        query = select(DELIVERY.c.edition, func.count()).where(is_new).group_by(DELIVERY.c.edition)
        counts = {row[0]: int(row[1]) for row in connection.execute(query)}
        connection.execute(update(DELIVERY).where(is_new).values(answer=_KILLED))
    return counts


def list_undelivered(people: Engine) -> list[Undelivered]:
    """List every message that is not known to have arrived, newest edition first."""
    query = (
        select(SUBSCRIBER.c.email, DELIVERY.c.edition, DELIVERY.c.state, DELIVERY.c.answer)
        .join(SUBSCRIBER, SUBSCRIBER.c.subscriber_id == DELIVERY.c.subscriber_id)
        .where(DELIVERY.c.state != DeliveryState.SENT)
        .order_by(DELIVERY.c.edition.desc(), SUBSCRIBER.c.email)
    )
    with people.connect() as connection:
        return [Undelivered(row[0], row[1], DeliveryState(row[2]), row[3] or "") for row in connection.execute(query)]
