"""A harvest against the local arXiv: gaps, changes that nobody announces, and upstream trouble of every kind."""

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import feedparser
import pytest
from lxml import html

from flows.steps import environment, run_record
from storage.library import connection, leases, oai_cursor
from tests.conftest import MONDAY, Installation, further_values, section
from tests.standin.papers import load
from tests.standin.server import Fault, Standin
from tests.standin.test_standin import FRIDAY

TUESDAY, WEDNESDAY, THURSDAY = (MONDAY + timedelta(days=days) for days in (1, 2, 3))
FEEDS = "/rss/"
#: What the installation of the tests asks for.
LISTED = ("cs.CL", "cs.CV", "cs.NA", "math.NA")


def ledger_of(installation, category="cs.CL"):
    return dict(
        installation.ask(f"SELECT announced_on, state FROM batch WHERE category = '{category}' ORDER BY announced_on")
    )


def asked(arxiv, room):
    return [request.path for request in arxiv.requests if request.path.startswith(f"/{room}")]


# Recovery


def test_missed_days_are_filled_oldest_first_and_papers_land_on_their_own_date(installation, arxiv):
    installation.run("daily", MONDAY)
    arxiv.today = FRIDAY
    arxiv.requests.clear()
    report = installation.run("daily", FRIDAY)
    assert not report.failures
    days = [re.search(r"\d{4}-\d\d-\d\d", path)[0] for path in asked(arxiv, "catchup/cs.CL")]
    assert days == sorted(days)
    assert set(days) == {str(day) for day in (TUESDAY, WEDNESDAY, THURSDAY, FRIDAY)}
    assert set(ledger_of(installation).values()) == {"complete"}
    held = dict(installation.ask("SELECT announced_on, count(*) FROM announcement GROUP BY 1"))
    true = Counter(line.on for paper in load() for line in paper.announced if line.category in LISTED)
    assert held == true
    entries = feedparser.parse((installation.public / "feeds" / "all" / "atom.xml").read_bytes()).entries
    published = {entry.id.rpartition("/")[2]: entry.published[:10] for entry in entries}
    # Recovered on Friday, published under the date of their announcement: readers are not flooded.
    assert published["2501.06458"] == "2025-01-14"
    assert (installation.public / "editions" / "2025-01-14" / "index.html").exists()


def test_a_harvest_from_a_date_fills_what_was_before_the_first_run(installation, arxiv):
    arxiv.today = FRIDAY
    installation.run("harvest", FRIDAY)
    assert set(ledger_of(installation)) == {FRIDAY}
    report = installation.run("harvest", FRIDAY, since=MONDAY, until=WEDNESDAY, categories=["cs.CL"])
    assert not report.failures
    assert set(ledger_of(installation)) == {MONDAY, TUESDAY, WEDNESDAY, FRIDAY}
    assert set(ledger_of(installation, "cs.CV")) == {FRIDAY}
    # From now on the day between is a gap, and filled without being asked for.
    installation.run("harvest", FRIDAY)
    assert ledger_of(installation)[THURSDAY] == "complete"


def test_a_list_of_a_whole_day_that_the_feed_lost_is_had_from_the_page(installation, arxiv):
    arxiv.fail(FEEDS, Fault.HTML, times=99)
    report = installation.run("daily", MONDAY)
    assert not report.failures
    assert any("HTML page" in trouble for trouble in report.troubles)
    assert report.announced["cs.CL"] == "complete, 4 announced"


def test_a_long_list_is_read_over_all_its_pages(installation, arxiv):
    arxiv.entries_a_page = 2
    assert not installation.run("harvest", MONDAY).failures
    pages = asked(arxiv, "catchup/cs.CL")
    assert [path.rpartition("=")[2] for path in pages] == ["1", "2"]
    assert installation.ask("SELECT declared, stored FROM batch WHERE category = 'cs.CL'") == [(4, 4)]


def test_a_list_older_than_arxiv_keeps_is_told_as_lost_and_asked_for_no_more(installation, arxiv):
    arxiv.today = MONDAY + timedelta(days=100)
    report = installation.run("harvest", arxiv.today, since=MONDAY, until=MONDAY)
    assert ledger_of(installation)[MONDAY] == "unknown"
    assert "90 days" in installation.ask("SELECT note FROM batch LIMIT 1")[0][0]
    assert not asked(arxiv, "catchup")
    assert not report.failures  # Nothing that a run could still do is undone.


# Doubts


