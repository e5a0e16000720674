"""`deployments/github/gazette.yml`, its steps run one by one as GitHub does: each day goes on from the one before."""

import os
import shutil
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from tests.conftest import MONDAY, lay_out, section
from tests.drills.world import ROOT
from tests.standin.server import Fault

WORKFLOW = yaml.safe_load((ROOT / "deployments" / "github" / "gazette.yml").read_text(encoding="utf-8"))
#: What stands for GitHub's: artifacts are kept in $GITHUB_STORE as zip files.
GH = """#!/bin/sh
case "$2" in
  *actions/artifacts\\?name=gazette-data*) [ -f "$GITHUB_STORE/gazette-data.zip" ] && echo 1 || true ;;
  *actions/artifacts/1/zip) cat "$GITHUB_STORE/gazette-data.zip" ;;
  *) [ "$1 $2" = "workflow enable" ] ;;
esac
"""


class Runner:
    """A machine of GitHub's: a fresh checkout for each run, and a store that outlives it."""

    def __init__(self, folder, arxiv):
        self.folder, self.arxiv, self.store = folder, arxiv, folder / "store"
        self.tools, self.repository = folder / "tools", folder / "repository"
        for one in (self.store, self.tools, self.repository):
            one.mkdir()
        (self.tools / "gh").write_text(GH)
        (self.tools / "yibao").write_text(f'#!/bin/sh\nexec {sys.executable} -m commands.main "$@"\n')
        for tool in self.tools.iterdir():
            tool.chmod(0o755)
        self.installation = lay_out(self.repository, arxiv)
        text = self.installation.config.read_text(encoding="utf-8")
        text = text.replace('outbox = "outbox"', "signup = false").replace("releases = false", "releases = true")
        self.installation.config.write_text(text, encoding="utf-8")

    def run(self, day):
        """The steps of a day: their exit statuses by name, and the checkout as they left it."""
        checkout = self.folder / f"checkout {day}"
        shutil.copytree(self.repository, checkout)
        outcomes, statuses = {}, {}
        for step in WORKFLOW["jobs"]["run"]["steps"]:
            name = step.get("name") or step.get("uses") or step["run"]
            if "upload-artifact" in step.get("uses", ""):
                self._keep(checkout, step["with"]["path"].split())
            elif "run" in step and "pip install" not in step["run"]:
                statuses[name] = self._run_step(step, checkout, day, outcomes)
                outcomes[step.get("id")] = "failure" if statuses[name] else "success"
        return statuses, checkout

    def _keep(self, checkout, paths):
        """Make the artifact of these paths, which GitHub keeps below the folder that all of them are in."""
        with zipfile.ZipFile(self.store / "gazette-data.zip", "w") as artifact:
            for path in paths:
                files = [checkout / path, *(checkout / path).rglob("*")]
                for file in filter(Path.is_file, files):
                    artifact.write(file, file.relative_to(checkout))

    def _run_step(self, step, checkout, day, outcomes):
        given = {"GH_TOKEN": "t", "DAY": str(day), "OUTCOME": outcomes.get("day", ""), "GITHUB_REPOSITORY": "o/r"}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "YIBAO_"))}
        environ = {**inherited, **given, "GITHUB_STORE": str(self.store), "PYTHONPATH": str(ROOT)}
        environ |= {"PATH": f"{self.tools}:{environ['PATH']}", "YIBAO_ARXIV__PACE_FOLDER": str(self.folder)}
        assert set(step.get("env", {})) <= {*given, "YIBAO"}, "a step asks for something that this test does not give"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            check=False,
            cwd=checkout,
            env=environ,
            capture_output=True,
            text=True,
            timeout=240,
        )
        print(done.stdout, done.stderr)  # Shown where the test fails.
        return done.returncode


@pytest.fixture
def runner(tmp_path, arxiv):
    return Runner(tmp_path, arxiv)


@pytest.mark.soak
@pytest.mark.skipif(not shutil.which("unzip"), reason="unzip is not on this machine")
def test_each_day_goes_on_from_the_data_of_the_day_before_and_one_that_fails_keeps_its_own(runner, arxiv):
    runner.installation.write("a.md", section("2501.05727"))
    statuses, first = runner.run(MONDAY)
    assert set(statuses.values()) == {0}, statuses
    assert (first / "public/editions/2025-01-13/index.html").exists()
    arxiv.today = MONDAY + timedelta(days=1)
    arxiv.fail("/", Fault.UNAVAILABLE, times=1000)
    runner.installation.write("b.md", section("2501.06252"))
    before = (runner.store / "gazette-data.zip").read_bytes()
    statuses, second = runner.run(arxiv.today)
    assert statuses.pop("Run the day") == statuses.pop("Say how the day ended") == 1
    assert set(statuses.values()) == {0}, statuses
    for day in ("2025-01-13", "2025-01-14"):
        assert (second / f"public/editions/{day}/index.html").exists()
    assert (runner.store / "gazette-data.zip").read_bytes() != before
    releases = {path.name for path in (first / "public/data/releases").iterdir() if path.is_dir()}
    assert releases
    assert releases <= {path.name for path in (second / "public/data/releases").iterdir()}
