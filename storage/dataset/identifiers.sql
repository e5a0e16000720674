-- In every release: year and month of an identifier, as 202501, by which its files are parted and its rows ordered.
CREATE MACRO identifier_month(id) AS
    CASE
        WHEN contains(id, '/') THEN
            CASE WHEN substr(split_part(id, '/', 2), 1, 2) >= '91' THEN 190000 ELSE 200000 END
            + substr(split_part(id, '/', 2), 1, 4)::INTEGER
        ELSE 200000 + substr(id, 1, 4)::INTEGER
    END;
