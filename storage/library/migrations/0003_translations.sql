ALTER TABLE translation ADD COLUMN corrector VARCHAR;
ALTER TABLE translation ADD COLUMN source_version INTEGER;
ALTER TABLE translation ADD COLUMN source_sha256 VARCHAR;
ALTER TABLE translation ADD COLUMN state_on DATE;
COMMENT ON COLUMN translation.state IS 'current; stale (arXiv''s title or abstract has changed since, in its words); orphaned (arXiv does not know the paper); or superseded by a later revision.';
COMMENT ON COLUMN translation.corrector IS 'Who corrected it after publication; NULL where the file does not say.';
COMMENT ON COLUMN translation.source_version IS 'The version of the paper that it was made from: the one in the link, else the one known when this revision arrived; NULL before arXiv told us of the paper.';
COMMENT ON COLUMN translation.source_sha256 IS 'SHA-256 of the English that it was made from, see english_text; NULL while that text is not known.';
COMMENT ON COLUMN translation.state_on IS 'Date of the run (New York) that found this state.';
UPDATE translation SET state_on = revised_on;

CREATE TABLE english_text (
    sha256 VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    abstract VARCHAR NOT NULL
);
COMMENT ON TABLE english_text IS 'ArXiv''s texts that translations were made from; kept, so that what has changed can be shown.';
COMMENT ON COLUMN english_text.sha256 IS 'Of title, two line feeds and abstract, in UTF-8, as arXiv gave them.';
COMMENT ON COLUMN english_text.title IS 'As arXiv gave it.';
COMMENT ON COLUMN english_text.abstract IS 'As arXiv gave it.';
