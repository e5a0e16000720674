"""How far the list of changed records was read over OAI-PMH: there the next request goes on."""

from dataclasses import asdict, dataclass
from datetime import date

from storage.library.connection import Connection, insert_rows


# Prefect tells by a weak reference which task moved it on.
@dataclass(frozen=True, slots=True, weakref_slot=True)
class OaiCursor:
    """A list of changed records and the place in it. All dates are UTC."""

    prefix: str
    #: It holds what changed since this day.
    from_on: date
    #: Asks for the next page; None between two lists.
    token: str | None = None
    #: The greatest datestamp read so far.
    reached_on: date | None = None
    #: The server's date when it began.
    responded_on: date | None = None


def read_cursor(connection: Connection, prefix: str) -> OaiCursor | None:
    """Read the place in the list of this form of record; None where it was never read."""
    row = connection.execute(
        "SELECT prefix, from_on, token, reached_on, responded_on FROM operations.oai_cursor WHERE prefix = $prefix",
        {"prefix": prefix},
    ).fetchone()
    return OaiCursor(*row) if row else None


def store_cursor(connection: Connection, cursor: OaiCursor) -> None:
    """Store the place from which the next request goes on."""
    connection.execute("DELETE FROM operations.oai_cursor WHERE prefix = $prefix", {"prefix": cursor.prefix})
    insert_rows(connection, "operations.oai_cursor", [asdict(cursor)])
