"""What search is to know of papers: of every paper that we know, translated or not, announced or not."""

from collections.abc import Collection, Iterator

from storage.library.connection import WANTED, Connection, bind_names
from yibao.search.matching import SearchText

_ROWS = 2_000


def read_search_texts(connection: Connection, arxiv_ids: Collection[str] | None = None) -> Iterator[SearchText]:
    """Read the texts of every paper, or of those that we know among these; in no order, while the caller takes them."""
    connection.execute(
        f"""
        WITH written AS (
            SELECT
                arxiv_id,
                list(title ORDER BY language) FILTER (title IS NOT NULL) AS titles,
                list(abstract ORDER BY language) AS abstracts,
                list_distinct(list(translator ORDER BY language) FILTER (translator IS NOT NULL)) AS translators,
                list(language ORDER BY language) AS languages,
                any_value(title_en) AS title_en
            FROM current_translation
            WHERE $wanted IS NULL OR arxiv_id IN {WANTED}
            GROUP BY arxiv_id
        ),
        shown AS (
            SELECT arxiv_id, published_at FROM publication WHERE is_shown AND arxiv_id IS NOT NULL
        ),
        known AS (
            SELECT arxiv_id, title, abstract, authors, categories, submitted_at
            FROM paper
            WHERE $wanted IS NULL OR arxiv_id IN {WANTED}
        )
        SELECT
            arxiv_id,
            list_prepend(coalesce(known.title, written.title_en, arxiv_id), coalesce(written.titles, [])),
            list_prepend(coalesce(known.abstract, ''), coalesce(written.abstracts, [])),
            coalesce(list_transform(known.authors, lambda author: author.name), []),
            coalesce(known.categories, []),
            CAST(coalesce(shown.published_at, known.submitted_at) AS DATE),
            coalesce(written.translators, []),
            coalesce(written.languages, []),
            shown.published_at IS NOT NULL
        FROM known
        FULL JOIN written USING (arxiv_id)
        LEFT JOIN shown USING (arxiv_id)
        """,  # noqa: S608  (our own text)
        bind_names(arxiv_ids),
    )
    while rows := connection.fetchmany(_ROWS):
        for row in rows:
            arxiv_id, titles, abstracts, authors, codes, day, translators, languages, is_shown = row
            written = (tuple(translators), tuple(languages), is_shown)
            yield SearchText(arxiv_id, tuple(titles), tuple(abstracts), tuple(authors), tuple(codes), day, *written)
