"""What each translation was made from, and whether that is still what arXiv says.

A translation is made from the version that its link names; else from the text that we know when its revision
arrives, or, where it came first, when arXiv tells of the paper. It is stale once arXiv's title or abstract differs from
that text in its words: another spelling of an accent or a formula makes nothing stale.
"""

import json
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from storage.library import pending
from storage.library.connection import Connection, insert_rows
from yibao.records import SourceText
from yibao.tex import extract_skeleton

#: In a query: what `changed` tells of translations.
_CHANGED = """(
    SELECT unnest(from_json($changed, '[{"arxiv_id": "VARCHAR", "language": "VARCHAR", "freshness": "VARCHAR",
        "version": "INTEGER", "sha256": "VARCHAR"}]'), max_depth := 2)
)"""


class Freshness(StrEnum):
    """How a translation stands to arXiv's text of today."""

    #: Made from the text of today, or from one that says the same.
    FRESH = "fresh"
    #: ArXiv's title or abstract has changed since, in its words.
    STALE = "stale"
    #: ArXiv does not know the paper.
    ORPHANED = "orphaned"
    #: The text that it was made from is not known: nothing can be compared.
    UNKNOWN = "unknown"


class _Row(NamedTuple):
    """A translation that readers see, beside the paper as it is known now."""

    arxiv_id: str
    language: str
    named: int | None
    freshness: str
    source_version: int | None
    source_sha256: str | None
    version: int | None
    sha256: str | None


def update_staleness(connection: Connection, on: date) -> int:
    """Update the freshness of translations that readers see, and their English; returns how many are stale.

    Call it after translations or papers were stored, in the same transaction: it checks what is pending.
    """
    rows = _find_candidates(connection)
    unknown = _read_unknown_papers(connection)
    sources = _store_sources(connection, [row for row in rows if row.sha256 and not row.source_sha256])
    changed = []
    for row in rows:
        version, sha256 = sources.get((row.arxiv_id, row.language), (row.source_version, row.source_sha256))
        freshness = _judge_freshness(connection, row, sha256, is_unknown=row.arxiv_id in unknown)
        if (freshness, version, sha256) != (row.freshness, row.source_version, row.source_sha256):
            names = ("arxiv_id", "language", "freshness", "version", "sha256")
            changed.append(dict(zip(names, (row.arxiv_id, row.language, freshness, version, sha256), strict=True)))
    _update_rows(connection, changed, on)
    pending.mark_papers_pending(connection, {str(row["arxiv_id"]) for row in changed})
    ((stale,),) = connection.execute("SELECT count(*) FROM current_translation WHERE freshness = 'stale'").fetchall()
    return int(stale)


def read_sources(connection: Connection) -> dict[str, SourceText]:
    """Read the English that stale translations were made from, by its SHA-256."""
    rows = connection.execute("""
        SELECT sha256, title, abstract
        FROM source_text
        WHERE sha256 IN (SELECT source_sha256 FROM current_translation WHERE freshness = 'stale')
    """)
    return {row[0]: SourceText(row[1], row[2]) for row in rows.fetchall()}


def _find_candidates(connection: Connection) -> list[_Row]:
    """Find translations whose English text or freshness may have changed since they were last checked."""
    rows = connection.execute("""
        WITH candidate AS MATERIALIZED (
            SELECT arxiv_id, language, version AS named, freshness, source_version, source_sha256
            FROM current_translation
            WHERE freshness <> 'fresh'
               OR arxiv_id IN (SELECT key FROM operations.pending WHERE kind = 'paper')
               OR EXISTS (FROM operations.pending WHERE kind = 'everything')
        )
        SELECT arxiv_id, language, named, freshness, source_version, source_sha256,
            paper.version, sha256(paper.title || chr(10) || chr(10) || paper.abstract) AS sha256
        FROM candidate
        LEFT JOIN paper USING (arxiv_id)
        WHERE source_sha256 IS DISTINCT FROM sha256 OR freshness <> 'fresh' OR sha256 IS NULL
        ORDER BY ALL
    """)
    return [_Row(*row) for row in rows.fetchall()]


