"""ArXiv's titles and abstracts, as translations are compared with them."""

import json
from collections.abc import Collection

from storage.library.connection import WANTED, Connection, bind_names
from yibao.records import SourceText


def digest_texts(connection: Connection, arxiv_ids: Collection[str]) -> dict[str, str]:
    """Digest what is known of each of these papers, by identifier: equal as long as nothing changed."""
    rows = connection.execute(
        f"""
        SELECT
            arxiv_id,
            md5(string_agg(
                concat_ws(chr(31), title, abstract, version), chr(30) ORDER BY known_from, known_from_at NULLS FIRST
            ))
        FROM paper_state
        WHERE arxiv_id IN {WANTED}
        GROUP BY arxiv_id
        """,  # noqa: S608  (our own text)
        bind_names(arxiv_ids),
    )
    return dict(rows.fetchall())


def read_texts(connection: Connection, arxiv_ids: Collection[str]) -> dict[str, SourceText]:
    """Read the texts of the papers that we know among these, by identifier."""
    rows = connection.execute(
        f"""
        SELECT arxiv_id,
            arg_max(title, known_from) FILTER (known_until IS NULL),
            arg_max(abstract, known_from) FILTER (known_until IS NULL),
            arg_max(version, known_from) FILTER (known_until IS NULL),
            coalesce(
                list(title ORDER BY known_from DESC, known_from_at DESC NULLS LAST) FILTER (known_until IS NOT NULL), []
            )
        FROM paper_state
        WHERE arxiv_id IN {WANTED}
        GROUP BY arxiv_id
        """,  # noqa: S608  (likewise)
        bind_names(arxiv_ids),
    )
    return {row[0]: SourceText(row[1], row[2], row[3], tuple(row[4])) for row in rows.fetchall()}


def list_titles(connection: Connection, prefix: str, limit: int) -> list[tuple[str, str]]:
    """List the newest papers whose identifiers begin so: identifier and title."""
    rows = connection.execute(
        """
        SELECT arxiv_id, title
        FROM paper
        WHERE starts_with(arxiv_id, $prefix) AND NOT is_withdrawn
        ORDER BY contains(arxiv_id, '/'), arxiv_id DESC
        LIMIT $limit
        """,
        {"prefix": prefix, "limit": limit},
    )
    return rows.fetchall()


def find_title_owners(connection: Connection, titles: Collection[str]) -> dict[str, str]:
    """Find the papers that bear these titles, signs and case apart: identifier by arXiv's spelling of the title."""
    if not titles:
        return {}
    rows = connection.execute(
        """
        SELECT title, min(arxiv_id)
        FROM paper
        WHERE lower(regexp_replace(title, '[^A-Za-z0-9]+', '', 'g')) IN (
            SELECT lower(regexp_replace(unnest(from_json($titles, '["VARCHAR"]')), '[^A-Za-z0-9]+', '', 'g'))
        )
        GROUP BY title
        """,
        {"titles": json.dumps(list(titles))},
    )
    return dict(rows.fetchall())
