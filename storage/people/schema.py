"""The tables of people. Every column has its meaning beside it."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)

#: Constraints have names, so that migrations can change them.
METADATA = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)


class Instant(TypeDecorator[datetime]):
    """An instant, in UTC wherever it is stored: SQLite keeps no zone beside a time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn an instant of any zone into UTC."""
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Name the zone of what was stored."""
        return value and (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))


def make_email_key(email: str) -> str:
    """Make the form of an address in which two spellings of one mailbox are equal: what columns `email_key` hold."""
    return email.casefold()


def _subscriber_key(**more: Any) -> Column[int]:
    return Column(
        "subscriber_id", Integer, ForeignKey("subscriber.subscriber_id", ondelete="CASCADE"), comment="Whose.", **more
    )


SUBSCRIBER = Table(
    "subscriber",
    METADATA,
    Column("subscriber_id", Integer, primary_key=True),
    Column("email", String, nullable=False, comment="Normalised, as shown; what an older Yibao took in, as written."),
    Column("email_key", String, nullable=False, unique=True, comment="The address with case folded: one a person."),
    Column("token_id", String, nullable=False, unique=True, comment="Random; what signed links name a person by."),
    Column("state", String, nullable=False, comment="active, left (by themselves), or stopped (bounce, complaint)."),
    Column("state_at", Instant, nullable=False, comment="Since when in this state, our clock, UTC."),
    Column(
        "subscribed_at",
        Instant,
        nullable=False,
        comment="Since when at this frequency, our clock, UTC. No earlier edition is sent unasked.",
    ),
    sqlite_autoincrement=True,  # A number is never given twice: old mail names it.
)

SUBSCRIPTION = Table(
    "subscription",
    METADATA,
    _subscriber_key(primary_key=True),
    Column("frequency", String, nullable=False, comment="daily or weekly."),
    Column("language", String, nullable=False, comment="zh, en or both."),
    Column("categories", JSON, nullable=False, comment="List of canonical codes."),
    Column("keywords", JSON, nullable=False, comment="List of words and phrases."),
    Column("authors", JSON, nullable=False, comment="List of names as arXiv spells them."),
    Column("timezone", String, nullable=False, comment="IANA name."),
    Column("wants_empty", Boolean, nullable=False, comment="Mail comes also when nothing met a topic."),
)

REQUEST = Table(
    "request",
    METADATA,
    Column("request_id", String, primary_key=True, comment="Random; named by the signed link of the letter."),
    Column("email", String, nullable=False, comment="Normalised. Deleted with the row when it expires unconfirmed."),
    Column("subscription", JSON, nullable=False, comment="What was asked for, as the columns of subscription."),
    Column("asked_at", Instant, nullable=False, comment="Our clock, UTC."),
    Column("expires_at", Instant, nullable=False, comment="Our clock, UTC."),
    Column("network", String, comment="Address from which it was asked; NULL where unknown."),
    Column("used_at", Instant, comment="When it was confirmed; a second time changes nothing."),
)

CONSENT = Table(
    "consent",
    METADATA,
    Column("consent_id", Integer, primary_key=True),
    _subscriber_key(nullable=False, index=True),
    Column(
        "kind",
        String,
        nullable=False,
        comment="asked, confirmed, changed, left, stopped; added or imported by the operator.",
    ),
    Column("at", Instant, nullable=False, comment="Our clock, UTC."),
    Column("network", String, comment="Address from which it came; NULL where it came from the operator or a server."),
    Column("details", JSON, nullable=False, comment="What was agreed to or changed; why somebody was stopped."),
)

SUPPRESSION = Table(
    "suppression",
    METADATA,
    Column("address_hash", String, primary_key=True, comment="HMAC of the address, case folded: outlives its erasure."),
    Column("reason", String, nullable=False, comment="bounced, complained, erased, or blocked by the operator."),
    Column("at", Instant, nullable=False, comment="Our clock, UTC."),
)

LETTER = Table(
    "letter",
    METADATA,
    Column("letter_id", Integer, primary_key=True),
    Column("kind", String, nullable=False, comment="confirm (a request), or links (to preferences and leaving)."),
    Column("email", String, nullable=False, comment="Where it goes. Deleted with the row, after three days."),
    Column("email_key", String, nullable=False, index=True, comment="The address with case folded, for limits."),
    Column("request_id", String, comment="Which request it asks to confirm; NULL for others."),
    Column("queued_at", Instant, nullable=False, comment="Our clock, UTC."),
    Column("sent_at", Instant, comment="When it was offered to a server, which may have it; NULL before."),
    Column("answer", String, comment="What the server said last; NULL before, or where we were killed meanwhile."),
    sqlite_autoincrement=True,  # A number is never given twice: old mail names it.
)

DELIVERY = Table(
    "delivery",
    METADATA,
    Column("delivery_id", Integer, primary_key=True),
    Column("subscriber_id", Integer, nullable=False, comment="Whose; the person may have been erased since."),
    Column("edition", String, nullable=False, comment="2025-01-17 or 2025-W03."),
    Column(
        "state",
        String,
        nullable=False,
        comment="held (it waits for its day or a person), queued, claimed (a worker sends it now), sent, refused by "
        "the server, unknown (the server may have it), given up (not sent in time), empty (nothing for this "
        "subscriber), or dropped by a person.",
    ),
    Column("message_id", String, nullable=False, comment="The Message-ID, the same at every try."),
    Column("changed_at", Instant, nullable=False, comment="Our clock, UTC."),
    Column("answer", String, comment="What the server said, or why it waits; NULL before that."),
    Column("worker", String, comment="Who sends it, as HOST/RUN; NULL unless claimed."),
    Column("claimed_until", Instant, comment="After this the worker counts as dead; NULL unless claimed."),
    Column("not_before", Instant, comment="Not offered earlier; NULL: at once."),
    Column("tries", Integer, nullable=False, server_default="0", comment="How often it was offered to a server."),
    UniqueConstraint("subscriber_id", "edition"),
    Index("delivery_edition", "edition", "state", "subscriber_id"),  # The order in which a queue is worked.
    Index("delivery_state", "state", "edition"),
    sqlite_autoincrement=True,  # A number is never given twice: old mail names it.
)

APPROVAL = Table(
    "approval",
    METADATA,
    Column("edition", String, primary_key=True, comment="2025-01-17 or 2025-W03."),
    Column("state", String, nullable=False, comment="waiting, released or dropped."),
    Column("asked_at", Instant, nullable=False, comment="Our clock, UTC."),
    Column("deadline_at", Instant, nullable=False, comment="When it is decided without a person."),
    Column("decided_at", Instant, comment="NULL while it waits."),
    Column("decided_by", String, comment="Who decided: a name, or deadline; NULL while it waits."),
    Column("letter_sent_at", Instant, comment="When the approver was asked by mail; NULL before."),
)

BOUNCE = Table(
    "bounce",
    METADATA,
    Column("report_hash", String, primary_key=True, comment="Of the report's bytes: read twice, it counts once."),
    Column(
        "kind", String, nullable=False, comment="hard, soft, complaint, or leaving; other where it is none of these."
    ),
    Column("status", String, comment="RFC 3463, such as 5.1.1; NULL where the report names none."),
    Column("subscriber_id", Integer, index=True, comment="Whose mail it was; NULL where nobody can tell."),
    Column("delivery_id", Integer, comment="Which message; NULL where nobody can tell."),
    Column("at", Instant, nullable=False, comment="When we read it, our clock, UTC."),
    Column("words", String, nullable=False, comment="What the report says, without addresses."),
)
