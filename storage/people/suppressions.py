"""Addresses that get no mail, kept as hashes: they outlive the erasure of all that is known of a person."""

import hmac
from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import Connection, delete, select, update

from storage.people.database import People, build_insert
from storage.people.schema import SUPPRESSION, make_email_key
from yibao.errors import SuppressedError


class SuppressionReason(StrEnum):
    """Why an address gets no mail; a later one takes the place of an earlier one, not the other way round."""

    ERASED = "erased"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    BLOCKED = "blocked"


#: What somebody lifts who asks for mail and confirms it. Of the others only the operator can decide.
LIFTED_BY_CONSENT = frozenset({SuppressionReason.ERASED, SuppressionReason.BOUNCED})
_STRENGTH = tuple(SuppressionReason)
_WORDS = {
    SuppressionReason.ERASED: "whoever it belongs to had their data erased",
    SuppressionReason.BOUNCED: "its mail server refused mail for good",
    SuppressionReason.COMPLAINED: "whoever it belongs to reported mail as unwanted",
    SuppressionReason.BLOCKED: "the operator blocked it",
}


def suppress(people: People, email: str, reason: SuppressionReason, at: datetime) -> None:
    """Send this address no more mail, whoever asks for it; a stronger reason on record stays."""
    with people.begin() as connection:
        suppress_within(connection, people.secret, email, reason, at)


def lift(people: People, email: str, reasons: Collection[SuppressionReason] = _STRENGTH) -> SuppressionReason | None:
    """Let this address get mail again, if one of these reasons stands against it. Returns that reason, or None."""
    is_it = SUPPRESSION.c.address_hash == _hash_address(people.secret, email)
    query = delete(SUPPRESSION).where(is_it, SUPPRESSION.c.reason.in_(reasons)).returning(SUPPRESSION.c.reason)
    with people.begin() as connection:
        reason = connection.scalar(query)
    return SuppressionReason(reason) if reason else None


def find_reason(people: People, email: str) -> SuppressionReason | None:
    """Find why an address gets no mail; None where nothing stands against it."""
    with people.connect() as connection:
        return find_reasons_within(connection, people.secret, [email]).get(email)


def is_suppressed(people: People, email: str) -> bool:
    """Check whether anything stands against mail to an address."""
    return find_reason(people, email) is not None


def explain_reason(reason: SuppressionReason) -> str:
    """Say to the operator why an address gets no mail, and what to do."""
    remedy = "`yibao subscribers unblock ADDRESS` lets it get mail again"
    own = ", and so does a subscription that is confirmed by mail" if reason in LIFTED_BY_CONSENT else ""
    return f"This address gets no mail: {_WORDS[reason]}. {remedy}{own}."


def suppress_within(connection: Connection, secret: bytes, email: str, reason: SuppressionReason, at: datetime) -> None:
    """Suppress an address within a transaction; a stronger reason on record stays."""
    row = {"address_hash": _hash_address(secret, email), "reason": reason, "at": at}
    insert_new = build_insert(connection, SUPPRESSION).values(row).on_conflict_do_nothing()
    if connection.scalar(insert_new.returning(SUPPRESSION.c.address_hash)) is None:
        weaker = _STRENGTH[: _STRENGTH.index(reason)]
        is_weaker = (SUPPRESSION.c.address_hash == row["address_hash"]) & SUPPRESSION.c.reason.in_(weaker)
        connection.execute(update(SUPPRESSION).where(is_weaker).values(row))


def find_reasons_within(connection: Connection, secret: bytes, emails: Iterable[str]) -> dict[str, SuppressionReason]:
    """Find within a transaction which of these addresses, a thousand at most, get no mail, and why."""
    emails_by_hash = {_hash_address(secret, email): email for email in emails}
    query = select(SUPPRESSION).where(SUPPRESSION.c.address_hash.in_(list(emails_by_hash)))
    return {emails_by_hash[row.address_hash]: SuppressionReason(row.reason) for row in connection.execute(query)}


def require_allowed(connection: Connection, secret: bytes, email: str, *, is_confirmed: bool) -> None:
    """Refuse a suppressed address within a transaction; what a confirmed wish lifts is lifted.

    Raises:
        SuppressedError: it gets no mail; the message is for the operator, and names no person.
    """
    reason = find_reasons_within(connection, secret, [email]).get(email)
    if reason is None:
        return
    if not (is_confirmed and reason in LIFTED_BY_CONSENT):
        raise SuppressedError(explain_reason(reason))
    connection.execute(delete(SUPPRESSION).where(SUPPRESSION.c.address_hash == _hash_address(secret, email)))


def _hash_address(secret: bytes, email: str) -> str:
    """Hash an address with our secret: without it nobody can try which addresses are on record."""
    return hmac.new(secret, b"suppression " + make_email_key(email).encode(), sha256).hexdigest()
