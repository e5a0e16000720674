"""What each edition holds, as last published, and which papers belong to which editions."""

import json
from collections.abc import Collection, Iterable
from datetime import date
from typing import NamedTuple

from storage.library.connection import WANTED, Connection, bind_names, insert_rows
from yibao import dates
from yibao.edition_summaries import MOST_ENTRIES, EditionCounts
from yibao.records import Edition


class EditionRow(NamedTuple):
    """An edition as the tables have it."""

    listed: EditionCounts
    #: The first of it, replacements apart.
    arxiv_ids: tuple[str, ...]


def store_editions(connection: Connection, keys: Collection[str] | None, editions: Iterable[Edition]) -> None:
    """Store what these editions hold. Others of these keys, or of any (None), hold nothing any more."""
    for table in ("edition", "edition_paper"):
        connection.execute(
            f"DELETE FROM {table} WHERE $wanted IS NULL OR edition IN {WANTED}",  # noqa: S608  (our own text)
            bind_names(keys),
        )
    stored = list(editions)
    insert_rows(connection, "edition", [_row(edition) for edition in stored])
    insert_rows(connection, "edition_paper", [row for edition in stored for row in _paper_rows(edition)])


def read_editions(connection: Connection, keys: Iterable[str] | None = None) -> dict[str, EditionRow]:
    """Read all editions, or those of these keys, by key, newest first."""
    rows = connection.execute(
        f"""
        SELECT edition, translated, untranslated, notes, coalesce(arxiv_ids, [])
        FROM edition
        LEFT JOIN (
            SELECT edition, list(arxiv_id ORDER BY position) AS arxiv_ids
            FROM edition_paper
            WHERE section <> 'replaced' AND position <= {MOST_ENTRIES:d}
            GROUP BY edition
        ) USING (edition)
        WHERE $wanted IS NULL OR edition IN {WANTED}
        ORDER BY ends_on DESC, edition DESC
        """,  # noqa: S608  (likewise)
        bind_names(keys),
    )
    return {
        row[0]: EditionRow(EditionCounts(row[0], row[1], row[2], tuple(row[3])), tuple(row[4]))
        for row in rows.fetchall()
    }


def sizes(connection: Connection, first: date) -> dict[str, int]:
    """Count how many papers each edition holds that ends on or after a date, replacements among them; by key."""
    rows = connection.execute(
        "SELECT edition, translated + untranslated + replaced FROM edition WHERE ends_on >= $first", {"first": first}
    )
    return dict(rows.fetchall())


def find_editions_of_papers(connection: Connection, arxiv_ids: Iterable[str]) -> set[str]:
    """Find the keys of editions that hold, held or may hold one of these papers."""
    rows = connection.execute(
        f"""
        SELECT edition FROM edition_paper WHERE arxiv_id IN {WANTED}
        UNION
        SELECT unnest([strftime(announced_on, '%Y-%m-%d'), strftime(announced_on, '%G-W%V')])
        FROM announcement WHERE arxiv_id IN {WANTED}
        UNION
        SELECT unnest([week, strftime(arrived_on, '%Y-%m-%d')])
        FROM current_translation WHERE arxiv_id IN {WANTED}
        """,  # noqa: S608  (likewise)
        bind_names(arxiv_ids),
    )
    return {row[0] for row in rows.fetchall()}


def find_candidate_papers(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Find every paper that may be in one of the editions of these keys."""
    wanted = list(keys)
    spans = [dates.parse_week(key) if "W" in key else (date.fromisoformat(key),) * 2 for key in wanted]
    rows = connection.execute(
        f"""
        SELECT arxiv_id
        FROM announcement
        SEMI JOIN (
            SELECT unnest(from_json($spans, '[{{"first": "DATE", "last": "DATE"}}]'), max_depth := 2)
        ) AS span ON announced_on BETWEEN span.first AND span.last
        UNION
        SELECT arxiv_id FROM current_translation
        WHERE week IN {WANTED} OR strftime(arrived_on, '%Y-%m-%d') IN {WANTED}
        """,  # noqa: S608  (likewise)
        {
            "spans": json.dumps([{"first": first, "last": last} for first, last in spans], default=str),
            **bind_names(wanted),
        },
    )
    return {row[0] for row in rows.fetchall()}


def _row(edition: Edition) -> dict[str, object]:
    return {
        "edition": edition.key,
        "starts_on": edition.starts_on,
        "ends_on": edition.ends_on,
        "translated": len(edition.translated),
        "untranslated": edition.untranslated,
        "replaced": len(edition.replaced),
        "notes": edition.notes,
    }


def _paper_rows(edition: Edition) -> list[dict[str, object]]:
    """Return every paper of the edition with its section and its place, in the order in which readers see them."""
    untranslated = [entry for _, entries in edition.by_category for entry in entries]
    sections = (("translated", edition.translated), ("untranslated", untranslated), ("replaced", edition.replaced))
    placed = [(section, entry.arxiv_id) for section, entries in sections for entry in entries]
    return [
        {"edition": edition.key, "section": section, "position": position, "arxiv_id": arxiv_id}
        for position, (section, arxiv_id) in enumerate(placed, 1)
    ]
