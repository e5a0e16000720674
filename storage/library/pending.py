"""What has changed since readers last saw it; and which publication they saw.

Whoever stores something of a paper notes it here in the same transaction. A publication adds the editions and lists
that follow from it, and takes everything away once readers see it: who is killed before that begins again with it.

In Python each is one name: the permanent name of a paper or an edition, the name of a list, or EVERYTHING.
"""

from collections.abc import Collection, Iterable

from storage.library.connection import Connection, insert_rows, read_clock
from yibao.records import EDITION, PAPER

#: Among names: everything is to be rendered again.
EVERYTHING = ""
#: How the names of each kind begin.
_PREFIXES = {"everything": EVERYTHING, "paper": PAPER, "edition": EDITION, "list": ""}


def mark_pending(connection: Connection, names: Collection[str]) -> None:
    """Mark papers, editions and lists, or EVERYTHING, as changed since the last publication."""
    insert_rows(connection, "operations.pending", [_split_name(name) for name in names])


def mark_papers_pending(connection: Connection, arxiv_ids: Iterable[str]) -> None:
    """Mark papers as changed since the last publication, whether readers know them or not."""
    insert_rows(connection, "operations.pending", [{"kind": "paper", "key": arxiv_id} for arxiv_id in arxiv_ids])


def read_pending(connection: Connection) -> set[str]:
    """Read the names of all that is pending."""
    rows = connection.execute("SELECT DISTINCT kind, key FROM operations.pending").fetchall()
    return {f"{_PREFIXES[kind]}{key}" for kind, key in rows}


def read_signature(connection: Connection) -> str | None:
    """Read the signature of the last publication that came to its end; None before the first."""
    row = connection.execute("SELECT signature FROM operations.last_publication").fetchone()
    return row[0] if row else None


def clear_pending(connection: Connection, signature: str) -> None:
    """Record that readers see the publication of this signature, and that nothing is pending."""
    connection.execute("DELETE FROM operations.pending")
    connection.execute("DELETE FROM operations.last_publication")
    publication = {"signature": signature, "finished_at": read_clock(connection)}
    insert_rows(connection, "operations.last_publication", [publication])


def _split_name(name: str) -> dict[str, str]:
    if name == EVERYTHING:
        return {"kind": "everything", "key": ""}
    kind = next((kind for kind in ("paper", "edition") if name.startswith(_PREFIXES[kind])), "list")
    return {"kind": kind, "key": name.removeprefix(_PREFIXES[kind])}
