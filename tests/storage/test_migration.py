"""A library that the program made before its tables were drawn anew keeps every row and its meaning.

`recorded/library_0005.duckdb.zst` was written by that program, with texts of our own: papers in two states, lists,
translations that are fresh, waiting, stale, orphaned and superseded, editions, publications, what was pending, runs.
"""

import contextlib
from datetime import date
from pathlib import Path

import duckdb
import pytest
import zstandard

from storage.library import (
    connection,
    editions,
    oai_cursor,
    papers,
    pending,
    publications,
    runs,
    staleness,
    translations,
)
from yibao.records import TranslationState

RECORDED = Path(__file__).parent / "recorded" / "library_0005.duckdb.zst"
MONDAY, TUESDAY, WEDNESDAY = (date(2025, 1, day) for day in (13, 14, 15))

#: What is asked of the library before and after: every column of every table.
SAME_ROWS = {
    "paper_state": (
        "SELECT * FROM paper_state",
        "SELECT * EXCLUDE (known_from_at, known_until_at) FROM paper_state",
    ),
    "announcement": ("SELECT * FROM announcement", "SELECT * FROM announcement"),
    "batch": ("SELECT * FROM batch", "SELECT * EXCLUDE (since_at) FROM batch"),
    "source_text": ("SELECT * FROM english_text", "SELECT * FROM source_text"),
    "problem": ("SELECT * FROM problem", "SELECT * FROM problem"),
    "source_report": ("SELECT * FROM look", "SELECT * FROM operations.source_report"),
    "oai_cursor": ("SELECT * FROM oai_list", "SELECT * FROM operations.oai_cursor"),
    "lease": ("SELECT * FROM lease", "SELECT * FROM operations.lease"),
    "response": ("SELECT * FROM response", "SELECT * FROM operations.response"),
    "run": ("SELECT * FROM run", "SELECT * FROM operations.run"),
    "last_publication": ("SELECT * FROM published", "SELECT signature FROM operations.last_publication"),
    "edition": (
        "SELECT * REPLACE (coalesce(notes, []) AS notes) FROM edition",
        """
        SELECT edition, starts_on, ends_on, translated, untranslated, replaced,
            coalesce((
                SELECT list(arxiv_id ORDER BY position) FROM edition_paper WHERE edition_paper.edition = edition.edition
            ), []),
            notes
        FROM edition
        """,
    ),
    "sections": (
        """
        SELECT edition, 'translated', translated FROM edition WHERE translated > 0
        UNION ALL SELECT edition, 'untranslated', untranslated FROM edition WHERE untranslated > 0
        UNION ALL SELECT edition, 'replaced', replaced FROM edition WHERE replaced > 0
        """,
        "SELECT edition, section, count(*) FROM edition_paper GROUP BY ALL",
    ),
    "translation": (
        "SELECT * EXCLUDE (state, state_on) FROM translation",
        """
        SELECT arxiv_id, language, revision, title, abstract, title_en, version, week, translator, reviewer, license,
            path, line, arrived_on, revised_on, corrector, source_version, source_sha256
        FROM translation
        """,
    ),
    "state": (
        """
        SELECT arxiv_id, revision, CASE WHEN arxiv_id = '2501.00003' THEN 'waiting' ELSE state END, state_on
        FROM translation
        """,
        """
        SELECT arxiv_id, revision,
            CASE
                WHEN revision_state = 'superseded' THEN 'superseded'
                WHEN freshness = 'fresh' THEN 'current'
                WHEN freshness = 'unknown' THEN 'waiting'
                ELSE freshness
            END,
            coalesce(superseded_on, freshness_on)
        FROM translation
        """,
    ),
    "published_item": (
        "SELECT * EXCLUDE (sort_month, sort_number) FROM publication",
        """
        SELECT * EXCLUDE (
            ends_on, identifier_month, identifier_number, edition_number, words, listed_on, has_variant_ids
        )
        FROM operations.published_item
        """,
    ),
    "order of papers": (
        "SELECT item, sort_month, sort_number FROM publication WHERE item LIKE 'arxiv/%'",
        "SELECT item, identifier_month, identifier_number FROM operations.published_item WHERE item LIKE 'arxiv/%'",
    ),
    "order of editions": (
        "SELECT publication.item, ends_on FROM publication JOIN edition ON item = 'edition/' || edition",
        "SELECT item, ends_on FROM operations.published_item WHERE item LIKE 'edition/%'",
    ),
    "pending": (
        "SELECT name FROM pending",
        """
        SELECT CASE kind WHEN 'paper' THEN 'arxiv/' WHEN 'edition' THEN 'edition/' ELSE '' END || key
        FROM operations.pending
        """,
    ),
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "library.duckdb"
    path.write_bytes(zstandard.decompress(RECORDED.read_bytes()))
    return path


def rows(library, query):
    return sorted(map(str, library.execute(query).fetchall()))


def test_every_row_of_the_older_library_is_in_the_new_one_with_its_meaning(path):
    with duckdb.connect(str(path), read_only=True) as library:
        library.execute("SET TimeZone = 'UTC'")
        tables = {row[0] for row in library.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        before = {name: rows(library, query) for name, (query, _) in SAME_ROWS.items()}
    assert all(table in " ".join(query for query, _ in SAME_ROWS.values()) for table in tables - {"migration"})
    assert all(before.values())
    with connection.write_library(path) as library:
        after = {name: rows(library, query) for name, (_, query) in SAME_ROWS.items()}
    for name in SAME_ROWS:
        assert after[name] == before[name], name


def test_days_that_were_published_with_papers_are_numbered_by_date(path):
    with connection.write_library(path) as library:
        numbers = library.execute(
            "SELECT edition, edition_number FROM publication WHERE edition IS NOT NULL ORDER BY edition"
        ).fetchall()
    assert numbers == [("2025-01-13", 1), ("2025-01-14", None), ("2025-W03", None)]


def test_the_program_reads_what_the_older_one_stored(path):
    with connection.write_library(path) as library:
        (river,) = papers.read_papers(library, ["2501.00001"]).values()
        states = {one.translation.arxiv_id: one.state for one in translations.read_current_translations(library)}
        assert (river.version, river.title) == (2, "Why rivers choose other bends")
        assert states == {
            "2501.00001": TranslationState.STALE,
            "2501.00002": TranslationState.CURRENT,
            "2501.00003": TranslationState.CURRENT,
            "2501.99999": TranslationState.ORPHANED,
            "hep-th/9901001": TranslationState.CURRENT,
        }
        assert editions.read_editions(library)["2025-01-13"].arxiv_ids == (
            *("2501.00001", "2501.00002", "2501.00004", "2501.00005", "hep-th/9901003"),
        )
        names = {"arxiv/hep-th/9901001", "edition/2025-W03", "feeds/all/live", pending.EVERYTHING}
        assert pending.read_pending(library) == names
        stored = set(library.execute("SELECT kind, key FROM operations.pending").fetchall())
        pending.mark_pending(library, names)
        assert set(library.execute("SELECT kind, key FROM operations.pending").fetchall()) == stored
        assert pending.read_signature(library) == "program-settings-run-2"
        assert oai_cursor.read_cursor(library, "arXivRaw").token == "token"
        assert [run.state for run in runs.read_history(library)] == ["failed", "completed", "interrupted"]
        members = publications.read_newest_members(library, ["feeds/editions/live"], 9, by_translation=False)
        assert [member.item for member in members["feeds/editions/live"]] == [
            *("edition/2025-W03", "edition/2025-01-14", "edition/2025-01-13")
        ]
        assert staleness.update_staleness(library, WEDNESDAY) == 1
        assert library.execute("SELECT max(freshness_on) FROM translation").fetchall() == [(TUESDAY,)]


def test_what_the_older_program_published_keeps_its_ids_in_every_language(path):
    with connection.write_library(path) as library:
        names = {row[0] for row in library.execute("SELECT item FROM operations.published_item").fetchall()}
        stamps = publications.read_stamps(library, names)
        assert {stamp.has_variant_ids for stamp in stamps.values()} == {False}
        new = publications.Item("arxiv/2501.00077", "sha", next(iter(stamps.values())).published_at)
        assert publications.stamp_items(library, [new], new.published_at)[new.item].has_variant_ids


def test_a_state_of_which_nobody_knows_whether_readers_saw_it_is_kept(path):
    with connection.write_library(path) as library:
        (river,) = papers.read_papers(library, ["2501.00001"]).values()
        papers.store_papers(library, [river.__class__(**{**_fields(river), "doi": "10.1/late"})], TUESDAY)
        spans = "SELECT version, known_from, known_until FROM paper_state WHERE arxiv_id = '2501.00001' ORDER BY rowid"
        assert library.execute(spans).fetchall() == [(1, MONDAY, TUESDAY), (2, TUESDAY, TUESDAY), (2, TUESDAY, None)]


def _fields(paper):
    return {name: getattr(paper, name) for name in paper.__dataclass_fields__} | {"fingerprint": "e" * 32}


def test_a_migration_that_is_broken_off_leaves_the_older_library_as_it_was(path, monkeypatch):
    begin = connection.begin_transaction

    @contextlib.contextmanager
    def break_off(library):
        with begin(library):
            yield
            raise KeyboardInterrupt

    before = duckdb_tables(path)
    monkeypatch.setattr(connection, "begin_transaction", break_off)
    with pytest.raises(KeyboardInterrupt), connection.write_library(path):
        pass
    assert duckdb_tables(path) == before
    monkeypatch.undo()
    with connection.write_library(path) as library:
        assert len(library.execute("FROM publication").fetchall()) == 7


def duckdb_tables(path):
    with duckdb.connect(str(path), read_only=True) as library:
        return library.execute("SELECT schema_name, table_name, sql FROM duckdb_tables() ORDER BY ALL").fetchall()
