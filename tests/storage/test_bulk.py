"""Bulk metadata, from a file of any form into the library."""

import gzip
import json
from collections import Counter
from datetime import UTC, date, datetime
from email.utils import format_datetime

import duckdb
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from flows.steps import snapshot_import
from flows.steps.run_record import Run
from storage import snapshot_files
from storage.library import announcements, connection, oai_cursor, papers, pending, snapshot
from tests.storage.test_papers import FEED
from yibao import identifiers
from yibao.arxiv import oai, oai_records
from yibao.errors import YibaoError
from yibao.identifiers import RepairedIdentifier
from yibao.records import AnnounceType, Author, ListEntry, Version
from yibao.settings import Paths, Settings

MONDAY, TUESDAY = date(2025, 1, 13), date(2025, 1, 14)


def record(number=1, **more):
    """A record as the snapshot has it."""
    return {
        "id": f"2501.{number:05d}",
        "submitter": "Ada Lee",
        "authors": 'Ada Lee, J\\"org M\\"uller (ETH) and W. Wu',
        "title": "A title over\n  two lines",
        "comments": "12 pages",
        "journal-ref": None,
        "doi": "10.1/x",
        "report-no": "R-1",
        "categories": "cs.NA cs.CL",
        "license": "http://creativecommons.org/licenses/by/4.0/",
        "abstract": "  An abstract\nwith $\\alpha$.\n",
        "versions": [
            {"version": "v1", "created": "Fri, 3 Jan 2025 19:18:42 GMT"},
            {"version": "v2", "created": "Fri, 10 Jan 2025 09:00:00 GMT"},
        ],
        "update_date": "2025-01-11",
        "authors_parsed": [["Lee", "Ada", ""], ["Müller", "Jörg", "Jr.", "ETH"], ["Wu", "W.", ""]],
        **more,
    }


class Installed:
    """An installation into which files are imported."""

    def __init__(self, folder):
        self.folder = folder
        self.settings = Settings(paths=Paths(data=folder / "data", public=folder / "public"))

    def put(self, lines, name="snapshot.json"):
        content = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines).encode()
        path = self.folder / name
        if name.endswith(".gz"):
            content = gzip.compress(content)
        if name.endswith(".zst"):
            content = zstandard.compress(content)
        path.write_bytes(content)
        return path

    def take(self, path, on=MONDAY):
        return snapshot_import.import_snapshot(Run(self.settings, "1", "import", on), path)

    def ask(self, query):
        with connection.read_library(self.settings.paths.library) as library:
            return library.execute(query).fetchall()

    def papers(self, *ids):
        with connection.read_library(self.settings.paths.library) as library:
            return papers.read_papers(library, ids)


@pytest.fixture
def installed(tmp_path):
    return Installed(tmp_path)


def counts(report):
    return report.papers_new, report.papers_changed, report.papers_unchanged


def test_what_an_import_changes_of_papers_that_readers_know_is_pending_and_of_no_others(installed):
    installed.take(installed.put([record(1), record(2), record(3)]))
    with connection.write_library(installed.settings.paths.library) as library:
        lines = [ListEntry(f"2501.{number:05d}", 1, AnnounceType.NEW, ("rss",)) for number in (1, 2)]
        announcements.replace_entries(library, "cs.CL", MONDAY, lines)
        pending.clear_pending(library, "")
    installed.take(installed.put([record(1, title="Another"), record(2), record(3, title="Another")]), TUESDAY)
    assert installed.ask("FROM operations.pending") == [("paper", "2501.00001")]


def test_a_record_of_the_snapshot_becomes_a_paper_whole(installed):
    installed.take(installed.put([record()]))
    (paper,) = installed.papers("2501.00001").values()
    assert paper.title == "A title over two lines"
    assert paper.abstract == "An abstract\nwith $\\alpha$."
    assert paper.authors == (Author("Ada Lee"), Author("Jörg Müller Jr.", ("ETH",)), Author("W. Wu"))
    assert (paper.categories, paper.primary_category) == (("math.NA", "cs.CL"), "math.NA")
    assert paper.versions == (
        Version(1, datetime(2025, 1, 3, 19, 18, 42, tzinfo=UTC)),
        Version(2, datetime(2025, 1, 10, 9, tzinfo=UTC)),
    )
    assert (paper.version, paper.source, paper.is_withdrawn) == (2, "bulk", False)
    assert (paper.submitted_at, paper.updated_at) == tuple(version.submitted_at for version in paper.versions)
    assert (paper.comment, paper.doi, paper.report_no, paper.submitter) == ("12 pages", "10.1/x", "R-1", "Ada Lee")


