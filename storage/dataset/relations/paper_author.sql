SELECT arxiv_id, position::INTEGER AS position, author.name AS name, author.affiliations AS affiliations
FROM (
    SELECT arxiv_id, unnest(authors) AS author, generate_subscripts(authors, 1) AS position
    FROM current_state
)
