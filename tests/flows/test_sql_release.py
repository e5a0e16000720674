"""`yibao sql` reads releases: which one, in which forms, within which limits, and as a conversation."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from commands import answers, sql_prompt
from storage.dataset import making
from storage.library import connection
from tests.flows.test_commands import command
from tests.flows.test_incremental import Life
from tests.releases import folders, live

LISTS = "SELECT ['a', '译'] AS list, {'x': 1} AS pair, NULL AS nothing, 'line' || chr(10) || 'break' AS text"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An installation with two releases."""
    folder = tmp_path_factory.mktemp("sql")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making.lake, "write_lake", lambda *_: "")
        life = live(Life(folder, 8), 2)
    (folder / "yibao.toml").write_text("")
    return folder, [path.name for path in folders(life)]


def sql(installed, *arguments, **environ):
    return command("sql", *arguments, cwd=installed[0], **environ)


def test_without_a_release_it_says_how_to_make_one(tmp_path):
    (tmp_path / "yibao.toml").write_text("")
    status, out, err = command("sql", "SELECT 1", cwd=tmp_path)
    assert (status, out) == (1, "")
    assert "`yibao dataset release`" in err
    assert "--library" in err


@pytest.mark.soak
def test_it_asks_the_newest_release_or_the_one_that_is_named(installed):
    first, newest = installed[1]
    counted = "SELECT count(*) AS n FROM paper"
    assert sql(installed, counted)[1] == sql(installed, counted, "--release", newest)[1]
    assert sql(installed, counted)[1] != sql(installed, counted, "--release", first)[1]
    status, _, err = sql(installed, counted, "--release", "2001-01-01.1")
    assert (status, "there is no such release" in err) == (1, True)
    assert sql(installed, counted, "--release", "../../x")[0] == 1


@pytest.mark.soak
def test_a_run_that_writes_and_a_query_are_not_in_each_others_way(installed):
    library = installed[0] / "data/library.duckdb"
    with connection.open_library(library):
        before = time.monotonic()
        assert sql(installed, "SELECT 1 AS x")[1] == "x\n1\n"
        assert time.monotonic() - before < 60
    assert sql(installed, "SELECT count(*) FROM run")[0] == 1  # what only the operator sees is in the library alone


@pytest.mark.soak
def test_nested_values_are_json_in_csv_and_stay_what_they_are_in_json(installed):
    (row,) = csv.DictReader(io.StringIO(sql(installed, LISTS)[1]))
    assert (json.loads(row["list"]), json.loads(row["pair"]), row["nothing"]) == (["a", "译"], {"x": 1}, "")
    assert json.loads(sql(installed, LISTS, "--json")[1]) == [
        {"list": ["a", "译"], "pair": {"x": 1}, "nothing": None, "text": "line\nbreak"}
    ]


@pytest.mark.soak
def test_a_file_is_written_in_the_form_that_its_name_says(installed, tmp_path):
    for name in ("answer.csv", "answer.json", "answer.parquet"):
        status, out, err = sql(installed, LISTS + ";", "--out", str(tmp_path / name))
        assert (status, out, err) == (0, "", "")
    assert duckdb.sql(f"SELECT list, pair.x FROM '{tmp_path}/answer.parquet'").fetchall() == [(["a", "译"], 1)]
    assert json.loads((tmp_path / "answer.json").read_text())[0]["pair"] == {"x": 1}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answer.csv", "answer.json", "answer.parquet"]


@pytest.mark.soak
def test_parquet_takes_a_select_and_a_file_and_writes_no_other(installed, tmp_path):
    out = str(tmp_path / "x.parquet")
    assert sql(installed, "SELECT 1", "--format", "parquet")[0] == 2
    status, _, err = sql(installed, "DROP TABLE paper", "--out", out)
    assert (status, "Only the answer of a SELECT" in err) == (1, True)
    assert sql(installed, f"COPY (SELECT 1) TO '{tmp_path}/other.parquet'", "--out", out)[0] == 1
    assert sql(installed, "SELECT * FROM read_text('/etc/hostname')", "--out", out)[0] == 1
    assert not (tmp_path / "other.parquet").exists()


