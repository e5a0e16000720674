"""How much of what arXiv announced is translated, what a curator should check, and what to translate next."""

from datetime import date
from typing import NamedTuple

from storage.library.connection import Connection


class Coverage(NamedTuple):
    """An edition, and how much of it is translated."""

    edition: str
    translated: int
    untranslated: int


class DoubtfulTranslation(NamedTuple):
    """A translation that a curator should look at."""

    state: str
    arxiv_id: str
    language: str
    path: str
    line: int
    since_on: date
    source_sha256: str | None


class SuggestedPaper(NamedTuple):
    """A paper without translation, and why readers would profit from one."""

    arxiv_id: str
    title: str
    announced_on: date
    #: Categories in whose lists it stood.
    lists: int
    #: Translated papers by one of its authors.
    followed: int


def count_coverage(connection: Connection, limit: int) -> list[Coverage]:
    """Count what is translated in the newest editions, newest first."""
    rows = connection.execute(
        "SELECT edition, translated, untranslated FROM edition ORDER BY ends_on DESC, edition DESC LIMIT $limit",
        {"limit": limit},
    )
    return [Coverage(*row) for row in rows.fetchall()]


def find_doubtful_translations(connection: Connection) -> list[DoubtfulTranslation]:
    """Find translations that are stale or orphaned, and those whose paper arXiv has not told us of (`waiting`)."""
    rows = connection.execute("""
        SELECT
            CASE WHEN freshness IN ('stale', 'orphaned') THEN freshness ELSE 'waiting' END AS state,
            arxiv_id, language, path, line, freshness_on, source_sha256
        FROM current_translation
        WHERE freshness IN ('stale', 'orphaned') OR arxiv_id IN (SELECT arxiv_id FROM waiting)
        ORDER BY array_position(['stale', 'orphaned', 'waiting'], state), freshness_on, arxiv_id, language
    """)
    return [DoubtfulTranslation(*row) for row in rows.fetchall()]


def suggest_papers(connection: Connection, limit: int) -> list[SuggestedPaper]:
    """Suggest papers of the newest two weeks that are not translated: those in most lists first.

    A paper in many lists has many readers; one by an author who was translated before has readers here. Withdrawn
    papers are left out.
    """
    rows = connection.execute(
        """
        WITH recent AS (
            SELECT arxiv_id, max(announced_on) AS announced_on, count(DISTINCT category) AS lists
            FROM announcement
            WHERE type IN ('new', 'cross')
              AND announced_on > (SELECT max(announced_on) FROM announcement) - INTERVAL 14 DAY
              AND arxiv_id NOT IN (SELECT arxiv_id FROM current_translation)
            GROUP BY arxiv_id
        ),
        person AS (
            SELECT arxiv_id, unnest(list_transform(authors, lambda author: author.name)) AS name
            FROM paper
            WHERE arxiv_id IN (SELECT arxiv_id FROM recent UNION SELECT arxiv_id FROM current_translation)
        ),
        translated AS (
            SELECT name, count(*) AS papers
            FROM person
            WHERE arxiv_id IN (SELECT arxiv_id FROM current_translation)
            GROUP BY name
        ),
        followed AS (
            SELECT arxiv_id, max(papers) AS papers
            FROM person
            JOIN translated USING (name)
            WHERE arxiv_id IN (SELECT arxiv_id FROM recent)
            GROUP BY arxiv_id
        )
        SELECT arxiv_id, title, recent.announced_on, lists, coalesce(followed.papers, 0)
        FROM recent
        JOIN paper USING (arxiv_id)
        LEFT JOIN followed USING (arxiv_id)
        WHERE NOT is_withdrawn
        ORDER BY lists + coalesce(followed.papers, 0) DESC, recent.announced_on DESC, arxiv_id DESC
        LIMIT $limit
        """,
        {"limit": limit},
    )
    return [SuggestedPaper(*row) for row in rows.fetchall()]
