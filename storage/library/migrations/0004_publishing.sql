-- What readers are shown is kept item by item, so that a publication's work follows what has changed.
ALTER TABLE publication ADD COLUMN digest VARCHAR;
ALTER TABLE publication ADD COLUMN translated_on DATE;
ALTER TABLE publication ADD COLUMN sort_month INTEGER;
ALTER TABLE publication ADD COLUMN sort_number VARCHAR;
ALTER TABLE publication ADD COLUMN lists VARCHAR[];
COMMENT ON COLUMN publication.digest IS 'Of all that is shown of the item; NULL while it is not shown.';
COMMENT ON COLUMN publication.translated_on IS 'When its translation came to readers; NULL without one.';
COMMENT ON COLUMN publication.sort_month IS 'Orders items of one instant, greatest first: year and month of the identifier; for editions by their end.';
COMMENT ON COLUMN publication.sort_number IS 'Orders items of one month, least first.';
COMMENT ON COLUMN publication.lists IS 'Every list that it stands in: feeds and their archives by month, pages of categories and translators, data, sitemaps. NULL while it is not shown.';

ALTER TABLE edition ADD COLUMN notes VARCHAR[];
COMMENT ON COLUMN edition.notes IS 'What is not complete about its days, in words; may be empty.';

CREATE TABLE pending (
    name VARCHAR NOT NULL
);
COMMENT ON TABLE pending IS 'What has changed since readers last saw it. Whoever stores something of a paper names it here; a publication adds editions and lists, and empties the table at its end.';
COMMENT ON COLUMN pending.name IS 'arxiv/2501.05727, edition/2025-W03, a list of publication.lists, or empty: everything. May stand here more than once.';

CREATE TABLE published (
    signature VARCHAR NOT NULL
);
COMMENT ON TABLE published IS 'The last publication that was brought to its end; one row, none before the first.';
COMMENT ON COLUMN published.signature IS 'Of program, settings and run. The published tree and the index for search bear the same; where they do not, everything is looked at.';
