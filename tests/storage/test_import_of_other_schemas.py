"""A file in another schema is refused by name of the column; a record that is wrong by itself is set aside."""

import json
import re
from datetime import UTC, date, datetime

import duckdb
import pytest

from tests.conftest import further_values
from tests.storage.test_bulk import TUESDAY, counts, installed, record
from yibao.errors import YibaoError
from yibao.records import Author, Precision

__all__ = ["installed"]

CRAWLED = {
    "id": "2503.21800",
    "authors": ["Ada Lee", "Bo Cho"],
    "title": "A title",
    "categories": ["cs.CL", "cs.AI"],
    "summary": "What a crawler calls the abstract.",
}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([CRAWLED], ["'authors': expected text, found a list", "'categories': expected text, found a list"]),
        ([CRAWLED], ["'abstract': expected text, found nothing", "The file has: id, authors, title"]),
        ([record(authors_parsed=None, authors=None)], ["'authors': expected text, found nothing"]),
        ([record(versions="v1"), record(2, versions="v2")], ["'versions': expected a list of objects", "found text"]),
        ([record(title={"en": "T"})], ["'title': expected text, found an object"]),
        (
            [record(1, categories="Computer Science"), record(2, categories="Physics"), record(3)],
            ["'categories': expected codes of arXiv's", "'Computer Science'"],
        ),
    ],
)
def test_json_lines_in_another_schema_are_refused_and_nothing_is_stored(installed, lines, message):
    path = installed.put(lines)
    with pytest.raises(YibaoError, match=r"snapshot\.json") as refused:
        installed.take(path)
    assert all(words in str(refused.value) for words in message), str(refused.value)
    assert installed.ask("SELECT count(*) FROM paper_state") == [(0,)]
    assert not list((installed.folder / "data").glob("import/*"))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("['A', 'B'] AS authors, 'Abs' AS abstract, 'cs.CL' AS categories", "'authors': expected text, found VARCHAR"),
        ("'A' AS authors, 'Abs' AS abstract, ['cs.CL'] AS categories", "'categories': expected text, found VARCHAR"),
        ("'A' AS authors, 'Abs' AS summary, 'cs.CL' AS categories", "'abstract': expected text, found nothing"),
        ("'A' AS authors, 'Abs' AS abstract, 'cs.CL' AS categories, 'v1' AS versions", "'versions': expected a list"),
        ("'A' AS authors, 'Abs' AS abstract, 'Medicine' AS categories", "'categories': expected codes of arXiv's"),
    ],
)  # fmt: skip
def test_parquet_in_another_schema_is_refused_and_nothing_is_stored(installed, columns, message):
    path = installed.folder / "a.parquet"
    duckdb.execute(f"COPY (SELECT '2501.00001' AS id, 'T' AS title, {columns}) TO '{path}' (FORMAT parquet)")
    with pytest.raises(YibaoError, match=message):
        installed.take(path)
    assert installed.ask("SELECT count(*) FROM paper_state") == [(0,)]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"authors": ["A", "B"]}, "has a list or an object where its authors should be text"),
        ({"title": ["T"]}, "has a list or an object where its title should be text"),
        ({"abstract": {"en": "T"}}, "has a list or an object where its abstract should be text"),
        ({"categories": ["cs.CL"]}, "names no category of arXiv's"),
        ({"categories": "Machine Learning"}, "names no category of arXiv's: 'Machine Learning'"),
        ({"title": " "}, "has no title"),
    ],
)
@pytest.mark.parametrize("ending", [".json", *further_values(".parquet")])
def test_a_record_that_is_wrong_by_itself_is_set_aside_with_its_line(installed, more, message, ending):
    lines = [record(1), record(2), record(3, **more), record(4)]
    path = installed.put(lines)
    if ending == ".parquet":
        # As text, as a column of a file that is right must be.
        texts = [
            {k: v if isinstance(v, str) else json.dumps(v) for k, v in line.items() if k in TEXTS} for line in lines
        ]
        source, path = installed.put(texts, "texts.json"), installed.folder / "a.parquet"
        duckdb.execute(f"COPY (FROM read_json('{source}')) TO '{path}' (FORMAT parquet)")
    for _ in range(2):
        report = installed.take(path)
        (problem,) = report.problems
        assert (problem.path, problem.line, problem.rule) == (path.name, 3, "unreadable-record")
        assert message in problem.message
    assert installed.ask("SELECT arxiv_id FROM paper ORDER BY 1") == [(f"2501.{n:05d}",) for n in (1, 2, 4)]


