-- Views are made anew with every migration: they hold nothing, and follow the code.
-- A column that bears its table's name and meaning has its comment, too; the others are explained here.
CREATE OR REPLACE VIEW paper AS
    SELECT
        * EXCLUDE (fingerprint, known_from, known_until, known_from_at, known_until_at),
        known_from AS changed_on,
        known_from_at AS changed_at
    FROM paper_state
    WHERE known_until IS NULL;
COMMENT ON VIEW paper IS 'The latest metadata of each paper, one row a paper. Source: arXiv, CC0.';
COMMENT ON COLUMN paper.changed_on IS 'Date of the run (New York) that last changed it.';
COMMENT ON COLUMN paper.changed_at IS 'When that was stored, our clock, UTC; NULL where that is not on record.';

CREATE OR REPLACE VIEW paper_version AS
    SELECT arxiv_id, unnest(versions, recursive := true), known_from AS changed_on
    FROM paper_state
    WHERE known_until IS NULL;
COMMENT ON VIEW paper_version IS 'Every version of each paper, one row a paper and version.';
COMMENT ON COLUMN paper_version.arxiv_id IS 'Identifier without version.';
COMMENT ON COLUMN paper_version.version IS 'From 1.';
COMMENT ON COLUMN paper_version.submitted_at IS 'When the version was submitted; NULL where unknown.';
COMMENT ON COLUMN paper_version.source_type IS 'arXiv''s letter for the source, `I` for a withdrawal; NULL where there is none or it is not known.';
COMMENT ON COLUMN paper_version.size_kb IS 'Of the source, in kilobytes as arXiv rounds them; NULL where unknown.';
COMMENT ON COLUMN paper_version.changed_on IS 'Date of the run (New York) that last changed the paper.';

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
COMMENT ON COLUMN erratum.arxiv_id IS 'Identifier without version.';
COMMENT ON COLUMN erratum.language IS 'BCP 47.';
COMMENT ON COLUMN erratum.revision IS 'The revision that the correction made, from 2.';
COMMENT ON COLUMN erratum.revised_on IS 'Date of the run (New York) that stored it.';
COMMENT ON COLUMN erratum.corrected_by IS 'The corrector, else the translator; NULL where the file names neither.';
COMMENT ON COLUMN erratum.title_before IS 'Translated title of the revision before.';
COMMENT ON COLUMN erratum.title_after IS 'Translated title of this revision.';
COMMENT ON COLUMN erratum.abstract_before IS 'Translated abstract of the revision before.';
COMMENT ON COLUMN erratum.abstract_after IS 'Translated abstract of this revision.';

CREATE OR REPLACE VIEW waiting AS
    SELECT DISTINCT arxiv_id
    FROM current_translation
    WHERE arxiv_id NOT IN (SELECT arxiv_id FROM paper);
COMMENT ON VIEW waiting IS 'Translated papers whose metadata arXiv has not given us yet.';
COMMENT ON COLUMN waiting.arxiv_id IS 'Identifier without version.';

CREATE OR REPLACE VIEW publication AS
    SELECT
        CASE WHEN starts_with(item, 'arxiv/') THEN substr(item, 7) END AS arxiv_id,
        CASE WHEN starts_with(item, 'edition/') THEN substr(item, 9) END AS edition,
        published_at, updated_at, edits, translated_on, digest IS NOT NULL AS is_shown
    FROM operations.published_item;
COMMENT ON VIEW publication IS 'When readers were first shown a paper or an edition, and when what they see last changed. One row a paper or edition.';
COMMENT ON COLUMN publication.arxiv_id IS 'Identifier without version; NULL for an edition.';
COMMENT ON COLUMN publication.edition IS 'Key of the edition; NULL for a paper.';
COMMENT ON COLUMN publication.published_at IS 'Midnight (New York) of the announcement date, or of the first run that published it. Never changes.';
COMMENT ON COLUMN publication.updated_at IS 'Midnight (New York) of the run that noticed the last change, plus one second an edit; else published_at.';
COMMENT ON COLUMN publication.edits IS 'How often what a reader would notice changed after first publication.';
COMMENT ON COLUMN publication.translated_on IS 'When its translation came to readers; NULL without one.';
COMMENT ON COLUMN publication.is_shown IS 'Whether readers are shown it now.';
