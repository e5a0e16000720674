SELECT arxiv_id, number, version, known_from AS changed_on, title_before, title AS title_after
FROM (SELECT *, lag(title) OVER (PARTITION BY arxiv_id ORDER BY number) AS title_before FROM numbered_state)
WHERE title <> title_before
