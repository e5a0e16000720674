"""What changes at arXiv without an announcement, and reading it page by page, whatever goes wrong."""

from dataclasses import replace
from datetime import date, timedelta

import feedparser
import pytest

from tests.conftest import MONDAY, further_values, section
from tests.flows.test_harvest import FRIDAY, TUESDAY, asked
from tests.standin.papers import Line, Silent, Version, load
from tests.standin.server import Fault


def grown(arxiv, arxiv_id, versions, **more):
    """The stand-in's paper with so many versions more, shown on a day but announced by nobody."""
    at = next(number for number, paper in enumerate(arxiv.papers) if paper.id == arxiv_id)
    paper = arxiv.papers[at]
    first = paper.versions[0]
    extra = tuple(
        Version(number, first.submitted + timedelta(hours=number), f"Text {number}.", comment, on, kind)
        for number, on, comment, kind in versions
    )
    arxiv.papers[at] = replace(paper, versions=(*paper.versions, *extra), **more)


@pytest.mark.soak
def test_a_sixth_version_is_noticed_although_no_list_has_it(installation, arxiv):
    installation.write("a.md", section("2501.06186"))
    installation.run("daily", MONDAY)
    grown(arxiv, "2501.06186", [(number, TUESDAY, f"v{number}", None) for number in range(2, 8)])
    arxiv.today = TUESDAY
    assert not installation.run("daily", TUESDAY).failures
    assert installation.ask("SELECT version, comment FROM paper WHERE arxiv_id = '2501.06186'") == [(7, "v7")]
    assert installation.ask("SELECT count(*) FROM announcement WHERE arxiv_id = '2501.06186'") == [(1,)]
    history = "SELECT version FROM paper_version WHERE arxiv_id = '2501.06186' ORDER BY 1"
    assert [row[0] for row in installation.ask(history)] == list(range(1, 8))
    assert installation.ask("SELECT version FROM paper_as_of(DATE '2025-01-13') WHERE arxiv_id = '2501.06186'") == [
        (1,)
    ]
    assert "Text 7." in (installation.public / "papers" / "2501.06186" / "index.html").read_text()


@pytest.mark.parametrize(
    ("kind", "comment"), [("I", None), *further_values((None, "This paper has been withdrawn by the author"))]
)
def test_a_withdrawal_is_shown_wherever_the_paper_is_shown(installation, arxiv, kind, comment):
    from tests.flows.test_days import mails, subscribe

    subscribe(installation)
    installation.write("2025/0113-0117.md", section("2501.06186", zh="将被撤回"))
    installation.run("daily", MONDAY)
    (before,) = feedparser.parse((installation.public / "feeds/translated/atom.xml").read_bytes()).entries
    lines = next(paper.announced for paper in arxiv.papers if paper.id == "2501.06186")
    grown(arxiv, "2501.06186", [(2, None, comment, kind)], announced=(*lines, Line(TUESDAY, "cs.CV", "replace", 2)))
    arxiv.today = TUESDAY
    assert not installation.run("daily", TUESDAY).failures
    (after,) = feedparser.parse((installation.public / "feeds/translated/atom.xml").read_bytes()).entries
    assert (after.id, after.title, after.published) == (before.id, before.title, before.published)
    assert after.updated > before.updated
    assert "本文已撤回" in after.content[0].value
    assert "本文已撤回" in after.summary
    for page in ("papers/2501.06186", "editions/2025-01-14", "editions/2025-W03"):
        assert "本文已撤回" in (installation.public / page / "index.html").read_text(), page
    mail = next(mail for mail in mails(installation) if "2025-01-14" in mail["Message-ID"])
    assert "本文已撤回" in mail.get_body(("plain",)).get_content()
    assert "本文已撤回" in mail.get_body(("html",)).get_content()
    assert installation.ask("SELECT is_withdrawn FROM paper WHERE arxiv_id = '2501.06186'") == [(True,)]


def test_a_doi_that_comes_without_a_version_is_stored_and_the_state_before_can_be_asked_for(installation, arxiv):
    installation.run("harvest", MONDAY)
    grown(arxiv, "2501.06186", [], silent=(Silent(TUESDAY, "10.1000/x", "J. X 1"),))
    arxiv.today = TUESDAY
    installation.run("harvest", TUESDAY)
    now = "SELECT version, doi, journal_ref FROM paper WHERE arxiv_id = '2501.06186'"
    assert installation.ask(now) == [(1, "10.1000/x", "J. X 1")]
    assert installation.ask(now.replace("paper", "paper_as_of(DATE '2025-01-13')", 1)) == [(1, None, None)]


