"""What each edition holds, as last composed, and which papers and editions have to do with one another."""

import json
from collections.abc import Collection, Iterable
from datetime import date
from typing import NamedTuple

from storage.library.connection import WANTED, Connection, bind_names, insert_rows
from yibao import dates
from yibao.edition_summaries import MOST_ENTRIES, EditionCounts
from yibao.records import Edition


class EditionRow(NamedTuple):
    """An edition as the table has it."""

    listed: EditionCounts
    #: The first of it, replacements apart.
    arxiv_ids: tuple[str, ...]


def store_editions(connection: Connection, keys: Collection[str] | None, editions: Iterable[Edition]) -> None:
    """The table says what these hold. Others of these keys, or of any (None), hold nothing any more."""
    connection.execute(
        f"DELETE FROM edition WHERE $wanted IS NULL OR edition IN {WANTED}",  # noqa: S608  (our own text)
        bind_names(keys),
    )
    insert_rows(connection, "edition", [_row(edition) for edition in editions])


def read_editions(connection: Connection, keys: Iterable[str] | None = None) -> dict[str, EditionRow]:
    """All editions, or those of these keys, by key, newest first."""
    found = connection.execute(
        f"""
        SELECT edition, translated, untranslated, coalesce(notes, []),
            arxiv_ids[:least({MOST_ENTRIES:d}, translated + untranslated)]
        FROM edition
        WHERE $wanted IS NULL OR edition IN {WANTED}
        ORDER BY ends_on DESC, edition DESC
        """,  # noqa: S608  (likewise)
        bind_names(keys),
    )
    return {
        row[0]: EditionRow(EditionCounts(row[0], row[1], row[2], tuple(row[3])), tuple(row[4]))
        for row in found.fetchall()
    }


def sizes(connection: Connection, first: date) -> dict[str, int]:
    """How many papers each edition holds that ends on or after a date, replacements among them; by key."""
    found = connection.execute(
        "SELECT edition, translated + untranslated + replaced FROM edition WHERE ends_on >= $first", {"first": first}
    )
    return dict(found.fetchall())


def find_editions_of_papers(connection: Connection, arxiv_ids: Iterable[str]) -> set[str]:
    """The keys of editions that hold, held or may hold one of these papers."""
    found = connection.execute(
        f"""
        SELECT edition FROM edition WHERE list_has_any(arxiv_ids, from_json($wanted, '["VARCHAR"]'))
        UNION
        SELECT unnest([strftime(announced_on, '%Y-%m-%d'), strftime(announced_on, '%G-W%V')])
        FROM announcement WHERE arxiv_id IN {WANTED}
        UNION
        SELECT unnest([week, strftime(arrived_on, '%Y-%m-%d')])
        FROM current_translation WHERE arxiv_id IN {WANTED}
        """,  # noqa: S608  (likewise)
        bind_names(arxiv_ids),
    )
    return {row[0] for row in found.fetchall()}


def find_candidate_papers(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Every paper that may be in one of the editions of these keys."""
    told = list(keys)
    spans = [dates.parse_week(key) if "W" in key else (date.fromisoformat(key),) * 2 for key in told]
    found = connection.execute(
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
            **bind_names(told),
        },
    )
    return {row[0] for row in found.fetchall()}


def _row(edition: Edition) -> dict[str, object]:
    return {
        "edition": edition.key,
        "starts_on": edition.starts_on,
        "ends_on": edition.ends_on,
        "translated": len(edition.translated),
        "untranslated": edition.untranslated,
        "replaced": len(edition.replaced),
        "arxiv_ids": [entry.arxiv_id for entry in edition.entries],
        "notes": edition.notes,
    }
