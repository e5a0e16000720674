SELECT
    arxiv_id, language,
    row_number() OVER (
        PARTITION BY arxiv_id, language ORDER BY coalesce(happened_at, happened_on), happened_on, revision, rank, event
    )::INTEGER AS number,
    event, revision, version, happened_on, happened_at
FROM (
    SELECT
        arxiv_id, language, CASE revision WHEN 1 THEN 'arrived' ELSE 'revised' END AS event, revision,
        source_version AS version, revised_on AS happened_on, revised_at::TIMESTAMP AS happened_at, 1 AS rank
    FROM library.main.translation
    UNION ALL
    SELECT
        arxiv_id, language,
        CASE freshness WHEN 'fresh' THEN 'current again' ELSE freshness END, revision, version, since_on,
        since_at::TIMESTAMP, 2
    FROM (
        SELECT
            *, lag(freshness) OVER (
                PARTITION BY arxiv_id, language ORDER BY coalesce(since_at, since_on), revision
            ) AS freshness_before
        FROM library.main.translation_freshness
    )
    -- A new text is fresh from the beginning: that it was compared is no event.
    WHERE freshness IN ('stale', 'orphaned') OR freshness = 'fresh' AND freshness_before IN ('stale', 'orphaned')
    UNION ALL
    SELECT
        withdrawal.arxiv_id, language, 'withdrawn', max(revision), withdrawal.version, withdrawal.known_from,
        withdrawal.known_from_at::TIMESTAMP, 3
    FROM (
        SELECT
            arxiv_id, version, is_withdrawn, known_from, known_from_at,
            lag(is_withdrawn) OVER (PARTITION BY arxiv_id ORDER BY number) AS was_withdrawn
        FROM numbered_state_of_translated
    ) AS withdrawal
    JOIN library.main.translation AS text
      ON text.arxiv_id = withdrawal.arxiv_id AND text.arrived_on <= withdrawal.known_from
     AND (text.revision = 1 OR text.revised_on <= withdrawal.known_from)
    WHERE is_withdrawn AND NOT coalesce(was_withdrawn, false)
    GROUP BY ALL
)
