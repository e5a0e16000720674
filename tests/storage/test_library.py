"""The library: every column explained, every batch repeatable."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest

from storage.library import (
    announcements,
    connection,
    editions,
    ledger,
    papers,
    problems,
    publications,
    runs,
    translations,
)
from yibao.errors import LibraryError
from yibao.records import Author, Edition, Entry, Paper, Problem, Severity, Translation

MONDAY, TUESDAY = date(2025, 1, 13), date(2025, 1, 14)
PAPER = Paper(
    "2501.00001",
    1,
    'T "quoted" \\n',
    "A",
    (Author("N", ("P", "Q")), Author("M")),
    ("cs.CL",),
    "cs.CL",
    "rss",
    license="cc",
)
ENTRY = Translation("2501.00001", "zh-Hans", "译", "摘\n要", "T", "2025/0113-0117.md", 1, week="2025-W03")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "library.duckdb"


@pytest.fixture
def library(path):
    with connection.write_library(path) as opened:
        yield opened


def rows(library, table):
    return sorted(map(str, library.execute(f"SELECT * FROM {table}").fetchall()))


def test_every_table_view_and_column_says_what_it_means(library):
    unexplained = library.execute("""
        SELECT table_name || '.' || column_name FROM duckdb_columns() WHERE NOT internal AND coalesce(comment, '') = ''
        UNION ALL SELECT table_name FROM duckdb_tables() WHERE coalesce(comment, '') = ''
        UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal AND coalesce(comment, '') = ''
    """).fetchall()
    assert unexplained == []


def test_no_name_needs_quotes(library):
    names = library.execute("""
        SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE NOT internal
    """).fetchall()
    rows = library.execute("""
        SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category IN ('reserved', 'type_function')
    """).fetchall()
    keywords = {row[0] for row in rows}
    assert {"column", "on"} <= keywords
    assert [
        name for path in names for name in path if name in keywords or not re.fullmatch("[a-z][a-z0-9_]*", name)
    ] == []
    for schema, table, column in names:
        library.execute(f"SELECT {column} FROM {schema}.{table}")


def test_what_only_the_program_needs_is_apart_from_what_analysts_ask_for(library):
    tables = library.execute("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
    assert [table for schema, table in tables if schema == "operations"] == [
        *("last_publication", "lease", "oai_cursor", "pending", "published_item", "related_paper"),
        *("response", "run", "source_report"),
    ]
    assert [table for schema, table in tables if schema == "main"] == [
        *("announcement", "batch", "edition", "edition_history", "edition_paper", "migration", "paper_state"),
        *("problem", "source_text", "translation", "translation_freshness"),
    ]


def test_the_tables_have_nothing_that_only_one_engine_has(library):
    assert library.execute("FROM duckdb_indexes()").fetchall() == []
    assert library.execute("FROM duckdb_sequences()").fetchall() == []
    kinds = library.execute("SELECT DISTINCT constraint_type FROM duckdb_constraints()").fetchall()
    assert kinds == [("NOT NULL",)]
    types = library.execute("SELECT DISTINCT data_type FROM duckdb_columns() WHERE NOT internal").fetchall()
    assert not [kind for (kind,) in types if "ENUM" in kind]


def test_a_library_newer_than_the_program_is_refused(path):
    with connection.write_library(path) as library:
        library.execute("INSERT INTO migration VALUES (99, '0099_future.sql')")
    with pytest.raises(LibraryError, match="version 99"), connection.write_library(path):
        pass


def test_a_migration_that_fails_leaves_nothing_behind(path, monkeypatch):
    class Broken:
        name = "0002_broken.sql"

        @staticmethod
        def read_text(encoding):
            return "CREATE TABLE half (x INTEGER); SELECT nonsense;"

    with connection.write_library(path):
        pass
    real = connection.files

    class Folder:
        def __init__(self, inner):
            self.inner = inner

        def __truediv__(self, name):
            return Folder(self.inner / name)

        def iterdir(self):
            names = list(self.inner.iterdir())
            return [*names, Broken] if "migrations" in str(self.inner) else names

    monkeypatch.setattr(connection, "files", lambda name: Folder(real(name)))
    with pytest.raises(duckdb.Error), connection.write_library(path):
        pass
    monkeypatch.undo()
    with connection.read_library(path) as library:
        assert not library.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'half'").fetchall()


def test_a_batch_that_fails_stores_nothing(path):
    def broken_batch():
        with connection.write_library(path) as library:
            papers.store_papers(library, [PAPER], MONDAY)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken_batch()
    with connection.read_library(path) as library:
        assert papers.read_papers(library, [PAPER.arxiv_id]) == {}


def test_a_translation_before_its_paper_waits_and_is_completed(library):
    translations.store_translations(library, [ENTRY], MONDAY, "2025-W03")
    assert papers.find_waiting_papers(library) == papers.find_incomplete_papers(library, TUESDAY) == ["2501.00001"]
    papers.store_papers(library, [replace(PAPER, source="api")], TUESDAY)
    assert papers.find_waiting_papers(library) == papers.find_incomplete_papers(library, TUESDAY) == []


def test_a_corrected_translation_is_a_new_revision_and_the_old_one_is_kept(library):
    assert translations.store_translations(library, [ENTRY], MONDAY, "2025-W03")[:3] == (1, 0, 0)
    assert translations.store_translations(library, [replace(ENTRY, title="改")], TUESDAY, "2025-W03")[:3] == (0, 1, 0)
    assert translations.store_translations(library, [replace(ENTRY, title="改")], TUESDAY, "2025-W03")[:3] == (0, 0, 1)
    history = library.execute("SELECT revision, revision_state, title FROM translation ORDER BY 1").fetchall()
    assert history == [(1, "superseded", "译"), (2, "current", "改")]
    (arrival,) = translations.read_current_translations(library)
    assert (arrival.arrived_on, arrival.revised_on) == (MONDAY, TUESDAY)
    spans = (
        "SELECT revised_on, superseded_on, revised_at IS NULL, superseded_at IS NULL FROM translation ORDER BY revision"
    )
    assert library.execute(spans).fetchall() == [(MONDAY, TUESDAY, False, False), (TUESDAY, None, False, True)]


def test_a_moved_entry_is_the_same_revision(library):
    translations.store_translations(library, [ENTRY], MONDAY, "2025-W03")
    assert translations.store_translations(library, [replace(ENTRY, path="b.md", line=9)], TUESDAY, "2025-W04")[:3] == (
        0,
        0,
        1,
    )
    assert library.execute("SELECT revision, path, line, week FROM translation").fetchall() == [
        (1, "b.md", 9, "2025-W03")
    ]


def test_a_translation_that_vanished_from_its_file_is_told_and_kept(library):
    translations.store_translations(library, [ENTRY], MONDAY, "2025-W03")
    assert translations.store_translations(library, [], TUESDAY, "2025-W03").vanished == ("2501.00001",)
    assert len(translations.read_current_translations(library)) == 1


def test_a_look_replaces_the_problems_of_the_last_look_at_the_same_thing(library):
    problem = Problem("a.md", 1, 2, "r", Severity.ERROR, "m", "do", "2501.00001")
    problems.replace_problems(library, "translations", [problem])
    problems.replace_problems(library, "other", [])
    assert problems.read_problems(library) == [problem]
    problems.replace_problems(library, "translations", [])
    assert problems.read_problems(library) == []


def test_publication_dates_are_fixed_and_updates_move_forward_with_each_edit(library):
    at = datetime(2025, 1, 13, 5, tzinfo=UTC)
    item = publications.Item("arxiv/2501.00001", "a", at)
    first = publications.stamp_items(library, [item], at)[item.item]
    assert (first.published_at, first.updated_at) == (at, at)
    again = publications.stamp_items(library, [item], at + timedelta(days=1))[item.item]
    assert again == first
    stamps = [publications.stamp_items(library, [item._replace(content_sha256=sha)], at)[item.item] for sha in "bc"]
    assert [stamp.published_at for stamp in stamps] == [at, at]
    assert at < stamps[0].updated_at < stamps[1].updated_at


def test_a_days_edition_keeps_its_number_whatever_is_published_later_of_earlier_days(library):
    at = datetime(2025, 1, 13, 5, tzinfo=UTC)

    def publish(*days):
        names = [f"edition/2025-01-{day}" for day in days]
        publications.stamp_items(library, [publications.Item(name, "a", at) for name in names], at)
        numbers = publications.number_editions(library, names)
        return [numbers[name] for name in names]

    assert publish(15, 14) == [2, 1]
    assert publish(16, 14) == [3, 1]
    assert publish(13, 17, 15) == [4, 5, 2]
    week_and_day = ["edition/2025-W03", "edition/2025-01-13"]
    assert publications.read_edition_numbers(library, week_and_day) == {"edition/2025-01-13": 4}


def test_an_edition_that_is_stored_again_holds_its_papers_once_in_their_order(library):
    new, old = [Entry(f"2501.0000{number}", None, None) for number in (2, 1)], (Entry("2401.00001", None, None),)
    edition = Edition("2025-01-13", MONDAY, MONDAY, (new[0],), (("cs.CL", (new[1],)),), old)
    for _ in range(2):
        editions.store_editions(library, ["2025-01-13"], [edition], {("2025-01-13", "2501.00001"): 2})
    assert library.execute("FROM edition_paper ORDER BY position").fetchall() == [
        ("2025-01-13", "translated", 1, "2501.00002", None),
        ("2025-01-13", "untranslated", 2, "2501.00001", 2),
        ("2025-01-13", "replaced", 3, "2401.00001", None),
    ]
    assert editions.read_pages(library, ["2501.00001", "2401.00001"]) == {("2025-01-13", "2501.00001"): 2}
    assert editions.read_editions(library)["2025-01-13"].arxiv_ids == ("2501.00002", "2501.00001")
    assert editions.find_editions_of_papers(library, ["2401.00001"]) == {"2025-01-13"}


def test_of_one_instant_translations_come_first_then_weeks_before_their_last_day_then_the_latest_papers(library):
    at, sunday = datetime(2025, 1, 19, 5, tzinfo=UTC), date(2025, 1, 19)

    def paper(arxiv_id, month, translated_on=None):
        number = {"identifier_month": month, "identifier_number": arxiv_id}
        return publications.ListedItem(f"arxiv/{arxiv_id}", "d", translated_on, ("all",), **number)

    expected = [
        paper("2401.00001", 202401, MONDAY),
        *(publications.ListedItem(f"edition/{key}", "d", None, ("all",), sunday) for key in ("2025-W03", "2025-01-19")),
        paper("2501.00001", 202501),
        paper("2501.00002", 202501),
        paper("2412.00001", 202412),
    ]
    offered = expected[::-1]
    publications.stamp_items(library, [publications.Item(one.item, "sha", at) for one in offered], at)
    library.execute("UPDATE operations.published_item SET published_at = $at", {"at": at})
    publications.update_lists(library, offered, [], MONDAY)
    members = publications.read_newest_members(library, ["all"], 9, by_translation=False)["all"]
    assert [member.item for member in members] == [one.item for one in expected]


def test_a_run_that_was_killed_is_found_so_by_the_next(library):
    at = datetime(2025, 1, 13, tzinfo=UTC)
    runs.begin_run(library, "a", "daily", MONDAY, at)
    runs.begin_run(library, "b", "daily", MONDAY, at + timedelta(minutes=1))
    runs.end_run(library, "b", "completed", at + timedelta(minutes=2), {"x": 1})
    assert library.execute("SELECT run_id, state FROM operations.run ORDER BY 1").fetchall() == [
        ("a", "interrupted"),
        ("b", "completed"),
    ]
    assert runs.read_last_run(library).report == {"x": 1}


def test_a_persons_query_cannot_change_anything(path):
    with connection.write_library(path):
        pass
    with connection.read_library(path) as library, pytest.raises(LibraryError, match="read-only"):
        connection.run_query(library, "DELETE FROM paper_state")


def test_what_a_kill_left_of_a_library_that_was_being_made_is_in_nobodys_way(path):
    path.with_name("library.duckdb.new").write_bytes(b"half a header")
    path.with_name("library.duckdb.new.wal").write_bytes(b"half a log")
    with connection.write_library(path) as library:
        papers.store_papers(library, [PAPER], MONDAY)
    assert [file.name for file in path.parent.iterdir()] == ["library.duckdb"]


def test_a_library_of_the_first_version_keeps_its_papers_versions_lists_and_translations(path):
    first = (connection.files("storage.library") / "migrations" / "0001_library.sql").read_text()
    with duckdb.connect(str(path)) as old:
        old.execute("CREATE TABLE migration (version INTEGER NOT NULL, name VARCHAR NOT NULL)")
        old.execute(first)
        old.execute("INSERT INTO migration VALUES (1, '0001_library.sql')")
        old.execute("""
            INSERT INTO paper VALUES (
                '2501.00001', 2, 'T', 'A', [{'name': 'N', 'affiliations': []}], ['cs.CL'], 'cs.CL', [], 'c', NULL, NULL,
                'cc', '2025-01-10 00:00:00+00', '2025-01-11 00:00:00+00', 'api', '2025-01-13', '2025-01-14'
            );
            INSERT INTO paper_version VALUES
                ('2501.00001', 1, '2025-01-10 00:00:00+00', '2025-01-13'), ('2501.00001', 2, NULL, '2025-01-14');
            INSERT INTO announcement VALUES ('2501.00001', 1, 'cs.CL', '2025-01-13', 'new', 'rss');
            INSERT INTO batch VALUES ('cs.CL', '2025-01-13', 'complete', 1, 1, 'rss', '', '2025-01-13');
            CREATE VIEW waiting AS SELECT arxiv_id FROM paper;
        """)
    with connection.write_library(path) as library:
        (paper,) = papers.read_papers(library, ["2501.00001"]).values()
        assert (paper.version, paper.comment, paper.license, paper.source) == (2, "c", "cc", "api")
        assert [version.version for version in paper.versions] == [1, 2]
        assert library.execute("SELECT first_seen_on, changed_on FROM paper").fetchall() == [(MONDAY, TUESDAY)]
        ((line,),) = announcements.read_described_entries(library, [(MONDAY, "cs.CL")]).values()
        assert (line.arxiv_id, line.sources, line.is_described) == ("2501.00001", ("rss",), True)
        (batch,) = ledger.read_batches(library)
        # A feed alone proves nothing: the next run asks for the catch-up page.
        assert (batch.state, batch.stored) == ("partial", 1)


def test_a_file_that_is_no_library_is_told_so(tmp_path):
    (tmp_path / "x.duckdb").write_bytes(b"not a database" * 1000)
    with pytest.raises(LibraryError), connection.read_library(tmp_path / "x.duckdb"):
        pass
