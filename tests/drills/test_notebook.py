"""The example notebook, on a release made here: as a script, and as the page that people see."""

import subprocess
from pathlib import Path

import duckdb
import pytest

from tests.flows.test_incremental import Life
from tests.judges.conftest import python_program
from tests.releases import TABLES, folders, live, rows_of

pytestmark = pytest.mark.drill
NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebooks" / "release.py"


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """A release's folder."""
    return folders(live(Life(tmp_path_factory.mktemp("notebook"), 3), 2))[-1]


def run(*arguments):
    """What a program of Python prints that has marimo and duckdb, and nothing of ours."""
    python = python_program("python")
    if subprocess.run([python, "-c", "import duckdb, marimo"], capture_output=True, check=False).returncode:
        pytest.skip("marimo and duckdb are not installed: run `make judges`")
    done = subprocess.run([python, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_as_a_script_it_counts_what_is_in_the_release(release):
    said = run(NOTEBOOK, "--", "--release", release / "yibao.duckdb").splitlines()
    assert dict(line.split()[::-1] for line in said[1 : len(TABLES) + 1]) == {
        name: str(len(rows)) for name, rows in rows_of(release).items()
    }
    with duckdb.connect(str(release / "yibao.duckdb"), read_only=True) as database:
        days = database.execute("""
            SELECT announced_on, sum(translated), sum(new_papers + cross_lists)
            FROM daily GROUP BY announced_on ORDER BY announced_on
        """).fetchall()
    assert [f"{day}: {part} of {all_} papers are translated" for day, part, all_ in days][-5:] == said[
        len(TABLES) + 1 : len(TABLES) + 1 + len(days[-5:])
    ]


def test_as_a_page_it_shows_tables_and_a_chart(release, tmp_path):
    page = tmp_path / "release.html"
    database = release / "yibao.duckdb"
    run("-m", "marimo", "export", "html", "--no-include-code", NOTEBOOK, "--output", page, "--", "--release", database)
    shown = page.read_text(encoding="utf-8")
    assert "Papers a day" in shown
    assert shown.count("rect x=") >= 2
    assert "paper_author" in shown
    assert "Traceback" not in shown
