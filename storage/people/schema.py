"""The tables of people. Every column has its meaning beside it."""

from pathlib import Path

from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    ExceptionContext,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    event,
)
from sqlalchemy.exc import DatabaseError, OperationalError

from yibao.errors import PeopleError

#: A connection to the people's database.
People = Engine

METADATA = MetaData()

SUBSCRIBER = Table(
    "subscriber",
    METADATA,
    Column("subscriber_id", Integer, primary_key=True),
    Column(
        "email", String, nullable=False, unique=True, comment="Normalised; what an older Yibao took in, as written."
    ),
    Column("frequency", String, nullable=False, comment="daily or weekly."),
    Column(
        "subscribed_at",
        DateTime(timezone=True),
        nullable=False,
        comment="Since when at this frequency, our clock, UTC. No earlier edition is sent unasked.",
    ),
    Column("left_at", DateTime(timezone=True), comment="When they unsubscribed; NULL while subscribed."),
)

DELIVERY = Table(
    "delivery",
    METADATA,
    Column("delivery_id", Integer, primary_key=True),
    Column("subscriber_id", Integer, nullable=False),
    Column("edition", String, nullable=False, comment="2025-01-17 or 2025-W03."),
    Column(
        "state",
        String,
        nullable=False,
        comment="held (its day is not complete), claimed (to be sent), sending (the server may have it), sent, refused "
        "by the server, or given up (not sent in time).",
    ),
    Column("message_id", String, nullable=False, comment="The Message-ID, the same at every try."),
    Column("changed_at", DateTime(timezone=True), nullable=False, comment="Our clock, UTC."),
    Column("answer", String, comment="What the server said, or why it waits; NULL before that."),
    UniqueConstraint("subscriber_id", "edition"),
    Index("delivery_edition", "edition", "state"),
    Index("delivery_state", "state", "edition"),
)

_DAMAGED = ("malformed", "not a database", "no such column", "no such table", "corrupt")
_BUSY = ("locked", "busy")


def open_people(path: Path) -> Engine:
    """Open the people's database, made where there is none. Its file is readable by its owner only.

    Raises:
        PeopleError: it cannot be read or written; every later use of the connection raises it likewise.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise PeopleError(_explain(path, error.strerror or str(error))) from error
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True)  # An error names no person.

    @event.listens_for(engine, "connect")
    def _wait_for_others(connection, _record) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        connection.execute("PRAGMA busy_timeout = 30000")
        connection.execute("PRAGMA journal_mode = WAL")

    @event.listens_for(engine, "handle_error")
    def _tell_a_person(context: ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if isinstance(error, OperationalError) or type(error) is DatabaseError:
            raise PeopleError(_explain(path, str(context.original_exception))) from context.original_exception

    METADATA.create_all(engine)
    for index in DELIVERY.indexes:
        index.create(engine, checkfirst=True)
    return engine


def _explain(path: Path, words: str) -> str:
    """Say what is wrong with the file, and what to do about it."""
    if any(part in words for part in _DAMAGED):
        remedy = (
            "It is damaged, or is no database of Yibao. Restore it from a backup; or move it away, and the files "
            f"{path.name}-wal and {path.name}-shm with it: the next command makes an empty one, without subscribers."
        )
    elif any(part in words for part in _BUSY):
        remedy = "Another program keeps it open. End that program, or wait, and run again."
    else:
        remedy = (
            "Let the user who runs Yibao read and write this file and its folder, on a disk with room, and run again."
        )
    return f"{path}: the subscribers cannot be used: {words}. {remedy}"