@pytest.mark.parametrize("name", ["a.json", "a.json.gz", "a.json.zst"])
def test_every_form_of_a_file_gives_the_same_and_again_nothing(installed, name):
    path = installed.put([record(1), record(2), record(2)], name)
    report = installed.take(path)
    assert (counts(report), report.duplicates) == ((2, 0, 0), 1)
    before = installed.ask("FROM paper_state ORDER BY ALL")
    assert counts(installed.take(path, TUESDAY)) == (0, 0, 2)
    assert installed.ask("FROM paper_state ORDER BY ALL") == before


def test_parquet_with_the_snapshots_columns_is_read_and_what_it_lacks_is_unknown(installed):
    path = installed.folder / "a.parquet"
    duckdb.execute(
        "COPY (SELECT '2501.00001' AS id, 'T' AS title, 'A (ETH, Zurich), B and C' AS authors, 'Abs' AS abstract, "
        f"'cs.CL' AS categories, '10.1/x' AS doi, 'J 1' AS journal_ref) TO '{path}' (FORMAT parquet)"
    )
    assert counts(installed.take(path)) == (1, 0, 0)
    (paper,) = installed.papers("2501.00001").values()
    assert paper.authors == (Author("A", ("ETH, Zurich",)), Author("B"), Author("C"))
    assert (paper.version, paper.versions, paper.journal_ref, paper.doi) == (None, (), "J 1", "10.1/x")
    assert counts(installed.take(path)) == (0, 0, 1)


def test_a_newer_snapshot_adds_a_state_and_an_older_one_changes_nothing(installed):
    old = record(versions=record()["versions"][:1])
    installed.take(installed.put([old]))
    assert counts(installed.take(installed.put([record()]), TUESDAY)) == (0, 1, 0)
    states = "SELECT version, known_from, known_until FROM paper_state ORDER BY 1"
    assert installed.ask(states) == [(1, MONDAY, TUESDAY), (2, TUESDAY, None)]
    assert counts(installed.take(installed.put([old]), TUESDAY)) == (0, 0, 1)


def test_of_several_records_of_a_paper_the_latest_version_counts_wherever_it_stands(installed):
    old = record(versions=record()["versions"][:1])
    for lines in ([old, record(), old], [record(), old], [old, record(), record()]):
        path = installed.put(lines)
        report = installed.take(path)
        assert report.duplicates == len(lines) - 1
        assert [row[0] for row in installed.ask("SELECT version FROM paper")] == [2]


def test_a_withdrawal_is_recognised_by_its_comment(installed):
    installed.take(installed.put([record(comments="This paper has been withdrawn by the author")]))
    assert installed.ask("SELECT is_withdrawn FROM paper") == [(True,)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("not JSON\n", "It is not JSON"),
        ("[1, 2]\n", "no object"),
        (json.dumps(record(versions="v1")) + "\n", "'versions' is not as in arXiv's snapshot"),
        (json.dumps(record(id="nonsense")) + "\n", "'nonsense' is not an identifier of arXiv"),
        (json.dumps(record(id=None)) + "\n", "It has no identifier"),
        (json.dumps(record(title=None)) + "\n", "has no title"),
        ('{"id": "2501.00001", "title": "cut o', "It is not JSON"),
    ],
)
def test_a_bad_line_is_set_aside_with_its_number_and_the_others_are_read(installed, line, message):
    path = installed.put([record(2), record(3), line])
    for _ in range(2):
        report = installed.take(path)
        (problem,) = report.problems
        assert message in problem.message
        assert problem.path == "snapshot.json"
        if "no identifier" not in message and "no title" not in message:
            assert problem.line == 3
    assert len(installed.papers("2501.00002", "2501.00003")) == 2
    assert not list((installed.folder / "data" / "import").glob("*"))


def test_bytes_that_are_no_text_spoil_no_neighbour(installed):
    path = installed.put([record(1)])
    path.write_bytes(
        path.read_bytes() + b'{"id": "2501.00009", "title": "\xff\xfe"}\n' + json.dumps(record(2)).encode()
    )
    report = installed.take(path)
    assert counts(report)[0] == 2
    assert [problem.message for problem in report.problems] == ["It is not UTF-8."]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"<html>not found</html>\n", "none of its lines is a record"),
        (gzip.compress(b'{"id": "x"}\n', mtime=0)[:-9], "damaged or cut off"),
        (gzip.compress(b"", mtime=0), "no record"),
        (b"\n \n", "no record"),
    ],
)
def test_a_file_that_is_no_snapshot_is_refused_and_changes_nothing(installed, content, message):
    path = installed.folder / "x.json"
    path.write_bytes(content)
    with pytest.raises(YibaoError, match=message):
        installed.take(path)
    assert installed.ask("SELECT count(*) FROM paper") == [(0,)]


