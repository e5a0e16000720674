-- What readers saw, from now on: how each translation stood, and which papers each edition held.
CREATE TABLE translation_freshness (
    arxiv_id VARCHAR NOT NULL,
    language VARCHAR NOT NULL,
    revision INTEGER NOT NULL,
    freshness VARCHAR NOT NULL,
    version INTEGER,
    since_on DATE NOT NULL,
    since_at TIMESTAMPTZ
);
INSERT INTO translation_freshness
    SELECT arxiv_id, language, revision, freshness, NULL, freshness_on, freshness_at
    FROM translation
    WHERE freshness <> 'unknown'
    ORDER BY translation.rowid;
COMMENT ON TABLE translation_freshness IS 'Every freshness that a revision of a translation has had, in order. One row a change; of what was before version 7 of the library, the last.';
COMMENT ON COLUMN translation_freshness.arxiv_id IS 'Identifier without version.';
COMMENT ON COLUMN translation_freshness.language IS 'BCP 47.';
COMMENT ON COLUMN translation_freshness.revision IS 'The revision of the translation.';
COMMENT ON COLUMN translation_freshness.freshness IS 'How it stood to arXiv''s text from then on, see translation.';
COMMENT ON COLUMN translation_freshness.version IS 'The paper''s version that it was compared with; NULL where it is not on record.';
COMMENT ON COLUMN translation_freshness.since_on IS 'Date of the run (New York) that found it so.';
COMMENT ON COLUMN translation_freshness.since_at IS 'When that was stored, our clock, UTC; NULL where that is not on record.';

CREATE TABLE edition_history (
    edition VARCHAR NOT NULL,
    arxiv_id VARCHAR NOT NULL,
    section VARCHAR NOT NULL,
    shown_from_at TIMESTAMPTZ NOT NULL,
    shown_until_at TIMESTAMPTZ
);
INSERT INTO edition_history
    SELECT edition, arxiv_id, section, now(), NULL FROM edition_paper ORDER BY edition, position;
COMMENT ON TABLE edition_history IS 'Which papers readers saw in each edition, and how long. One row an edition, paper and span; of what was before version 7 of the library, the last, since that version.';
COMMENT ON COLUMN edition_history.edition IS 'The edition that held it.';
COMMENT ON COLUMN edition_history.arxiv_id IS 'Identifier without version.';
COMMENT ON COLUMN edition_history.section IS 'translated, untranslated or replaced, as in edition_paper.';
COMMENT ON COLUMN edition_history.shown_from_at IS 'When it was prepared to be shown so, our clock, UTC.';
COMMENT ON COLUMN edition_history.shown_until_at IS 'When something else was, UTC; NULL while readers see it so.';
