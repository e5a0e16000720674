"""Who is still to be put on an edition's queue, and how long the queue is."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select, true, update

from storage.people.database import People
from storage.people.deliveries import OPEN, DeliveryState, is_ready
from storage.people.schema import DELIVERY, SUBSCRIBER, SUBSCRIPTION
from storage.people.subscribers import Subscriber, SubscriberState, read_row, select_subscribers

_DEPARTED = "the subscriber left, or asks for other editions now"
#: Subscribers are read in portions, so that memory does not grow with their number.
_PORTION = 2000


class Queue(NamedTuple):
    """What is queued of an edition, as a run sees it."""

    #: Not offered in this run, and could be.
    ready: int
    #: Offered in this run, and queued again.
    tried: int
    #: To be offered at a later hour, the last of them at `until`.
    later: int
    until: datetime | None


def iterate_unserved(
    people: People, edition: str, frequency: str, subscribed_before: datetime | None, held: str | None = None
) -> Iterator[list[Subscriber]]:
    """Read who gets mail at this frequency and has no delivery of an edition, or a held one; a portion at a time.

    In the order in which they subscribed first. Who subscribed later (`subscribed_before`) is left out unless theirs is
    held; so is whose delivery is held for the reason `held`, as nothing changed for them.
    """
    is_early = SUBSCRIBER.c.subscribed_at < subscribed_before if subscribed_before else true()
    is_new = DELIVERY.c.delivery_id.is_(None) & is_early
    is_changed = true() if held is None else DELIVERY.c.answer.is_distinct_from(held)
    is_held = (DELIVERY.c.state == DeliveryState.HELD) & is_changed
    query = (
        select_subscribers()
        .outerjoin(DELIVERY, (DELIVERY.c.subscriber_id == SUBSCRIBER.c.subscriber_id) & (DELIVERY.c.edition == edition))
        .where(_is_reader(frequency), is_new | is_held)
        .order_by(SUBSCRIBER.c.subscriber_id)
        .limit(_PORTION)
    )
    last = 0
    while True:
        with people.connect() as connection:
            rows = connection.execute(query.where(SUBSCRIBER.c.subscriber_id > last)).all()
        if rows:
            yield [read_row(row) for row in rows]
        if len(rows) < _PORTION:
            return
        last = rows[-1].subscriber_id


def drop_departed_deliveries(people: People, edition: str, frequency: str, at: datetime) -> int:
    """End the open deliveries of an edition to whoever left, or gets mail at another frequency now.

    Returns how many.
    """
    readers = select(SUBSCRIBER.c.subscriber_id).join(SUBSCRIPTION).where(_is_reader(frequency))
    with people.begin() as connection:
        done = connection.execute(
            update(DELIVERY)
            .where(DELIVERY.c.edition == edition, DELIVERY.c.state.in_(OPEN), DELIVERY.c.subscriber_id.not_in(readers))
            .values(state=DeliveryState.DROPPED, changed_at=at, answer=_DEPARTED)
        )
        return int(done.rowcount)


def measure_queue(people: People, edition: str, at: datetime, since: datetime) -> Queue:
    """Count what is queued of an edition, as a run that began at `since` sees it."""
    is_tried = (DELIVERY.c.tries > 0) & (DELIVERY.c.changed_at >= since)
    is_later = ~is_tried & (DELIVERY.c.not_before > at)
    query = select(
        func.count().filter(is_ready(at, since) & ~is_tried),
        func.count().filter(is_tried),
        func.count().filter(is_later),
        func.max(DELIVERY.c.not_before).filter(is_later),
    ).where(DELIVERY.c.edition == edition, DELIVERY.c.state == DeliveryState.QUEUED)
    with people.connect() as connection:
        ready, tried, later, until = connection.execute(query).one()
    return Queue(ready, tried, later, until)


def find_next_offer(people: People, editions: Collection[str], at: datetime) -> datetime | None:
    """Find when the next delivery that waits for an hour may be offered, of these editions; None where none waits."""
    query = select(func.min(DELIVERY.c.not_before)).where(
        DELIVERY.c.edition.in_(list(editions)), DELIVERY.c.state == DeliveryState.QUEUED, DELIVERY.c.not_before > at
    )
    with people.connect() as connection:
        first: datetime | None = connection.scalar(query)
        return first


def _is_reader(frequency: str) -> ColumnElement[bool]:
    return (SUBSCRIBER.c.state == SubscriberState.ACTIVE) & (SUBSCRIPTION.c.frequency == frequency)