def _read_unknown_papers(connection: Connection) -> set[str]:
    rows = connection.execute("SELECT arxiv_id FROM problem WHERE scope = 'unknown-to-arxiv'")
    return {row[0] for row in rows.fetchall()}


def _store_sources(connection: Connection, rows: list[_Row]) -> dict[tuple[str, str], tuple[int | None, str | None]]:
    """Store the English that each translation was made from; returns its version and SHA-256."""
    wanted = [{"arxiv_id": row.arxiv_id, "language": row.language, "named": row.named} for row in rows]
    source_rows = connection.execute(
        """
        SELECT arxiv_id, language, version, sha256(title || chr(10) || chr(10) || abstract), title, abstract
        FROM (
            SELECT unnest(from_json($wanted, '[{"arxiv_id": "VARCHAR", "language": "VARCHAR", "named": "INTEGER"}]'),
                max_depth := 2)
        ) AS wanted
        JOIN paper_state USING (arxiv_id)
        WHERE named IS NULL AND known_until IS NULL OR version = named
        QUALIFY row_number() OVER (
            PARTITION BY arxiv_id, language ORDER BY known_from DESC, known_from_at DESC NULLS LAST
        ) = 1
        """,
        {"wanted": json.dumps(wanted)},
    ).fetchall()
    texts = {sha256: {"sha256": sha256, "title": title, "abstract": text} for *_, sha256, title, text in source_rows}
    stored = {row[0] for row in connection.execute("SELECT sha256 FROM source_text").fetchall()} if texts else set()
    insert_rows(connection, "source_text", [text for sha256, text in texts.items() if sha256 not in stored])
    sources: dict[tuple[str, str], tuple[int | None, str | None]] = {
        (row.arxiv_id, row.language): (row.named, None) for row in rows
    }
    return sources | {
        (arxiv_id, language): (version, sha256) for arxiv_id, language, version, sha256, *_ in source_rows
    }


def _judge_freshness(connection: Connection, row: _Row, source_sha256: str | None, *, is_unknown: bool) -> Freshness:
    if row.sha256 is None:
        return Freshness.ORPHANED if is_unknown else Freshness.UNKNOWN
    if source_sha256 is None:
        return Freshness.UNKNOWN
    if source_sha256 == row.sha256:
        return Freshness.FRESH
    before = _read_words(connection, "SELECT title, abstract FROM source_text WHERE sha256 = $key", source_sha256)
    now = _read_words(connection, "SELECT title, abstract FROM paper WHERE arxiv_id = $key", row.arxiv_id)
    return Freshness.FRESH if before == now else Freshness.STALE


def _read_words(connection: Connection, query: str, key: str) -> list[str]:
    row = connection.execute(query, {"key": key}).fetchone()
    return [extract_skeleton(part) for part in row or ()]


def _update_rows(connection: Connection, changed: list[dict[str, str | int | None]], on: date) -> None:
    if not changed:
        return
    connection.execute(
        f"""
        INSERT INTO translation_freshness
        SELECT arxiv_id, language, revision, changed.freshness, paper.version, $on, now()
        FROM {_CHANGED} AS changed
        JOIN current_translation USING (arxiv_id, language)
        LEFT JOIN paper USING (arxiv_id)
        WHERE current_translation.freshness <> changed.freshness
        """,  # noqa: S608  (our own text)
        {"on": on, "changed": json.dumps(changed)},
    )
    connection.execute(
        f"""
        UPDATE translation
        SET freshness_on = CASE WHEN translation.freshness = changed.freshness THEN freshness_on ELSE $on END,
            freshness_at = CASE WHEN translation.freshness = changed.freshness THEN freshness_at ELSE now() END,
            freshness = changed.freshness, source_version = changed.version, source_sha256 = changed.sha256
        FROM {_CHANGED} AS changed
        WHERE translation.revision_state = 'current'
          AND translation.arxiv_id = changed.arxiv_id AND translation.language = changed.language
        """,  # noqa: S608  (likewise)
        {"on": on, "changed": json.dumps(changed)},
    )
