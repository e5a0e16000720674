CREATE TABLE paper (
    arxiv_id VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    title VARCHAR NOT NULL,
    abstract VARCHAR NOT NULL,
    authors STRUCT(name VARCHAR, affiliations VARCHAR[])[] NOT NULL,
    categories VARCHAR[] NOT NULL,
    primary_category VARCHAR,
    subject_classes VARCHAR[] NOT NULL,
    comment VARCHAR,
    journal_ref VARCHAR,
    doi VARCHAR,
    license VARCHAR,
    submitted_at TIMESTAMPTZ,
    updated_at TIMESTAMPTZ,
    source VARCHAR NOT NULL,
    first_seen_on DATE NOT NULL,
    changed_on DATE NOT NULL
);
COMMENT ON TABLE paper IS 'The latest metadata of each paper, one row a paper. Source: arXiv, CC0.';
COMMENT ON COLUMN paper.arxiv_id IS 'Identifier without version: 2501.05727, or hep-th/9901001.';
COMMENT ON COLUMN paper.version IS 'The version that this row describes, from 1.';
COMMENT ON COLUMN paper.title IS 'English title as arXiv gives it; may hold TeX.';
COMMENT ON COLUMN paper.abstract IS 'English abstract as arXiv gives it; may hold TeX; empty where there is none.';
COMMENT ON COLUMN paper.authors IS 'Authors in order, each with the affiliations that arXiv names.';
COMMENT ON COLUMN paper.categories IS 'Canonical arXiv categories, primary first; aliases are resolved (cs.NA is math.NA).';
COMMENT ON COLUMN paper.primary_category IS 'First of categories; NULL where arXiv named none.';
COMMENT ON COLUMN paper.subject_classes IS 'ACM and MSC classes as the authors gave them; may be empty.';
COMMENT ON COLUMN paper.comment IS 'Authors'' comment; NULL where there is none, or before the API was asked.';
COMMENT ON COLUMN paper.journal_ref IS 'Where it appeared; NULL where unknown.';
COMMENT ON COLUMN paper.doi IS 'DOI of the published version; NULL where unknown.';
COMMENT ON COLUMN paper.license IS 'Address of the licence; NULL where only the API spoke of the paper (it names none).';
COMMENT ON COLUMN paper.submitted_at IS 'When version 1 was submitted; NULL before the API was asked.';
COMMENT ON COLUMN paper.updated_at IS 'When this version was submitted; NULL before the API was asked.';
COMMENT ON COLUMN paper.source IS 'Who gave this version''s text: api (complete), rss or atom (to be completed).';
COMMENT ON COLUMN paper.first_seen_on IS 'Date of the run (New York) that first stored the paper.';
COMMENT ON COLUMN paper.changed_on IS 'Date of the run (New York) that last changed this row.';

CREATE TABLE paper_version (
    arxiv_id VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    submitted_at TIMESTAMPTZ,
    first_seen_on DATE NOT NULL
);
COMMENT ON TABLE paper_version IS 'Every version that we have met, one row a paper and version.';
COMMENT ON COLUMN paper_version.arxiv_id IS 'Identifier without version.';
COMMENT ON COLUMN paper_version.version IS 'From 1.';
COMMENT ON COLUMN paper_version.submitted_at IS 'When the version was submitted; NULL until the API said so.';
COMMENT ON COLUMN paper_version.first_seen_on IS 'Date of the run (New York) that first met this version.';

CREATE TABLE announcement (
    arxiv_id VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    category VARCHAR NOT NULL,
    announced_on DATE NOT NULL,
    type VARCHAR NOT NULL,
    source VARCHAR NOT NULL
);
COMMENT ON TABLE announcement IS 'Lines of arXiv''s daily lists: one row a paper, category and date.';
COMMENT ON COLUMN announcement.arxiv_id IS 'Identifier without version.';
COMMENT ON COLUMN announcement.version IS 'The version that was announced.';
COMMENT ON COLUMN announcement.category IS 'Canonical category in whose list it stood.';
COMMENT ON COLUMN announcement.announced_on IS 'Calendar date in New York, the morning after the announcement at 20:00.';
COMMENT ON COLUMN announcement.type IS 'new, cross, replace or replace-cross, in arXiv''s words.';
COMMENT ON COLUMN announcement.source IS 'Which feed told us: rss or atom.';

