"""Everybody who gets or got mail, as an operator looks at them."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from storage.people.database import People
from storage.people.schema import BOUNCE, SUBSCRIBER
from storage.people.subscribers import SubscriberState, read_row, select_subscribers
from yibao.records import Subscription

_PORTION = 2000


class OverviewRow(NamedTuple):
    """One of them."""

    email: str
    state: SubscriberState
    #: Since when they are in this state.
    since: datetime
    subscription: Subscription
    #: Reports of failed mail and complaints.
    bounces: int


def iterate_overview(people: People, state: SubscriberState | None = None) -> Iterator[OverviewRow]:
    """Read everybody (in this state), in the order in which they subscribed first, a portion at a time."""
    counts = select(func.count()).where(BOUNCE.c.subscriber_id == SUBSCRIBER.c.subscriber_id).scalar_subquery()
    query = select_subscribers().add_columns(counts.label("bounces")).order_by(SUBSCRIBER.c.subscriber_id)
    if state:
        query = query.where(SUBSCRIBER.c.state == state)
    last = 0
    while True:
        with people.connect() as connection:
            rows = connection.execute(query.where(SUBSCRIBER.c.subscriber_id > last).limit(_PORTION)).all()
        for row in rows:
            person = read_row(row)
            yield OverviewRow(person.email, person.state, row.state_at, person.subscription, row.bounces)
        if len(rows) < _PORTION:
            return
        last = rows[-1].subscriber_id
