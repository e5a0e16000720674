"""Promises that runs keep, each of which was once broken on purpose without any test noticing."""

import threading
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import duckdb
import feedparser
import pytest
from click.testing import CliRunner

from commands.main import yibao
from flows.steps import environment, run_record
from storage.library import connection, leases
from tests.conftest import MONDAY, section
from tests.flows.test_days import subscribe
from tests.flows.test_harvest import FRIDAY, THURSDAY, asked, ledger_of
from tests.standin.server import Fault

PAPER = "2501.05727"


def library_of(installation):
    return environment.load_settings(installation.config).paths.library


def lend(installation, host):
    with connection.write_library(library_of(installation)) as library:
        assert leases.take_lease(library, run_record.HARVEST, host, environment.now()) is None


# Who may ask arXiv


@pytest.mark.soak
def test_where_another_host_harvests_the_weekly_run_asks_arxiv_nothing_and_says_what_it_waits_for(installation, arxiv):
    subscribe(installation, frequency="weekly")
    installation.run("daily", MONDAY)
    installation.write("2025/0113-0117.md", section(PAPER) + section("1706.03762"))
    lend(installation, "the-other-host")
    arxiv.today = FRIDAY
    arxiv.requests.clear()
    report = installation.run("weekly", FRIDAY)
    assert arxiv.requests == []
    assert list(report.troubles) == ["the-other-host harvests; this host asks arXiv nothing"]
    assert report.sent == 0
    assert any("2025-W03: held back" in line for line in report.mail), report.mail
    assert installation.ask("SELECT holder FROM operations.lease") == [("the-other-host",)]


def test_the_weekly_run_holds_the_lease_while_it_asks_and_gives_it_back(installation, arxiv):
    installation.write("2025/0113-0117.md", section(PAPER))
    held = []

    def look(_path):
        with connection.read_library(library_of(installation)) as library:
            held.extend(library.execute("SELECT holder FROM operations.lease").fetchall())

    arxiv.weather = look
    installation.run("weekly", MONDAY)
    assert set(held) == {(environment.host_name(),)}
    assert installation.ask("SELECT count(*) FROM operations.lease") == [(0,)]


def new(installation, arxiv_id=PAPER):
    target = installation.folder / "translations" / "b.md"
    arguments = ["translations", "new", arxiv_id, "--to", str(target), "--config", str(installation.config)]
    return CliRunner().invoke(yibao, arguments), target


def test_a_new_entry_asks_arxiv_nothing_where_another_host_harvests_and_says_so(installation, arxiv):
    lend(installation, "the-other-host")
    done, target = new(installation)
    assert done.exit_code
    assert "the-other-host harvests" in str(done.exception)
    assert arxiv.requests == []
    assert not target.exists()


@pytest.mark.parametrize("is_at_work", [False, True])
def test_a_new_entry_leaves_the_lease_as_it_was(installation, arxiv, is_at_work):
    """A run of this host that is at work keeps its lease."""
    with connection.write_library(library_of(installation)):
        pass
    if is_at_work:
        lend(installation, environment.host_name())
    done, target = new(installation)
    assert done.exit_code == 0, done.output
    assert PAPER in target.read_text()
    assert installation.ask("SELECT count(*) FROM operations.lease") == [(int(is_at_work),)]


def test_a_new_entry_needs_no_library(installation, arxiv):
    done, target = new(installation)
    assert done.exit_code == 0, done.output
    assert PAPER in target.read_text()
    assert not library_of(installation).exists()


def test_a_long_harvest_renews_its_lease_with_what_it_stores(installation, arxiv):
    lasts = []

    def age(path):
        """The lease is about to end, as it is after a quarter of an hour of work."""
        with duckdb.connect(str(library_of(installation))) as library:
            now = environment.now()
            (until,) = library.execute("SELECT expires_at FROM operations.lease").fetchone()
            lasts.append((path.split("/")[1].partition("?")[0], until - now))
            library.execute("UPDATE operations.lease SET expires_at = $1", [now + timedelta(minutes=1)])

    arxiv.weather = age
    installation.run("harvest", MONDAY)
    assert len(lasts) > 5
    # Each room is entered after something was stored.
    assert [room for room, last in lasts if last < timedelta(minutes=10)] == []


# How long, how often, how far back


