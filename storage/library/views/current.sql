-- Views are made anew whenever the library is opened for writing: they hold nothing, and follow the code.
CREATE OR REPLACE VIEW current_translation AS
    SELECT * EXCLUDE (state)
    FROM translation
    WHERE state = 'current';
COMMENT ON VIEW current_translation IS 'The revision of each translation that readers see.';

CREATE OR REPLACE VIEW waiting AS
    SELECT DISTINCT arxiv_id
    FROM current_translation
    WHERE arxiv_id NOT IN (SELECT arxiv_id FROM paper);
COMMENT ON VIEW waiting IS 'Translated papers whose metadata arXiv has not given us yet.';
