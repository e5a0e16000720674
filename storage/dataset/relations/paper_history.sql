SELECT
    arxiv_id, number, version, title, abstract, list_transform(authors, lambda author: author.name) AS authors,
    categories, primary_category, comment, journal_ref, doi, is_withdrawn, updated_at::TIMESTAMP AS updated_at, source,
    known_from, known_until, known_from_at::TIMESTAMP AS known_from_at, known_until_at::TIMESTAMP AS known_until_at
FROM numbered_state
WHERE known_until IS NOT NULL
