"""Who gets mail, and what they ask for."""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, insert, select, update

from storage.people import suppressions
from storage.people.database import People, build_insert
from storage.people.schema import CONSENT, SUBSCRIBER, SUBSCRIPTION, make_email_key
from yibao import dates
from yibao.records import Frequency, Language, Subscription

#: Subscribers are read in portions, so that memory does not grow with their number.
_PORTION = 2000


class SubscriberState(StrEnum):
    """Whether somebody gets mail."""

    ACTIVE = "active"
    LEFT = "left"
    #: Their server refused for good, or they complained.
    STOPPED = "stopped"


class Subscriber(NamedTuple):
    """A person who gets or got mail."""

    subscriber_id: int
    email: str
    #: Random; signed links name the person by it.
    token_id: str
    state: SubscriberState
    #: Date in New York since when they get mail at this frequency: no earlier edition is sent to them unasked.
    subscribed_on: date
    subscription: Subscription

    @property
    def frequency(self) -> Frequency:
        """How often mail comes."""
        return self.subscription.frequency


def add_subscriber(  # noqa: PLR0913  (who, what, when, and how we know that they want it)
    people: People,
    email: str,
    subscription: Subscription,
    at: datetime,
    kind: str = "added",
    network: str | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> bool:
    """Subscribe an address; who comes back or changes the frequency gets editions from then on.

    Afterwards there is a row of consent, of this kind; one that is `confirmed` lifts what it can of what stood against
    the address. Returns whether it was not subscribed before.

    Raises:
        SuppressedError: this address gets no mail.
    """
    with people.begin() as connection:
        suppressions.require_allowed(connection, people.secret, email, is_confirmed=kind == "confirmed")
        subscriber_id = _insert(connection, email, at)
        before = None
        if subscriber_id is None:
            before = _find_for_update(connection, email)
            subscriber_id = before.subscriber_id
            _activate(connection, before, subscription, at)
        _replace_subscription(connection, subscriber_id, subscription, is_new=before is None)
        details = {**dump_subscription(subscription), **(evidence or {})}
        record_consent(connection, subscriber_id, kind, at, details, network)
        return before is None or before.state is not SubscriberState.ACTIVE


def change_subscription(
    people: People, subscriber_id: int, subscription: Subscription, at: datetime, network: str | None = None
) -> None:
    """Replace what a subscriber asks for; with another frequency they get editions from then on."""
    with people.begin() as connection:
        frequency = connection.scalar(
            select(SUBSCRIPTION.c.frequency).where(SUBSCRIPTION.c.subscriber_id == subscriber_id)
        )
        if frequency is None:
            return  # Erased meanwhile.
        if frequency != subscription.frequency:
            connection.execute(
                update(SUBSCRIBER).where(SUBSCRIBER.c.subscriber_id == subscriber_id).values(subscribed_at=at)
            )
        _replace_subscription(connection, subscriber_id, subscription, is_new=False)
        record_consent(connection, subscriber_id, "changed", at, dump_subscription(subscription), network)


def end_subscription(  # noqa: PLR0913  (whose, how, when, and the proof)
    people: People,
    subscriber_id: int,
    state: SubscriberState,
    at: datetime,
    network: str | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> bool:
    """Stop mailing somebody who left or was stopped. Returns whether they got mail before."""
    with people.begin() as connection:
        done = connection.execute(
            update(SUBSCRIBER)
            .where(SUBSCRIBER.c.subscriber_id == subscriber_id, SUBSCRIBER.c.state == SubscriberState.ACTIVE)
            .values(state=state, state_at=at)
        )
        if done.rowcount:
            record_consent(connection, subscriber_id, state, at, evidence or {}, network)
        return done.rowcount > 0


def find_subscriber(people: People, email: str) -> Subscriber | None:
    """Find who has or had this address."""
    return _find(people, SUBSCRIBER.c.email_key == make_email_key(email))


def find_subscriber_by_token(people: People, token_id: str) -> Subscriber | None:
    """Find whom a signed link names; None after their data were erased."""
    return _find(people, SUBSCRIBER.c.token_id == token_id)


def iterate_active_subscribers(people: People, frequency: str | None = None) -> Iterator[Subscriber]:
    """Read who gets mail (at this frequency), in the order in which they subscribed first, a portion at a time."""
    query = (
        select_subscribers().where(SUBSCRIBER.c.state == SubscriberState.ACTIVE).order_by(SUBSCRIBER.c.subscriber_id)
    )
    if frequency:
        query = query.where(SUBSCRIPTION.c.frequency == frequency)
    last = 0
    while True:
        with people.connect() as connection:
            rows = connection.execute(query.where(SUBSCRIBER.c.subscriber_id > last).limit(_PORTION)).all()
        yield from map(read_row, rows)
        if len(rows) < _PORTION:
            return
        last = rows[-1].subscriber_id


def read_active_subscribers(people: People, frequency: str | None = None) -> list[Subscriber]:
    """Read all who get mail (at this frequency), in the order in which they subscribed first."""
    return list(iterate_active_subscribers(people, frequency))


def read_subscribers(people: People, subscriber_ids: Iterable[int]) -> dict[int, Subscriber]:
    """Read these subscribers, active or not, by number; those whose data were erased are left out."""
    with people.connect() as connection:
        rows = connection.execute(_build_query_by_number(), {"numbers": list(subscriber_ids)})
        return {row.subscriber_id: read_row(row) for row in rows}


def record_consent(  # noqa: PLR0913  (who agreed to what, when and from where)
    connection: Connection,
    subscriber_id: int,
    kind: str,
    at: datetime,
    details: Mapping[str, Any],
    network: str | None = None,
) -> None:
    """Put on record what somebody agreed to or ended."""
    connection.execute(
        insert(CONSENT).values(subscriber_id=subscriber_id, kind=kind, at=at, network=network, details=dict(details))
    )


def make_subscriber_row(email: str, at: datetime) -> dict[str, Any]:
    """Make the row of somebody who gets mail from now on."""
    return {
        "email": email,
        "email_key": make_email_key(email),
        "token_id": secrets.token_urlsafe(12),
        "state": SubscriberState.ACTIVE,
        "state_at": at,
        "subscribed_at": at,
    }


def dump_subscription(subscription: Subscription) -> dict[str, Any]:
    """Turn a subscription into JSON's types, by the names of its columns."""
    dumped: dict[str, Any] = json.loads(json.dumps(asdict(subscription)))
    return dumped


def load_subscription(values: Mapping[str, Any]) -> Subscription:
    """Read a subscription from a row or from `dump_subscription`."""
    return Subscription(
        frequency=Frequency(values["frequency"]),
        language=Language(values["language"]),
        categories=tuple(values["categories"]),
        keywords=tuple(values["keywords"]),
        authors=tuple(values["authors"]),
        timezone=values["timezone"],
        wants_empty=values["wants_empty"],
    )


def select_subscribers() -> Select[Any]:
    """Make a query for subscribers with what they ask for, as `read_row` reads them."""
    columns = (column for column in SUBSCRIPTION.c if column.name != "subscriber_id")
    return select(SUBSCRIBER, *columns).join(SUBSCRIPTION)


@cache
def _build_query_by_number() -> Select[Any]:
    """Build the query once: it is asked for every portion of mail."""
    return select_subscribers().where(SUBSCRIBER.c.subscriber_id.in_(bindparam("numbers", expanding=True)))


def _find(people: People, condition: Any) -> Subscriber | None:
    with people.connect() as connection:
        row = connection.execute(select_subscribers().where(condition)).first()
    return read_row(row) if row else None


def read_row(row: Row[Any]) -> Subscriber:
    """Read a subscriber from a row of `select_subscribers`."""
    return Subscriber(
        row.subscriber_id,
        row.email,
        row.token_id,
        SubscriberState(row.state),
        dates.find_eastern_date(row.subscribed_at),
        load_subscription(row._asdict()),
    )


def _insert(connection: Connection, email: str, at: datetime) -> int | None:
    """Insert a subscriber; None where somebody has this address, who may have come at the same moment."""
    row = make_subscriber_row(email, at)
    key = [SUBSCRIBER.c.email_key]
    statement = build_insert(connection, SUBSCRIBER).values(row).on_conflict_do_nothing(index_elements=key)
    return connection.scalar(statement.returning(SUBSCRIBER.c.subscriber_id))


def _find_for_update(connection: Connection, email: str) -> Subscriber:
    query = select_subscribers().where(SUBSCRIBER.c.email_key == make_email_key(email)).with_for_update()
    return read_row(connection.execute(query).one())


def _activate(connection: Connection, before: Subscriber, subscription: Subscription, at: datetime) -> None:
    """Let somebody get mail again, or at another frequency; nothing changes for who gets it already."""
    values: dict[str, Any] = {}
    if before.state is not SubscriberState.ACTIVE:
        values |= {"state": SubscriberState.ACTIVE, "state_at": at}
    if values or before.frequency != subscription.frequency:
        values |= {"subscribed_at": at}
        is_it = SUBSCRIBER.c.subscriber_id == before.subscriber_id
        connection.execute(update(SUBSCRIBER).where(is_it).values(values))


def _replace_subscription(
    connection: Connection, subscriber_id: int, subscription: Subscription, *, is_new: bool
) -> None:
    values = dump_subscription(subscription)
    if is_new:
        connection.execute(insert(SUBSCRIPTION).values(subscriber_id=subscriber_id, **values))
    else:
        connection.execute(update(SUBSCRIPTION).where(SUBSCRIPTION.c.subscriber_id == subscriber_id).values(values))
