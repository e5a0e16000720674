"""The open dataset: what a release holds, how it follows the change, and what can never be in one."""

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from sqlalchemy.dialects import sqlite

from storage.dataset import checksums, lake, making, shelf
from storage.library import connection
from storage.people.database import open_people
from storage.people.schema import METADATA
from tests.flows.test_incremental import Life
from tests.people import SECRET
from tests.releases import TABLES, announce, apply_changes, folders, live, parquet_rows_of, release, rows_of
from yibao.dataset.cookbook import read_questions
from yibao.dataset.schema import load_schema
from yibao.errors import DatasetError

ROOT = Path(__file__).parents[2]
MARK = "geheimnisvoll"


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A life of eight days with a release each."""
    return live(Life(tmp_path_factory.mktemp("life"), 3), 3)


@pytest.fixture(autouse=True)
def _no_ducklake(request, monkeypatch):
    """Leave out what takes longest, where a test is not about it."""
    if "ducklake" not in request.node.name and "released" not in request.fixturenames:
        monkeypatch.setattr(making.lake, "write_lake", lambda *_: "")


@pytest.fixture
def opened(released):
    with duckdb.connect(str(folders(released)[-1] / "yibao.duckdb"), read_only=True) as database:
        yield database


def test_tables_columns_types_and_meanings_are_those_of_the_schema(opened):
    columns = opened.execute(
        "SELECT table_name, column_name, data_type, comment, is_nullable FROM duckdb_columns() WHERE NOT internal"
    ).fetchall()
    assert {table: set() for table, *_ in columns}.keys() == {table.name for table in TABLES}
    assert {tuple(row) for row in columns} == {
        (table.name, *column, column.is_nullable) for table in TABLES for column in table.columns
    }
    comments = dict(opened.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall())
    assert comments == {table.name: table.meaning for table in TABLES}


def test_no_name_is_reserved_and_no_type_needs_a_time_zone(opened):
    reserved = {
        row[0] for row in opened.execute("FROM duckdb_keywords() WHERE keyword_category = 'reserved'").fetchall()
    }
    names = {name for table in TABLES for name in (table.name, *table.names)}
    assert not names & reserved
    assert {column.type for table in TABLES for column in table.columns} <= {
        *("VARCHAR", "VARCHAR[]", "INTEGER", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP")
    }


def test_keys_tell_rows_apart(opened):
    for table in TABLES:
        keys = ", ".join(table.key)
        rows = opened.execute(f"SELECT count(*), count(DISTINCT ({keys})) FROM {table.name}").fetchall()
        assert rows[0][0] == rows[0][1], table.name
        assert not any(column.is_nullable for column in table.columns if column.name in table.key)


def test_the_life_that_is_tested_with_fills_every_table(released):
    everything = [rows_of(folder) for folder in folders(released)]
    assert {table.name for table in TABLES if not any(rows[table.name] for rows in everything)} <= {
        "erratum",
        "paper_history",
        "retitled",
    }


def test_parquet_holds_the_same_rows(released):
    for folder in folders(released)[-2:]:
        assert parquet_rows_of(folder) == rows_of(folder)


def test_a_release_with_its_changes_is_the_next_one(released):
    before = rows_of(folders(released)[0])
    for folder in folders(released)[1:]:
        after = rows_of(folder)
        assert apply_changes(before, folder) == after
        before = after


@pytest.mark.soak
def test_a_release_that_follows_the_change_is_one_that_is_made_anew(released, tmp_path, monkeypatch):
    newest = rows_of(folders(released)[-1])
    fresh = Life(tmp_path / "fresh", 0)
    fresh.settings = released.settings.model_copy(
        update={"paths": released.settings.paths.model_copy(update={"public": tmp_path / "public"})}
    )
    fresh.on = released.on
    release(fresh)
    assert rows_of(folders(fresh)[0]) == newest


def test_where_nothing_has_changed_there_is_no_release(released):
    names = [folder.name for folder in folders(released)]
    assert release(released).releases == ()
    assert [folder.name for folder in folders(released)] == names
    assert not (released.settings.paths.public / "data/releases/.making").exists()


@pytest.mark.soak
def test_a_month_without_a_change_is_the_same_file(tmp_path):
    life = live(Life(tmp_path / "life", 5), 1)
    with connection.write_library(life.settings.paths.library) as library:
        library.execute("""
            INSERT INTO paper_state BY NAME
            SELECT * REPLACE ('2412.00001' AS arxiv_id) FROM paper_state WHERE known_until IS NULL LIMIT 1
        """)
    release(life)
    first, second = folders(life)
    assert (first / "paper/2025-01.parquet").samefile(second / "paper/2025-01.parquet")
    assert not (first / "paper/2024-12.parquet").exists()
    assert (second / "paper/2024-12.parquet").exists()


@pytest.mark.soak
def test_a_release_stays_in_both_trees_through_every_publication(tmp_path):
    life = live(Life(tmp_path / "life", 2), 1)
    public = life.settings.paths.public
    first = folders(life)[0].name
    for _ in range(3):
        announce(life)
        spare = public.with_name("public.next")
        file = f"data/releases/{first}/yibao.duckdb"
        assert (public / file).samefile(spare / file)
        assert (public / "data/latest.json").read_bytes() == (spare / "data/latest.json").read_bytes()
    assert (
        checksums.find_damaged_files(public / "data/releases" / first, shelf.read_release(public, first).all_files)
        == []
    )


@pytest.mark.soak
def test_an_emptied_spare_tree_costs_no_release(tmp_path):
    life = live(Life(tmp_path / "life", 2), 2)
    public = life.settings.paths.public
    subprocess.run(["rm", "-r", str(public.with_name("public.next"))], check=True)
    names = [folder.name for folder in folders(life)]
    announce(life)
    assert [folder.name for folder in folders(life)] == names
    assert all((folder / "yibao.duckdb").exists() for folder in folders(life))


@pytest.mark.soak
@pytest.mark.parametrize("moment", ["place_release", "publish_list", "remove_releases"])
def test_a_kill_leaves_what_is_listed_whole_and_the_next_release_clears_up(tmp_path, monkeypatch, moment):
    life = live(Life(tmp_path / "life", 4), 2)
    announce(life)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shelf, moment, killed)
        with pytest.raises(KeyboardInterrupt):
            release(life)
    public = life.settings.paths.public
    for folder in folders(life):
        assert checksums.find_damaged_files(folder, shelf.read_release(public, folder.name).all_files) == []
    announce(life)
    release(life)
    there = {path.name for path in (public / "data/releases").iterdir()}
    assert there == {"index.json", *(folder.name for folder in folders(life))}
    before = rows_of(folders(life)[-2])
    assert apply_changes(before, folders(life)[-1]) == rows_of(folders(life)[-1])


@pytest.mark.soak
def test_a_release_that_was_cut_short_or_altered_is_found_and_built_upon_by_none(tmp_path):
    life = live(Life(tmp_path / "life", 4), 2)
    public, newest = life.settings.paths.public, folders(life)[-1]
    database, parquet = newest / "yibao.duckdb", next(newest.glob("paper/*.parquet"))
    content = database.read_bytes()
    database.chmod(0o644)
    database.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    parquet.chmod(0o644)
    parquet.write_bytes(b"cut")
    troubles = checksums.find_damaged_files(newest, shelf.read_release(public, newest.name).all_files)
    assert [bool(re.search("differs|has 3 bytes", one)) for one in troubles] == [True, True]
    announce(life)
    release(life)
    made = shelf.read_release(public, folders(life)[-1].name)
    assert made.previous is None
    assert parquet_rows_of(folders(life)[-1]) == rows_of(folders(life)[-1])


@pytest.mark.soak
def test_a_list_of_releases_that_is_damaged_is_a_fault_with_its_file(tmp_path):
    life = live(Life(tmp_path / "life", 4), 1)
    index = life.settings.paths.public / shelf.INDEX
    index.unlink()
    index.write_text("{}")
    with pytest.raises(DatasetError, match=r"index\.json is damaged"):
        shelf.read_list(life.settings.paths.public)


@pytest.mark.soak
def test_the_files_of_a_ducklake_are_the_releases_own_under_its_public_address(released):
    import duckdb_extensions

    duckdb_extensions.import_extension("ducklake")
    folder = folders(released)[-1]
    with duckdb.connect() as reader:
        reader.execute("LOAD ducklake")
        reader.execute(
            f"ATTACH 'ducklake:{folder / lake.NAME}' AS lake "
            f"(READ_ONLY, DATA_PATH '{folder}/', OVERRIDE_DATA_PATH true)"
        )
        rows = {table.name: sorted(reader.execute(f"FROM lake.{table.name}").fetchall(), key=repr) for table in TABLES}
    assert rows == rows_of(folder)
    with duckdb.connect(str(folder / lake.NAME), read_only=True) as catalogue:
        paths = catalogue.execute("SELECT value FROM ducklake_metadata WHERE key = 'data_path'").fetchall()
    assert paths == [(f"http://127.0.0.1:8000/data/releases/{folder.name}/",)]


@pytest.mark.soak
def test_without_the_extension_a_release_has_no_ducklake_and_says_so(tmp_path, monkeypatch):
    def fail(_name):
        raise ImportError("no such package")

    monkeypatch.setattr(lake.duckdb_extensions, "import_extension", fail)
    life = Life(tmp_path / "life", 4)
    announce(life)
    assert release(life).troubles == ("the release has no DuckLake catalogue: no such package",)
    assert not (folders(life)[0] / lake.NAME).exists()


def _mark_operations(library):
    """Put the mark into every text of what only the program needs, and of what the dataset is not to tell."""
    texts = library.execute("""
        SELECT schema_name, table_name, column_name FROM duckdb_columns()
        JOIN duckdb_tables() USING (schema_name, table_name)
        WHERE data_type = 'VARCHAR' AND schema_name = 'operations' AND column_name NOT IN ('item', 'kind')
    """).fetchall()
    for schema, table, column in texts:
        library.execute(f"UPDATE {schema}.{table} SET {column} = '{MARK}-{table}-{column}'")
    library.execute(f"INSERT INTO operations.lease VALUES ('{MARK}-lease', '{MARK}-host', now())")
    library.execute(
        f"INSERT INTO operations.response VALUES ('{MARK}-url', '2025-01-01', 200, 'x', 1, '{MARK}', now())"
    )
    library.execute(
        f"INSERT INTO problem VALUES ('{MARK}', '{MARK}', 1, 1, '{MARK}', 'error', '{MARK}', '{MARK}', NULL)"
    )
    library.execute(f"UPDATE batch SET note = '{MARK}-note', sources = ['{MARK}-source']")
    library.execute(f"UPDATE edition SET notes = ['{MARK}-notes']")
    library.execute(f"UPDATE translation SET path = '{MARK}-path/' || path")


def _mark_people(path):
    """Put the mark into every text that is known of people."""
    open_people(path, SECRET).dispose()
    values = {"VARCHAR": MARK, "JSON": f'"{MARK}"', "DATETIME": "2025-01-13 12:00:00", "INTEGER": 1, "BOOLEAN": 1}
    with closing(sqlite3.connect(path)) as people:
        for table in METADATA.sorted_tables:
            row = {one.name: values[str(one.type.compile(sqlite.dialect())).partition("(")[0]] for one in table.columns}
            places = ", ".join("?" * len(row))
            people.execute(f"INSERT INTO {table.name} ({', '.join(row)}) VALUES ({places})", list(row.values()))
        people.commit()
    assert MARK.encode() in path.read_bytes()


@pytest.mark.soak
def test_no_mark_of_what_is_private_or_operational_is_in_any_byte_of_a_release(tmp_path, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: f"{MARK}-machine")
    life = live(Life(tmp_path / "life", 6), 3)
    settings = life.settings
    with connection.write_library(settings.paths.library) as library:
        _mark_operations(library)
    life.settings = settings.model_copy(
        update={
            "arxiv": settings.arxiv.model_copy(update={"contact": f"{MARK}@example.org"}),
            "newsletter": settings.newsletter.model_copy(
                update={"sender": f"{MARK} <{MARK}@example.org>", "smtp_url": f"smtp://{MARK}:{MARK}@mail.example"}
            ),
        }
    )
    _mark_people(settings.paths.people)
    release(life)
    newest = folders(life)[-1]
    files = [path for path in newest.rglob("*") if path.is_file()]
    assert len(files) > 2 * len(TABLES)
    assert [path for path in files if MARK.encode() in path.read_bytes()] == []
    assert MARK not in repr(rows_of(newest)) + repr(parquet_rows_of(newest))
    with duckdb.connect() as reader:
        changes = [reader.execute(f"FROM '{path}'").fetchall() for path in (newest / making.CHANGES).iterdir()]
    assert any(changes)
    assert MARK not in repr(changes)


COOKBOOK = re.findall(r"## (\d+)\. .*?```sql\n(.*?)```", (ROOT / "docs/cookbook.md").read_text(), re.DOTALL)
#: Asks a question as an analyst in Shanghai does, who has duckdb and nothing else.
ANALYST = """
import sys
sys.modules["pytz"] = None
import duckdb
database = duckdb.connect(sys.argv[1], read_only=True)
for question in sys.stdin.read().split("\\0"):
    rows = database.execute(question).fetchall()
    print(len(rows), [value for row in rows for value in row if hasattr(value, "tzinfo") and value.tzinfo])
