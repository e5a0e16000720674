"""After a restore: mail that went out since the backup is on no record, so that nothing is sent before a given day."""

from datetime import datetime

from sqlalchemy import update

from storage.people.database import People
from storage.people.deliveries import OPEN, DeliveryState
from storage.people.schema import DELIVERY, LETTER, SUBSCRIBER

_UNDER_WAY = (*OPEN, DeliveryState.CLAIMED)


def hold_mail(people: People, mail_from: datetime, at: datetime, words: str) -> int:
    """Offer nobody an edition unasked that appeared before `mail_from`; returns how many messages are *unknown* now.

    These were under way: a person settles them. Letters that waited are not sent. `words` say why, in the ledger.
    """
    with people.begin() as connection:
        connection.execute(
            update(SUBSCRIBER).where(SUBSCRIBER.c.subscribed_at < mail_from).values(subscribed_at=mail_from)
        )
        connection.execute(update(LETTER).where(LETTER.c.sent_at.is_(None)).values(sent_at=at, answer=words))
        open_ = connection.execute(
            update(DELIVERY)
            .where(DELIVERY.c.state.in_(_UNDER_WAY))
            .values(state=DeliveryState.UNKNOWN, answer=words, worker=None, claimed_until=None, changed_at=at)
            .returning(DELIVERY.c.delivery_id)
        )
        return len(open_.all())  # psycopg counts none.
