-- What analysts ask for stays in main; what only the program needs moves to a schema of its own. Names need no quotes,
-- an edition's papers are rows, and every state bears the instant at which it began beside the day.
-- `migration` stays in main: an older program looks for it there, and then refuses a library that is newer.
COMMENT ON TABLE migration IS 'Which changes of these tables the library has had. One row a change.';
COMMENT ON COLUMN migration.version IS 'Number of the change, from 1; the greatest is the version of the library.';
COMMENT ON COLUMN migration.name IS 'File of the change, in storage/library/migrations.';

CREATE SCHEMA operations;

CREATE TABLE operations.run (
    run_id VARCHAR NOT NULL,
    flow VARCHAR NOT NULL,
    run_on DATE NOT NULL,
    state VARCHAR NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    report JSON
);
INSERT INTO operations.run
    SELECT run_id, flow, "on", state, started_at, finished_at, report FROM main.run ORDER BY rowid;
DROP TABLE main.run;
COMMENT ON TABLE operations.run IS 'What each run did; the one place that tells what happened. One row a run, in the order of their beginning.';
COMMENT ON COLUMN operations.run.run_id IS 'Random; also in Prefect''s name of the run.';
COMMENT ON COLUMN operations.run.flow IS 'daily, weekly, harvest, import, publish or newsletter.';
COMMENT ON COLUMN operations.run.run_on IS 'The date (New York) that the run was for.';
COMMENT ON COLUMN operations.run.state IS 'running, completed, failed, or interrupted (killed, found so by the next run).';
COMMENT ON COLUMN operations.run.started_at IS 'Our clock, UTC.';
COMMENT ON COLUMN operations.run.finished_at IS 'Our clock, UTC; NULL while running, and for ever where interrupted.';
COMMENT ON COLUMN operations.run.report IS 'What arrived, was merged, was set aside and went out; NULL while running.';

CREATE TABLE operations.response (
    url VARCHAR NOT NULL,
    run_on DATE NOT NULL,
    status INTEGER NOT NULL,
    sha256 VARCHAR NOT NULL,
    size_bytes BIGINT NOT NULL,
    content_type VARCHAR NOT NULL,
    fetched_at TIMESTAMPTZ NOT NULL
);
INSERT INTO operations.response
    SELECT url, "on", status, sha256, size_bytes, content_type, fetched_at FROM main.response ORDER BY rowid;
DROP TABLE main.response;
COMMENT ON TABLE operations.response IS 'Every answer of arXiv; its bytes are kept beside the library under their hash. One row an answer.';
COMMENT ON COLUMN operations.response.url IS 'What was asked.';
COMMENT ON COLUMN operations.response.run_on IS 'Date (New York) of the run that asked.';
COMMENT ON COLUMN operations.response.status IS 'HTTP status.';
COMMENT ON COLUMN operations.response.sha256 IS 'Of the body, decoded; also its name among the kept responses.';
COMMENT ON COLUMN operations.response.size_bytes IS 'Of the body, decoded.';
COMMENT ON COLUMN operations.response.content_type IS 'As the server said; may be empty.';
COMMENT ON COLUMN operations.response.fetched_at IS 'Our clock, UTC.';

CREATE TABLE operations.source_report (
    category VARCHAR NOT NULL,
    announced_on DATE NOT NULL,
    source VARCHAR NOT NULL,
    declared INTEGER,
    parsed INTEGER NOT NULL,
    reported_on DATE NOT NULL,
    note VARCHAR NOT NULL,
    confirmed INTEGER NOT NULL
);
INSERT INTO operations.source_report
    SELECT category, announced_on, source, declared, "read", looked_on, note, confirmed FROM main.look ORDER BY rowid;
DROP TABLE main.look;
COMMENT ON TABLE operations.source_report IS 'What each source said of a category''s list for one date when it was last asked. One row a category, date and source.';
COMMENT ON COLUMN operations.source_report.category IS 'Canonical category.';
COMMENT ON COLUMN operations.source_report.announced_on IS 'Calendar date in New York.';
COMMENT ON COLUMN operations.source_report.source IS 'rss, atom or catchup.';
COMMENT ON COLUMN operations.source_report.declared IS 'How many entries the source says the list has; NULL where it could not be had.';
COMMENT ON COLUMN operations.source_report.parsed IS 'How many of its entries could be parsed.';
COMMENT ON COLUMN operations.source_report.reported_on IS 'Date of the run (New York) that asked.';
COMMENT ON COLUMN operations.source_report.note IS 'What is doubtful about the answer; empty otherwise.';
COMMENT ON COLUMN operations.source_report.confirmed IS 'How many answers in a row gave the same list.';

