"""What each edition holds, as last published, and which papers belong to which editions."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple

from storage.library.connection import WANTED, Connection, bind_names, insert_rows
from yibao import dates
from yibao.edition_summaries import MOST_ENTRIES, MOST_OF_WEEK, EditionCounts
from yibao.records import Edition, Neighbours, Pages


class EditionRow(NamedTuple):
    """An edition as the tables have it."""

    listed: EditionCounts
    #: The first of it, replacements apart.
    arxiv_ids: tuple[str, ...]


def store_editions(
    connection: Connection, keys: Collection[str] | None, editions: Iterable[Edition], pages: Pages
) -> None:
    """Store what these editions hold, and where. Others of these keys, or of any (None), hold nothing any more."""
    if keys is not None and not keys:
        return
    for table in ("edition", "edition_paper"):
        connection.execute(
            f"DELETE FROM {table} WHERE $wanted IS NULL OR edition IN {WANTED}",  # noqa: S608  (our own text)
            bind_names(keys),
        )
    stored = list(editions)
    insert_rows(connection, "edition", [_row(edition) for edition in stored])
    insert_rows(connection, "edition_paper", [row for edition in stored for row in _paper_rows(edition, pages)])
    _record_history(connection, keys)


def read_editions(connection: Connection, keys: Iterable[str] | None = None) -> dict[str, EditionRow]:
    """Read all editions, or those of these keys, by key, newest first."""
    rows = connection.execute(
        f"""
        SELECT edition, translated, untranslated, notes, coalesce(arxiv_ids, [])
        FROM edition
        LEFT JOIN (
            SELECT edition, list(arxiv_id ORDER BY position) AS arxiv_ids
            FROM edition_paper
            WHERE section <> 'replaced'
            AND position <= if(contains(edition, 'W'), {MOST_OF_WEEK:d}, {MOST_ENTRIES:d})
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


def read_keys(connection: Connection) -> set[str]:
    """Read the keys of all editions."""
    return {row[0] for row in connection.execute("SELECT edition FROM edition").fetchall()}


def count_papers(connection: Connection, first: date) -> dict[str, int]:
    """Count how many papers each edition holds that ends on or after a date, replacements among them; by key."""
    rows = connection.execute(
        "SELECT edition, translated + untranslated + replaced FROM edition WHERE ends_on >= $first", {"first": first}
    )
    return dict(rows.fetchall())


def read_pages(connection: Connection, arxiv_ids: Iterable[str]) -> dict[tuple[str, str], int]:
    """Read on which pages of daily editions these papers stand, by the edition's key and identifier."""
    rows = connection.execute(
        f"SELECT edition, arxiv_id, page FROM edition_paper WHERE page IS NOT NULL AND arxiv_id IN {WANTED}",  # noqa: S608
        bind_names(arxiv_ids),
    )
    return {(edition, arxiv_id): page for edition, arxiv_id, page in rows.fetchall()}


def find_editions_by_paper(connection: Connection, arxiv_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Find the keys of the editions that hold each of these papers: days by date, then weeks."""
    rows = connection.execute(
        f"""
        SELECT arxiv_id, list(edition ORDER BY page IS NULL, edition)
        FROM edition_paper
        WHERE arxiv_id IN {WANTED}
        GROUP BY arxiv_id
        """,  # noqa: S608  (likewise)
        bind_names(arxiv_ids),
    )
    return {arxiv_id: tuple(keys) for arxiv_id, keys in rows.fetchall()}


def read_neighbours(connection: Connection, editions: Mapping[str, str]) -> dict[str, Neighbours]:
    """Read what stands before and after each paper under its heading, in the edition that `editions` names for it."""
    rows = connection.execute(
        f"""
        SELECT arxiv_id, edition, previous, next
        FROM (
            SELECT arxiv_id, edition, lag(arxiv_id) OVER heading AS previous, lead(arxiv_id) OVER heading AS next
            FROM edition_paper
            WHERE edition IN {WANTED}
            WINDOW heading AS (PARTITION BY edition, section ORDER BY position)
        )
        """,  # noqa: S608  (likewise)
        bind_names({*editions.values()}),
    )
    return {
        arxiv_id: Neighbours(edition, previous, following)
        for arxiv_id, edition, previous, following in rows.fetchall()
        if editions.get(arxiv_id) == edition
    }


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


def _record_history(connection: Connection, keys: Collection[str] | None) -> None:
    """Put on record what these editions hold since now, and what they held until now."""
    scope = f"($wanted IS NULL OR edition IN {WANTED})"
    connection.execute(
        f"""
        UPDATE edition_history SET shown_until_at = now()
        WHERE shown_until_at IS NULL AND {scope}
          AND (edition, arxiv_id, section) NOT IN (SELECT (edition, arxiv_id, section) FROM edition_paper WHERE {scope})
        """,  # noqa: S608  (our own text)
        bind_names(keys),
    )
    connection.execute(
        f"""
        INSERT INTO edition_history
        SELECT edition, arxiv_id, section, now(), NULL
        FROM edition_paper
        WHERE {scope} AND (edition, arxiv_id, section) NOT IN (
            SELECT (edition, arxiv_id, section) FROM edition_history WHERE shown_until_at IS NULL AND {scope}
        )
        ORDER BY edition, position
        """,  # noqa: S608  (likewise)
        bind_names(keys),
    )


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


def _paper_rows(edition: Edition, pages: Pages) -> list[dict[str, object]]:
    """Return every paper of the edition with its section and its place, in the order in which readers see them."""
    untranslated = [entry for _, entries in edition.by_category for entry in entries]
    sections = (("translated", edition.translated), ("untranslated", untranslated), ("replaced", edition.replaced))
    placed = [(section, entry.arxiv_id) for section, entries in sections for entry in entries]
    return [
        {
            "edition": edition.key,
            "section": section,
            "position": position,
            "arxiv_id": arxiv_id,
            "page": pages.get((edition.key, arxiv_id)),
        }
        for position, (section, arxiv_id) in enumerate(placed, 1)
    ]