@pytest.mark.parametrize(
    "fault", [Fault.STALE_FRESH, *further_values(Fault.SHORT, Fault.LAGGING, Fault.STALE, Fault.NO_ITEMS)]
)
def test_a_feed_that_lies_costs_nothing_and_files_nothing_under_a_wrong_date(harvested, arxiv, fault):
    arxiv.today = TUESDAY
    arxiv.fail(FEEDS, fault, times=99)
    harvested.run("harvest", TUESDAY)
    arxiv.heal()
    harvested.run("harvest", TUESDAY)
    harvested.run("harvest", TUESDAY)
    held = harvested.ask("SELECT announced_on, category, arxiv_id FROM announcement")
    truth = {
        (line.on, line.category, paper.id)
        for paper in load()
        for line in paper.announced
        if line.on in (MONDAY, TUESDAY)
    }
    held_in = {(on, category, arxiv_id) for on, category, arxiv_id in held}
    assert held_in == {(on, "math.NA" if c == "cs.NA" else c, i) for on, c, i in truth}
    assert set(ledger_of(harvested).values()) == {"complete"}


@pytest.mark.soak
def test_a_page_that_silently_lost_a_paper_is_found_out_by_the_feed(installation, arxiv):
    arxiv.fail("/catchup/cs.CL", Fault.SHORT)
    report = installation.run("daily", MONDAY)
    assert any("the feed lists what the catch-up page does not" in line for line in report.incomplete)
    assert "held back" in report.mail[0]
    assert not installation.run("daily", MONDAY).failures
    assert ledger_of(installation)[MONDAY] == "complete"


def test_a_paper_that_page_and_feed_both_lost_is_found_out_by_oai(installation, arxiv):
    arxiv.fail("/catchup/cs.CV", Fault.SHORT)
    arxiv.fail("/rss/cs.CV", Fault.HTML, times=9)
    arxiv.papers = [paper for paper in arxiv.papers if paper.id != "2501.03841"]  # What is last in the list is new.
    report = installation.run("harvest", MONDAY)
    assert any("OAI-PMH knows papers of it that no list has: 2501.06186" in line for line in report.incomplete)
    assert not installation.run("harvest", MONDAY).failures
    assert installation.ask("SELECT count(*) FROM announcement WHERE arxiv_id = '2501.06186'") == [(1,)]


def test_an_empty_page_on_a_working_day_is_looked_at_again_and_nothing_is_taken_back(harvested, arxiv):
    with connection.write_library(environment.load_settings(harvested.config).paths.library) as library:
        library.execute("UPDATE batch SET state = 'partial' WHERE category = 'cs.CL'")
    arxiv.fail("/catchup/cs.CL", Fault.NO_ITEMS, times=9)
    report = harvested.run("harvest", MONDAY)
    assert any("is empty now, and had 4 entries" in trouble for trouble in report.troubles)
    assert harvested.ask("SELECT count(*) FROM announcement WHERE category = 'cs.CL'") == [(4,)]


@pytest.mark.soak
@pytest.mark.parametrize(
    "fault", [Fault.MISCOUNTED, *further_values(Fault.WRONG_DATE, Fault.CUT_OFF, Fault.EMPTY_BODY, Fault.HTML)]
)
def test_a_page_that_contradicts_itself_leaves_the_list_open_and_the_next_run_closes_it(installation, arxiv, fault):
    arxiv.fail("/catchup/cs.CL", fault, times=2)
    report = installation.run("daily", MONDAY)
    assert report.announced["cs.CL"].startswith("partial: only the feed speaks of it; the catch-up page:")
    assert "本期不完整" in (installation.public / "index.html").read_text()
    assert not installation.run("daily", MONDAY).failures


def test_a_holiday_is_explained_by_the_calendar_and_fetched_all_the_same(installation, arxiv):
    arxiv.today = date(2025, 1, 1)
    report = installation.run("daily", arxiv.today)
    assert not report.failures
    assert report.announced["cs.CL"] == "none announced (New Year's Day (2025-01-01))"
    assert asked(arxiv, "rss")
    assert asked(arxiv, "catchup")


@pytest.mark.soak
def test_a_day_without_announcements_that_no_calendar_knows_is_unknown_until_arxiv_announces_again(installation, arxiv):
    arxiv.papers = [
        replace(paper, announced=tuple(line for line in paper.announced if line.on != TUESDAY))
        for paper in arxiv.papers
        if min(line.on for line in paper.announced) != TUESDAY
    ]
    installation.run("harvest", MONDAY)
    arxiv.today = TUESDAY
    report = installation.run("daily", TUESDAY)
    assert any("nothing explains it yet" in line for line in report.incomplete)
    page = html.fromstring((installation.public / "today" / "index.html").read_text()).text_content()
    assert "二〇二五年一月十四日" in page
    assert "本期不完整" in page
    arxiv.today = WEDNESDAY
    assert not installation.run("daily", WEDNESDAY).failures
    assert ledger_of(installation)[TUESDAY] == "none announced"


