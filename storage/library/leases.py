"""What only one host may do at a time: asking arXiv, whose terms count all of an operator's machines as one."""

from datetime import datetime, timedelta

from storage.library.connection import Connection, insert_rows

#: A host that has not renewed its lease for so long is taken for dead.
DURATION = timedelta(minutes=20)


def take_lease(connection: Connection, name: str, holder: str, now: datetime) -> str | None:
    """Take the lease until DURATION from now; returns None, or the other host that holds it.

    To be taken in a transaction of its own or with what it guards; taking it again renews it.
    """
    row = connection.execute(
        "SELECT holder, expires_at FROM operations.lease WHERE name = $name", {"name": name}
    ).fetchone()
    if row and row[0] != holder and row[1] > now:
        return str(row[0])
    connection.execute("DELETE FROM operations.lease WHERE name = $name", {"name": name})
    insert_rows(connection, "operations.lease", [{"name": name, "holder": holder, "expires_at": now + DURATION}])
    return None


def find_holder(connection: Connection, name: str, now: datetime) -> str | None:
    """Return the host that holds the lease; None where nobody does."""
    row = connection.execute(
        "SELECT holder FROM operations.lease WHERE name = $name AND expires_at > $now", {"name": name, "now": now}
    ).fetchone()
    return str(row[0]) if row else None


def return_lease(connection: Connection, name: str, holder: str) -> None:
    """Return the lease, if this host holds it."""
    connection.execute(
        "DELETE FROM operations.lease WHERE name = $name AND holder = $holder", {"name": name, "holder": holder}
    )