@pytest.mark.soak
def test_a_query_that_never_ends_is_ended_when_its_time_is_over(installed):
    endless = "SELECT count(*) FROM range(100000000000) AS a, range(100000000000) AS b WHERE a.range * b.range = 7"
    status, out, err = sql(installed, endless, YIBAO_SQL__TIME_S="2")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "longer than 2 seconds" in err


@pytest.mark.soak
def test_a_query_sees_no_setting_of_ours(installed):
    status, out, err = sql(installed, "SELECT getenv('YIBAO_SITE__TITLE') AS x", YIBAO_SITE__TITLE="secret")
    assert "secret" not in out + err
    assert status in (0, 1)


@pytest.mark.soak
def test_a_database_that_was_altered_is_told_with_its_remedy(installed, tmp_path):
    subprocess.run(["cp", "-r", f"{installed[0]}/.", str(tmp_path)], check=True)
    database = tmp_path / "public/data/releases" / installed[1][1] / "yibao.duckdb"
    database.chmod(0o644)
    database.write_bytes(b"cut short")
    status, _, err = command("sql", "SELECT 1", cwd=tmp_path)
    assert (status, err.count("\n")) == (1, 1)
    assert "yibao dataset check" in err
    status, out, err = command("dataset", "check", cwd=tmp_path)
    assert (status, "yibao.duckdb has 9 bytes" in err) == (1, True)
    assert f"{installed[1][0]}: " in out


def test_a_wide_answer_stays_one_line_a_row_and_names_what_is_left_out():
    out = io.StringIO()
    names = ["arxiv_id", "title", *(f"column_{number}" for number in range(20))]
    rows = iter([["2501.00001", "很长的标题" * 30, *range(20)], ["2501.00002", None, *range(20)]])
    answers.write_answer("table", names, rows, 100, out)
    header, first, second, rest = out.getvalue().splitlines()
    assert max(map(answers.cell_len, (header, first, second))) <= 100
    assert first.startswith("2501.00001  很长")
    assert "…" in first
    assert "column_19" in rest


def test_records_have_a_line_a_value_and_no_signs_that_move_a_terminal():
    out = io.StringIO()
    answers.write_answer("records", ["id", "abstract"], iter([["1", "one\ntwo\x1b[2J"]]), 80, out)
    assert out.getvalue() == "— row 1 —\n      id: 1\nabstract: one\n          two�[2J\n"


def test_a_description_is_that_of_the_schema():
    assert "translation " in sql_prompt.describe("\\d")
    assert "delay_days" in sql_prompt.describe("\\d translation;")
    assert "\\q" in sql_prompt.describe("\\d nonsense")
    assert {"translator", "paper_as_of("} <= set(sql_prompt.list_words())


@pytest.mark.soak
def test_a_person_asks_one_after_the_other_and_what_was_wrong_ends_nothing(installed, tmp_path):
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(installed[0])
        environ = {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PYTHONIOENCODING": "utf-8",
            "TERM": "xterm",
        }
        arguments = [sys.executable, "-m", "commands.main", "sql"]
        os.execve(sys.executable, arguments, {**environ, "TERM": "xterm", "XDG_STATE_HOME": str(tmp_path)})
    shown = b""
    for text, expected in (
        (None, b"sql>"),
        (b"SELECT 6 * 7 AS answer;\r", b"42"),
        (b"SELEKT;\r", b"Parser Error"),
        (b"SELECT 1 AS x\\G\r", b"x: 1"),
        (b"\\q\r", None),
    ):
        if text:
            os.write(terminal, text)
        while expected and expected not in shown:
            shown += os.read(terminal, 4096)
        shown = shown if text is None else b""
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert "SELECT 6 * 7 AS answer;" in (tmp_path / "yibao/sql_history").read_text()
