"""`deployments/github/check-translations.yml`, its steps run one by one as GitHub does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import section

ROOT = Path(__file__).parents[2]
WORKFLOW = yaml.safe_load((ROOT / "deployments" / "github" / "check-translations.yml").read_text(encoding="utf-8"))
STEPS = WORKFLOW["jobs"]["check"]["steps"]
#: What GitHub puts in the place of `${{ … }}`.
EXPRESSIONS = {
    "${{ inputs.yibao || vars.YIBAO }}": "git+https://example.org/yibao",
    "${{ inputs.path || 'translations' }}": "translations",
}


class Runner:
    """A machine of GitHub's: a checkout, a home, and the tools that earlier steps set up."""

    def __init__(self, folder):
        self.home, self.checkout, self.tools = folder / "home", folder / "checkout", folder / "tools"
        for one in (self.home, self.checkout / "translations", self.tools):
            one.mkdir(parents=True)
        # What pip would fetch is here already; what it was asked for is kept.
        (self.tools / "python").write_text('#!/bin/sh\necho "$@" >> "$HOME/asked"\n')
        (self.tools / "yibao").write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m commands.main "$@"\n')
        for tool in self.tools.iterdir():
            tool.chmod(0o755)

    def run(self):
        """Run the steps until one fails: the exit status, and what the log has."""
        log = ""
        for step in (one for one in STEPS if "run" in one):
            env = {name: EXPRESSIONS[value] for name, value in step.get("env", {}).items()}
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                check=False,
                cwd=self.checkout,
                env={"PATH": f"{self.tools}:{os.environ['PATH']}", "HOME": str(self.home), **env},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=60,
            )
            log += done.stdout
            if done.returncode:
                return done.returncode, log
        return 0, log


@pytest.fixture
def runner(tmp_path):
    return Runner(tmp_path)


@pytest.mark.soak
def test_a_slip_fails_the_check_and_is_shown_at_its_line(runner):
    (runner.checkout / "translations" / "a.md").write_text(section("2501.05727") + "## No link\n\n正文。\n")
    status, log = runner.run()
    assert status == 1
    assert "::error file=translations/a.md,line=6,col=4,endColumn=11,title=missing-link::" in log
    assert (runner.home / "asked").read_text() == "-m pip install --quiet git+https://example.org/yibao\n"


@pytest.mark.soak
def test_sound_files_pass_and_what_was_checked_lies_where_the_workflow_keeps_it(runner):
    (runner.checkout / "translations" / "a.md").write_text(section("2501.05727"))
    status, log = runner.run()
    assert (status, "::" in log) == (0, False)
    (kept,) = [one["with"]["path"] for one in STEPS if "actions/cache" in one.get("uses", "")]
    assert any((runner.home / kept.removeprefix("~/")).iterdir())


def test_it_runs_for_what_curators_change_and_may_read_only():
    # PyYAML reads the key `on` as the truth value.
    assert set(WORKFLOW[True]["pull_request"]["paths"]) == {"**.md", "**/glossary.csv"}
    assert WORKFLOW["permissions"] == {"contents": "read"}
