"""What has changed since readers last saw it, by name; and which publication they saw.

Whoever stores something of a paper notes it here in the same transaction. A publication adds the editions and lists
that follow from it, and takes everything away once readers see it: who is killed before that begins again with it.
"""

import json
from collections.abc import Collection, Iterable

from storage.library.connection import Connection
from yibao.records import PAPER

#: Among names: everything is to be looked at.
EVERYTHING = ""


def mark_pending(connection: Connection, names: Collection[str]) -> None:
    """All of these are pending."""
    if names:
        connection.execute(
            "INSERT INTO pending SELECT unnest(from_json($names, '[\"VARCHAR\"]'))", {"names": json.dumps(list(names))}
        )


def mark_papers_pending(connection: Connection, arxiv_ids: Iterable[str]) -> None:
    """All of these papers are pending, readers' or not."""
    mark_pending(connection, [f"{PAPER}{arxiv_id}" for arxiv_id in arxiv_ids])


def read_pending(connection: Connection) -> set[str]:
    """All that is pending."""
    return {row[0] for row in connection.execute("SELECT DISTINCT name FROM pending").fetchall()}


def read_signature(connection: Connection) -> str | None:
    """That of the last publication that came to its end; None before the first."""
    row = connection.execute("SELECT signature FROM published").fetchone()
    return row[0] if row else None


def clear_pending(connection: Connection, signature: str) -> None:
    """Nothing is pending, and readers see the publication of this signature."""
    connection.execute("DELETE FROM pending")
    connection.execute("DELETE FROM published")
    connection.execute("INSERT INTO published VALUES ($signature)", {"signature": signature})
