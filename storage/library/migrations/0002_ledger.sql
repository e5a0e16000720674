-- Papers become a history of states; lists get a ledger of what each source said of them.
DROP VIEW IF EXISTS waiting;

CREATE TABLE paper_state (
    arxiv_id VARCHAR NOT NULL,
    version INTEGER,
    title VARCHAR NOT NULL,
    abstract VARCHAR NOT NULL,
    authors STRUCT(name VARCHAR, affiliations VARCHAR[])[] NOT NULL,
    categories VARCHAR[] NOT NULL,
    primary_category VARCHAR,
    subject_classes VARCHAR[] NOT NULL,
    comment VARCHAR,
    journal_ref VARCHAR,
    doi VARCHAR,
    report_no VARCHAR,
    license VARCHAR,
    submitter VARCHAR,
    versions STRUCT(version INTEGER, submitted_at TIMESTAMPTZ, source_type VARCHAR, size_kb INTEGER)[] NOT NULL,
    is_withdrawn BOOLEAN NOT NULL,
    submitted_at TIMESTAMPTZ,
    updated_at TIMESTAMPTZ,
    source VARCHAR NOT NULL,
    fingerprint UUID,
    first_seen_on DATE NOT NULL,
    known_from DATE NOT NULL,
    known_until DATE
);
INSERT INTO paper_state BY NAME
    SELECT
        paper.* EXCLUDE (changed_on),
        NULL AS report_no,
        NULL AS submitter,
        coalesce(met.versions, []) AS versions,
        false AS is_withdrawn,
        NULL AS fingerprint,
        changed_on AS known_from,
        NULL AS known_until
    FROM paper
    LEFT JOIN (
        SELECT
            arxiv_id,
            list(
                {'version': version, 'submitted_at': submitted_at, 'source_type': NULL, 'size_kb': NULL}
                ORDER BY version
            ) AS versions
        FROM paper_version
        GROUP BY arxiv_id
    ) AS met USING (arxiv_id);
DROP TABLE paper;
DROP TABLE paper_version;
COMMENT ON TABLE paper_state IS 'Every state in which we have known a paper: one row a paper and span of dates. Never changed but for its end.';
COMMENT ON COLUMN paper_state.arxiv_id IS 'Identifier without version: 2501.05727, or hep-th/9901001.';
COMMENT ON COLUMN paper_state.version IS 'The version that this row describes, from 1; NULL where its source names none.';
COMMENT ON COLUMN paper_state.title IS 'English title as arXiv gives it; may hold TeX.';
COMMENT ON COLUMN paper_state.abstract IS 'English abstract as arXiv gives it; may hold TeX; empty where there is none.';
COMMENT ON COLUMN paper_state.authors IS 'Authors in order, each with the affiliations that arXiv names.';
COMMENT ON COLUMN paper_state.categories IS 'Canonical arXiv categories, primary first; aliases are resolved (cs.NA is math.NA).';
COMMENT ON COLUMN paper_state.primary_category IS 'First of categories; NULL where arXiv named none.';
COMMENT ON COLUMN paper_state.subject_classes IS 'ACM and MSC classes as the authors gave them; may be empty.';
COMMENT ON COLUMN paper_state.comment IS 'Authors'' comment, the reason of a withdrawal among them; NULL where there is none.';
COMMENT ON COLUMN paper_state.journal_ref IS 'Where it appeared; NULL where unknown.';
COMMENT ON COLUMN paper_state.doi IS 'DOI of the published version; NULL where unknown.';
COMMENT ON COLUMN paper_state.report_no IS 'Report number of an institution; NULL where there is none.';
COMMENT ON COLUMN paper_state.license IS 'Address of the licence; NULL where arXiv named none.';
COMMENT ON COLUMN paper_state.submitter IS 'Who submitted the latest version; NULL where unknown.';
COMMENT ON COLUMN paper_state.versions IS 'The history of versions, from the first: number, instant of submission (NULL where unknown), arXiv''s letter for the source (I: withdrawn), kilobytes.';
COMMENT ON COLUMN paper_state.is_withdrawn IS 'Whether the latest version withdraws the paper: its source type or the comment says so.';
COMMENT ON COLUMN paper_state.submitted_at IS 'When version 1 was submitted; NULL where unknown.';
COMMENT ON COLUMN paper_state.updated_at IS 'When this version was submitted; NULL where unknown.';
COMMENT ON COLUMN paper_state.source IS 'Who gave this text: arXivRaw, bulk, api, arXiv, oai_dc, rss or atom.';
COMMENT ON COLUMN paper_state.fingerprint IS 'MD5 over all that a full record (arXivRaw, bulk) says; NULL where none has told us of this state.';
COMMENT ON COLUMN paper_state.first_seen_on IS 'Date of the run (New York) that first stored the paper.';
COMMENT ON COLUMN paper_state.known_from IS 'Date of the run (New York) that first knew it so.';
COMMENT ON COLUMN paper_state.known_until IS 'Date of the run (New York) that knew better; NULL while it is the latest.';

