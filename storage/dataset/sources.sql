-- What relations are made from. Temporary: for one release. `touched` holds the papers that may have changed since the
-- release before; where `is_whole` is set, every paper counts as touched.
CREATE OR REPLACE TEMP MACRO is_touched(id) AS
    getvariable('is_whole') OR id IN (SELECT arxiv_id FROM touched);

CREATE OR REPLACE TEMP VIEW first_announcement AS
    SELECT arxiv_id, min(announced_on) AS announced_on FROM library.main.announcement GROUP BY arxiv_id;

CREATE OR REPLACE TEMP VIEW current_state AS
    SELECT * FROM library.main.paper_state WHERE known_until IS NULL AND is_touched(arxiv_id);

-- Of a paper with one state nothing is to be told: most have one, and are not numbered.
CREATE OR REPLACE TEMP VIEW numbered_state AS
    SELECT
        *, row_number() OVER (
            PARTITION BY arxiv_id
            ORDER BY known_from, known_until IS NULL, known_until, coalesce(known_from_at, known_from)
        )::INTEGER AS number
    FROM library.main.paper_state
    WHERE is_touched(arxiv_id)
      AND arxiv_id IN (SELECT arxiv_id FROM library.main.paper_state WHERE known_until IS NOT NULL);

CREATE OR REPLACE TEMP VIEW numbered_state_of_translated AS
    SELECT
        arxiv_id, version, is_withdrawn, known_from, known_from_at,
        row_number() OVER (
            PARTITION BY arxiv_id
            ORDER BY known_from, known_until IS NULL, known_until, coalesce(known_from_at, known_from)
        ) AS number
    FROM library.main.paper_state
    WHERE arxiv_id IN (SELECT arxiv_id FROM library.main.translation);

-- The curator's own time: the day on which the translation came to us, or the Friday of its file's week where that is
-- earlier. What came with all others at the beginning was written before, nobody knows when.
CREATE OR REPLACE TEMP VIEW translation_row AS
    SELECT
        *, CASE WHEN curated_on = arrived_on THEN 'day' WHEN curated_on < arrived_on THEN 'week' END AS curated_precision,
        date_diff('day', announced_on, curated_on)::INTEGER AS delay_days
    FROM (
        SELECT
            text.arxiv_id AS arxiv_id, language, title, abstract, title_en, translator, reviewer, corrector, license,
            source_version AS version, revision, freshness, week, announced_on,
            CASE
                WHEN regexp_matches(path, '(^|/)\d{4}/\d{4}-\d{4}\.[a-zA-Z]+$')
                    THEN least(try_strptime(week || '-5', '%G-W%V-%u')::DATE, text.arrived_on)
                WHEN text.arrived_on > beginning.arrived_on THEN text.arrived_on
            END AS curated_on,
            text.arrived_on AS arrived_on, revised_on, revised_at::TIMESTAMP AS revised_at,
            published_item.published_at::TIMESTAMP AS published_at
        FROM library.main.current_translation AS text
        CROSS JOIN (SELECT min(arrived_on) AS arrived_on FROM library.main.translation) AS beginning
        LEFT JOIN first_announcement USING (arxiv_id)
        LEFT JOIN library.operations.published_item ON item = 'arxiv/' || text.arxiv_id
    );