CREATE TABLE operations.oai_cursor (
    prefix VARCHAR NOT NULL,
    from_on DATE NOT NULL,
    token VARCHAR,
    reached_on DATE,
    responded_on DATE
);
INSERT INTO operations.oai_cursor SELECT prefix, from_on, token, reached_on, responded_on FROM main.oai_list;
DROP TABLE main.oai_list;
COMMENT ON TABLE operations.oai_cursor IS 'How far the list of changed records was read over OAI-PMH. One row a form of record.';
COMMENT ON COLUMN operations.oai_cursor.prefix IS 'OAI-PMH''s metadataPrefix, the form of record: arXivRaw.';
COMMENT ON COLUMN operations.oai_cursor.from_on IS 'The list holds what changed since this day (UTC).';
COMMENT ON COLUMN operations.oai_cursor.token IS 'OAI-PMH''s resumptionToken, which asks for the next page; NULL between two lists.';
COMMENT ON COLUMN operations.oai_cursor.reached_on IS 'Greatest datestamp (UTC) of the pages read; where to go on when the token has expired. NULL before the first.';
COMMENT ON COLUMN operations.oai_cursor.responded_on IS 'The server''s date (UTC) on the list''s first page: the next list begins two days before. NULL before the first.';

CREATE TABLE operations.lease (
    name VARCHAR NOT NULL,
    holder VARCHAR NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
INSERT INTO operations.lease SELECT name, holder, expires_at FROM main.lease;
DROP TABLE main.lease;
COMMENT ON TABLE operations.lease IS 'Which host may do what only one host may do at a time. One row a task.';
COMMENT ON COLUMN operations.lease.name IS 'The task: harvest.';
COMMENT ON COLUMN operations.lease.holder IS 'Name of the host.';
COMMENT ON COLUMN operations.lease.expires_at IS 'Our clock, UTC. After it any host may take over.';

CREATE TABLE operations.pending (
    kind VARCHAR NOT NULL,
    key VARCHAR NOT NULL
);
INSERT INTO operations.pending
    SELECT
        CASE
            WHEN name = '' THEN 'everything'
            WHEN starts_with(name, 'arxiv/') THEN 'paper'
            WHEN starts_with(name, 'edition/') THEN 'edition'
            ELSE 'list'
        END AS kind,
        CASE WHEN kind IN ('paper', 'edition') THEN substr(name, strpos(name, '/') + 1) ELSE name END
    FROM main.pending;
DROP TABLE main.pending;
COMMENT ON TABLE operations.pending IS 'What has changed since readers last saw it. Whoever stores something of a paper notes it here; a publication adds editions and lists, and empties the table at its end.';
COMMENT ON COLUMN operations.pending.kind IS 'paper, edition, list, or everything.';
COMMENT ON COLUMN operations.pending.key IS 'arxiv_id of the paper, key of the edition, name of the list; empty for everything. May stand here more than once.';

CREATE TABLE operations.last_publication (
    signature VARCHAR NOT NULL,
    finished_at TIMESTAMPTZ
);
INSERT INTO operations.last_publication SELECT signature, NULL FROM main.published;
DROP TABLE main.published;
COMMENT ON TABLE operations.last_publication IS 'The last publication that was brought to its end; one row, none before the first.';
COMMENT ON COLUMN operations.last_publication.signature IS 'Of program, settings and run. The published tree and the index for search bear the same; where they do not, everything is rendered again.';
COMMENT ON COLUMN operations.last_publication.finished_at IS 'Our clock, UTC; NULL where it is not on record.';

CREATE TABLE operations.published_item (
    item VARCHAR NOT NULL,
    content_sha256 VARCHAR NOT NULL,
    edits INTEGER NOT NULL,
    published_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    digest VARCHAR,
    translated_on DATE,
    ends_on DATE,
    identifier_month INTEGER,
    identifier_number VARCHAR,
    lists VARCHAR[]
);
INSERT INTO operations.published_item
    SELECT
        item, content_sha256, edits, published_at, updated_at, digest, translated_on,
        -- An edition was ordered by twice the number of its last day since the year 1.
        CASE WHEN starts_with(item, 'edition/') THEN DATE '0001-01-01' + (sort_month // 2 - 1) END,
        CASE WHEN starts_with(item, 'arxiv/') THEN sort_month END,
        CASE WHEN starts_with(item, 'arxiv/') THEN sort_number END,
        lists
    FROM main.publication;
DROP TABLE main.publication;
COMMENT ON TABLE operations.published_item IS 'What was published of each paper and edition, and in which lists it stands now. One row an item; analysts have the view publication.';
COMMENT ON COLUMN operations.published_item.item IS 'arxiv/2501.05727 or edition/2025-W03: the end of the item''s permanent id.';
COMMENT ON COLUMN operations.published_item.content_sha256 IS 'Of what a reader would notice: titles, abstracts, authors.';
COMMENT ON COLUMN operations.published_item.edits IS 'How often that changed after first publication.';
COMMENT ON COLUMN operations.published_item.published_at IS 'Midnight (New York) of the announcement date, or of the first run that published it. Never changes.';
COMMENT ON COLUMN operations.published_item.updated_at IS 'Midnight (New York) of the run that noticed the last change, plus one second an edit; else published_at.';
COMMENT ON COLUMN operations.published_item.digest IS 'Of all that is shown of the item; NULL while it is not shown.';
COMMENT ON COLUMN operations.published_item.translated_on IS 'When its translation came to readers; NULL without one.';
COMMENT ON COLUMN operations.published_item.ends_on IS 'Last date of an edition, which orders editions; NULL for a paper, and while it is not shown.';
COMMENT ON COLUMN operations.published_item.identifier_month IS 'Year and month in a paper''s identifier, such as 202501, which orders papers; NULL for an edition, and while it is not shown.';
COMMENT ON COLUMN operations.published_item.identifier_number IS 'Orders papers whose identifiers bear the same month, least first; NULL for an edition, and while it is not shown.';
COMMENT ON COLUMN operations.published_item.lists IS 'Every list that it stands in: feeds and their archives by month, pages of categories and translators, data, sitemaps. NULL while it is not shown.';

-- A state is kept beside the next one of the same day where readers have seen it: instants tell the two apart.
ALTER TABLE paper_state ADD COLUMN known_from_at TIMESTAMPTZ;
ALTER TABLE paper_state ADD COLUMN known_until_at TIMESTAMPTZ;
COMMENT ON TABLE paper_state IS 'Every state in which we have known a paper: one row a paper and span of time. Never changed but for its end.';
COMMENT ON COLUMN paper_state.known_until IS 'Date of the run (New York) that knew better, which may be that of known_from; NULL while it is the latest.';
COMMENT ON COLUMN paper_state.known_from_at IS 'When it was stored, our clock, UTC; NULL where that is not on record.';
COMMENT ON COLUMN paper_state.known_until_at IS 'When the next state was stored, our clock, UTC; NULL while it is the latest, and where that is not on record.';

ALTER TABLE batch ADD COLUMN since_at TIMESTAMPTZ;
COMMENT ON TABLE batch IS 'The ledger: what one category''s list for one date should hold and what we hold. One row a category and date.';
COMMENT ON COLUMN batch.stored IS 'Entries whose paper we hold, in this version.';
COMMENT ON COLUMN batch.note IS 'Why the state is not complete, or what explains a quiet day; empty otherwise. One row speaks for a whole span where it begins `every list of`.';
COMMENT ON COLUMN batch.since_at IS 'When this state was first stored, our clock, UTC; NULL where that is not on record.';
COMMENT ON TABLE announcement IS 'Entries of arXiv''s daily lists: one row a paper, category and date.';

CREATE TABLE revision (
    arxiv_id VARCHAR NOT NULL,
    language VARCHAR NOT NULL,
    revision INTEGER NOT NULL,
    revision_state VARCHAR NOT NULL,
    freshness VARCHAR NOT NULL,
    title VARCHAR,
    abstract VARCHAR NOT NULL,
    title_en VARCHAR NOT NULL,
    version INTEGER,
    week VARCHAR NOT NULL,
    translator VARCHAR,
    reviewer VARCHAR,
    license VARCHAR,
    corrector VARCHAR,
    source_version INTEGER,
    source_sha256 VARCHAR,
    path VARCHAR NOT NULL,
    line INTEGER NOT NULL,
    arrived_on DATE NOT NULL,
    revised_on DATE NOT NULL,
    revised_at TIMESTAMPTZ,
    superseded_on DATE,
    superseded_at TIMESTAMPTZ,
    freshness_on DATE NOT NULL,
    freshness_at TIMESTAMPTZ
);
INSERT INTO revision BY NAME
    SELECT
        * EXCLUDE (state, state_on),
        CASE state WHEN 'superseded' THEN 'superseded' ELSE 'current' END AS revision_state,
        CASE
            WHEN state IN ('stale', 'orphaned') THEN state
            WHEN state = 'current' AND source_sha256 IS NOT NULL THEN 'fresh'
            ELSE 'unknown'
        END AS freshness,
        CASE state WHEN 'superseded' THEN state_on END AS superseded_on,
        CASE state WHEN 'superseded' THEN revised_on ELSE coalesce(state_on, revised_on) END AS freshness_on
    FROM translation
    ORDER BY translation.rowid;
DROP TABLE translation;
ALTER TABLE revision RENAME TO translation;
COMMENT ON TABLE translation IS 'Every revision of every translation; nothing is ever deleted. One row a paper, language and revision.';
COMMENT ON COLUMN translation.arxiv_id IS 'Identifier without version. The paper may not be known yet.';
COMMENT ON COLUMN translation.language IS 'BCP 47, such as zh-Hans.';
COMMENT ON COLUMN translation.revision IS 'From 1; a new one when title, abstract or English title of the entry changed.';
COMMENT ON COLUMN translation.revision_state IS 'current, which readers see, or superseded by a later revision.';
COMMENT ON COLUMN translation.freshness IS 'How it stands to arXiv''s text: fresh; stale (title or abstract has changed since, in its words); orphaned (arXiv does not know the paper); or unknown (the text that it was made from is not known). Of a superseded revision: as last checked.';
COMMENT ON COLUMN translation.title IS 'Translated title; NULL where the curator gave none.';
COMMENT ON COLUMN translation.abstract IS 'Translated abstract, Markdown as written; empty where the curator gave none.';
COMMENT ON COLUMN translation.title_en IS 'English title in the curator''s heading.';
COMMENT ON COLUMN translation.version IS 'The version in the curator''s link; NULL where it names none.';
COMMENT ON COLUMN translation.week IS 'ISO week (2025-W03) to whose edition it belongs: the one in the file''s name, else that of arrived_on.';
COMMENT ON COLUMN translation.translator IS 'From the file''s front matter; NULL where it does not say.';
COMMENT ON COLUMN translation.reviewer IS 'From the file''s front matter; NULL where it does not say.';
COMMENT ON COLUMN translation.license IS 'From the file''s front matter; NULL where it does not say.';
COMMENT ON COLUMN translation.corrector IS 'Who corrected it after publication; NULL where the file does not say.';
COMMENT ON COLUMN translation.source_version IS 'The version of the paper that it was made from: the one in the link, else the one known when this revision arrived; NULL before arXiv told us of the paper.';
COMMENT ON COLUMN translation.source_sha256 IS 'SHA-256 of the English that it was made from, see source_text; NULL while that text is not known.';
COMMENT ON COLUMN translation.path IS 'The file, relative to the translations folder.';
COMMENT ON COLUMN translation.line IS 'Line of the heading, from 1.';
COMMENT ON COLUMN translation.arrived_on IS 'Date of the run (New York) that stored the first revision.';
COMMENT ON COLUMN translation.revised_on IS 'Date of the run (New York) that stored this revision.';
COMMENT ON COLUMN translation.revised_at IS 'When this revision was stored, our clock, UTC; NULL where that is not on record.';
COMMENT ON COLUMN translation.superseded_on IS 'Date of the run (New York) that stored the next revision; NULL while it is current.';
COMMENT ON COLUMN translation.superseded_at IS 'When the next revision was stored, our clock, UTC; NULL while it is current, and where that is not on record.';
COMMENT ON COLUMN translation.freshness_on IS 'Date of the run (New York) that found this freshness first.';
COMMENT ON COLUMN translation.freshness_at IS 'When this freshness was first stored, our clock, UTC; NULL where that is not on record.';

ALTER TABLE english_text RENAME TO source_text;
COMMENT ON TABLE source_text IS 'ArXiv''s texts that translations were made from; kept, so that what has changed since can be shown. One row a text.';

CREATE TABLE named_problem (
    scope VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    line INTEGER NOT NULL,
    column_number INTEGER NOT NULL,
    rule VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    message VARCHAR NOT NULL,
    remedy VARCHAR NOT NULL,
    arxiv_id VARCHAR
);
INSERT INTO named_problem
    SELECT scope, path, line, "column", rule, severity, message, remedy, arxiv_id FROM problem ORDER BY rowid;
DROP TABLE problem;
ALTER TABLE named_problem RENAME TO problem;
COMMENT ON TABLE problem IS 'What was set aside, repaired or doubted when its source was last read. One row a place.';
COMMENT ON COLUMN problem.scope IS 'What was read: translations, unknown-to-arxiv, or the address that was asked. Reading it again replaces its problems.';
COMMENT ON COLUMN problem.path IS 'File or address.';
COMMENT ON COLUMN problem.line IS 'Line in a file, or number of the item in a feed, from 1.';
COMMENT ON COLUMN problem.column_number IS 'Column in the line, from 1.';
COMMENT ON COLUMN problem.rule IS 'Stable name of the rule.';
COMMENT ON COLUMN problem.severity IS 'error (set aside) or warning (kept, but doubted or repaired).';
COMMENT ON COLUMN problem.message IS 'What is wrong.';
COMMENT ON COLUMN problem.remedy IS 'What to do about it.';
COMMENT ON COLUMN problem.arxiv_id IS 'The paper concerned; NULL where none is known.';

CREATE TABLE edition_paper (
    edition VARCHAR NOT NULL,
    section VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    arxiv_id VARCHAR NOT NULL
);
INSERT INTO edition_paper
    SELECT
        edition,
        CASE
            WHEN position <= translated THEN 'translated'
            WHEN position <= translated + untranslated THEN 'untranslated'
            ELSE 'replaced'
        END,
        position,
        arxiv_id
    FROM (
        SELECT edition, translated, untranslated, unnest(arxiv_ids) AS arxiv_id, generate_subscripts(arxiv_ids, 1) AS position
        FROM edition
    )
    ORDER BY edition, position;
COMMENT ON TABLE edition_paper IS 'Which papers each edition holds, as last published. One row an edition and paper.';
COMMENT ON COLUMN edition_paper.edition IS 'The edition that holds it.';
COMMENT ON COLUMN edition_paper.section IS 'translated; untranslated (new papers and cross-lists); or replaced (new versions of earlier papers, without translation).';
COMMENT ON COLUMN edition_paper.position IS 'Its place in the edition, in the order in which readers see it, from 1.';
COMMENT ON COLUMN edition_paper.arxiv_id IS 'Identifier without version.';

CREATE TABLE counted_edition (
    edition VARCHAR NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    translated INTEGER NOT NULL,
    untranslated INTEGER NOT NULL,
    replaced INTEGER NOT NULL,
    notes VARCHAR[] NOT NULL
);
INSERT INTO counted_edition
    SELECT edition, starts_on, ends_on, translated, untranslated, replaced, coalesce(notes, [])
    FROM edition
    ORDER BY rowid;
DROP TABLE edition;
ALTER TABLE counted_edition RENAME TO edition;
COMMENT ON TABLE edition IS 'What each edition holds, as last published. One row an edition; its papers are in edition_paper.';
COMMENT ON COLUMN edition.edition IS '2025-01-17 (daily) or 2025-W03 (weekly); its place under editions/.';
COMMENT ON COLUMN edition.starts_on IS 'First date.';
COMMENT ON COLUMN edition.ends_on IS 'Last date.';
COMMENT ON COLUMN edition.translated IS 'Papers with a translation.';
COMMENT ON COLUMN edition.untranslated IS 'New papers and cross-lists without one.';
COMMENT ON COLUMN edition.replaced IS 'New versions of earlier papers, without translation.';
COMMENT ON COLUMN edition.notes IS 'What is not complete about its days, in words; may be empty.';
