-- What a record of the bulk snapshot says, in the library's terms. Temporary: for one import.
-- The same readings are in yibao.arxiv.oai_records and yibao.arxiv.authors, for records that come one by one.

-- Most titles and comments are on one line already.
CREATE OR REPLACE TEMP MACRO one_line(said) AS
    CASE
        WHEN contains(said, chr(10)) OR contains(said, '  ') OR prefix(said, ' ') OR suffix(said, ' ')
        THEN regexp_replace(regexp_replace(said, '\s+', ' ', 'g'), '^ | $', '', 'g')
        ELSE said
    END;

-- The snapshot's abstracts begin with blanks and end with a line break. trim() takes ten times as long.
CREATE OR REPLACE TEMP MACRO abstract_of(said) AS
    coalesce(
        ltrim(
            CASE
                WHEN suffix(said, chr(10)) THEN substring(said, 1, length(said) - 1)
                WHEN suffix(said, ' ') THEN rtrim(said)
                ELSE said
            END
        ),
        ''
    );

-- Few papers are in a category that has another name; looking each up takes fifty times as long.
CREATE OR REPLACE TEMP MACRO categories_of(told) AS
    CASE
        WHEN told IS NULL THEN []
        WHEN regexp_matches(told, getvariable('aliases'))
        THEN list_transform(
            string_split(told, ' '), lambda code: coalesce(getvariable('canonical')[code], code)
        )
        ELSE string_split(told, ' ')
    END;

CREATE OR REPLACE TEMP MACRO instant(created) AS
    try_strptime(created, ['%a, %d %b %Y %H:%M:%S GMT', '%a, %-d %b %Y %H:%M:%S GMT']);

CREATE OR REPLACE TEMP MACRO versions_of(told) AS
    coalesce(
        list_transform(
            told,
            lambda one: {
                'version': TRY_CAST(substr(one.version, 2) AS INTEGER),
                'submitted_at': instant(one.created)::TIMESTAMPTZ,
                'source_type': NULL::VARCHAR,
                'size_kb': NULL::INTEGER
            }
        ),
        []
    );

-- authors_parsed holds family name, given names, suffix, and then where they work.
CREATE OR REPLACE TEMP MACRO parsed_authors(told) AS
    list_transform(
        told,
        lambda one: {
            'name': trim(concat_ws(' ', nullif(one[2], ''), one[1], nullif(one[3], ''))),
            'affiliations': coalesce(one[4:], [])
        }
    );

-- Commas outside brackets separate; so does `and`.
CREATE OR REPLACE TEMP MACRO byline_authors(byline) AS
    list_transform(
        list_filter(
            flatten(
                list_transform(
                    regexp_extract_all(byline, '(?:[^,(]|\((?:[^()]|\([^()]*\))*\)|\()+'),
                    lambda part: CASE
                        WHEN contains(part, '(') THEN [part]
                        ELSE string_split_regex(part, '\s+and\s+|\s*&\s+')
                    END
                )
            ),
            lambda part: one_line(part) <> ''
        ),
        lambda part: {
            'name': coalesce(nullif(one_line(regexp_extract(part, '^([^(]+?)\s*\(.*\)\s*$', 1)), ''), one_line(part)),
            'affiliations': list_filter(
                [one_line(regexp_extract(part, '^[^(]+?\s*\((.*)\)\s*$', 1))],
                lambda place: place <> ''
            )
        }
    );

CREATE OR REPLACE TEMP MACRO says_withdrawn(comments, abstract) AS
    CASE
        WHEN contains(lower(coalesce(comments, '') || left(abstract, 82)), 'withdrawn')
        THEN regexp_matches(coalesce(comments, ''), getvariable('statement'))
            OR regexp_matches(left(ltrim(abstract), 80), getvariable('statement'))
        ELSE false
    END;

-- As yibao.arxiv.oai_records.fingerprint_of: layout apart, everything counts. Splitting and joining costs a quarter of
-- replace(), and array_to_string() would do it twice.
CREATE OR REPLACE TEMP MACRO fingerprint_of(
    title, abstract, authors, categories, comments, journal_ref, doi, report_no, license, submitter, versions
) AS
    md5(concat(
        one_line(title), chr(31),
        list_aggr(string_split(abstract_of(abstract), chr(10)), 'string_agg', ' '), chr(31),
        one_line(authors), chr(31), categories, chr(31), one_line(comments), chr(31), one_line(journal_ref), chr(31),
        doi, chr(31), report_no, chr(31), license, chr(31), submitter, chr(31),
        coalesce(
            array_to_string(
                list_transform(
                    versions,
                    lambda one: substr(one.version, 2) || ':' || coalesce(epoch(instant(one.created))::BIGINT::VARCHAR, '')
                ),
                ','
            ),
            ''
        ),
        chr(31)
    ))::UUID;
