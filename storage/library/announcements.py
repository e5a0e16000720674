"""arXiv's daily lists, and what we can say of each list's completeness."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date

from storage.library.connection import Connection, insert
from yibao.models import Announcement, AnnounceType, Batch, BatchState, Listing


def store(connection: Connection, announcements: Iterable[Announcement]) -> int:
    """Each line is stored once, as it was last told; returns how many lines are new."""
    lines = {(line.category, line.announced_on, line.arxiv_id): line for line in announcements}
    keys = [f"{category} {on} {arxiv_id}" for category, on, arxiv_id in lines]
    deleted = connection.execute(
        """
        DELETE FROM announcement
        WHERE list_contains($keys, category || ' ' || announced_on || ' ' || arxiv_id)
        """,
        {"keys": keys},
    ).fetchone()
    insert(connection, "announcement", [asdict(line) for line in lines.values()])
    return len(lines) - (deleted[0] if deleted else 0)


def count(connection: Connection, category: str, announced_on: date) -> int:
    """How many lines of one list we hold."""
    row = connection.execute(
        "SELECT count(*) FROM announcement WHERE category = $category AND announced_on = $on",
        {"category": category, "on": announced_on},
    ).fetchone()
    return int(row[0]) if row else 0


def store_batch(connection: Connection, batch: Batch, on: date) -> None:
    """The list's state is this one, since the run that first found it so. Nothing makes a complete list less."""
    key = {"category": batch.category, "on": batch.announced_on}
    known = connection.execute(
        "SELECT state, note FROM batch WHERE category = $category AND announced_on = $on", key
    ).fetchone()
    if known and (known[0] == BatchState.COMPLETE or known == (batch.state, batch.note)):
        return
    connection.execute("DELETE FROM batch WHERE category = $category AND announced_on = $on", key)
    insert(connection, "batch", [{**asdict(batch), "since_on": on}])


def batch_of(connection: Connection, category: str, announced_on: date) -> Batch | None:
    """What we can say of one list; None where nobody ever looked."""
    found = (batch for batch in batches(connection) if (batch.category, batch.announced_on) == (category, announced_on))
    return next(found, None)


def batches(connection: Connection) -> list[Batch]:
    """All lists by date, newest first, then by category."""
    rows = connection.execute("""
        SELECT category, announced_on, state, declared, stored, source, note
        FROM batch
        ORDER BY announced_on DESC, category
    """)
    return [Batch(row[0], row[1], BatchState(row[2]), *row[3:]) for row in rows.fetchall()]


def listings(connection: Connection) -> list[Listing]:
    """Every paper on every date on which it was announced, by date."""
    rows = connection.execute("""
        SELECT
            arxiv_id,
            announced_on,
            arg_min(type, list_position(['new', 'cross', 'replace', 'replace-cross'], type)),
            list_sort(list(DISTINCT category))
        FROM announcement
        GROUP BY arxiv_id, announced_on
        ORDER BY announced_on, arxiv_id
    """)
    return [Listing(row[0], row[1], AnnounceType(row[2]), tuple(row[3])) for row in rows.fetchall()]
