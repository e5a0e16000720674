SELECT
    announced_on, category,
    count(*) FILTER (type = 'new')::INTEGER AS new_papers,
    count(*) FILTER (type = 'cross')::INTEGER AS cross_lists,
    count(*) FILTER (starts_with(type, 'replace'))::INTEGER AS replacements,
    count(translated.arxiv_id) FILTER (type IN ('new', 'cross'))::INTEGER AS translated,
    median(translated.delay_days) FILTER (type IN ('new', 'cross')) AS median_delay_days,
    any_value(batch.state) AS state
FROM library.main.announcement
LEFT JOIN library.main.batch USING (category, announced_on)
LEFT JOIN (
    SELECT arxiv_id, min(delay_days) AS delay_days FROM translation_row GROUP BY arxiv_id
) AS translated USING (arxiv_id)
GROUP BY announced_on, category
