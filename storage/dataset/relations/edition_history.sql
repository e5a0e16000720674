SELECT
    edition, arxiv_id,
    row_number() OVER (PARTITION BY edition, arxiv_id ORDER BY shown_from_at, section)::INTEGER AS number,
    section, shown_from_at::TIMESTAMP AS shown_from_at, shown_until_at::TIMESTAMP AS shown_until_at
FROM library.main.edition_history