@pytest.mark.soak
def test_earlier_lists_are_asked_for_during_an_hour_then_todays_and_the_next_run_goes_on(
    installation, arxiv, monkeypatch
):
    # Our clock is two hours late until then: what the pace is kept by must not lie ahead of the real one.
    real, late = environment.SystemClock.now, [7200.0]

    def slow(path):
        """The first list of an earlier day takes more than an hour."""
        if path.startswith("/catchup") and str(FRIDAY) not in path:
            late.clear()

    monkeypatch.setattr(environment.SystemClock, "now", lambda clock: real(clock) - sum(late))
    installation.run("harvest", MONDAY)
    arxiv.today, arxiv.weather = FRIDAY, slow
    arxiv.requests.clear()
    report = installation.run("harvest", FRIDAY)
    assert any("earlier lists are still to be asked for; the next run goes on" in gap for gap in report.gaps)
    days = [path for path in asked(arxiv, "catchup") if str(FRIDAY) not in path]
    assert len(days) == 1
    assert ledger_of(installation)[FRIDAY] == "complete"
    assert not installation.run("harvest", FRIDAY).gaps
    assert set(ledger_of(installation).values()) == {"complete"}


_RECORD = """<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2025-01-13T00:00:00Z</responseDate>
<request verb="ListRecords">x</request><ListRecords><record><header><identifier>oai:arXiv.org:2501.05727</identifier>
<datestamp>2025-01-13</datestamp></header><metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">
<id>2501.05727</id><version version="v1"><date>Fri, 10 Jan 2025 05:51:52 GMT</date></version><title>T</title>
<authors>A. Lee</authors><categories>cs.CL</categories><abstract>A.</abstract></arXivRaw></metadata></record>
<resumptionToken>TOKEN</resumptionToken></ListRecords></OAI-PMH>"""


@contextmanager
def circling():
    """An OAI-PMH server whose every page names itself as the next one, thirty times."""
    paths = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            paths.append(self.path)
            token = "again" if len(paths) < 30 else ""
            body = _RECORD.replace("TOKEN", token).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/oai", paths
        finally:
            server.shutdown()
            thread.join(10)


def test_a_list_of_changes_that_goes_round_in_circles_is_left(installation, arxiv):
    with circling() as (url, paths):
        settings = installation.config.read_text().replace(arxiv.settings["oai_url"], url)
        installation.config.write_text(settings)
        report = installation.run("harvest", MONDAY)
        assert any("the list does not move on" in gap for gap in report.gaps)
        lists = [path for path in paths if parse_qs(urlsplit(path).query)["verb"] == ["ListRecords"]]
        assert len(lists) <= 4


def test_a_paper_that_no_list_has_is_held_against_its_list_for_a_fortnight(installation, arxiv):
    arxiv.fail("/catchup/cs.CV", Fault.SHORT, times=99)
    arxiv.fail("/rss/cs.CV", Fault.HTML, times=99)
    arxiv.papers = [paper for paper in arxiv.papers if paper.id != "2501.03841"]  # What is last in the list is new.
    installation.run("harvest", MONDAY)
    arxiv.today = THURSDAY
    installation.run("harvest", THURSDAY)
    ((state, note),) = installation.ask(
        f"SELECT state, note FROM batch WHERE category = 'cs.CV' AND announced_on = DATE '{MONDAY}'"
    )
    assert state == "partial"
    assert "OAI-PMH knows papers of it that no list has" in note
    assert "2501.06186" in note


# What readers see


def test_the_weekly_mail_goes_out_after_the_pages_that_it_links_to(installation, arxiv):
    subscribe(installation, frequency="weekly")
    installation.write("2025/0113-0117.md", section(PAPER))
    arxiv.today = FRIDAY
    installation.run("weekly", FRIDAY)
    (mail,) = installation.outbox.glob("*.eml")
    for page in ("editions/2025-W03", f"papers/{PAPER}"):
        assert (installation.public / page / "index.html").stat().st_mtime_ns < mail.stat().st_mtime_ns, page


@pytest.mark.soak
def test_a_corrected_title_is_an_update_and_a_run_for_an_earlier_date_moves_no_update_back(installation, arxiv):
    def item():
        (entry,) = feedparser.parse((installation.public / "feeds/translated/atom.xml").read_bytes()).entries
        return entry.title, entry.updated, entry.published

    seen = []
    for on, title in (
        (MONDAY, "标题"),
        (MONDAY + timedelta(days=2), "改正"),
        (MONDAY, "再改"),
        (date(2025, 1, 14), "三改"),
    ):
        installation.write("a.md", section(PAPER, zh=title))
        installation.run("publish", on) if seen else installation.run("daily", on)
        if seen:
            installation.run("weekly", on)
        seen.append(item())
    assert [title for title, _, _ in seen] == ["标题", "改正", "再改", "三改"]
    updates = [updated for _, updated, _ in seen]
    assert updates == sorted(set(updates))
    assert len({published for _, _, published in seen}) == 1
