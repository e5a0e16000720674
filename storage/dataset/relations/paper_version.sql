SELECT
    arxiv_id, entry.version AS version, entry.submitted_at::TIMESTAMP AS submitted_at, entry.source_type AS source_type,
    entry.size_kb AS size_kb
FROM (SELECT arxiv_id, unnest(versions) AS entry FROM current_state)
