"""The database of people: SQLite beside the library, or PostgreSQL that several machines share."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, ExceptionContext, Table, create_engine, event, inspect, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from storage.people.schema import METADATA
from yibao.errors import PeopleError

_DAMAGED = ("malformed", "not a database", "no such column", "no such table", "corrupt")
_BUSY = ("locked", "busy")
#: How long a writer of SQLite's file waits for another.
BUSY_TIMEOUT_MS = 30_000
#: The newest of `migrations/versions`, and all that can be brought up to it; None: from before there were numbers.
HEAD = "0002"
_KNOWN = (None, "0001")
#: Not Alembic's own name for it: Prefect, which uses that, may have the same database.
_VERSION_TABLE = "people_version"
#: Of PostgreSQL's advisory locks: one process at a time makes or changes the tables.
_SCHEMA_LOCK = 0x7969_6261
#: Of PostgreSQL's errors: no right, and a server that can only be read.
_FORBIDDEN = ("42501", "25006")
#: Seconds for a connection, milliseconds for an answer to a packet: a server may vanish without a word.
_PATIENCE = {"connect_timeout": 10, "tcp_user_timeout": 30_000}


@dataclass(frozen=True, slots=True)
class People:
    """The database of people, and the secret that signs their links and hides erased addresses."""

    engine: Engine
    secret: bytes = field(repr=False)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a transaction that writes, committed at the end of the block."""
        with self.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            yield connection

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Open a connection that reads."""
        with self.engine.connect() as connection:
            yield connection

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_people(database: Path | str, secret: bytes) -> People:
    """Open the database of people; its tables are made where there are none, and brought up to date.

    Args:
        database: the file of SQLite, which is readable by its owner only; or PostgreSQL's address.
        secret: signs links and hides erased addresses.

    Raises:
        PeopleError: it cannot be read or written; every later use of the connection raises it likewise.
    """
    engine = _open_file(database) if isinstance(database, Path) else _open_server(database)
    people = People(engine, secret)
    _bring_up_to_date(people)
    return people


def build_insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an INSERT that can pass by rows which are there. What it did is asked by RETURNING: psycopg counts none."""
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)


def _open_file(path: Path) -> Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise PeopleError(_explain_file(path, error.strerror or str(error))) from error
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True)  # An error names no person.

    @event.listens_for(engine, "connect")
    def _prepare(connection, _record) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        # SQLAlchemy begins transactions, not sqlite3, which would not before a change of tables.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        _keep_log(connection)
        # What is on record survives the loss of power, not only of the process.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # What is erased is overwritten, and leaves no copy in temporary files.
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = MEMORY")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # Who writes takes the lock at once: a reader who turns writer is refused without waiting.
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('sqlite_begin', 'DEFERRED')}")

    @event.listens_for(engine, "handle_error")
    def _tell_a_person(context: ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if isinstance(error, OperationalError) or type(error) is DatabaseError:
            raise PeopleError(_explain_file(path, str(context.original_exception))) from context.original_exception

    return engine


def _keep_log(connection: sqlite3.Connection) -> None:
    """Let SQLite keep a write-ahead log. It refuses at once, without waiting, others who change a new file to that."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _open_server(address: str) -> Engine:
    try:
        url = make_url(address).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError) as error:
        raise PeopleError(
            "people.database: this is no address of PostgreSQL, such as postgresql://user:password@host/name."
        ) from error
    patience = {name: value for name, value in _PATIENCE.items() if name not in url.query}
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=patience)

    @event.listens_for(engine, "handle_error")
    def _tell_a_person(context: ExceptionContext) -> None:
        error = context.original_exception
        is_away = context.connection is None or isinstance(context.sqlalchemy_exception, OperationalError)
        if is_away or getattr(error, "sqlstate", "") in _FORBIDDEN:
            raise PeopleError(_explain_server(url, error)) from error

    return engine


def _bring_up_to_date(people: People) -> None:
    """Make the tables, or change those of an older Yibao; one process at a time."""
    with people.connect() as connection:
        if _read_version(connection) == HEAD:
            return
    with people.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})")
        _migrate(connection, _read_version(connection))


def _migrate(connection: Connection, version: str | None) -> None:
    if version == HEAD:
        return  # Another process was quicker.
    if version not in _KNOWN:
        raise PeopleError(
            f"The subscribers were stored by a newer Yibao (version {version}; this one knows {HEAD}). Install that "
            "one, and run again."
        )
    # Alembic takes a fifth of a second to import, and is needed once in the life of an installation.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    alembic = Config(attributes={"connection": connection, "version_table": _VERSION_TABLE})
    alembic.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    if version or inspect(connection).has_table("delivery"):
        command.upgrade(alembic, HEAD)
    else:
        METADATA.create_all(connection)
        command.stamp(alembic, HEAD)


def _read_version(connection: Connection) -> str | None:
    """Read which migration the tables are at; None where no migration was recorded."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    version: str | None = connection.scalar(text(f"SELECT version_num FROM {_VERSION_TABLE}"))  # noqa: S608  (our name)
    return version


def _explain_file(path: Path, words: str) -> str:
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


def _explain_server(url: URL, error: BaseException) -> str:
    """Say what is wrong with the server, and what to do about it."""
    words = str(error).strip().splitlines()[0].rstrip(".")
    remedy = (
        "Give this user the right to make and change tables in this database"
        if getattr(error, "sqlstate", "") in _FORBIDDEN
        else "Start PostgreSQL, or mend people.database"
    )
    name = f"{url.host or 'PostgreSQL'}:{url.port or 5432}/{url.database}"
    return f"{name}: the subscribers cannot be used: {words}. {remedy}, and run again."