CREATE TABLE batch (
    category VARCHAR NOT NULL,
    announced_on DATE NOT NULL,
    state VARCHAR NOT NULL,
    declared INTEGER,
    stored INTEGER NOT NULL,
    source VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    since_on DATE NOT NULL
);
COMMENT ON TABLE batch IS 'What one category''s list for one date should hold and what we hold: one row a category and date.';
COMMENT ON COLUMN batch.category IS 'Canonical category.';
COMMENT ON COLUMN batch.announced_on IS 'Calendar date in New York.';
COMMENT ON COLUMN batch.state IS 'complete (every item that the feed carried is stored), partial, none announced, or unknown.';
COMMENT ON COLUMN batch.declared IS 'Items that the feed carried; NULL where no feed could be read.';
COMMENT ON COLUMN batch.stored IS 'Announcements that we hold.';
COMMENT ON COLUMN batch.source IS 'Which feed told us: rss or atom.';
COMMENT ON COLUMN batch.note IS 'Why the state is not complete; empty otherwise.';
COMMENT ON COLUMN batch.since_on IS 'Date of the run (New York) that found this state first.';

CREATE TABLE translation (
    arxiv_id VARCHAR NOT NULL,
    language VARCHAR NOT NULL,
    revision INTEGER NOT NULL,
    state VARCHAR NOT NULL,
    title VARCHAR,
    abstract VARCHAR NOT NULL,
    title_en VARCHAR NOT NULL,
    version INTEGER,
    week VARCHAR NOT NULL,
    translator VARCHAR,
    reviewer VARCHAR,
    license VARCHAR,
    path VARCHAR NOT NULL,
    line INTEGER NOT NULL,
    arrived_on DATE NOT NULL,
    revised_on DATE NOT NULL
);
COMMENT ON TABLE translation IS 'Every revision of every translation; nothing is ever deleted. One row a paper, language and revision.';
COMMENT ON COLUMN translation.arxiv_id IS 'Identifier without version. The paper may not be known yet.';
COMMENT ON COLUMN translation.language IS 'BCP 47, such as zh-Hans.';
COMMENT ON COLUMN translation.revision IS 'From 1; a new one when title, abstract or English title of the entry changed.';
COMMENT ON COLUMN translation.state IS 'current, or superseded by a later revision.';
COMMENT ON COLUMN translation.title IS 'Translated title; NULL where the curator gave none.';
COMMENT ON COLUMN translation.abstract IS 'Translated abstract, Markdown as written; empty where the curator gave none.';
COMMENT ON COLUMN translation.title_en IS 'English title in the curator''s heading.';
COMMENT ON COLUMN translation.version IS 'The version in the curator''s link; NULL where it names none.';
COMMENT ON COLUMN translation.week IS 'ISO week (2025-W03) to whose edition it belongs: the one in the file''s name, else that of arrived_on.';
COMMENT ON COLUMN translation.translator IS 'From the file''s front matter; NULL where it does not say.';
COMMENT ON COLUMN translation.reviewer IS 'From the file''s front matter; NULL where it does not say.';
COMMENT ON COLUMN translation.license IS 'From the file''s front matter; NULL where it does not say.';
COMMENT ON COLUMN translation.path IS 'The file, relative to the translations folder.';
COMMENT ON COLUMN translation.line IS 'Line of the heading, from 1.';
COMMENT ON COLUMN translation.arrived_on IS 'Date of the run (New York) that stored the first revision.';
COMMENT ON COLUMN translation.revised_on IS 'Date of the run (New York) that stored this revision.';

CREATE TABLE problem (
    scope VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    line INTEGER NOT NULL,
    "column" INTEGER NOT NULL,
    rule VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    message VARCHAR NOT NULL,
    remedy VARCHAR NOT NULL,
    arxiv_id VARCHAR
);
COMMENT ON TABLE problem IS 'What was set aside, mended or doubted at the last look.';
COMMENT ON COLUMN problem.scope IS 'What was looked at: translations, unknown-to-arxiv, or the address that was asked. A new look replaces it.';
COMMENT ON COLUMN problem.path IS 'File or address.';
COMMENT ON COLUMN problem.line IS 'Line in a file, or number of the item in a feed, from 1.';
COMMENT ON COLUMN problem."column" IS 'Column, from 1.';
COMMENT ON COLUMN problem.rule IS 'Stable name of the rule.';
COMMENT ON COLUMN problem.severity IS 'error (set aside) or warning (kept, but doubted or mended).';
COMMENT ON COLUMN problem.message IS 'What is wrong.';
COMMENT ON COLUMN problem.remedy IS 'What to do about it.';
COMMENT ON COLUMN problem.arxiv_id IS 'The paper concerned; NULL where none is known.';

