-- Some records tell the day of submission, and not the instant.
ALTER TABLE paper_state ADD COLUMN submitted_precision VARCHAR;
UPDATE paper_state SET submitted_precision = 'second' WHERE submitted_at IS NOT NULL;
COMMENT ON COLUMN paper_state.submitted_at IS 'When version 1 was submitted: an instant, or midnight UTC of its day, see submitted_precision; NULL where unknown.';
COMMENT ON COLUMN paper_state.submitted_precision IS 'How exactly submitted_at is known: second, or day; NULL where submitted_at is.';