def test_a_paper_that_readers_know_from_a_feed_keeps_its_spelling_and_gains_its_history(installed):
    with connection.write_library(installed.settings.paths.library) as library:
        feed = {"title": "Erd\\H{o}s  again", "abstract": "Old spelling", "license": "cc"}
        papers.store_papers(library, [papers.paper_of([*row(FEED, **feed)])], MONDAY)
    report = installed.take(
        installed.put([record(title="Erdős again", abstract="Old  spelling", versions=record()["versions"][:1])]),
        TUESDAY,
    )
    assert counts(report) == (0, 1, 0)
    (paper,) = installed.papers("2501.00001").values()
    assert (paper.title, paper.comment, len(paper.versions)) == ("Erd\\H{o}s  again", "12 pages", 1)
    assert counts(installed.take(installed.folder / "snapshot.json", TUESDAY)) == (0, 0, 1)


def row(paper, **more):
    from dataclasses import asdict, replace

    values = asdict(replace(paper, **more))
    return [values[name] for name in papers.COLUMNS.replace(",", " ").split()] + [None]


def test_what_changed_since_the_snapshot_will_be_asked_for(installed):
    installed.take(installed.put([record(), record(2, update_date="2024-12-01")]))
    with connection.read_library(installed.settings.paths.library) as library:
        assert oai_cursor.read_cursor(library, oai.PREFIX) == oai_cursor.OaiCursor(oai.PREFIX, date(2025, 1, 10))


def test_an_import_killed_between_two_parts_goes_on_where_it_was(installed, monkeypatch):
    monkeypatch.setattr(snapshot_files, "PART_BYTES", 5000)
    monkeypatch.setattr(snapshot_files, "_BLOCK_BYTES", 1000)
    path = installed.put([record(number) for number in range(1, 41)])
    stored = snapshot.store_records
    calls = []

    def dies(library, relation, on):
        calls.append(relation)
        if len(calls) == 3:
            raise KeyboardInterrupt
        stored(library, relation, on)

    monkeypatch.setattr(snapshot, "store_records", dies)
    with pytest.raises(KeyboardInterrupt):
        installed.take(path)
    done = installed.ask("SELECT count(*) FROM paper")[0][0]
    assert 0 < done < 40
    monkeypatch.setattr(snapshot, "store_records", stored)
    assert counts(installed.take(path)) == (40 - done, 0, done)
    assert installed.ask("SELECT count(*), count(DISTINCT arxiv_id) FROM paper") == [(40, 40)]


def test_parts_are_whole_lines_and_together_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshot_files, "PART_BYTES", 50)
    monkeypatch.setattr(snapshot_files, "_BLOCK_BYTES", 16)
    content = b"".join(b"%d " % number * number + b"\n" for number in range(30)) + b"no end"
    (tmp_path / "a").write_bytes(content)
    read = [(part.read_bytes(), done) for part, done in snapshot_files.split_file(tmp_path / "a", tmp_path / "parts")]
    assert b"".join(part for part, _ in read) == content
    assert all(part.endswith(b"\n") for part, _ in read[:-1])
    assert [done for _, done in read][-1] == len(content)
    assert not list((tmp_path / "parts").iterdir())


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=20)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """DuckDB with the functions by which snapshots are read, and a place for one."""
    with duckdb.connect() as library:
        library.execute("SET TimeZone = 'UTC'")
        snapshot.prepare_import(library)
        yield library, tmp_path_factory.mktemp("record") / "record.json"


@given(_TEXT, _TEXT, st.none() | _TEXT, st.integers(1, 3))
def test_a_record_has_the_same_fingerprint_in_the_snapshot_and_over_oai(prepared, title, abstract, comments, versions):
    """So that the day's changes are told from what the snapshot said already without reading a text."""
    values = record(title=title, abstract=abstract, comments=comments)
    history = [Version(n, datetime(2025, 1, n, 19, 18, 42, tzinfo=UTC)) for n in range(1, versions + 1)]
    values["versions"] = [
        {"version": f"v{one.version}", "created": format_datetime(one.submitted_at, usegmt=True)} for one in history
    ]
    library, path = prepared
    path.write_text(json.dumps(values))
    fingerprint = library.execute(
        f"SELECT {snapshot._FINGERPRINT} FROM {snapshot.name_json_relation(str(path))}"
    ).fetchone()[0]
    assert fingerprint.hex == oai_records.fingerprint_record(
        {k: v for k, v in values.items() if isinstance(v, str)}, history
    )


