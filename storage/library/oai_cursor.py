"""How far the list of changed records was read: where the next request goes on, whatever killed the last one."""

from dataclasses import asdict, dataclass
from datetime import date

from storage.library.connection import Connection, insert_rows


@dataclass(frozen=True, slots=True)
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
    """The place in the list of this form of record; None where it was never read."""
    row = connection.execute(
        "SELECT prefix, from_on, token, reached_on, responded_on FROM oai_list WHERE prefix = $prefix",
        {"prefix": prefix},
    ).fetchone()
    return OaiCursor(*row) if row else None


def store_cursor(connection: Connection, place: OaiCursor) -> None:
    """Reading goes on from here."""
    connection.execute("DELETE FROM oai_list WHERE prefix = $prefix", {"prefix": place.prefix})
    insert_rows(connection, "oai_list", [asdict(place)])
