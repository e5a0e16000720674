-- What leads on from one paper to others.
ALTER TABLE operations.published_item ADD COLUMN words VARCHAR[];
COMMENT ON COLUMN operations.published_item.words IS 'Words of the English title that say what a paper is about, in lower case; NULL for an edition.';

CREATE TABLE operations.related_paper (
    arxiv_id VARCHAR NOT NULL,
    related_id VARCHAR NOT NULL,
    score DOUBLE NOT NULL,
    shared VARCHAR[] NOT NULL
);
COMMENT ON TABLE operations.related_paper IS 'Which papers were closest to a translated one when it was last published anew. One row a pair; it counts in both directions.';
COMMENT ON COLUMN operations.related_paper.arxiv_id IS 'Identifier without version.';
COMMENT ON COLUMN operations.related_paper.related_id IS 'Identifier of the other paper.';
COMMENT ON COLUMN operations.related_paper.score IS 'How close: the rarer what they share, the greater; authors count twice.';
COMMENT ON COLUMN operations.related_paper.shared IS 'What they share: names of authors after author/, and words of the titles.';
