-- Views are made anew whenever the library is opened for writing: they hold nothing, and follow the code.
CREATE OR REPLACE VIEW paper AS
    SELECT * EXCLUDE (fingerprint, known_from, known_until), known_from AS changed_on
    FROM paper_state
    WHERE known_until IS NULL;
COMMENT ON VIEW paper IS 'The latest metadata of each paper, one row a paper. Source: arXiv, CC0.';

CREATE OR REPLACE VIEW paper_version AS
    SELECT arxiv_id, unnest(versions, recursive := true), known_from AS changed_on
    FROM paper_state
    WHERE known_until IS NULL;
COMMENT ON VIEW paper_version IS 'Every version of each paper, one row a paper and version.';

CREATE OR REPLACE MACRO paper_as_of(day) AS TABLE
    SELECT * EXCLUDE (fingerprint, known_until)
    FROM paper_state
    WHERE known_from <= day
      AND (known_until IS NULL OR known_until > day);

CREATE OR REPLACE VIEW current_translation AS
    SELECT *
    FROM translation
    WHERE state <> 'superseded';
COMMENT ON VIEW current_translation IS 'The revision of each translation that readers see.';

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
