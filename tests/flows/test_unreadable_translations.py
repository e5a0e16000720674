"""A translations folder that cannot be read is a failure in words; what it held before stays as it was."""

import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import MONDAY, further_values, section
from tests.flows.test_commands import invoke

TUESDAY = date(2025, 1, 14)
NOBODY = 65534


def is_missing(folder):
    shutil.rmtree(folder)


def is_below_a_file(folder):
    shutil.rmtree(folder.parent)
    folder.parent.write_text("a file")


def leads_nowhere(folder):
    shutil.rmtree(folder)
    folder.symlink_to(folder.parent / "gone")


def leads_to_itself(folder):
    shutil.rmtree(folder)
    folder.symlink_to(folder)


def is_a_pipe(folder):
    shutil.rmtree(folder)
    os.mkfifo(folder)


WAYS = [is_missing, is_below_a_file, leads_nowhere, leads_to_itself, is_a_pipe]


@pytest.fixture
def curated(installation, arxiv):
    """An installation whose translations are in two folders."""
    installation.configure(arxiv, translations='here", "there/deep')
    installation.write("../here/a.md", section("2501.05727", zh="甲"))
    installation.write("../there/deep/b.md", section("2501.06252", zh="乙"))
    return installation


@pytest.mark.parametrize("way", WAYS)
def test_check_fails_with_the_path_and_a_remedy(curated, way):
    way(curated.folder / "there" / "deep")
    done = invoke(curated, "translations", "check")
    assert done.exit_code == 1, done.output
    if way is leads_to_itself:
        # Where it lies is asked before anything is read: it might be the published tree.
        assert "a path in it leads nowhere" in str(done.exception)
        assert "there/deep" in str(done.exception)
        return
    (complaint,) = [line for line in done.output.splitlines() if "[unreadable]" in line]
    assert "there/deep" in complaint
    assert "Correct" in complaint
    assert "1 error" in done.output


@pytest.mark.soak
@pytest.mark.parametrize("way", [is_missing, is_below_a_file, leads_nowhere])
def test_a_run_goes_on_without_it_fails_and_tells_no_translation_as_vanished(curated, way):
    curated.run("daily", MONDAY)
    way(curated.folder / "there" / "deep")
    curated.write("../here/c.md", section("2501.09751", zh="丙"))
    report = curated.run("daily", TUESDAY)
    assert report.has_failed
    assert [fault.partition(":")[0].endswith("deep") for fault in report.faults if "unreadable" in fault] == [True]
    assert [problem for problem in report.problems if problem.rule == "vanished"] == []
    assert curated.ask("SELECT title FROM current_translation ORDER BY title") == [("丙",), ("乙",), ("甲",)]
    if (curated.folder / "there").is_file():
        (curated.folder / "there").unlink()
    (curated.folder / "there" / "deep").unlink(missing_ok=True)
    (curated.folder / "there" / "deep").mkdir(parents=True, exist_ok=True)
    problems = curated.run("daily", TUESDAY).problems
    assert [(one.rule, one.arxiv_id) for one in problems if one.rule == "vanished"] == [("vanished", "2501.06252")]


@pytest.mark.soak
def test_a_correction_in_a_folder_that_cannot_be_read_is_not_taken_back_for_what_it_corrects(curated):
    curated.write("../there/deep/z.md", section("2501.05727", zh="甲，已改正"))
    curated.run("daily", MONDAY)
    (curated.folder / "there" / "deep").rename(curated.folder / "there" / "aside")
    curated.run("daily", TUESDAY)
    query = "SELECT title, revision FROM current_translation WHERE arxiv_id = '2501.05727'"
    assert curated.ask(query) == [("甲，已改正", 1)]
    (curated.folder / "there" / "aside").rename(curated.folder / "there" / "deep")
    assert not curated.run("daily", TUESDAY).problems or curated.ask(query) == [("甲，已改正", 1)]


def test_a_link_to_a_file_that_is_gone_is_told(curated):
    (curated.folder / "here" / "lost.md").symlink_to("nowhere.md")
    done = invoke(curated, "translations", "check")
    assert (done.exit_code, "lost.md:1:1: error [unreadable]" in done.output) == (1, True), done.output


def test_status_tells_a_folder_that_cannot_be_read(curated):
    curated.run("daily", MONDAY)
    is_missing(curated.folder / "there" / "deep")
    done = invoke(curated, "translations", "status")
    assert (done.exit_code, "there/deep" in str(done.exception)) == (1, True)


PROGRAM = """
import os, sys
from pathlib import Path
from yibao.translations import folder
from click.testing import CliRunner
from commands.main import yibao
Path("warm.md").write_text("## T\\n[x](https://arxiv.org/abs/2501.05727)\\n\\ny\\n")
CliRunner().invoke(yibao, ["translations", "check", "warm.md", "nowhere"])  # Imports what only root may read.
os.setgroups([]); os.setgid({nobody}); os.setuid({nobody})
os.environ["XDG_CACHE_HOME"] = os.environ["HOME"] = {home!r}
done = CliRunner().invoke(yibao, ["translations", "check", *sys.argv[1:]])
print(done.exit_code, done.output, done.exception)
"""


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize("place", ["2025/a.md", *further_values(".", "2025", "above")])
def test_rights_that_are_missing_are_told_at_every_depth(tmp_path_factory, place):
    top = Path(subprocess.run(["mktemp", "-d"], check=True, capture_output=True, text=True).stdout.strip())
    top.chmod(0o755)
    try:
        root = top / "above" / "root"
        (root / "2025").mkdir(parents=True)
        (root / "2025" / "a.md").write_text(section("2501.05727"))
        locked = top / "above" if place == "above" else root / place
        locked.chmod(0)
        home = top / "home"
        home.mkdir(mode=0o777)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(nobody=NOBODY, home=str(home)), str(root)],
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
            cwd=top,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.stdout.startswith("1 "), done.stdout + done.stderr
        assert "[unreadable]" in done.stdout
        assert "rights" in done.stdout
    finally:
        shutil.rmtree(top)
