"""What was sent, over all subscribers."""

from sqlalchemy import Engine, func, select

from storage.people.deliveries import DeliveryState
from storage.people.schema import DELIVERY


def count_by_edition(people: Engine) -> dict[str, int]:
    """Count the messages that went out, or may have, by edition."""
    states = (DeliveryState.SENT, DeliveryState.SENDING)
    query = select(DELIVERY.c.edition, func.count()).where(DELIVERY.c.state.in_(states)).group_by(DELIVERY.c.edition)
    with people.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}
