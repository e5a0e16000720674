"""`yibao status` as a monitor: what makes it exit 1, what it says, and in which form."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner

from commands.main import yibao
from flows.steps import environment, run_record
from storage.library import connection, ledger, runs
from yibao.records import Batch, BatchState

#: A Thursday.
TODAY = date(2025, 2, 6)
CATEGORIES = ("cs.CL", "cs.CV")


class Installed:
    """An installation whose library says what a test wants it to say."""

    def __init__(self, folder):
        self.config = folder / "yibao.toml"
        self.config.write_text('[arxiv]\ncategories = ["cs.CL", "cs.CV"]\n')
        self.settings = environment.load_settings(self.config)
        self.number = 0

    def run(self, on, flow="daily", state="completed", **report):
        self.number += 1
        with connection.write_library(self.settings.paths.library) as library:
            at = datetime(2025, 1, 1, tzinfo=UTC)
            runs.begin_run(library, f"run {self.number}", flow, on, at)
            if state != "running":
                runs.end_run(library, f"run {self.number}", state, at, {"faults": [], **report})

    def list(self, on, state=BatchState.COMPLETE, note="", categories=CATEGORIES):
        with connection.write_library(self.settings.paths.library) as library:
            for category in categories:
                ledger.store_batch(library, Batch(category, on, state, 4, 4, ("catchup",), note), on)

    def status(self, *more):
        return CliRunner().invoke(yibao, ["status", "--config", str(self.config), *more])

    def findings(self):
        done = self.status("--json")
        return done.exit_code, {one["kind"]: one for one in json.loads(done.stdout)["findings"]}


@pytest.fixture
def installed(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "today", lambda: TODAY)
    return Installed(tmp_path)


def days_ago(days):
    return TODAY - timedelta(days=days)


@pytest.mark.parametrize("days", [0, 1, 2])
def test_a_run_that_is_a_day_late_is_no_alarm(installed, days):
    installed.list(days_ago(days))
    installed.run(days_ago(days))
    assert installed.findings() == (0, {})
    assert installed.status().exit_code == 0


def test_two_announcement_days_without_a_list_are(installed):
    installed.list(days_ago(3))
    installed.run(days_ago(3))
    status, findings = installed.findings()
    assert (status, set(findings)) == (1, {"late"})
    assert findings["late"]["message"] == "The newest list of cs.CL, cs.CV is of 2025-02-03, and today is 2025-02-06"
    assert findings["late"]["repair"] == "yibao run"


def test_weekends_and_holidays_do_not_count(installed, monkeypatch):
    # Thursday; Friday's announcement is deferred, Monday is Martin Luther King Day, Tuesday's list is missing for it.
    monkeypatch.setattr(environment, "today", lambda: date(2025, 1, 21))
    installed.list(date(2025, 1, 16))
    installed.run(date(2025, 1, 17))
    assert installed.findings() == (0, {})


def test_ten_months_without_a_run_are_told_with_what_to_type(installed):
    installed.list(days_ago(300))
    installed.run(days_ago(300))
    status, findings = installed.findings()
    assert (status, set(findings)) == (1, {"late", "silent"})
    done = installed.status()
    assert done.exit_code == 1
    assert "ALARM: There was no run since the one for 2024-04-12: look whether the schedule" in done.stderr


@pytest.mark.parametrize("flow", ["daily", "weekly"])
def test_a_last_run_that_failed_is_an_alarm_with_its_reason_until_it_was_run_again(installed, flow):
    installed.list(TODAY)
    installed.run(TODAY)
    installed.run(TODAY, flow, "failed", faults=["the mail server did not take 3 messages"])
    status, findings = installed.findings()
    assert (status, set(findings)) == (1, {"failed"})
    assert f"The last run, {flow} {TODAY}, failed: the mail server did not take 3" in findings["failed"]["message"]
    # Neither another flow nor a harvest sends that mail.
    installed.run(TODAY, "publish")
    installed.run(TODAY, "harvest")
    assert set(installed.findings()[1]) == {"failed"}
    installed.run(TODAY, flow)
    assert installed.findings() == (0, {})


def test_a_run_that_was_killed_is_an_alarm_and_one_that_is_at_work_is_none(installed):
    installed.list(TODAY)
    installed.run(TODAY)
    installed.run(TODAY, state="running")
    with run_record.hold_run_lock(installed.settings):
        assert installed.findings() == (0, {})
    status, findings = installed.findings()
    assert (status, set(findings)) == (1, {"interrupted"})


def test_a_run_after_today_is_told_with_the_command_that_takes_it_back(installed):
    installed.list(TODAY)
    installed.run(TODAY)
    installed.run(date(2030, 1, 1))
    status, findings = installed.findings()
    assert (status, set(findings)) == (1, {"future"})
    assert findings["future"]["repair"] == "yibao revert --after 2025-02-06"
    # It is tomorrow already where its operator lives: told, and no alarm.
    with connection.write_library(installed.settings.paths.library) as library:
        runs.forget_run(library, "run 2")
    installed.run(TODAY + timedelta(days=1))
    status, findings = installed.findings()
    assert (status, findings["future"]["is_alarm"]) == (0, False)


def test_lists_that_are_lost_are_told_and_alarm_nobody(installed):
    lost = "no list was had; the catch-up page: it was not asked, and reaches back 90 days only"
    installed.list(days_ago(200), BatchState.UNKNOWN, f"every list of 2020-01-14 to {days_ago(200)}: {lost}")
    installed.list(TODAY)
    installed.run(TODAY)
    assert installed.findings() == (0, {})
    done = installed.status("--json")
    row = json.loads(done.stdout)["categories"][0]
    assert row["note"] == f"lost: 2020-01-14 to {days_ago(200)} (older than 90 days: arXiv keeps no list of them)"
    assert row["repair"] == ""


def test_a_list_that_can_still_be_had_is_an_alarm(installed):
    installed.list(days_ago(5), BatchState.PARTIAL, "sources disagree", ["cs.CV"])
    installed.list(TODAY)
    installed.run(TODAY)
    status, findings = installed.findings()
    assert (status, set(findings)) == (1, {"incomplete"})
    assert findings["incomplete"]["repair"] == "yibao harvest --from 2025-02-01 --until 2025-02-01 --category cs.CV"


def test_piped_status_is_csv_alone_and_says_the_rest_on_stderr(installed):
    installed.list(TODAY)
    installed.run(TODAY, state="failed", gaps=["changed records: arXiv could not be reached"])
    done = installed.status()
    assert done.exit_code == 1
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["category"] for row in rows] == ["cs.CL", "cs.CV"]
    assert all(None not in row and None not in row.values() for row in rows)
    assert len(done.stdout.splitlines()) == 3
    assert "last run: daily 2025-02-06, failed" in done.stderr
    assert "ALARM: The last run, daily 2025-02-06, failed: changed records" in done.stderr


def test_json_holds_all_that_is_told(installed):
    installed.list(TODAY)
    installed.run(TODAY)
    document = json.loads(installed.status("--json").stdout)
    assert list(document) == ["categories", "findings", "last_run", "waiting", "problems"]
    assert document["last_run"] == {"flow": "daily", "on": "2025-02-06", "state": "completed"}


def test_the_last_run_is_the_one_that_was_recorded_last_whatever_the_clock_said(installed):
    with connection.write_library(installed.settings.paths.library) as library:
        runs.begin_run(library, "a", "daily", TODAY, datetime(2030, 1, 1, tzinfo=UTC))
        runs.end_run(library, "a", "completed", datetime(2030, 1, 1, tzinfo=UTC), {"faults": []})
        runs.begin_run(library, "b", "daily", TODAY, datetime(2025, 1, 1, tzinfo=UTC))
        runs.end_run(library, "b", "failed", datetime(2025, 1, 1, tzinfo=UTC), {"faults": ["x"]})
    with connection.write_library(installed.settings.paths.library) as library:
        runs.end_run(library, "a", "completed", datetime(2030, 1, 1, tzinfo=UTC), {"faults": []})
        assert (runs.read_last_run(library).state, runs.find_run(library, "a").state) == ("failed", "completed")
        assert runs.find_run(library, "nobody") is None
