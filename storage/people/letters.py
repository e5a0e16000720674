"""Letters that a person asked for on a page: queued with the answer, sent after it.

A letter is taken (`take_letter`) before a server can have it, and sent at most once: who does not get it can ask again.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from storage.people.database import People
from storage.people.schema import LETTER, make_email_key

#: An address gets no more letters than so many within so long, whoever asks for them.
LIMITS = ((1, timedelta(minutes=10)), (5, timedelta(days=1)))
#: What could not be sent within this time is not sent any more, and nothing is kept of it.
LIFETIME = timedelta(days=3)


class LetterKind(StrEnum):
    """What a letter is for."""

    #: It asks to confirm a request.
    CONFIRM = "confirm"
    #: It brings the links to preferences and leaving.
    LINKS = "links"


class Letter(NamedTuple):
    """A letter that waits to be sent."""

    letter_id: int
    kind: LetterKind
    email: str
    #: Which request it asks to confirm; None for others.
    request_id: str | None
    queued_at: datetime


def queue_letter(
    connection: Connection, kind: LetterKind, email: str, at: datetime, request_id: str | None = None
) -> None:
    """Queue a letter, within a transaction of the caller's. Whether it may be sent is decided when it is its turn."""
    connection.execute(
        insert(LETTER).values(
            kind=kind, email=email, email_key=make_email_key(email), request_id=request_id, queued_at=at
        )
    )


def ask_links(people: People, email: str, at: datetime) -> None:
    """Queue the letter with a subscriber's links; the same is written for an address that nobody knows."""
    with people.begin() as connection:
        queue_letter(connection, LetterKind.LINKS, email, at)


def read_queued_letters(people: People) -> list[Letter]:
    """Read the letters that no server was offered yet, oldest first."""
    query = select(LETTER).where(LETTER.c.sent_at.is_(None)).order_by(LETTER.c.letter_id)
    with people.connect() as connection:
        return [
            Letter(row.letter_id, LetterKind(row.kind), row.email, row.request_id, row.queued_at.replace(tzinfo=UTC))
            for row in connection.execute(query)
        ]


def has_had_enough(people: People, email: str, at: datetime) -> bool:
    """Tell whether an address has had as many letters as it may get for now."""
    count = select(func.count()).where(LETTER.c.email_key == make_email_key(email))
    with people.connect() as connection:
        return any((connection.scalar(count.where(LETTER.c.sent_at > at - span)) or 0) >= most for most, span in LIMITS)


def take_letter(people: People, letter_id: int, at: datetime) -> bool:
    """Take a letter in order to send it; returns whether nobody else has."""
    with people.begin() as connection:
        done = connection.execute(
            update(LETTER).where(LETTER.c.letter_id == letter_id, LETTER.c.sent_at.is_(None)).values(sent_at=at)
        )
        return done.rowcount > 0


def record_answer(people: People, letter_id: int, answer: str) -> None:
    """Put on record what the server said, or why nobody knows."""
    with people.begin() as connection:
        connection.execute(update(LETTER).where(LETTER.c.letter_id == letter_id).values(answer=answer))


def return_letter(people: People, letter_id: int, answer: str) -> None:
    """Put a letter back into the queue: the server does not have it, for this reason."""
    with people.begin() as connection:
        connection.execute(update(LETTER).where(LETTER.c.letter_id == letter_id).values(sent_at=None, answer=answer))


def delete_letter(people: People, letter_id: int) -> None:
    """Delete a letter that is not to be sent."""
    with people.begin() as connection:
        connection.execute(delete(LETTER).where(LETTER.c.letter_id == letter_id))


def purge_letters(people: People, at: datetime) -> None:
    """Delete old letters, sent or not, and the addresses in them."""
    with people.begin() as connection:
        connection.execute(delete(LETTER).where(LETTER.c.queued_at < at - LIFETIME))