CREATE TABLE line (
    arxiv_id VARCHAR NOT NULL,
    version INTEGER,
    category VARCHAR NOT NULL,
    announced_on DATE NOT NULL,
    type VARCHAR NOT NULL,
    sources VARCHAR[] NOT NULL
);
INSERT INTO line SELECT * EXCLUDE (source), [source] FROM announcement;
DROP TABLE announcement;
ALTER TABLE line RENAME TO announcement;
COMMENT ON TABLE announcement IS 'Lines of arXiv''s daily lists: one row a paper, category and date.';
COMMENT ON COLUMN announcement.arxiv_id IS 'Identifier without version.';
COMMENT ON COLUMN announcement.version IS 'The version that was announced; NULL where only a catch-up page told us.';
COMMENT ON COLUMN announcement.category IS 'Canonical category in whose list it stood.';
COMMENT ON COLUMN announcement.announced_on IS 'Calendar date in New York, the morning after the announcement at 20:00.';
COMMENT ON COLUMN announcement.type IS 'new, cross, replace or replace-cross, in arXiv''s words.';
COMMENT ON COLUMN announcement.sources IS 'Which sources list it: rss, atom, catchup.';

CREATE TABLE look (
    category VARCHAR NOT NULL,
    announced_on DATE NOT NULL,
    source VARCHAR NOT NULL,
    declared INTEGER,
    "read" INTEGER NOT NULL,
    looked_on DATE NOT NULL,
    note VARCHAR NOT NULL,
    confirmed INTEGER NOT NULL
);
COMMENT ON TABLE look IS 'What each source said of one category''s list for one date, at the last look.';
COMMENT ON COLUMN look.category IS 'Canonical category.';
COMMENT ON COLUMN look.announced_on IS 'Calendar date in New York.';
COMMENT ON COLUMN look.source IS 'rss, atom or catchup.';
COMMENT ON COLUMN look.declared IS 'How many lines the source says the list has; NULL where it could not be had.';
COMMENT ON COLUMN look."read" IS 'How many lines of it could be read.';
COMMENT ON COLUMN look.looked_on IS 'Date of the run (New York) that looked.';
COMMENT ON COLUMN look.note IS 'What is doubtful about the answer; empty otherwise.';
COMMENT ON COLUMN look.confirmed IS 'How many looks in a row gave the same list.';

CREATE TABLE ledger (
    category VARCHAR NOT NULL,
    announced_on DATE NOT NULL,
    state VARCHAR NOT NULL,
    declared INTEGER,
    stored INTEGER NOT NULL,
    sources VARCHAR[] NOT NULL,
    note VARCHAR NOT NULL,
    since_on DATE NOT NULL
);
-- What was called complete rested on a feed alone, which cannot prove it: it is looked at again.
INSERT INTO ledger
    SELECT
        category,
        announced_on,
        CASE state WHEN 'complete' THEN 'partial' ELSE state END,
        NULL,
        stored,
        [source],
        CASE state WHEN 'complete' THEN 'only the feed speaks of it; the catch-up page: it was not asked' ELSE note END,
        since_on
    FROM batch;
DROP TABLE batch;
ALTER TABLE ledger RENAME TO batch;
COMMENT ON TABLE batch IS 'The ledger: what one category''s list for one date should hold and what we hold. One row a category and date.';
COMMENT ON COLUMN batch.category IS 'Canonical category.';
COMMENT ON COLUMN batch.announced_on IS 'Calendar date in New York.';
COMMENT ON COLUMN batch.state IS 'complete (the catch-up page was read whole, nothing contradicts it, every paper is described), partial, none announced, or unknown.';
COMMENT ON COLUMN batch.declared IS 'Entries that arXiv''s catch-up page says the list has; NULL where it could not be had.';
COMMENT ON COLUMN batch.stored IS 'Lines whose paper we hold, in this version.';
COMMENT ON COLUMN batch.sources IS 'Which sources spoke of the list: rss, atom, catchup.';
COMMENT ON COLUMN batch.note IS 'Why the state is not complete, or what explains a quiet day; empty otherwise.';
COMMENT ON COLUMN batch.since_on IS 'Date of the run (New York) that found this state first.';

CREATE TABLE oai_list (
    prefix VARCHAR NOT NULL,
    from_on DATE NOT NULL,
    token VARCHAR,
    reached_on DATE,
    responded_on DATE
);
COMMENT ON TABLE oai_list IS 'How far the list of changed records was read over OAI-PMH. One row a form of record.';
COMMENT ON COLUMN oai_list.prefix IS 'arXivRaw, the form of record.';
COMMENT ON COLUMN oai_list.from_on IS 'The list holds what changed since this day (UTC).';
COMMENT ON COLUMN oai_list.token IS 'Asks for the next page; NULL between two lists.';
COMMENT ON COLUMN oai_list.reached_on IS 'Greatest datestamp (UTC) of the pages read; where to go on when the token has expired. NULL before the first.';
COMMENT ON COLUMN oai_list.responded_on IS 'The server''s date (UTC) on the list''s first page: the next list begins two days before. NULL before the first.';

COMMENT ON COLUMN run.flow IS 'daily, weekly, harvest, import, publish or newsletter.';

CREATE TABLE lease (
    name VARCHAR NOT NULL,
    holder VARCHAR NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE lease IS 'Who does what only one host may do. One row a task.';
COMMENT ON COLUMN lease.name IS 'harvest.';
COMMENT ON COLUMN lease.holder IS 'Name of the host.';
COMMENT ON COLUMN lease.expires_at IS 'Our clock, UTC. After it any host may take over.';