TEXTS = ("id", "title", "authors", "abstract", "categories")


@pytest.mark.parametrize("nothing", ["", None, "absent"])
def test_a_record_without_identifier_is_reported_at_its_own_line(installed, nothing):
    odd = record(9)
    if nothing == "absent":
        del odd["id"]
    else:
        odd["id"] = nothing
    report = installed.take(installed.put([record(1), record(2), odd, record(3), odd]))
    assert [(one.line, one.message) for one in report.problems] == [
        (3, "It has no identifier."),
        (5, "It has no identifier."),
    ]


def test_a_record_without_identifier_and_a_line_that_is_none_are_each_reported_at_their_line(installed):
    report = installed.take(installed.put([record(1), '{"title": "cut o\n', "\n", record(id=None), "[1]\n"]))
    assert sorted((one.line, one.message.partition(":")[0]) for one in report.problems) == [
        (2, "It is not JSON"),
        (4, "It has no identifier."),
        (5, "It is JSON, but no object."),
    ]
    assert counts(report) == (1, 0, 0)


def test_of_two_records_of_one_identifier_the_one_without_title_is_reported_at_its_line(installed):
    report = installed.take(installed.put([record(1), record(2), record(1, title=None)]))
    assert [(one.line, one.message) for one in report.problems] == [(3, "2501.00001 has no title.")]


def test_an_identifier_with_escaped_slashes_is_reported_at_its_line(installed):
    line = json.dumps(record(id="hep-th/9901001", title=None)).replace("hep-th/", "hep-th\\/") + "\n"
    report = installed.take(installed.put([record(1), line]))
    assert [one.line for one in report.problems] == [2]


def test_classes_among_the_categories_are_kept_as_classes_and_aliases_count_once(installed):
    codes = "cs.NA math.NA cs.CL 68T50, I.2.7; G.3"
    installed.take(installed.put([record(1, categories=codes), record(2, categories="cs.LG,cs.NE")]))
    assert installed.ask("SELECT categories, subject_classes FROM paper ORDER BY arxiv_id") == [
        (["math.NA", "cs.CL"], ["68T50", "I.2.7", "G.3"]),
        (["cs.LG", "cs.NE"], []),
    ]


def test_a_title_in_square_brackets_is_a_title(installed):
    assert counts(installed.take(installed.put([record(1, title="[Re] A replication", authors="[A] B")]))) == (1, 0, 0)


def without_versions(**more):
    return record(versions=None, update_date=None, **more)


def test_a_day_of_submission_is_kept_and_marked_as_a_day(installed):
    lines = [without_versions(created="2007-04-02"), without_versions(number=2), record(3)]
    installed.take(installed.put(lines))
    assert installed.ask("SELECT submitted_at, submitted_precision FROM paper ORDER BY arxiv_id") == [
        (datetime(2007, 4, 2, tzinfo=UTC), "day"),
        (None, None),
        (datetime(2025, 1, 3, 19, 18, 42, tzinfo=UTC), "second"),
    ]
    assert [one.submitted_precision for one in installed.papers("2501.00001").values()] == [Precision.DAY]
    assert counts(installed.take(installed.folder / "snapshot.json")) == (0, 0, 3)


def test_the_whole_record_replaces_the_day_by_the_instant(installed):
    installed.take(installed.put([without_versions(created="2025-01-03")]))
    installed.take(installed.put([record()]), TUESDAY)
    (paper,) = installed.papers("2501.00001").values()
    assert (paper.submitted_at, paper.submitted_precision) == (
        datetime(2025, 1, 3, 19, 18, 42, tzinfo=UTC),
        Precision.SECOND,
    )


@pytest.mark.soak
@pytest.mark.parametrize("is_first", [True, False])
def test_of_an_intact_and_a_repaired_record_of_one_date_the_intact_one_counts(installed, is_first):
    for title in ("Intact", "A", "B", "C", "D"):
        intact = without_versions(id="0704.0560", title=title, created="2007-04-02")
        repaired = without_versions(id="704.056", title="Repaired", created="2007-04-02")
        path = installed.put([intact, repaired] if is_first else [repaired, intact], f"{title}.json")
        installed.take(path)
        assert installed.ask("SELECT title FROM paper WHERE arxiv_id = '0704.0560'") == [(title,)]
        (installed.folder / "data" / "library.duckdb").unlink()


