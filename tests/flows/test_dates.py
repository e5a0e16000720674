"""Dates that no run can be for, clocks that are wrong, and spans of dates that must cost nothing."""

import time
from datetime import date, timedelta

import pytest
from click.testing import CliRunner

from commands.main import yibao
from flows.steps import environment
from tests.conftest import MONDAY, further_values, section
from tests.standin.server import Fault
from yibao import dates
from yibao.errors import ClockError, DateError

DAY_S = 24 * 3600.0
#: Announcement days within arXiv's reach, both ends included, and one more.
WITHIN_REACH = 66


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--on", "9999-12-31"),
        ("run", "--on", "1991-08-13"),
        ("run", "--weekly", "--on", "9999-12-31"),
        ("publish", "--on", "2999-01-01"),
        ("harvest", "--from", "0001-01-01"),
        ("harvest", "--until", "2999-01-01"),
        ("revert", "--after", "2999-01-01"),
    ],
    ids=" ".join,
)
def test_a_date_beyond_tomorrow_or_before_arxiv_is_wrong_usage_in_one_sentence(arguments):
    done = CliRunner().invoke(yibao, list(arguments))
    assert done.exit_code == 2
    output = " ".join(done.output.split())
    assert "is in the future: it is" in output or "is before arXiv's first list. Give a date from 1991-08-14" in output
    assert "Traceback" not in done.output


def test_tomorrow_and_arxivs_first_day_are_dates(monkeypatch):
    dates.check_date(MONDAY + timedelta(days=1), MONDAY)
    dates.check_date(date(1991, 8, 14), MONDAY)
    with pytest.raises(DateError):
        dates.check_date(MONDAY + timedelta(days=2), MONDAY)


def test_a_flow_refuses_such_a_date_whoever_passes_it_and_writes_nothing(installation):
    with pytest.raises(DateError, match="is in the future"):
        installation.run("daily", date(9999, 12, 31))
    with pytest.raises(DateError, match="before arXiv"):
        installation.run("harvest", MONDAY, since=date(1900, 1, 1))
    with pytest.raises(DateError, match="is in the future"):
        installation.run("harvest", MONDAY, until=date(9999, 1, 1))
    assert not (installation.folder / "data" / "library.duckdb").exists()


@pytest.mark.soak
@pytest.mark.parametrize("flow", ["daily", "weekly"])
@pytest.mark.parametrize("days", [40, *further_values(-40)])
def test_a_clock_that_is_not_arxivs_ends_the_run_before_anything_bears_its_date(installation, arxiv, flow, days):
    installation.write("a.md", section("2501.05727"))
    arxiv.clock = lambda: time.time() - days * DAY_S
    with pytest.raises(ClockError, match=r"This machine's clock says .* UTC, arXiv's .* UTC.*Set the clock"):
        installation.run(flow, MONDAY)
    operational = [f"operations.{table}" for table in ("run", "source_report", "response", "lease")]
    for table in ("paper_state", "translation", "announcement", "batch", *operational):
        assert installation.ask(f"FROM {table}") == [], table
    assert not (installation.folder / "data" / "responses" / "journal.jsonl").exists()
    assert not installation.public.exists()
    assert len(arxiv.requests) == 1
    arxiv.clock = time.time
    assert not installation.run(flow, MONDAY).failures


def test_an_answer_from_a_cache_is_as_old_as_it_says():
    from yibao.arxiv.client import check_clock

    now = 1_700_000_000.0
    check_clock("Sun, 12 Nov 2023 22:13:20 GMT", str(2 * 24 * 3600), now)
    with pytest.raises(ClockError):
        check_clock("Sun, 12 Nov 2023 22:13:20 GMT", None, now)
    check_clock("Tue, 14 Nov 2023 02:00:00 GMT", None, now)
    check_clock("nonsense", "nonsense", now)
    check_clock(None, None, now)


def counts(installation):
    """Rows of the ledger, and pages of editions, by what may grow."""
    editions = [path for path in (installation.public / "editions").glob("*-*") if path.is_dir()]
    return len(installation.ask("FROM batch")), len(editions)


@pytest.mark.soak
def test_a_harvest_from_long_ago_asks_for_what_can_be_had_says_so_and_has_not_failed(installation, arxiv):
    report = installation.run("harvest", MONDAY, since=date(1995, 1, 1), categories=["cs.CL"])
    assert not report.has_failed
    assert "arXiv keeps its lists for 90 days: none is asked for before 2024-10-15" in report.notes[0]
    assert "What changed since 1995-01-01 is read all the same" in report.notes[0]
    assert installation.ask("SELECT min(announced_on) FROM batch") == [(date(2024, 10, 15),)]
    assert counts(installation)[0] <= WITHIN_REACH
    oai = next(request.path for request in arxiv.requests if request.path.startswith("/oai"))
    assert "from=2005-09-16" in oai  # arXiv's earliest.
    installation.run("publish", MONDAY)
    assert counts(installation)[1] <= 10  # Quiet days have no page.


@pytest.mark.soak
def test_years_without_a_run_are_told_once_in_one_line_a_category_and_leave_one_row(installation, arxiv):
    wanted = ["cs.CL", "cs.CV"]
    arxiv.today = date(2020, 1, 13)
    installation.run("harvest", arxiv.today, categories=wanted)
    arxiv.today = MONDAY
    arxiv.fail("/catchup", Fault.FORBIDDEN, times=99)
    report = installation.run("harvest", MONDAY, categories=wanted)
    assert list(report.notes) == [
        f"{category}: the lists of 2020-01-14 to 2024-10-14 are lost, arXiv keeps them no more" for category in wanted
    ]
    installation.run("publish", MONDAY)
    rows, pages = counts(installation)
    assert rows <= len(wanted) * (WITHIN_REACH + 2)
    assert pages <= 2 * WITHIN_REACH
    note = "SELECT note FROM batch WHERE announced_on = '2024-10-14' AND category = 'cs.CL'"
    assert installation.ask(note)[0][0].startswith("every list of 2020-01-14 to 2024-10-14: ")
    # What comes out of reach from now on is a gap that was judged already.
    arxiv.today = MONDAY + timedelta(days=1)
    assert list(installation.run("harvest", arxiv.today, categories=wanted).notes) == []
    installation.run("publish", arxiv.today)
    assert (counts(installation)[0] - rows, counts(installation)[1] - pages) <= (2, 1)


def test_the_command_shows_what_a_wrong_date_is_compared_with(monkeypatch):
    monkeypatch.setattr(environment, "today", lambda: MONDAY)
    done = CliRunner().invoke(yibao, ["run", "--on", "2025-01-15"])
    assert "2025-01-15 is in the future: it is 2025-01-13 in New York. Give a date until 2025-01-14." in " ".join(
        done.output.replace("│", "").split()
    )
