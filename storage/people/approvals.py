"""Which editions wait for a person before they are mailed, and what was decided."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select, update

from storage.people.database import People, build_insert
from storage.people.schema import APPROVAL


class ApprovalState(StrEnum):
    """What a person, or the deadline, decided of an edition's mail."""

    WAITING = "waiting"
    RELEASED = "released"
    DROPPED = "dropped"


class Approval(NamedTuple):
    """An edition that waits, or waited, for a person."""

    edition: str
    state: ApprovalState
    asked_at: datetime
    deadline_at: datetime
    decided_at: datetime | None
    #: A name, or `deadline`; None while it waits.
    decided_by: str | None
    #: When the approver was asked by mail; None before.
    letter_sent_at: datetime | None = None


def ask_approval(people: People, edition: str, at: datetime, deadline_at: datetime) -> bool:
    """Let an edition wait for a person. Returns whether it was not on record before; else nothing changes."""
    values = {"edition": edition, "state": ApprovalState.WAITING, "asked_at": at, "deadline_at": deadline_at}
    with people.begin() as connection:
        asked = build_insert(connection, APPROVAL).values(values).on_conflict_do_nothing().returning(APPROVAL.c.edition)
        return connection.scalar(asked) is not None


def decide_approval(people: People, edition: str, state: ApprovalState, at: datetime, by: str) -> bool:
    """Record the decision; returns whether the edition was waiting, else what was decided before stands."""
    with people.begin() as connection:
        done = connection.execute(
            update(APPROVAL)
            .where(APPROVAL.c.edition == edition, APPROVAL.c.state == ApprovalState.WAITING)
            .values(state=state, decided_at=at, decided_by=by)
        )
        return done.rowcount > 0


def record_letter(people: People, edition: str, at: datetime) -> None:
    """Record that the approver was asked by mail."""
    with people.begin() as connection:
        connection.execute(update(APPROVAL).where(APPROVAL.c.edition == edition).values(letter_sent_at=at))


def find_approval(people: People, edition: str) -> Approval | None:
    """Find what is on record of an edition; None where nobody was asked."""
    return next(iter(_read(people, edition)), None)


def read_waiting_approvals(people: People) -> list[Approval]:
    """Read the editions that wait for a person, by deadline."""
    waiting = (one for one in _read(people, None) if one.state is ApprovalState.WAITING)
    return sorted(waiting, key=lambda one: one.deadline_at)


def _read(people: People, edition: str | None) -> list[Approval]:
    query = select(APPROVAL) if edition is None else select(APPROVAL).where(APPROVAL.c.edition == edition)
    with people.connect() as connection:
        rows = connection.execute(query).all()
    return [
        Approval(
            row.edition,
            ApprovalState(row.state),
            row.asked_at,
            row.deadline_at,
            row.decided_at,
            row.decided_by,
            row.letter_sent_at,
        )
        for row in rows
    ]
