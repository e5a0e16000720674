"""The ledger of mail: at most one message for each subscriber and edition, whenever we are killed.

A delivery is *claimed* before anything is said to a server, *sending* from the moment at which the server may
have the message, then *sent*, or *refused* where the server will never take it. A claimed one can be taken up
again. One that stayed *sending* is the only doubtful case: nobody can know whether the server took it, so it is
reported and left to a person.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.people.schema import DELIVERY


class DeliveryState(StrEnum):
    """How far a message came."""

    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"


def claim(people: Engine, subscriber_id: int, edition: str, message_id: str, at: datetime) -> bool:
    """Whether this message is ours to send: never claimed before, or claimed by a run that died before sending.

    To be called by one process at a time (the run's lock sees to it).
    """
    values = {"subscriber_id": subscriber_id, "edition": edition, "message_id": message_id, "changed_at": at}
    try:
        with people.begin() as connection:
            connection.execute(insert(DELIVERY).values(state=DeliveryState.CLAIMED, **values))
    except IntegrityError:
        return state_of(people, subscriber_id, edition) == DeliveryState.CLAIMED
    return True


def record(  # noqa: PLR0913  (which delivery, how far, when, and what the server said)
    people: Engine, subscriber_id: int, edition: str, state: DeliveryState, at: datetime, answer: str = ""
) -> None:
    """The delivery has come so far, on disk."""
    with people.begin() as connection:
        connection.execute(
            update(DELIVERY)
            .where(DELIVERY.c.subscriber_id == subscriber_id, DELIVERY.c.edition == edition)
            .values(state=state, changed_at=at, answer=answer or None)
        )


def state_of(people: Engine, subscriber_id: int, edition: str) -> DeliveryState | None:
    """How far the delivery came; None where it was never begun."""
    with people.connect() as connection:
        state = connection.scalar(
            select(DELIVERY.c.state).where(DELIVERY.c.subscriber_id == subscriber_id, DELIVERY.c.edition == edition)
        )
    return DeliveryState(state) if state else None


def counts(people: Engine, edition: str) -> dict[DeliveryState, int]:
    """How many deliveries of an edition are in which state."""
    query = select(DELIVERY.c.state, func.count()).where(DELIVERY.c.edition == edition).group_by(DELIVERY.c.state)
    with people.connect() as connection:
        return {DeliveryState(row[0]): row[1] for row in connection.execute(query)}
