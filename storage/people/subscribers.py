"""Who gets mail, and how often."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Engine, func, insert, select, update

from storage.people.schema import SUBSCRIBER


class Subscriber(NamedTuple):
    """A person who gets mail."""

    subscriber_id: int
    email: str
    #: `daily` or `weekly`.
    frequency: str


def add(people: Engine, email: str, frequency: str, at: datetime) -> bool:
    """The address is subscribed at this frequency. Returns whether it was not before."""
    with people.begin() as connection:
        known = connection.execute(
            select(SUBSCRIBER.c.subscriber_id, SUBSCRIBER.c.left_at).where(
                func.lower(SUBSCRIBER.c.email) == email.lower()
            )
        ).first()
        if known is None:
            connection.execute(insert(SUBSCRIBER).values(email=email, frequency=frequency, subscribed_at=at))
            return True
        connection.execute(
            update(SUBSCRIBER)
            .where(SUBSCRIBER.c.subscriber_id == known.subscriber_id)
            .values(frequency=frequency, left_at=None)
        )
        return known.left_at is not None


def remove(people: Engine, email: str, at: datetime) -> bool:
    """The address gets no more mail. Returns whether it got some before."""
    with people.begin() as connection:
        done = connection.execute(
            update(SUBSCRIBER)
            .where(func.lower(SUBSCRIBER.c.email) == email.lower(), SUBSCRIBER.c.left_at.is_(None))
            .values(left_at=at)
        )
        return done.rowcount > 0


def active(people: Engine, frequency: str | None = None) -> list[Subscriber]:
    """Who gets mail (at this frequency), in the order in which they subscribed."""
    query = select(SUBSCRIBER.c.subscriber_id, SUBSCRIBER.c.email, SUBSCRIBER.c.frequency).where(
        SUBSCRIBER.c.left_at.is_(None)
    )
    if frequency:
        query = query.where(SUBSCRIBER.c.frequency == frequency)
    with people.connect() as connection:
        return [Subscriber(*row) for row in connection.execute(query.order_by(SUBSCRIBER.c.subscriber_id))]
