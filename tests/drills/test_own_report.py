"""A command tells the report of its own run, step by step where that is asked for."""

import re
from datetime import UTC, date, datetime

import pytest

from flows.steps import environment, run_record
from storage.library import connection, runs
from tests.preloaded import run_command
from tests.standin.server import Fault
from yibao import settings
from yibao.errors import SettingsError

LATER = datetime(2031, 1, 1, tzinfo=UTC)


@pytest.fixture
def installed(tmp_path, arxiv):
    """A library whose newest run, by its clock, was a success that is still to come."""
    addresses = "\n".join(f'{name} = "{url}"' for name, url in arxiv.settings.items())
    config = tmp_path / "yibao.toml"
    config.write_text(f'[arxiv]\ncategories = ["cs.CL"]\ncontact = "me@example.org"\npace_s = 0.0\n{addresses}\n')
    with connection.write_library(environment.load_settings(config).paths.library) as library:
        runs.begin_run(library, "later", "harvest", date(2025, 1, 13), LATER)
        report = {"flow": "harvest", "on": "2025-01-13", "problems": [], "papers_new": 4321}
        runs.end_run(library, "later", "completed", LATER, report)
    return tmp_path


def test_a_failed_run_tells_its_own_report_and_its_steps_on_stderr_whatever_the_clock_said(installed, arxiv):
    arxiv.fail("/catchup", Fault.FORBIDDEN, times=99)
    status, out, err = run_command("harvest", "--on", "2025-01-13", "--verbose", cwd=installed)
    assert status == 1, out + err
    assert "FAILED: cs.CL, 2025-01-13" in out
    assert "4321" not in out
    steps = err.splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d \w", step) for step in steps), err
    assert any("fetching today's list: cs.CL 2025-01-13" in step for step in steps)
    assert any("fetching a list's page: cs.CL 2025-01-13" in step for step in steps)


def test_a_run_that_was_never_begun_tells_no_other_runs_success(installed):
    with run_record.hold_run_lock(environment.load_settings(installed / "yibao.toml")):
        status, out, err = run_command("harvest", "--on", "2025-01-13", cwd=installed)
    assert (status, out) == (1, "")
    assert "Another run is at work" in err


def test_a_category_in_other_letters_is_recognized(tmp_path):
    for given, meant in (("cs.cl", "cs.CL"), ("CS.cv", "cs.CV"), ("HEP-TH", "hep-th"), ("cs.CLL", "cs.CL")):
        (tmp_path / "yibao.toml").write_text(f'[arxiv]\ncategories = ["{given}"]\n')
        with pytest.raises(SettingsError, match=f"did you mean '{meant}'"):
            settings.load(tmp_path / "yibao.toml", {})
