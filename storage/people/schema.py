"""The tables of people. Every column has its meaning beside it."""

from pathlib import Path

from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    event,
)

#: A connection to the people's database.
People = Engine

METADATA = MetaData()

SUBSCRIBER = Table(
    "subscriber",
    METADATA,
    Column("subscriber_id", Integer, primary_key=True),
    Column("email", String, nullable=False, unique=True, comment="As the person wrote it, trimmed."),
    Column("frequency", String, nullable=False, comment="daily or weekly."),
    Column("subscribed_at", DateTime(timezone=True), nullable=False, comment="Our clock, UTC."),
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
        comment="claimed (nothing sent yet), sending (the server may have it), sent, or refused by the server.",
    ),
    Column("message_id", String, nullable=False, comment="The Message-ID, the same at every try."),
    Column("changed_at", DateTime(timezone=True), nullable=False, comment="Our clock, UTC."),
    Column("answer", String, comment="What the server said; NULL before it said anything."),
    UniqueConstraint("subscriber_id", "edition"),
)


def open_people(path: Path) -> Engine:
    """The people's database, made where there is none. Its file is readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True)  # An error names no person.

    @event.listens_for(engine, "connect")
    def _wait_for_others(connection, _record) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        connection.execute("PRAGMA busy_timeout = 30000")
        connection.execute("PRAGMA journal_mode = WAL")

    METADATA.create_all(engine)
    return engine
