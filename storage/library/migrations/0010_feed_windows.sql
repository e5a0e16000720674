-- A feed holds what has come since its readers' last visit, whatever the date of its papers.
ALTER TABLE operations.published_item ADD COLUMN listed_on DATE[];
COMMENT ON COLUMN operations.published_item.listed_on IS 'Since which run''s date it stands in each of its lists, in their order; the date of publication in a list that had nothing before. NULL, whole or in part, for what was listed before this was kept.';

-- Whoever follows a feed in Traditional Chinese or English must not get what it holds once more under other ids.
ALTER TABLE operations.published_item ADD COLUMN has_variant_ids BOOLEAN;
UPDATE operations.published_item SET has_variant_ids = false;
COMMENT ON COLUMN operations.published_item.has_variant_ids IS 'Whether its id in feeds of another language ends in that language; until November 2026 all feeds had one id.';
COMMENT ON COLUMN operations.published_item.published_at IS 'Midnight (New York) of the announcement date, or of the first run that published it; of papers of one midnight each has a second of its own, the first in order the latest. Never changes.';
