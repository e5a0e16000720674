"""`yibao sql`: any answer in little memory, no files, and every failure in a sentence."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from storage.library import connection
from tests.conftest import further_values
from tests.flows.test_commands import command

#: A list of these rows takes some 930 MiB.
MANY = "SELECT range AS n, repeat('x', 1000) || range AS text FROM range(700000)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An installation with an empty library."""
    folder = tmp_path_factory.mktemp("sql")
    (folder / "yibao.toml").write_text("")
    with connection.write_library(folder / "data" / "library.duckdb"):
        pass
    return folder


def sql(folder, query, *more):
    status, out, err = command("sql", query, "--library", *more, cwd=folder)
    assert "Traceback" not in err
    return status, out, err


#: Runs a command, and says on stderr how many KiB of memory it took at most; a process of its own, because one that is
#: started counts the memory of the one that starts it.
MEASURE = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
"""


def start(folder, query, *more, measured=False, **how):
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "YIBAO_"))}
    arguments = [sys.executable, "-m", "commands.main", "sql", query, "--library", *more]
    if measured:
        arguments = [sys.executable, "-c", MEASURE, *arguments]
    return subprocess.Popen(arguments, cwd=folder, env={**environ, "PYTHONPATH": str(Path.cwd())}, **how)


@pytest.mark.soak
@pytest.mark.parametrize(
    "form", [pytest.param((), id="csv", marks=pytest.mark.soak), pytest.param(("--json",), id="json")]
)
def test_rows_that_would_fill_a_gigabyte_are_written_in_little_memory(folder, form):
    process = start(folder, MANY, *form, measured=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    _, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert int(err) < 400 << 10, f"{int(err) >> 10} MiB"


@pytest.mark.soak
def test_every_row_is_written_in_every_form(folder):
    query = "SELECT range AS n, '译' AS text, NULL AS nothing FROM range(5001)"
    lines = sql(folder, query)[1].splitlines()
    assert (lines[:2], lines[-1], len(lines)) == (["n,text,nothing", "0,译,"], "5000,译,", 5002)
    rows = json.loads(sql(folder, query, "--json")[1])
    assert (len(rows), rows[-1]) == (5001, {"n": 5000, "text": "译", "nothing": None})


@pytest.mark.parametrize(
    "query",
    [
        "COPY (SELECT 1) TO 'copied.csv'",
        "SELECT * FROM read_text('/etc/hostname')",
        *further_values(
            "SELECT * FROM read_csv('/etc/passwd')",
            "SELECT * FROM glob('/etc/*')",
            "ATTACH 'other.duckdb'",
            "EXPORT DATABASE 'exported'",
            "INSTALL httpfs",
            "LOAD fts",
        ),
    ],
)
def test_a_query_reads_and_writes_no_file(folder, query):
    before = sorted(folder.rglob("*"))
    status, out, err = sql(folder, query)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "is" in err.split() or "are" in err.split() or "disabled" in err
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    "query",
    [
        "SET memory_limit = '64GB'",
        "DELETE FROM problem",
        "SELEKT 1",
        *further_values(
            "RESET lock_configuration",
            "CREATE TABLE x AS SELECT 1",
            "SELECT nonsense FROM paper",
            "SELECT CAST('a' AS INTEGER)",
            "SELECT error('at the end') FROM range(5000000) WHERE range = 4999999",
        ),
    ],
)
def test_what_is_wrong_or_would_change_something_is_told_in_one_sentence(folder, query):
    status, _, err = sql(folder, query)
    assert (status, err.count("\n")) == (1, 1), err
    assert err.startswith("yibao: ")


@pytest.mark.parametrize("query", ["", *further_values("  ", ";", "\n-- only a comment", "/* likewise */")])
def test_an_empty_query_is_wrong_usage(folder, query):
    status, out, err = sql(folder, query)
    assert (status, out) == (2, "")
    assert "The query is empty" in err


@pytest.mark.soak
def test_several_statements_are_refused_before_any_is_run(folder):
    status, out, err = sql(folder, "SELECT 1; SELECT 2")
    assert (status, out, "2 statements; give one at a time" in err) == (2, "", True)
    assert sql(folder, "SELECT 1 AS x; -- and a comment")[:2] == (0, "x\n1\n")


@pytest.mark.soak
def test_an_answer_without_rows_has_its_header_or_an_empty_array(folder):
    assert sql(folder, "SELECT 1 AS x WHERE false")[1] == "x\n"
    assert sql(folder, "SELECT 1 AS x WHERE false", "--json")[1] == "[]\n"


@pytest.mark.soak
def test_whoever_reads_only_the_beginning_ends_the_query_in_silence(folder):
    process = start(folder, MANY, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"n,text\n"
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) in (0, 1, 141)


@pytest.mark.soak
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_an_output_that_is_full_is_told_in_a_sentence(folder):
    with Path("/dev/full").open("w") as full:
        process = start(folder, MANY, stdout=full, stderr=subprocess.PIPE, text=True)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "yibao: the output could not be written: No space left on device." in err
    assert err.count("\n") == 1


@pytest.mark.soak
def test_ctrl_c_ends_a_long_query_at_once_without_a_traceback(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    endless = "SELECT count(*) FROM range(100000000000) AS a, range(100000000000) AS b WHERE a.range * b.range = 7"
    # Who runs tests in the background has SIGINT ignored, and so has whatever they start.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = start(folder, endless, preexec_fn=heed, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.iterdir()):
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode != 0
    assert (out, "Traceback" in err, list(tmp_path.iterdir())) == ("", False, []), err


@pytest.mark.soak
def test_a_query_that_takes_too_much_memory_and_disk_ends_with_a_sentence(folder):
    status, _, err = sql(folder, "SELECT len(list(repeat('x', 1000) || range)) FROM range(20000000)")
    assert (status, err.count("\n")) == (1, 1), err
    assert "more than 1.0GB of memory" in err


@pytest.mark.soak
def test_a_sort_that_does_not_fit_into_memory_is_done_on_disk_which_is_free_again(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    query = "SELECT length(text) FROM (SELECT repeat('x', 1000) || range AS text FROM range(1300000)) ORDER BY text"
    process = start(folder, query, "--json", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert (process.communicate()[1], process.returncode) == ("", 0)
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_shows_the_first_rows_and_says_that_there_are_more(folder):
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        root = str(Path(__file__).parents[2])
        arguments = [
            sys.executable,
            "-m",
            "commands.main",
            "sql",
            "SELECT range AS n FROM range(50000000)",
            "--library",
        ]
        os.execve(sys.executable, arguments, {**os.environ, "PYTHONPATH": root, "PYTHONIOENCODING": "utf-8"})
    shown = b""
    try:
        while part := os.read(terminal, 1 << 16):
            shown += part
    except OSError:
        pass  # Linux says so that a terminal was closed.
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    numbers = [line.strip() for line in shown.decode().split("\r\n")]
    assert ("499" in numbers, "500" in numbers) == (True, False)
    assert "these are the first 500 rows" in shown.decode()