# Descriptions


@pytest.mark.soak
@pytest.mark.parametrize("fault", [Fault.SHORT, *further_values(Fault.NO_ITEMS, Fault.SHUFFLED)])
def test_identifiers_that_the_api_leaves_out_or_reorders_are_had_all_the_same(installation, arxiv, fault):
    arxiv.fail("/oai?verb=ListRecords", Fault.OAI_ERROR, times=99)
    arxiv.fail(FEEDS, Fault.HTML, times=99)
    arxiv.fail("/api", fault, times=99)
    report = installation.run("daily", MONDAY)
    assert not report.incomplete
    assert report.announced["cs.CL"] == "complete, 4 announced"
    assert not [problem for problem in report.problems if problem.rule == "unknown-to-arxiv"]


# One host, one pace


@pytest.mark.soak
def test_where_another_host_harvests_this_one_asks_arxiv_nothing(installation, arxiv):
    installation.run("daily", MONDAY)
    path = environment.load_settings(installation.config).paths.library
    with connection.write_library(path) as library:
        assert leases.take_lease(library, run_record.HARVEST, "the-other-host", environment.now()) is None
    arxiv.requests.clear()
    report = installation.run("daily", MONDAY)
    assert arxiv.requests == []
    assert list(report.troubles) == ["the-other-host harvests; this host asks arXiv nothing"]
    assert not report.failures  # The day was complete before.
    with connection.write_library(path) as library:
        leases.return_lease(library, run_record.HARVEST, "the-other-host")
    installation.run("daily", MONDAY)
    assert arxiv.requests
    assert installation.ask("SELECT count(*) FROM operations.lease") == [(0,)]


def test_the_stand_in_checks_its_client():
    import httpx

    with pytest.raises(AssertionError, match="no User-Agent"), Standin(pace_s=0.5) as arxiv:
        httpx.get(f"{arxiv.url}/rss/cs.CL", headers={"User-Agent": ""}, trust_env=False)
    with pytest.raises(AssertionError, match="after the last request"), Standin(pace_s=0.5) as arxiv:
        [httpx.get(f"{arxiv.url}/rss/cs.CL", trust_env=False) for _ in range(2)]


@pytest.mark.soak
def test_a_harvest_keeps_the_pace_and_one_connection_whatever_it_asks(tmp_path):
    with Standin(today=FRIDAY, pace_s=0.1) as arxiv:
        installation = Installation(tmp_path)
        (tmp_path / "translations").mkdir()
        installation.configure(arxiv)
        installation.config.write_text(installation.config.read_text().replace("pace_s = 0.0", "pace_s = 0.1"))
        installation.write("a.md", section("1706.03762"))
        arxiv.fail("/rss/cs.CV", Fault.MOVED)
        installation.run("daily", FRIDAY)
        assert {request.path.split("/")[1].partition("?")[0] for request in arxiv.requests} == {
            "oai",
            "rss",
            "catchup",
            "api",
        }


@pytest.mark.soak
def test_a_lost_library_is_rebuilt_from_the_kept_bytes_history_and_ledger_included(installation, arxiv):
    arxiv.entries_a_page = 2
    for day in (MONDAY, TUESDAY, WEDNESDAY):
        arxiv.today = day
        arxiv.fail("/rss/cs.CV", Fault.STALE_FRESH)
        arxiv.fail("/catchup/math.NA", Fault.SHORT)
        installation.run("harvest", day)
    tables = ("paper_state", "announcement", "batch", "operations.source_report", "operations.oai_cursor")
    before = {table: installation.rows(table) for table in tables}
    assert len(before["paper_state"]) > len(installation.ask("FROM paper"))
    (installation.folder / "data" / "library.duckdb").unlink()
    installation.run("harvest", arxiv.today, kept=True)
    assert {table: installation.rows(table) for table in tables} == before


def test_the_place_in_the_list_is_in_the_library_with_the_page(harvested, arxiv):
    with harvested.library() as library:
        assert oai_cursor.read_cursor(library, "arXivRaw") == oai_cursor.OaiCursor("arXivRaw", date(2025, 1, 11))
