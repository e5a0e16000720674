-- In every release: the past, by three clocks. Attached under another name, they want `USE name` first.
-- What arXiv had at an instant (UTC): the latest version of each paper by then, as far as versions are on record.
CREATE MACRO version_as_of(instant) AS TABLE
    SELECT arxiv_id, max(version) AS version, max(submitted_at) AS submitted_at
    FROM paper_version
    WHERE submitted_at <= instant
    GROUP BY arxiv_id;

-- What we knew on a day (New York): of several states of one day, the last.
CREATE MACRO paper_as_of(day) AS TABLE
    SELECT
        arxiv_id, version, title, abstract, authors, categories, primary_category, comment, journal_ref, doi,
        is_withdrawn, updated_at, source, changed_on AS known_from
    FROM paper
    WHERE changed_on <= day
    UNION ALL
    SELECT
        arxiv_id, version, title, abstract, authors, categories, primary_category, comment, journal_ref, doi,
        is_withdrawn, updated_at, source, known_from
    FROM paper_history
    WHERE known_from <= day AND known_until > day;

-- What readers saw at an instant (UTC): the papers of each edition, and how each translation stood.
CREATE MACRO edition_as_of(instant) AS TABLE
    SELECT edition, arxiv_id, section
    FROM edition_history
    WHERE shown_from_at <= instant AND (shown_until_at IS NULL OR shown_until_at > instant);

CREATE MACRO translation_as_of(instant) AS TABLE
    SELECT
        arxiv_id, language, max(revision) AS revision,
        CASE arg_max(event, number) FILTER (event <> 'withdrawn')
            WHEN 'stale' THEN 'stale'
            WHEN 'orphaned' THEN 'orphaned'
            ELSE 'current'
        END AS state,
        bool_or(event = 'withdrawn') AS is_withdrawn
    FROM translation_event
    WHERE coalesce(happened_at, happened_on) <= instant
    GROUP BY arxiv_id, language;