@pytest.mark.parametrize(
    ("kept", "submitted_in", "arxiv_id"),
    [
        ("704.0291", "0704", "0704.0291"),
        ("704.056", "0704", "0704.0560"),
        ("1501.0009599999998", "1501", "1501.00096"),
        ("1501.0021", "1412", "1501.00210"),
    ],
)
def test_an_identifier_that_was_kept_as_a_number_is_repaired_where_the_month_agrees(kept, submitted_in, arxiv_id):
    repaired = identifiers.repair_identifier(kept, submitted_in)
    assert isinstance(repaired, RepairedIdentifier)
    assert repaired.arxiv_id == arxiv_id
    assert arxiv_id in repaired.reason


@pytest.mark.parametrize(
    ("kept", "submitted_in", "message"),
    [
        ("704.0291", "0801", "the paper came in 0801"),
        ("704.0291", None, "nothing says when"),
        ("1313.0291", "1312", "not one that an identifier"),
        ("0704.10000", "0704", "nor one kept as a number"),
        ("1501.123456789", "1501", "not one that an identifier"),
        ("hello", "1501", "not an identifier"),
    ],
)
def test_what_cannot_be_told_for_certain_is_refused_with_its_reason(kept, submitted_in, message):
    assert message in identifiers.repair_identifier(kept, submitted_in)


@given(st.text(max_size=30), st.sampled_from(["0704", "1501"]))
def test_any_text_is_repaired_or_refused_and_nothing_else(text, month):
    assert isinstance(identifiers.repair_identifier(text, month), (str, RepairedIdentifier))


@pytest.mark.soak
@pytest.mark.shared
def test_the_damaged_identifiers_of_real_archives_are_repaired_or_refused_with_a_reason_each(installed, shared):
    path = shared / "data" / "arxiv-records" / "damaged-ids.parquet"
    rows = duckdb.execute(f"SELECT id_as_stored, title, authors, categories, created FROM '{path}'").fetchall()
    lines = [dict(zip(("id", "title", "authors", "categories", "created"), one, strict=True)) for one in rows]
    report = installed.take(installed.put([record(99999), *lines]))
    outcomes = Counter(problem.rule for problem in report.problems)
    assert outcomes == {"repaired-identifier": 1499, "unreadable-record": 1}
    assert all(problem.line > 1 for problem in report.problems)
    ids = {row[0] for row in installed.ask("SELECT arxiv_id FROM paper")}
    assert all(identifiers.parse_identifier(one) for one in ids)
    assert {"0804.2095", "1210.4050", "0901.1260"} <= ids


@pytest.mark.drill
@pytest.mark.shared
def test_all_real_records_are_imported_and_the_second_time_nothing_changes(installed, shared):
    path = shared / "data" / "arxiv-records" / "records.parquet"
    report = installed.take(path)
    assert (counts(report), report.problems) == ((106_275, 0, 0), ())
    before = installed.ask("SELECT sum(hash(paper_state)) FROM paper_state")
    report = installed.take(path, TUESDAY)
    assert (counts(report), report.problems) == ((0, 0, 106_275), ())
    assert installed.ask("SELECT sum(hash(paper_state)) FROM paper_state") == before
    missing = installed.ask(f"""
        SELECT count(*) FROM '{path}' AS file ANTI JOIN paper
          ON paper.arxiv_id = file.id AND paper.doi IS NOT DISTINCT FROM file.doi
         AND trim(replace(paper.abstract, chr(10), ' ')) = trim(replace(file.abstract, chr(10), ' '))
    """)
    assert missing == [(0,)]


@pytest.mark.shared
def test_the_real_lines_of_the_snapshot_are_imported_whole(installed, shared):
    path = shared / "data" / "arxiv-records" / "kaggle-format-sample.jsonl"
    assert counts(installed.take(path)) == (134, 0, 0)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    imported = installed.papers(*(line["id"] for line in lines))
    for line in lines:
        paper = imported[line["id"]]
        assert paper.title == " ".join(line["title"].split())
        assert paper.abstract == line["abstract"].strip()
        assert len(paper.authors) == len(line["authors_parsed"])
        assert [version.version for version in paper.versions] == list(range(1, len(line["versions"]) + 1))
        assert all(version.submitted_at for version in paper.versions)
        values = (paper.doi, paper.report_no, paper.license, paper.submitter)
        assert values == (line["doi"], line["report-no"], line["license"], line["submitter"])
