-- Every announced paper is read somewhere: on a page of its own, or on one of the pages of its day's edition.
ALTER TABLE edition_paper ADD COLUMN page INTEGER;
COMMENT ON COLUMN edition_paper.page IS 'The page of a daily edition on which it stands, from 1; NULL for weekly editions, whose papers are read in those of their days.';
