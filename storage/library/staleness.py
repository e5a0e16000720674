"""What each translation was made from, and whether that is still what arXiv says.

A translation is bound to the version that its link names; else to the text that we know of when its revision
arrives, or, where it came first, when arXiv tells of the paper. It is stale once arXiv's title or abstract differs from
that text in its words: another spelling of an accent or a formula makes nothing stale.
"""

import json
from datetime import date
from typing import NamedTuple

from storage.library import pending
from storage.library.connection import Connection, insert_rows
from yibao.records import PAPER, English, TranslationState
from yibao.tex import extract_skeleton


class _Row(NamedTuple):
    """A translation that readers see, beside the paper as it is known now."""

    arxiv_id: str
    language: str
    named: int | None
    state: str
    source_version: int | None
    source_sha256: str | None
    version: int | None
    sha256: str | None


def update_staleness(connection: Connection, on: date) -> int:
    """Every translation that readers see has its state, and its English where known; returns how many are stale.

    Call it after translations or papers were stored, in the same transaction: it looks at what is pending.
    """
    unknown = {
        row[0] for row in connection.execute("SELECT arxiv_id FROM problem WHERE scope = 'unknown-to-arxiv'").fetchall()
    }
    rows = _rows(connection)
    bound = _sources(connection, [row for row in rows if row.sha256 and not row.source_sha256])
    changed = []
    for row in rows:
        version, sha256 = bound.get((row.arxiv_id, row.language), (row.source_version, row.source_sha256))
        state = _state(connection, row, sha256, is_unknown=row.arxiv_id in unknown)
        if (state, version, sha256) != (row.state, row.source_version, row.source_sha256):
            names = ("arxiv_id", "language", "state", "version", "sha256")
            changed.append(dict(zip(names, (row.arxiv_id, row.language, state, version, sha256), strict=True)))
    connection.execute(
        """
        UPDATE translation
        SET state_on = CASE WHEN translation.state = told.state THEN state_on ELSE $on END,
            state = told.state, source_version = told.version, source_sha256 = told.sha256
        FROM (
            SELECT unnest(from_json($changed, '[{"arxiv_id": "VARCHAR", "language": "VARCHAR", "state": "VARCHAR",
                "version": "INTEGER", "sha256": "VARCHAR"}]'), max_depth := 2)
        ) AS told
        WHERE translation.state <> 'superseded'
          AND translation.arxiv_id = told.arxiv_id AND translation.language = told.language
        """,
        {"on": on, "changed": json.dumps(changed)},
    )
    pending.mark_papers_pending(connection, {str(row["arxiv_id"]) for row in changed})
    (stale,) = connection.execute("SELECT count(*) FROM translation WHERE state = 'stale'").fetchall()
    return int(stale[0])


def read_sources(connection: Connection) -> dict[str, English]:
    """The English that stale translations were made from, by its SHA-256."""
    rows = connection.execute("""
        SELECT sha256, title, abstract
        FROM english_text
        WHERE sha256 IN (SELECT source_sha256 FROM translation WHERE state = 'stale')
    """)
    return {row[0]: English(row[1], row[2]) for row in rows.fetchall()}


def _rows(connection: Connection) -> list[_Row]:
    """What is not as it was at the last look, among what may have changed since."""
    rows = connection.execute(
        """
        WITH candidate AS MATERIALIZED (
            SELECT arxiv_id, language, version AS named, state, source_version, source_sha256
            FROM translation
            WHERE state <> 'superseded'
              AND (
                state <> 'current' OR source_sha256 IS NULL
                OR $paper || arxiv_id IN (FROM pending) OR $everything IN (FROM pending)
              )
        )
        SELECT arxiv_id, language, named, state, source_version, source_sha256,
            paper.version, sha256(paper.title || chr(10) || chr(10) || paper.abstract) AS sha256
        FROM candidate
        LEFT JOIN paper USING (arxiv_id)
        WHERE source_sha256 IS DISTINCT FROM sha256 OR state <> 'current' OR sha256 IS NULL
        ORDER BY ALL
        """,
        {"paper": PAPER, "everything": pending.EVERYTHING},
    )
    return [_Row(*row) for row in rows.fetchall()]


def _sources(connection: Connection, rows: list[_Row]) -> dict[tuple[str, str], tuple[int | None, str | None]]:
    """Version and SHA-256 of the English that each translation is bound to; these texts are kept from now on."""
    wanted = [{"arxiv_id": row.arxiv_id, "language": row.language, "named": row.named} for row in rows]
    found = connection.execute(
        """
        SELECT arxiv_id, language, version, sha256(title || chr(10) || chr(10) || abstract), title, abstract
        FROM (
            SELECT unnest(from_json($wanted, '[{"arxiv_id": "VARCHAR", "language": "VARCHAR", "named": "INTEGER"}]'),
                max_depth := 2)
        ) AS wanted
        JOIN paper_state USING (arxiv_id)
        WHERE named IS NULL AND known_until IS NULL OR version = named
        QUALIFY row_number() OVER (PARTITION BY arxiv_id, language ORDER BY known_from DESC) = 1
        """,
        {"wanted": json.dumps(wanted)},
    ).fetchall()
    texts = {sha256: {"sha256": sha256, "title": title, "abstract": text} for *_, sha256, title, text in found}
    kept = {row[0] for row in connection.execute("SELECT sha256 FROM english_text").fetchall()} if texts else set()
    insert_rows(connection, "english_text", [text for sha256, text in texts.items() if sha256 not in kept])
    bound: dict[tuple[str, str], tuple[int | None, str | None]] = {
        (row.arxiv_id, row.language): (row.named, None) for row in rows
    }
    return bound | {(arxiv_id, language): (version, sha256) for arxiv_id, language, version, sha256, *_ in found}


def _state(connection: Connection, row: _Row, source_sha256: str | None, *, is_unknown: bool) -> str:
    if row.sha256 is None:
        return TranslationState.ORPHANED if is_unknown else TranslationState.CURRENT
    if source_sha256 is None or source_sha256 == row.sha256:
        return TranslationState.CURRENT
    before = _text(connection, "SELECT title, abstract FROM english_text WHERE sha256 = $key", source_sha256)
    now = _text(connection, "SELECT title, abstract FROM paper WHERE arxiv_id = $key", row.arxiv_id)
    return TranslationState.CURRENT if before == now else TranslationState.STALE


def _text(connection: Connection, query: str, key: str) -> list[str]:
    found = connection.execute(query, {"key": key}).fetchone()
    return [extract_skeleton(part) for part in found or ()]
