"""The entries of arXiv's daily lists."""

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import date

from storage.library import pending
from storage.library.connection import WANTED, Connection, bind_names, insert_rows
from yibao.records import AnnouncedPaper, AnnounceType, ListEntry, UnlistedPaper


def read_entries(connection: Connection, category: str, announced_on: date) -> list[ListEntry]:
    """Read one list as all its sources together give it, by identifier, without what we hold of its papers."""
    rows = connection.execute(
        """
        SELECT arxiv_id, version, type, sources
        FROM announcement
        WHERE category = $category AND announced_on = $on
        ORDER BY arxiv_id
        """,
        {"category": category, "on": announced_on},
    )
    return [ListEntry(row[0], row[1], AnnounceType(row[2]), tuple(row[3])) for row in rows.fetchall()]


def read_described_entries(
    connection: Connection, wanted: Collection[tuple[date, str]]
) -> dict[tuple[date, str], list[ListEntry]]:
    """Read lists by date and category, each entry with what we hold of its paper; empty lists are left out.

    All at once: searching three million papers for one list costs as much as for a thousand.
    """
    rows = connection.execute(
        """
        SELECT
            listed.announced_on,
            listed.category,
            listed.arxiv_id,
            listed.version,
            listed.type,
            listed.sources,
            paper.arxiv_id IS NOT NULL
                AND coalesce(paper.version, listed.version, 1) >= coalesce(listed.version, 1),
            paper.primary_category
        FROM announcement AS listed
        SEMI JOIN (
            SELECT unnest(from_json($lists, '[{"announced_on": "DATE", "category": "VARCHAR"}]'), max_depth := 2)
        ) AS wanted USING (announced_on, category)
        LEFT JOIN paper USING (arxiv_id)
        ORDER BY listed.arxiv_id
        """,
        {"lists": json.dumps([{"announced_on": str(on), "category": category} for on, category in wanted])},
    )
    lists: dict[tuple[date, str], list[ListEntry]] = {}
    for on, category, arxiv_id, version, kind, sources, is_described, primary in rows.fetchall():
        entry = ListEntry(arxiv_id, version, AnnounceType(kind), tuple(sources), is_described, primary)
        lists.setdefault((on, category), []).append(entry)
    return lists


def replace_entries(connection: Connection, category: str, announced_on: date, entries: Iterable[ListEntry]) -> None:
    """Replace the entries of a list; papers that it has anew, no longer, or with another type are pending."""
    after = list(entries)
    before = read_entries(connection, category, announced_on)
    changed = {(entry.arxiv_id, entry.type) for entry in before} ^ {(entry.arxiv_id, entry.type) for entry in after}
    pending.mark_papers_pending(connection, {arxiv_id for arxiv_id, _ in changed})
    connection.execute(
        "DELETE FROM announcement WHERE category = $category AND announced_on = $on",
        {"category": category, "on": announced_on},
    )
    key = {"category": category, "announced_on": announced_on}
    insert_rows(connection, "announcement", [{**asdict(entry), **key} for entry in after])


def find_announced_before(
    connection: Connection, category: str, announced_on: date, arxiv_ids: Collection[str]
) -> set[str]:
    """Find which of these papers were announced in this category, as new or as cross-list, on an earlier date."""
    rows = connection.execute(
        f"""
        SELECT DISTINCT arxiv_id
        FROM announcement
        WHERE category = $category AND announced_on < $on AND type IN ('new', 'cross')
          AND arxiv_id IN {WANTED}
        """,  # noqa: S608  (our own text)
        {"category": category, "on": announced_on, **bind_names(arxiv_ids)},
    )
    return {row[0] for row in rows.fetchall()}


def find_unlisted_papers(connection: Connection, since: date) -> dict[str, list[UnlistedPaper]]:
    """Find papers that OAI-PMH gave since a date in a version that no list of their category has; by category.

    Only versions that arXiv announces (until the fifth) and that are new: a paper seen for the first time, or a version
    submitted within ten days before we knew it. One that was submitted before arXiv's oldest page, 90 days back, proves
    nothing: the list that has it may be gone. Source: https://info.arxiv.org/help/replace.html.
    """
    rows = connection.execute(
        """
        SELECT harvested.category, harvested.arxiv_id, harvested.updated_at, harvested.known_from
        FROM (
            SELECT unnest(categories) AS category, arxiv_id, updated_at, known_from
            FROM paper_state
            WHERE known_until IS NULL AND known_from >= $since AND source = 'arXivRaw' AND version <= 5
              AND updated_at IS NOT NULL
              AND updated_at >= known_from - INTERVAL 90 DAY
              AND (updated_at >= known_from - INTERVAL 10 DAY OR (version = 1 AND first_seen_on = known_from))
        ) AS harvested
        ANTI JOIN announcement AS listed
          ON listed.arxiv_id = harvested.arxiv_id
         AND listed.category = harvested.category
         AND listed.announced_on > CAST(harvested.updated_at AS DATE)
        ORDER BY harvested.category, harvested.arxiv_id
        """,
        {"since": since},
    )
    unlisted: dict[str, list[UnlistedPaper]] = {}
    for category, *values in rows.fetchall():
        unlisted.setdefault(category, []).append(UnlistedPaper(*values))
    return unlisted


def find_dates_with_entries(connection: Connection) -> dict[date, set[str]]:
    """Find the categories whose list has entries, by date."""
    rows = connection.execute("SELECT announced_on, list(DISTINCT category) FROM announcement GROUP BY announced_on")
    return {row[0]: set(row[1]) for row in rows.fetchall()}


def read_announced_papers(connection: Connection, arxiv_ids: Collection[str]) -> list[AnnouncedPaper]:
    """Read on which dates these papers were announced, in which categories, by date."""
    rows = connection.execute(
        f"""
        SELECT
            arxiv_id,
            announced_on,
            arg_min(type, list_position(['new', 'cross', 'replace', 'replace-cross'], type)),
            list_sort(list(DISTINCT category))
        FROM announcement
        WHERE arxiv_id IN {WANTED}
        GROUP BY arxiv_id, announced_on
        ORDER BY announced_on, arxiv_id
        """,  # noqa: S608  (our own text)
        bind_names(arxiv_ids),
    )
    return [AnnouncedPaper(row[0], row[1], AnnounceType(row[2]), tuple(row[3])) for row in rows.fetchall()]