CREATE TABLE edition (
    edition VARCHAR NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    translated INTEGER NOT NULL,
    untranslated INTEGER NOT NULL,
    replaced INTEGER NOT NULL,
    arxiv_ids VARCHAR[] NOT NULL
);
COMMENT ON TABLE edition IS 'What each edition holds, as last published.';
COMMENT ON COLUMN edition.edition IS '2025-01-17 (daily) or 2025-W03 (weekly); its place under editions/.';
COMMENT ON COLUMN edition.starts_on IS 'First date.';
COMMENT ON COLUMN edition.ends_on IS 'Last date.';
COMMENT ON COLUMN edition.translated IS 'Papers with a translation.';
COMMENT ON COLUMN edition.untranslated IS 'New papers and cross-lists without one.';
COMMENT ON COLUMN edition.replaced IS 'New versions of earlier papers, without translation.';
COMMENT ON COLUMN edition.arxiv_ids IS 'All papers in the order in which readers see them.';

CREATE TABLE publication (
    item VARCHAR NOT NULL,
    content_sha256 VARCHAR NOT NULL,
    edits INTEGER NOT NULL,
    published_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE publication IS 'When readers were first shown an item, and when what they see last changed. One row an item.';
COMMENT ON COLUMN publication.item IS 'arxiv/2501.05727 or edition/2025-W03: the end of the item''s permanent id.';
COMMENT ON COLUMN publication.content_sha256 IS 'Of what a reader would notice: titles, abstracts, authors.';
COMMENT ON COLUMN publication.edits IS 'How often that changed after first publication.';
COMMENT ON COLUMN publication.published_at IS 'Midnight (New York) of the announcement date, or of the first run that published it. Never changes.';
COMMENT ON COLUMN publication.updated_at IS 'Midnight (New York) of the run that noticed the last change, plus one second an edit; else published_at.';

CREATE TABLE response (
    url VARCHAR NOT NULL,
    "on" DATE NOT NULL,
    status INTEGER NOT NULL,
    sha256 VARCHAR NOT NULL,
    size_bytes BIGINT NOT NULL,
    content_type VARCHAR NOT NULL,
    fetched_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE response IS 'Every answer of arXiv; its bytes are kept beside the library under their hash.';
COMMENT ON COLUMN response.url IS 'What was asked.';
COMMENT ON COLUMN response."on" IS 'Date (New York) of the run that asked.';
COMMENT ON COLUMN response.status IS 'HTTP status.';
COMMENT ON COLUMN response.sha256 IS 'Of the body, decoded; also its name among the kept responses.';
COMMENT ON COLUMN response.size_bytes IS 'Of the body, decoded.';
COMMENT ON COLUMN response.content_type IS 'As the server said; may be empty.';
COMMENT ON COLUMN response.fetched_at IS 'Our clock, UTC.';

CREATE TABLE run (
    run_id VARCHAR NOT NULL,
    flow VARCHAR NOT NULL,
    "on" DATE NOT NULL,
    state VARCHAR NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    report JSON
);
COMMENT ON TABLE run IS 'What each run did; the one place that tells what happened.';
COMMENT ON COLUMN run.run_id IS 'Random; also in Prefect''s name of the run.';
COMMENT ON COLUMN run.flow IS 'daily, weekly, harvest, publish or newsletter.';
COMMENT ON COLUMN run."on" IS 'The date (New York) that the run was for.';
COMMENT ON COLUMN run.state IS 'running, completed, failed, or interrupted (killed, found so by the next run).';
COMMENT ON COLUMN run.started_at IS 'Our clock, UTC.';
COMMENT ON COLUMN run.finished_at IS 'Our clock, UTC; NULL while running, and for ever where interrupted.';
COMMENT ON COLUMN run.report IS 'What arrived, was merged, was set aside and went out; NULL while running.';
