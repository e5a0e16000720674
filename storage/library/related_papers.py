"""Which papers are related to a translated one: they share authors, or words of the title in one of its categories.

What is shared counts by how rare it is among all papers that readers are shown, as a search engine weighs words. Pairs
are found when a paper is published anew, and kept: a page changes when a paper comes that is related to it, and not
because the archive has grown.
"""

import json
from collections.abc import Collection

from storage.library.connection import WANTED, Connection, bind_names
from yibao.records import PAPER, RelatedPaper

#: Papers that are chosen for a paper, and that its page shows of all that chose it or that it chose.
MOST = 5
_AUTHOR = "author/"
#: What more papers share than these says nothing.
_COMMON = 100


def update_related_papers(connection: Connection, arxiv_ids: Collection[str]) -> None:
    """Choose again which papers are related to these."""
    parameters = {
        "items": json.dumps([f"{PAPER}{arxiv_id}" for arxiv_id in arxiv_ids]),
        "author": _AUTHOR,
        "most": MOST,
        "common": _COMMON,
    }
    connection.execute(f"DELETE FROM operations.related_paper WHERE arxiv_id IN {WANTED}", bind_names(arxiv_ids))  # noqa: S608
    if not arxiv_ids:
        return
    connection.execute(
        """
        INSERT INTO operations.related_paper
        WITH shown AS (
            SELECT
                item,
                list_distinct(words || list_filter(lists, lambda name: starts_with(name, $author))) AS features,
                list_filter(lists, lambda name: regexp_full_match(name, 'categories/[^/]+/')) AS categories
            FROM operations.published_item
            WHERE digest IS NOT NULL AND words IS NOT NULL
        ),
        feature AS (SELECT item, categories, unnest(features) AS name FROM shown),
        wanted AS (
            SELECT * FROM feature SEMI JOIN (SELECT unnest(from_json($items, '["VARCHAR"]')) AS item) USING (item)
        ),
        frequency AS (
            SELECT name, ln((SELECT count(*) FROM shown) / count(*)) * if(starts_with(name, $author), 2, 1) AS weight
            FROM feature
            SEMI JOIN wanted USING (name)
            GROUP BY name
            HAVING count(*) BETWEEN 2 AND $common
        )
        SELECT
            substr(wanted.item, 7),
            substr(feature.item, 7),
            round(sum(weight), 6) AS score,
            list(name ORDER BY weight DESC, name) AS shared
        FROM wanted
        JOIN frequency USING (name)
        JOIN feature USING (name)
        WHERE feature.item <> wanted.item
        GROUP BY wanted.item, feature.item
        HAVING bool_or(starts_with(name, $author))
            OR (count(*) > 1 AND list_has_any(any_value(wanted.categories), any_value(feature.categories)))
        QUALIFY row_number() OVER (PARTITION BY wanted.item ORDER BY score DESC, feature.item DESC) <= $most
        """,
        parameters,
    )


def find_partners(connection: Connection, arxiv_ids: Collection[str]) -> set[str]:
    """Find the papers that are related to one of these, in either direction."""
    rows = connection.execute(
        f"""
        SELECT related_id FROM operations.related_paper WHERE arxiv_id IN {WANTED}
        UNION
        SELECT arxiv_id FROM operations.related_paper WHERE related_id IN {WANTED}
        """,  # noqa: S608  (our own text)
        bind_names(arxiv_ids),
    )
    return {row[0] for row in rows.fetchall()}


def read_related_papers(connection: Connection, arxiv_ids: Collection[str]) -> dict[str, tuple[RelatedPaper, ...]]:
    """Read the closest of the papers that are related to each of these and shown, the closest first."""
    rows = connection.execute(
        f"""
        SELECT arxiv_id, related_id, arg_max(shared, score), max(score) AS closest
        FROM (
            SELECT arxiv_id, related_id, score, shared FROM operations.related_paper
            UNION ALL
            SELECT related_id, arxiv_id, score, shared FROM operations.related_paper
        )
        SEMI JOIN (
            SELECT substr(item, 7) AS related_id FROM operations.published_item WHERE digest IS NOT NULL
        ) USING (related_id)
        WHERE arxiv_id IN {WANTED}
        GROUP BY arxiv_id, related_id
        QUALIFY row_number() OVER (PARTITION BY arxiv_id ORDER BY closest DESC, related_id DESC) <= {MOST:d}
        ORDER BY arxiv_id, closest DESC, related_id DESC
        """,  # noqa: S608  (likewise)
        bind_names(arxiv_ids),
    )
    related: dict[str, tuple[RelatedPaper, ...]] = {}
    for arxiv_id, related_id, shared, _ in rows.fetchall():
        authors = tuple(name.removeprefix(_AUTHOR) for name in shared if name.startswith(_AUTHOR))
        words = tuple(name for name in shared if not name.startswith(_AUTHOR))
        related[arxiv_id] = (*related.get(arxiv_id, ()), RelatedPaper(related_id, authors, words))
    return related