def test_line_breaks_in_affiliations_are_blanks_and_what_holds_no_letter_is_no_author(installed):
    parsed = [["Iliev", "Bozhidar Z.", "", "Institute,\n  Sofia"], ["Lab", "", ""], [":", "", ""]]
    installed.take(installed.put([record(authors_parsed=parsed)]))
    (paper,) = installed.papers("2501.00001").values()
    assert paper.authors == (Author("Bozhidar Z. Iliev", ("Institute, Sofia",)), Author("Lab"))


BYLINES = [
    ("HESS Collaboration: A. Abramowski, F. Acero", ["HESS Collaboration", "A. Abramowski", "F. Acero"]),
    ("NVIDIA, :, Ada Lee", ["NVIDIA", "Ada Lee"]),
    ("HESS: A. Lee (1), B. Cho (2), ((1) INAF - OAR, (2) ESO)", ["HESS", "A. Lee", "B. Cho"]),
    ("A. Lee and B. Cho (MIT)", ["A. Lee", "B. Cho"]),
    ("A. Lee (1) and B. Cho (2)\n ((1) INAF, (2) ESO)", None),
    ("(the authors)", []),
]  # fmt: skip


@pytest.mark.parametrize(("byline", "names"), BYLINES)
def test_a_byline_gives_the_same_people_in_the_import_and_over_oai(installed, byline, names):
    from yibao.arxiv.authors import parse_byline

    installed.take(installed.put([record(authors=byline, authors_parsed=None)]))
    (paper,) = installed.papers("2501.00001").values()
    if names is not None:
        assert [one.name for one in parse_byline(byline)] == names
        assert paper.authors == parse_byline(byline)
    assert not any(re.search(r"[\n:]|^\(", one.name) for one in (*paper.authors, *parse_byline(byline)))


@pytest.mark.soak
@pytest.mark.shared
def test_real_crawled_files_of_another_schema_are_refused(installed, shared):
    folder = shared / "data" / "arxiv-records" / "raw-daily"
    for path in [one for one in sorted(folder.glob("*.zst")) if one.stat().st_size > 100]:
        with pytest.raises(YibaoError, match="expected text, found"):
            installed.take(path)
    assert installed.ask("SELECT count(*) FROM paper_state") == [(0,)]


@pytest.mark.drill
@pytest.mark.shared
def test_of_real_records_no_category_is_unknown_and_every_day_of_submission_is_kept(installed, shared):
    path = shared / "data" / "arxiv-records" / "records.parquet"
    installed.take(path, date(2025, 1, 13))
    from yibao.categories import is_category

    codes = {row[0] for row in installed.ask("SELECT DISTINCT unnest(categories) FROM paper")}
    assert not [code for code in codes if not is_category(code)]
    (days,) = installed.ask("SELECT count(*) FROM paper WHERE submitted_precision = 'day'")
    assert days == duckdb.execute(f"SELECT count(created) FROM '{path}'").fetchone()


@pytest.mark.parametrize("damage", ["nothing but the first letters", "an end that is missing", "a page in the middle"])
def test_a_parquet_file_that_is_none_or_damaged_is_refused_in_a_sentence(installed, damage):
    path = installed.folder / "a.parquet"
    columns = "'2501.0000' || range AS id, 'T' AS title, 'A' AS authors, 'Abs' AS abstract, 'cs.CL' AS categories"
    duckdb.execute(f"COPY (SELECT {columns} FROM range(1, 9)) TO '{path}' (FORMAT parquet)")
    content = path.read_bytes()
    damaged = {
        "nothing but the first letters": b"PAR1 and nothing else",
        "an end that is missing": content[:-100],
        "a page in the middle": content[:60] + b"\xff" * 200 + content[260:],
    }
    path.write_bytes(damaged[damage])
    with pytest.raises(YibaoError, match=r"a\.parquet.*Get it again"):
        installed.take(path)
    assert installed.ask("SELECT count(*) FROM paper_state") == [(0,)]
