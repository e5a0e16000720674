SELECT
    edition.edition AS edition, edition_number AS number, starts_on, edition.ends_on AS ends_on, translated, untranslated, replaced, len(notes) = 0 AS is_complete,
    published_at::TIMESTAMP AS published_at, updated_at::TIMESTAMP AS updated_at
FROM library.main.edition
LEFT JOIN library.operations.published_item ON item = 'edition/' || edition.edition
