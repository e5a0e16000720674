-- Curators say what leads an edition, and a day's edition has a number, as the issues of a gazette have.
ALTER TABLE translation ADD COLUMN is_lead BOOLEAN;
UPDATE translation SET is_lead = false;
COMMENT ON COLUMN translation.is_lead IS 'Whether the curator wants it to lead its edition.';

ALTER TABLE operations.published_item ADD COLUMN edition_number INTEGER;
UPDATE operations.published_item
    SET edition_number = numbered.edition_number
    FROM (
        SELECT 'edition/' || edition AS item, row_number() OVER (ORDER BY edition) AS edition_number
        FROM main.edition
        WHERE edition NOT LIKE '%W%' AND translated + untranslated + replaced > 0
          AND 'edition/' || edition IN (SELECT item FROM operations.published_item)
    ) AS numbered
    WHERE published_item.item = numbered.item;
COMMENT ON COLUMN operations.published_item.edition_number IS 'Number of a day''s edition, from 1, in the order in which they were first published with papers, those of one publication by date. Never changes. NULL for weeks, papers, and days without papers.';
