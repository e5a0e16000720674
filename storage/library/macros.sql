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

-- Most records name canonical categories alone, apart by one blank; looking each code up takes fifty times as long.
-- Others write aliases, commas, or ACM and MSC classes among them, which are no categories.
CREATE OR REPLACE TEMP MACRO codes_of(told) AS string_split_regex(trim(told), '[\s,;]+');

CREATE OR REPLACE TEMP MACRO categories_of(told) AS
    CASE
        WHEN told IS NULL THEN []
        WHEN regexp_full_match(told, getvariable('plain')) THEN string_split(told, ' ')
        ELSE list_reduce(
            list_filter(
                list_transform(codes_of(told), lambda code: [getvariable('canonical')[code]]),
                lambda code: code[1] IS NOT NULL
            ),
            lambda found, code: CASE WHEN list_contains(found, code[1]) THEN found ELSE found || code END,
            []::VARCHAR[]
        )
    END;

CREATE OR REPLACE TEMP MACRO classes_of(told) AS
    CASE
        WHEN told IS NULL OR regexp_full_match(told, getvariable('plain')) THEN []::VARCHAR[]
        ELSE list_filter(codes_of(told), lambda code: code <> '' AND getvariable('canonical')[code] IS NULL)
    END;

CREATE OR REPLACE TEMP MACRO has_category(told) AS
    coalesce(told, '') = '' OR regexp_full_match(told, getvariable('plain')) OR len(categories_of(told)) > 0;

CREATE OR REPLACE TEMP MACRO is_missing(said) AS said IS NULL OR regexp_full_match(said, '\s*');

-- A list or an object where a text should be comes as JSON. A text may begin so, too, as titles of replications do.
CREATE OR REPLACE TEMP MACRO is_structure(said) AS
    CASE WHEN prefix(said, '[') OR prefix(said, '{') THEN json_valid(said) ELSE false END;

CREATE OR REPLACE TEMP MACRO instant(created) AS
    try_strptime(created, ['%a, %d %b %Y %H:%M:%S GMT', '%a, %-d %b %Y %H:%M:%S GMT']);

-- The day of a record that tells no instants, as its midnight UTC.
CREATE OR REPLACE TEMP MACRO midnight(created) AS
    coalesce(TRY_CAST(created AS DATE), instant(created)::DATE)::TIMESTAMP::TIMESTAMPTZ;

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

-- authors_parsed holds family name, given names, suffix, and then where they work. What holds no letter is no name:
-- between a collaboration and its members some write a colon.
CREATE OR REPLACE TEMP MACRO parsed_authors(told) AS
    list_transform(
        list_filter(told, lambda one: regexp_matches(concat(one[1], one[2]), '\pL')),
        lambda one: {
            'name': one_line(trim(concat_ws(' ', nullif(one[2], ''), one[1], nullif(one[3], '')))),
            'affiliations': list_transform(coalesce(one[4:], []), lambda place: one_line(place))
        }
    );

-- Commas outside brackets separate; so do `and`, `&`, and the colon behind a collaboration.
CREATE OR REPLACE TEMP MACRO names_of(told) AS string_split_regex(told, '\s+and\s+|\s*&\s+|\s*:\s*');

CREATE OR REPLACE TEMP MACRO byline_authors(byline) AS
    list_transform(
        list_filter(
            flatten(
                list_transform(
                    regexp_extract_all(byline, '(?:[^,(]|\((?:[^()]|\([^()]*\))*\)|\()+'),
                    lambda part: CASE
                        WHEN contains(part, '(')
                        THEN names_of(regexp_extract(part, '^[^(]*'))[:-2]
                            || [names_of(regexp_extract(part, '^[^(]*'))[-1] || regexp_extract(part, '\(.*$', 0, 's')]
                        ELSE names_of(part)
                    END
                )
            ),
            -- What stands in brackets alone tells where others work.
            lambda part: regexp_matches(part, '^[^(]*\pL')
        ),
        lambda part: {
            'name': coalesce(nullif(one_line(regexp_extract(part, '^([^(]+?)\s*\(.*\)\s*$', 1, 's')), ''), one_line(part)),
            'affiliations': list_filter(
                [one_line(regexp_extract(part, '^[^(]+?\s*\((.*)\)\s*$', 1, 's'))],
                lambda place: place <> ''
            )
        }
    );

CREATE OR REPLACE TEMP MACRO says_withdrawn(comments, abstract) AS
    CASE
        WHEN contains(lower(coalesce(comments, '') || left(abstract, 82)), 'withdr')
        THEN regexp_matches(coalesce(comments, ''), getvariable('statement'))
            OR regexp_matches(left(ltrim(abstract), 80), getvariable('statement'))
        ELSE false
    END;

-- As yibao.arxiv.oai_records.fingerprint_of: layout apart, everything counts. Splitting and joining costs a quarter of
-- replace(), and array_to_string() would do it twice.
CREATE OR REPLACE TEMP MACRO fingerprint_of(
    title, abstract, authors, categories, comments, journal_ref, doi, report_no, license, submitter, versions, created
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
            created,
            ''
        ),
        chr(31)
    ))::UUID;
