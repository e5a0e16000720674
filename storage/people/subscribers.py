"""Who gets mail, and how often."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Engine, func, insert, or_, select, update

from storage.people.schema import SUBSCRIBER
from yibao import dates


class Subscriber(NamedTuple):
    """A person who gets mail."""

    subscriber_id: int
    email: str
    #: `daily` or `weekly`.
    frequency: str
    #: Date in New York since when they get mail at this frequency: no earlier edition is sent to them unasked.
    subscribed_on: date


def add_subscriber(people: Engine, email: str, frequency: str, at: datetime) -> bool:
    """Subscribe an address at this frequency; who comes back or changes it gets editions from then on.

    Returns whether it was not subscribed before.
    """
    with people.begin() as connection:
        known = connection.execute(
            select(SUBSCRIBER.c.subscriber_id, SUBSCRIBER.c.left_at, SUBSCRIBER.c.frequency).where(_is(email))
        ).first()
        if known is None:
            connection.execute(insert(SUBSCRIBER).values(email=email, frequency=frequency, subscribed_at=at))
            return True
        is_same = known.left_at is None and known.frequency == frequency
        if not is_same:
            connection.execute(
                update(SUBSCRIBER)
                .where(SUBSCRIBER.c.subscriber_id == known.subscriber_id)
                .values(frequency=frequency, left_at=None, subscribed_at=at)
            )
        return known.left_at is not None


def remove_subscriber(people: Engine, email: str, at: datetime) -> bool:
    """Stop mailing an address. Returns whether it got mail before."""
    with people.begin() as connection:
        done = connection.execute(
            update(SUBSCRIBER).where(_is(email), SUBSCRIBER.c.left_at.is_(None)).values(left_at=at)
        )
        return done.rowcount > 0


def read_active_subscribers(people: Engine, frequency: str | None = None) -> list[Subscriber]:
    """Read who gets mail (at this frequency), in the order in which they subscribed first."""
    query = select(
        SUBSCRIBER.c.subscriber_id, SUBSCRIBER.c.email, SUBSCRIBER.c.frequency, SUBSCRIBER.c.subscribed_at
    ).where(SUBSCRIBER.c.left_at.is_(None))
    if frequency:
        query = query.where(SUBSCRIBER.c.frequency == frequency)
    with people.connect() as connection:
        rows = connection.execute(query.order_by(SUBSCRIBER.c.subscriber_id)).all()
    # SQLite keeps no zone beside the time, which is UTC.
    return [
        Subscriber(row[0], row[1], row[2], dates.find_eastern_date(row[3].replace(tzinfo=row[3].tzinfo or UTC)))
        for row in rows
    ]


def find_subscribers(people: Engine, emails: Iterable[str]) -> dict[str, int | None]:
    """Find the number of each of these addresses that gets mail; None for one that does not."""
    with people.connect() as connection:
        return {
            email: connection.scalar(
                select(SUBSCRIBER.c.subscriber_id).where(_is(email), SUBSCRIBER.c.left_at.is_(None))
            )
            for email in emails
        }


def _is(email: str) -> ColumnElement[bool]:
    # What counts as a small letter is the database's affair: SQLite knows ASCII only.
    return or_(SUBSCRIBER.c.email == email, func.lower(SUBSCRIBER.c.email) == func.lower(email))
