"""The ledger of mail: at most one message for each subscriber and edition, whenever we are killed.

A delivery begins *held* (its day is not complete, or a person has not approved it), *queued* (to be sent), or *empty*
(nothing in the edition is for this subscriber). A worker *claims* queued ones, a few at a time, before a server can
have them; what it said makes them *sent*, *refused*, or queued again. A worker that dies leaves what it had claimed
*unknown*: nobody can tell whether the server took it, so it is reported and left to a person. Any number of workers, on
any number of machines, may share a queue.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Integer, bindparam, delete, func, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningUpdate

from storage.people.database import People
from storage.people.schema import DELIVERY, SUBSCRIBER, Instant


class DeliveryState(StrEnum):
    """How far a message came."""

    HELD = "held"
    QUEUED = "queued"
    CLAIMED = "claimed"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    GIVEN_UP = "given up"
    EMPTY = "empty"
    DROPPED = "dropped"


#: Nothing was said to a server, or it refused for the time being: the next run goes on.
OPEN = (DeliveryState.HELD, DeliveryState.QUEUED)
#: The server has it, or may have it.
OUT = (DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.CLAIMED)
#: Built once, as it is executed for every portion.
_RECORD = (
    update(DELIVERY)
    .where(
        DELIVERY.c.delivery_id == bindparam("this"),
        (DELIVERY.c.worker == bindparam("by")) | (DELIVERY.c.state == DeliveryState.UNKNOWN),
    )
    .values(worker=None, claimed_until=None)
)
_DEAD = "the worker ended before the server's answer was on record"


class Claim(NamedTuple):
    """A message that this worker alone may offer now."""

    delivery_id: int
    subscriber_id: int
    edition: str
    message_id: str
    tries: int


class Result(NamedTuple):
    """What became of a claim."""

    delivery_id: int
    state: DeliveryState
    answer: str
    #: For one that is queued again: not to be offered earlier.
    not_before: datetime | None = None


class Undelivered(NamedTuple):
    """A message that is not known to have arrived."""

    email: str
    edition: str
    state: DeliveryState
    #: What the server said, or why it waits.
    words: str


def open_deliveries(  # noqa: PLR0913  (whose, of what, how far, when and why)
    people: People,
    edition: str,
    message_ids: Mapping[int, str],
    at: datetime,
    state: DeliveryState = DeliveryState.QUEUED,
    words: str = "",
    not_before: Mapping[int, datetime] | None = None,
) -> None:
    """Put a delivery of the edition on record for each of these subscribers who has none or a held one; all or none.

    Whoever else does the same at the same time changes nothing. `message_ids` and `not_before` by subscriber.
    """
    rows = [
        {
            "subscriber_id": subscriber_id,
            "edition": edition,
            "state": state,
            "message_id": message_id,
            "changed_at": at,
            "answer": words or None,
            "not_before": (not_before or {}).get(subscriber_id),
        }
        for subscriber_id, message_id in message_ids.items()
    ]
    with people.begin() as connection:
        insert_new = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(DELIVERY)
        change_held = insert_new.on_conflict_do_update(
            index_elements=[DELIVERY.c.subscriber_id, DELIVERY.c.edition],
            set_={name: insert_new.excluded[name] for name in ("state", "changed_at", "answer", "not_before")},
            where=DELIVERY.c.state == DeliveryState.HELD,
        )
        if rows:
            connection.execute(change_held, rows)


def release_held_deliveries(people: People, edition: str, at: datetime) -> int:
    """Queue what was held of an edition; returns how many."""
    return _change_state(people, edition, (DeliveryState.HELD,), DeliveryState.QUEUED, at)


def give_up_deliveries(people: People, edition: str, at: datetime) -> int:
    """End the deliveries of an edition that are still open. Returns how many; what was said last stays on record."""
    return _change_state(people, edition, OPEN, DeliveryState.GIVEN_UP, at)


def drop_deliveries(people: People, edition: str, at: datetime) -> int:
    """End the deliveries of an edition that are still open, as a person decided; returns how many."""
    return _change_state(people, edition, OPEN, DeliveryState.DROPPED, at)


def is_ready(
    at: datetime | BindParameter[datetime], since: datetime | BindParameter[datetime] | None
) -> ColumnElement[bool]:
    """Tell whether a queued delivery may be offered now."""
    is_untried = (DELIVERY.c.tries == 0) | (DELIVERY.c.changed_at < since) if since is not None else true()
    return (DELIVERY.c.not_before.is_(None) & is_untried) | (DELIVERY.c.not_before <= at)


def claim_deliveries(  # noqa: PLR0913  (what, by whom, how many, from when until when)
    people: People,
    edition: str,
    worker: str,
    count: int,
    at: datetime,
    until: datetime,
    since: datetime | None = None,
    after: int = 0,
) -> list[Claim]:
    """Claim up to so many queued deliveries of an edition that may be offered now, in the order of subscription.

    Only those of subscribers after `after`: a caller that goes on where its last claim ended does not look again and
    again at deliveries that wait for their hour. Nobody else gets them until `until`, when the worker counts as dead.
    What was offered since `since`, when the run began, and queued again for the next run is left alone.
    """
    given = {"of": edition, "by": worker, "most": count, "now": at, "till": until, "since": since, "behind": after}
    with people.begin() as connection:
        claims = (Claim(*row) for row in connection.execute(_build_claim(has_beginning=since is not None), given))
        return sorted(claims, key=lambda one: one.subscriber_id)


@cache
def _build_claim(*, has_beginning: bool) -> ReturningUpdate[Any]:
    """Build the statement that claims, once: it takes longer to build than to execute."""
    now = bindparam("now", type_=Instant)
    ready = (
        select(DELIVERY.c.delivery_id)
        .where(DELIVERY.c.edition == bindparam("of"), DELIVERY.c.state == DeliveryState.QUEUED)
        .where(is_ready(now, bindparam("since", type_=Instant) if has_beginning else None))
        .where(DELIVERY.c.subscriber_id > bindparam("behind"))
        .order_by(DELIVERY.c.subscriber_id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
        # Read once; as a plain subquery PostgreSQL may read it again for each row, and claim more.
        .cte("ready")
    )
    return (
        update(DELIVERY)
        .where(DELIVERY.c.delivery_id.in_(select(ready.c.delivery_id)))
        .values(
            state=DeliveryState.CLAIMED,
            worker=bindparam("by"),
            claimed_until=bindparam("till", type_=Instant),
            changed_at=now,
            tries=DELIVERY.c.tries + 1,
        )
        .returning(
            DELIVERY.c.delivery_id,
            DELIVERY.c.subscriber_id,
            DELIVERY.c.edition,
            DELIVERY.c.message_id,
            DELIVERY.c.tries,
        )
    )


def record_results(people: People, worker: str, results: Sequence[Result], at: datetime) -> None:
    """Record what became of claims; one that was taken for dead meanwhile gets the true state all the same."""
    rows = [
        {
            "this": result.delivery_id,
            "by": worker,
            "state": result.state,
            "answer": result.answer or None,
            "not_before": result.not_before,
            "changed_at": at,
        }
        for result in results
    ]
    if not rows:
        return
    with people.begin() as connection:
        connection.execute(_RECORD, rows)


def give_back_claims(people: People, worker: str, delivery_ids: Collection[int], at: datetime) -> None:
    """Queue claims again that were never offered to a server; the try does not count."""
    with people.begin() as connection:
        connection.execute(
            update(DELIVERY)
            .where(DELIVERY.c.delivery_id.in_(list(delivery_ids)), DELIVERY.c.worker == worker)
            .values(
                state=DeliveryState.QUEUED, worker=None, claimed_until=None, changed_at=at, tries=DELIVERY.c.tries - 1
            )
        )


def end_dead_claims(people: People, at: datetime, host: str = "", living: str = "") -> dict[str, int]:
    """Make *unknown* what dead workers had claimed; returns how many of each edition.

    Dead is whose time is over; and every worker of this host but `living`, where the caller knows that it is alone.
    """
    is_dead: ColumnElement[bool] = DELIVERY.c.claimed_until < at
    if host:
        is_dead |= DELIVERY.c.worker.startswith(f"{host}/", autoescape=True) & (DELIVERY.c.worker != living)
    condition = (DELIVERY.c.state == DeliveryState.CLAIMED) & is_dead
    with people.begin() as connection:
        ended = connection.execute(
            update(DELIVERY)
            .where(condition)
            .values(state=DeliveryState.UNKNOWN, worker=None, claimed_until=None, changed_at=at, answer=_DEAD)
            .returning(DELIVERY.c.edition)
        ).scalars()
        editions = list(ended)
    return {edition: editions.count(edition) for edition in sorted(set(editions))}


def read_states(people: People, edition: str) -> dict[int, DeliveryState]:
    """Read how far each delivery of an edition has come, by subscriber."""
    query = select(DELIVERY.c.subscriber_id, DELIVERY.c.state).where(DELIVERY.c.edition == edition)
    with people.connect() as connection:
        return {row[0]: DeliveryState(row[1]) for row in connection.execute(query)}


def read_states_of(people: People, edition: str, subscriber_ids: Iterable[int]) -> dict[int, DeliveryState]:
    """Read how far the deliveries of an edition to these subscribers have come, by subscriber."""
    query = select(DELIVERY.c.subscriber_id, DELIVERY.c.state).where(
        DELIVERY.c.edition == edition, DELIVERY.c.subscriber_id.in_(list(subscriber_ids))
    )
    with people.connect() as connection:
        return {row[0]: DeliveryState(row[1]) for row in connection.execute(query)}


def count_deliveries(people: People, edition: str) -> dict[DeliveryState, int]:
    """Count the deliveries of an edition by state."""
    query = select(DELIVERY.c.state, func.count()).where(DELIVERY.c.edition == edition).group_by(DELIVERY.c.state)
    with people.connect() as connection:
        return {DeliveryState(row[0]): row[1] for row in connection.execute(query)}


def count_by_state(people: People) -> dict[DeliveryState, int]:
    """Count the deliveries of all editions by state."""
    query = select(DELIVERY.c.state, func.count()).group_by(DELIVERY.c.state)
    with people.connect() as connection:
        return {DeliveryState(state): count for state, count in connection.execute(query)}


def count_by_edition(people: People, states: Collection[DeliveryState] = OUT) -> dict[str, int]:
    """Count the deliveries in these states, by edition; by default those that went out, or may have."""
    query = select(DELIVERY.c.edition, func.count()).where(DELIVERY.c.state.in_(states)).group_by(DELIVERY.c.edition)
    with people.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def find_open_editions(people: People) -> set[str]:
    """Find the editions that some subscriber is still to get."""
    query = select(DELIVERY.c.edition).where(DELIVERY.c.state.in_(OPEN)).distinct()
    with people.connect() as connection:
        return set(connection.scalars(query))


def find_known_editions(people: People, editions: Iterable[str]) -> set[str]:
    """Find those of these editions that have any delivery on record."""
    query = select(DELIVERY.c.edition).where(DELIVERY.c.edition.in_(list(editions))).distinct()
    with people.connect() as connection:
        return set(connection.scalars(query))


def find_first_edition(people: People) -> str | None:
    """Find the first edition that was ever offered to anybody, a day before a week of the same year; None before."""
    with people.connect() as connection:
        first: str | None = connection.scalar(select(func.min(DELIVERY.c.edition)))
    return first


def withdraw_deliveries(people: People, edition: str) -> None:
    """Forget the deliveries of an edition that are still open: it turned out to hold nothing."""
    with people.begin() as connection:
        connection.execute(delete(DELIVERY).where(DELIVERY.c.edition == edition, DELIVERY.c.state.in_(OPEN)))


def reopen_deliveries(
    people: People, edition: str, of: Collection[DeliveryState], subscriber_ids: Collection[int] | None, at: datetime
) -> set[int]:
    """Queue deliveries of these states, of all or of these subscribers, to be sent again. Returns whose."""
    conditions = [DELIVERY.c.edition == edition, DELIVERY.c.state.in_(of)]
    if subscriber_ids is not None:
        conditions.append(DELIVERY.c.subscriber_id.in_(list(subscriber_ids)))
    reopen = (
        update(DELIVERY)
        .where(*conditions)
        .values(state=DeliveryState.QUEUED, changed_at=at, not_before=None)
        .returning(DELIVERY.c.subscriber_id)
    )
    with people.begin() as connection:
        return set(connection.scalars(reopen))


def settle_unknown_deliveries(
    people: People, edition: str, state: DeliveryState, subscriber_ids: Collection[int] | None, at: datetime
) -> int:
    """Record what a person found out of messages that may have been sent; returns how many."""
    conditions = [DELIVERY.c.edition == edition, DELIVERY.c.state == DeliveryState.UNKNOWN]
    if subscriber_ids is not None:
        conditions.append(DELIVERY.c.subscriber_id.in_(list(subscriber_ids)))
    with people.begin() as connection:
        done = connection.execute(update(DELIVERY).where(*conditions).values(state=state, changed_at=at))
        return int(done.rowcount)


def list_undelivered(people: People) -> list[Undelivered]:
    """List every message that is not known to have arrived, newest edition first."""
    arrived = (DeliveryState.SENT, DeliveryState.EMPTY, DeliveryState.DROPPED)
    query = (
        select(SUBSCRIBER.c.email, DELIVERY.c.edition, DELIVERY.c.state, DELIVERY.c.answer)
        .join(SUBSCRIBER, SUBSCRIBER.c.subscriber_id == DELIVERY.c.subscriber_id)
        .where(DELIVERY.c.state.not_in(arrived))
        .order_by(DELIVERY.c.edition.desc(), SUBSCRIBER.c.email)
    )
    with people.connect() as connection:
        return [Undelivered(row[0], row[1], DeliveryState(row[2]), row[3] or "") for row in connection.execute(query)]


def _change_state(
    people: People, edition: str, of: Collection[DeliveryState], state: DeliveryState, at: datetime
) -> int:
    with people.begin() as connection:
        done = connection.execute(
            update(DELIVERY)
            .where(DELIVERY.c.edition == edition, DELIVERY.c.state.in_(of))
            .values(state=state, changed_at=at)
        )
        return int(done.rowcount)
