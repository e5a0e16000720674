"""What each translation was made from, and whether that is still what arXiv says.

A translation is bound to the version that its link names; else to the text that we know of when its revision
arrives, or, where it came first, when arXiv tells of the paper. It is stale once arXiv's title or abstract differs from
that text in its words: another spelling of an accent or a formula makes nothing stale.
"""

from datetime import date
from typing import NamedTuple

from storage.library.connection import Connection, insert
from yibao.provenance import English, TranslationState
from yibao.tex import skeleton


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


def bind(connection: Connection, on: date) -> int:
    """Every translation that readers see has its state, and its English where known; returns how many are stale.

    Call it after translations or papers were stored, in the same transaction.
    """
    unknown = {
        row[0] for row in connection.execute("SELECT arxiv_id FROM problem WHERE scope = 'unknown-to-arxiv'").fetchall()
    }
    changed = []
    for row in _rows(connection):
        source = (row.source_version, row.source_sha256)
        if row.sha256 and not row.source_sha256:
            source = _source(connection, row)
        state = _state(connection, row, source[1], is_unknown=row.arxiv_id in unknown)
        if (state, *source) != (row.state, row.source_version, row.source_sha256):
            changed.append({"arxiv_id": row.arxiv_id, "language": row.language, "state": state, "source": source})
    for one in changed:
        connection.execute(
            """
            UPDATE translation
            SET state_on = CASE WHEN state = $state THEN state_on ELSE $on END,
                state = $state, source_version = $version, source_sha256 = $sha256
            WHERE state <> 'superseded' AND arxiv_id = $arxiv_id AND language = $language
            """,
            {
                "state": one["state"],
                "on": on,
                "version": one["source"][0],
                "sha256": one["source"][1],
                "arxiv_id": one["arxiv_id"],
                "language": one["language"],
            },
        )
    (stale,) = connection.execute("SELECT count(*) FROM translation WHERE state = 'stale'").fetchall()
    return int(stale[0])


def sources(connection: Connection) -> dict[str, English]:
    """The English that stale translations were made from, by its SHA-256."""
    rows = connection.execute("""
        SELECT sha256, title, abstract
        FROM english_text
        WHERE sha256 IN (SELECT source_sha256 FROM translation WHERE state = 'stale')
    """)
    return {row[0]: English(row[1], row[2]) for row in rows.fetchall()}


def _rows(connection: Connection) -> list[_Row]:
    """What is not as it was at the last look."""
    rows = connection.execute("""
        SELECT translation.arxiv_id, language, translation.version, state, source_version, source_sha256,
            paper.version, sha256(paper.title || chr(10) || chr(10) || paper.abstract) AS sha256
        FROM translation
        LEFT JOIN paper USING (arxiv_id)
        WHERE state <> 'superseded'
          AND (source_sha256 IS DISTINCT FROM sha256 OR state <> 'current' OR sha256 IS NULL)
        ORDER BY ALL
    """)
    return [_Row(*row) for row in rows.fetchall()]


def _source(connection: Connection, row: _Row) -> tuple[int | None, str | None]:
    """Version and SHA-256 of the English that a translation is bound to; that text is kept from now on."""
    found = connection.execute(
        """
        SELECT version, sha256(title || chr(10) || chr(10) || abstract), title, abstract
        FROM paper_state
        WHERE arxiv_id = $arxiv_id
          AND ($named IS NULL AND known_until IS NULL OR version = $named)
        ORDER BY known_from DESC
        LIMIT 1
        """,
        {"arxiv_id": row.arxiv_id, "named": row.named},
    ).fetchone()
    if found is None:
        return row.named, None
    version, sha256, title, abstract = found
    if not connection.execute("SELECT 1 FROM english_text WHERE sha256 = $sha256", {"sha256": sha256}).fetchone():
        insert(connection, "english_text", [{"sha256": sha256, "title": title, "abstract": abstract}])
    return version, sha256


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
    return [skeleton(part) for part in found or ()]
