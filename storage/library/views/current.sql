-- Views are made anew with every migration: they hold nothing, and follow the code.
CREATE OR REPLACE VIEW paper AS
    SELECT
        * EXCLUDE (fingerprint, known_from, known_until, known_from_at, known_until_at),
        known_from AS changed_on,
        known_from_at AS changed_at
    FROM paper_state
    WHERE known_until IS NULL;
COMMENT ON VIEW paper IS 'The latest metadata of each paper, one row a paper. Source: arXiv, CC0.';

CREATE OR REPLACE VIEW paper_version AS
    SELECT arxiv_id, unnest(versions, recursive := true), known_from AS changed_on
    FROM paper_state
    WHERE known_until IS NULL;
COMMENT ON VIEW paper_version IS 'Every version of each paper, one row a paper and version.';

-- Of several states of one day, the last.
CREATE OR REPLACE MACRO paper_as_of(day) AS TABLE
    SELECT * EXCLUDE (fingerprint, known_until, known_until_at)
    FROM paper_state
    WHERE known_from <= day
      AND (known_until IS NULL OR known_until > day);

-- Where an instant is not on record, midnight (UTC) of its day counts.
CREATE OR REPLACE MACRO paper_as_of_instant(instant) AS TABLE
    SELECT * EXCLUDE (fingerprint, known_until, known_until_at)
    FROM paper_state
    WHERE coalesce(known_from_at, known_from) <= instant
      AND (known_until IS NULL OR coalesce(known_until_at, known_until) > instant);

CREATE OR REPLACE VIEW current_translation AS
    SELECT * EXCLUDE (revision_state, superseded_on, superseded_at)
    FROM translation
    WHERE revision_state = 'current';
COMMENT ON VIEW current_translation IS 'The revision of each translation that readers see. One row a paper and language.';

CREATE OR REPLACE VIEW erratum AS
    SELECT
        later.arxiv_id, later.language, later.revision, later.revised_on,
        coalesce(later.corrector, later.translator) AS corrected_by,
        earlier.title AS title_before, later.title AS title_after,
        earlier.abstract AS abstract_before, later.abstract AS abstract_after
    FROM translation AS later
    JOIN translation AS earlier
      ON earlier.arxiv_id = later.arxiv_id AND earlier.language = later.language AND earlier.revision = later.revision - 1;
COMMENT ON VIEW erratum IS 'Every correction of a translation: who, when, and the texts before and after.';

CREATE OR REPLACE VIEW waiting AS
    SELECT DISTINCT arxiv_id
    FROM current_translation
    WHERE arxiv_id NOT IN (SELECT arxiv_id FROM paper);
COMMENT ON VIEW waiting IS 'Translated papers whose metadata arXiv has not given us yet.';

CREATE OR REPLACE VIEW publication AS
    SELECT
        CASE WHEN starts_with(item, 'arxiv/') THEN substr(item, 7) END AS arxiv_id,
        CASE WHEN starts_with(item, 'edition/') THEN substr(item, 9) END AS edition,
        published_at, updated_at, edits, translated_on, edition_number, digest IS NOT NULL AS is_shown
    FROM operations.published_item;
COMMENT ON VIEW publication IS 'When readers were first shown a paper or an edition, and when what they see last changed. One row a paper or edition.';

-- What arXiv had at an instant (UTC): the latest version of each paper by then, as far as versions are on record.
CREATE OR REPLACE MACRO version_as_of(instant) AS TABLE
    SELECT arxiv_id, max(version) AS version, max(submitted_at) AS submitted_at
    FROM paper_version
    WHERE submitted_at <= instant
    GROUP BY arxiv_id;

-- What readers saw at an instant: the papers of each edition, and the text and state of each translation.
CREATE OR REPLACE MACRO edition_as_of(instant) AS TABLE
    SELECT edition, arxiv_id, section
    FROM edition_history
    WHERE shown_from_at <= instant AND (shown_until_at IS NULL OR shown_until_at > instant);

CREATE OR REPLACE MACRO translation_as_of(instant) AS TABLE
    SELECT
        text.arxiv_id, text.language, text.revision, text.title, text.abstract,
        coalesce(
            (
                SELECT arg_max(found.freshness, coalesce(found.since_at, found.since_on))
                FROM translation_freshness AS found
                WHERE found.arxiv_id = text.arxiv_id AND found.language = text.language
                  AND found.revision = text.revision AND coalesce(found.since_at, found.since_on) <= instant
            ),
            'unknown'
        ) AS freshness
    FROM translation AS text
    WHERE coalesce(text.revised_at, text.revised_on) <= instant
      AND (text.revision_state = 'current' OR coalesce(text.superseded_at, text.superseded_on) > instant);