# Reading changes page by page


def test_a_list_goes_on_where_a_fault_cut_it_off(installation, arxiv):
    arxiv.today = FRIDAY
    arxiv.fail("/oai?verb=ListRecords&resumptionToken", Fault.UNAVAILABLE, times=2)
    report = installation.run("harvest", FRIDAY, since=MONDAY)
    assert any("changed records" in gap and "HTTP 503" in gap for gap in report.gaps)
    (token,) = installation.ask("SELECT token IS NOT NULL FROM operations.oai_cursor")[0]
    assert token
    arxiv.requests.clear()
    report = installation.run("harvest", FRIDAY)
    assert not report.failures
    assert "resumptionToken" in asked(arxiv, "oai")[0]
    assert installation.ask("SELECT token, from_on FROM operations.oai_cursor") == [(None, date(2025, 1, 15))]
    assert installation.ask("SELECT count(*) FROM paper WHERE source = 'arXivRaw'") == [(26,)]


@pytest.mark.soak
@pytest.mark.parametrize("way", ["refused", *further_values("midnight")])
def test_an_expired_token_begins_the_list_again_at_the_last_day_that_was_read(installation, arxiv, way):
    arxiv.today = FRIDAY
    arxiv.fail("/oai?verb=ListRecords&resumptionToken", Fault.UNAVAILABLE, times=2)
    installation.run("harvest", FRIDAY, since=MONDAY)
    (reached_on,) = installation.ask("SELECT reached_on FROM operations.oai_cursor")[0]
    if way == "refused":
        arxiv.fail("/oai?verb=ListRecords&resumptionToken", Fault.EXPIRED)
    else:
        arxiv.today = FRIDAY + timedelta(days=1)
    arxiv.requests.clear()
    report = installation.run("harvest", arxiv.today)
    assert not report.gaps
    assert [f"from={reached_on}" in path for path in asked(arxiv, "oai")[:2]] == [False, True]
    assert installation.ask("SELECT count(*) FROM paper WHERE source = 'arXivRaw'") == [(26,)]


@pytest.mark.soak
def test_a_server_that_refuses_every_token_is_given_up_within_a_run(installation, arxiv):
    arxiv.today = FRIDAY
    arxiv.fail("/oai?verb=ListRecords&resumptionToken", Fault.EXPIRED, times=99)
    report = installation.run("harvest", FRIDAY, since=MONDAY)
    assert any("refuses its own tokens" in gap for gap in report.gaps)
    assert len(asked(arxiv, "oai")) < 12


@pytest.mark.soak
@pytest.mark.parametrize(
    "fault", [Fault.OAI_ERROR, *further_values(Fault.WRONG_ECHO, Fault.CUT_OFF, Fault.MALFORMED, Fault.EMPTY_BODY)]
)
def test_a_fault_of_oai_is_told_and_costs_no_list_and_no_mail(installation, arxiv, fault):
    from tests.flows.test_days import subscribe

    subscribe(installation)
    arxiv.fail("/oai", fault, times=99)
    report = installation.run("daily", MONDAY)
    assert report.gaps
    assert not report.incomplete
    assert report.announced["cs.CL"] == "complete, 4 announced"
    assert report.sent == 1
    arxiv.heal()
    assert not installation.run("daily", MONDAY).failures


@pytest.mark.soak
@pytest.mark.parametrize("fault", [Fault.SHORT, Fault.DOUBLED])
def test_records_doubled_or_left_out_of_a_page_are_right_after_the_next_days_overlap(installation, arxiv, fault):
    arxiv.fail("/oai", fault, times=99)
    installation.run("harvest", MONDAY)
    arxiv.heal()
    arxiv.today = TUESDAY
    installation.run("harvest", TUESDAY)
    shown = [paper.id for paper in load() if paper.as_of(TUESDAY)]
    assert installation.ask("SELECT count(*), count(DISTINCT arxiv_id) FROM paper") == [(len(shown), len(shown))]
    assert installation.ask("SELECT count(*) FROM paper WHERE source <> 'arXivRaw'") == [(0,)]


@pytest.mark.soak
def test_an_empty_list_of_changes_does_not_move_on(installation, arxiv):
    arxiv.today = FRIDAY
    arxiv.fail("/oai", Fault.NO_ITEMS)
    installation.run("harvest", FRIDAY, since=MONDAY)
    assert installation.ask("SELECT from_on FROM operations.oai_cursor") == [(MONDAY,)]
    installation.run("harvest", FRIDAY)
    assert installation.ask("SELECT count(*) FROM paper WHERE source = 'arXivRaw'") == [(26,)]