"""


def test_the_cookbook_has_fifteen_questions_of_at_most_eight_lines():
    assert [number for number, _ in COOKBOOK] == [str(number) for number in range(1, 16)]
    assert all(len(question.splitlines()) <= 8 for _, question in COOKBOOK)


def test_the_data_page_offers_questions_of_the_cookbook():
    offered = read_questions()
    assert len(offered) == 8
    assert {query for _, query in offered} <= {question.rstrip() for _, question in COOKBOOK}


def test_every_question_of_the_cookbook_is_answered_in_shanghai_and_without_pytz(released):
    asked = "\0".join(question for _, question in COOKBOOK)
    done = subprocess.run(
        [sys.executable, "-I", "-c", ANALYST, str(folders(released)[-1] / "yibao.duckdb")],
        input=asked,
        env={**os.environ, "TZ": "Asia/Shanghai"},
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [line.split(" ", 1) for line in done.stdout.splitlines()]
    assert [zoned for _, zoned in answers] == ["[]"] * 15
    # The life that is tested with has not that paper, and little that is wrong.
    assert {number for number, (count, _) in enumerate(answers, 1) if count == "0"} <= {7, 8, 9, 10, 11}


def test_a_date_is_the_same_day_in_every_zone(released, monkeypatch):
    question = "SELECT list(announced_on ORDER BY arxiv_id), list(changed_at ORDER BY arxiv_id) FROM paper"
    script = f'import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).execute("{question}").fetchall())'
    said = {
        subprocess.run(
            [sys.executable, "-I", "-c", script, str(folders(released)[-1] / "yibao.duckdb")],
            env={**os.environ, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for zone in ("UTC", "Asia/Shanghai", "America/Los_Angeles")
    }
    assert len(said) == 1


def test_the_three_clocks_agree_with_what_a_release_of_that_day_said(released):
    *_, before, newest = folders(released)
    day = before.name.partition(".")[0]
    with duckdb.connect(str(before / "yibao.duckdb"), read_only=True) as database:
        then = database.execute("SELECT arxiv_id, version, title FROM paper ORDER BY ALL").fetchall()
        editions = database.execute("SELECT edition, arxiv_id, section FROM edition_paper ORDER BY ALL").fetchall()
        made_at = shelf.read_release(released.settings.paths.public, before.name).made_at
    instant = f"TIMESTAMP '{made_at:%Y-%m-%d %H:%M:%S}' + INTERVAL 1 SECOND"
    with duckdb.connect(str(newest / "yibao.duckdb"), read_only=True) as database:
        known = database.execute(
            f"SELECT arxiv_id, version, title FROM paper_as_of(DATE '{day}') ORDER BY ALL"
        ).fetchall()
        assert known == then
        everything = database.execute("SELECT edition, arxiv_id, section FROM edition_history").fetchall()
        assert set(editions) <= set(everything)
        assert database.execute(f"FROM translation_as_of({instant})").fetchall()
        assert database.execute("FROM version_as_of(TIMESTAMP '2030-01-01')").fetchall()
        now = database.execute("FROM edition_as_of(TIMESTAMP '2200-01-01') ORDER BY ALL").fetchall()
        shown = database.execute("SELECT edition, arxiv_id, section FROM edition_paper ORDER BY ALL").fetchall()
        assert now == shown


def test_the_page_about_the_dataset_knows_the_version_of_the_schema():
    text = (ROOT / "docs/dataset.md").read_text()
    assert f"| {load_schema().version} |" in text
