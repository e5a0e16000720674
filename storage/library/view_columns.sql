-- What the columns of views mean. Apart from the views themselves, because DuckLake explains columns of tables only.
-- The other columns of paper and current_translation mean what those of their tables mean, and have their comments.
COMMENT ON COLUMN paper.changed_on IS 'Date of the run (New York) that last changed it.';
COMMENT ON COLUMN paper.changed_at IS 'When that was stored, our clock, UTC; NULL where that is not on record.';
COMMENT ON COLUMN paper_version.arxiv_id IS 'Identifier without version.';
COMMENT ON COLUMN paper_version.version IS 'From 1.';
COMMENT ON COLUMN paper_version.submitted_at IS 'When the version was submitted; NULL where unknown.';
COMMENT ON COLUMN paper_version.source_type IS 'arXiv''s letter for the source, `I` for a withdrawal; NULL where there is none or it is not known.';
COMMENT ON COLUMN paper_version.size_kb IS 'Of the source, in kilobytes as arXiv rounds them; NULL where unknown.';
COMMENT ON COLUMN paper_version.changed_on IS 'Date of the run (New York) that last changed the paper.';
COMMENT ON COLUMN erratum.arxiv_id IS 'Identifier without version.';
COMMENT ON COLUMN erratum.language IS 'BCP 47.';
COMMENT ON COLUMN erratum.revision IS 'The revision that the correction made, from 2.';
COMMENT ON COLUMN erratum.revised_on IS 'Date of the run (New York) that stored it.';
COMMENT ON COLUMN erratum.corrected_by IS 'The corrector, else the translator; NULL where the file names neither.';
COMMENT ON COLUMN erratum.title_before IS 'Translated title of the revision before.';
COMMENT ON COLUMN erratum.title_after IS 'Translated title of this revision.';
COMMENT ON COLUMN erratum.abstract_before IS 'Translated abstract of the revision before.';
COMMENT ON COLUMN erratum.abstract_after IS 'Translated abstract of this revision.';
COMMENT ON COLUMN waiting.arxiv_id IS 'Identifier without version.';
COMMENT ON COLUMN publication.arxiv_id IS 'Identifier without version; NULL for an edition.';
COMMENT ON COLUMN publication.edition IS 'Key of the edition; NULL for a paper.';
COMMENT ON COLUMN publication.published_at IS 'Midnight (New York) of the announcement date, or of the first run that published it; of papers of one midnight each has a second of its own, the first in order the latest. Never changes.';
COMMENT ON COLUMN publication.updated_at IS 'Midnight (New York) of the run that noticed the last change, plus one second an edit; else published_at.';
COMMENT ON COLUMN publication.edits IS 'How often what a reader would notice changed after first publication.';
COMMENT ON COLUMN publication.translated_on IS 'When its translation came to readers; NULL without one.';
COMMENT ON COLUMN publication.edition_number IS 'Number of a day''s edition, from 1, in the order of first publication with papers. Never changes. NULL for weeks, papers, and days without papers.';
COMMENT ON COLUMN publication.is_shown IS 'Whether readers are shown it now.';
