SELECT arxiv_id, category, position::INTEGER AS position, position = 1 AS is_primary
FROM (
    SELECT arxiv_id, unnest(categories) AS category, generate_subscripts(categories, 1) AS position
    FROM current_state
)
