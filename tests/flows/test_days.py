"""Whole days through the real flows, against the local arXiv."""

import email
import json
import re
from datetime import date, timedelta
from email import policy
from urllib.parse import urljoin

import feedparser
import pytest

from storage.responses import Responses
from tests import postbox
from tests.conftest import MONDAY, Installation, further_values, section, tree_of
from tests.standin.server import Fault, Standin
from yibao import markup
from yibao.arxiv import announcements

FRIDAY = date(2025, 1, 17)


def subscribe(installation, address="reader@example.org", frequency="daily"):
    from flows.steps import environment

    postbox.subscribe(installation, address, on=environment.now().date(), frequency=frequency)


def mails(installation):
    return [
        email.message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted(installation.outbox.glob("*.eml"))
    ]


def feed(installation, name="all"):
    return feedparser.parse((installation.public / "feeds" / name / "atom.xml").read_bytes()).entries


def test_a_day_from_arxiv_and_markdown_to_feeds_pages_mail_and_sql(installation):
    installation.write("2025/0113-0117.md", section("2501.05727", zh="可扩展的监督"))
    subscribe(installation)
    report = installation.run("daily", MONDAY)
    assert not report.failures
    assert (report.papers_new, report.translations_new, report.waiting, report.sent) == (7, 1, 0, 1)
    assert installation.ask("SELECT type, count(*) FROM announcement GROUP BY 1 ORDER BY 1") == [
        ("cross", 2),
        ("new", 4),
        ("replace-cross", 2),
    ]
    assert {entry.title for entry in feed(installation, "translated")} == {"可扩展的监督"}
    assert len(feed(installation)) == 5
    page = (installation.public / "editions" / "2025-01-13" / "index.html").read_text()
    assert "可扩展的监督" in page
    assert "Back-propagation of accuracy" in page
    assert (installation.public / "papers" / "2501.05727" / "index.html").exists()
    (mail,) = mails(installation)
    assert "可扩展的监督" in mail.get_body(("plain",)).get_content()
    assert installation.ask("SELECT comment IS NULL, source FROM paper WHERE arxiv_id = '2501.06186'") == [
        (False, "arXivRaw")
    ]


def test_run_again_a_day_reports_nothing_new_sends_nothing_and_touches_no_file(installation):
    installation.write("2025/0113-0117.md", section("2501.05727"))
    subscribe(installation)
    installation.run("daily", MONDAY)
    before = {path: path.stat().st_mtime_ns for path in installation.public.rglob("*")}
    report = installation.run("daily", MONDAY)
    assert (report.papers_new, report.papers_changed, report.translations_new, report.sent, report.files_changed) == (
        0,
    ) * 5
    assert {path: path.stat().st_mtime_ns for path in installation.public.rglob("*")} == before
    assert len(mails(installation)) == 1


@pytest.mark.soak
@pytest.mark.parametrize("first", ["translation", *further_values("paper")])
def test_a_translation_before_or_after_its_paper_is_one_item_under_one_id(installation, arxiv, first):
    if first == "translation":
        installation.write("a.md", section("2501.09751", zh="先译"))
        assert installation.run("daily", MONDAY).waiting == 1
        (waiting,) = feed(installation, "translated")
        assert waiting.title == "先译"
    arxiv.today = FRIDAY
    if first == "paper":
        installation.run("daily", FRIDAY)
        installation.write("a.md", section("2501.09751", zh="先译"))
    report = installation.run("daily", FRIDAY)
    assert report.waiting == 0
    entries = [entry for entry in feed(installation) if entry.id.endswith("2501.09751")]
    assert [entry.title for entry in entries] == ["先译"]
    # One element: most readers keep the first or the last of several.
    assert entries[0].authors[0].name.startswith("Zekun Xi, ")
    if first == "translation":
        assert entries[0].published == waiting.published
        assert entries[0].updated > waiting.updated


@pytest.mark.soak
def test_a_new_version_changes_the_item_and_not_its_id_or_date(installation, arxiv):
    installation.write("a.md", section("2501.05727"))
    installation.run("daily", MONDAY)
    (old,) = feed(installation, "translated")
    arxiv.today = MONDAY + timedelta(days=2)
    report = installation.run("daily", arxiv.today)
    assert report.papers_changed >= 1
    (new,) = feed(installation, "translated")
    assert (new.id, new.published) == (old.id, old.published)
    assert new.updated > old.updated
    assert "one more benchmark" in new.content[0].value
    assert installation.ask("SELECT version FROM paper_version WHERE arxiv_id = '2501.05727' ORDER BY 1") == [
        (1,),
        (2,),
    ]


def test_an_id_that_arxiv_does_not_know_is_told_with_the_curators_line(installation):
    installation.write("a.md", section("2501.05727") + section("2501.99999"))
    report = installation.run("daily", MONDAY)
    (problem,) = [problem for problem in report.problems if problem.rule == "unknown-to-arxiv"]
    assert (problem.path, problem.line, problem.arxiv_id) == ("a.md", 6, "2501.99999")
    assert len(feed(installation, "translated")) == 2


def test_a_paper_without_abstract_is_published_with_its_title_and_told(installation, arxiv):
    arxiv.today = date(2025, 1, 16)
    installation.write("a.md", section("2501.06751", zh="没有摘要的论文"))
    report = installation.run("daily", arxiv.today)
    assert not report.failures
    assert {problem.arxiv_id for problem in report.problems} == {"2501.06751"}
    rules = installation.ask("SELECT DISTINCT rule, arxiv_id FROM problem")
    assert rules == [("missing-abstract", "2501.06751")]
    assert "没有摘要的论文" in {entry.title for entry in feed(installation)}


def test_an_identifier_that_the_api_refuses_spoils_no_other(installation, arxiv):
    arxiv.fail("/oai", Fault.OAI_ERROR, times=99)
    arxiv.fail("/api", Fault.ERROR_ENTRY)
    installation.run("daily", MONDAY)
    assert installation.ask("SELECT count(*) FROM paper WHERE source = 'api'") == [(7,)]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault.NO_ITEMS, "empty on a working day"),
        *further_values(
            (Fault.UNAVAILABLE, "HTTP 503"),
            (Fault.HTML, "HTML page"),
            (Fault.TOO_MANY, "HTTP 429"),
            (Fault.FORBIDDEN, "access denied"),
            (Fault.CUT_OFF, "broke off"),
            (Fault.MALFORMED, "not well-formed"),
            (Fault.EMPTY_BODY, "empty"),
            (Fault.SILENCE, "could not be reached"),
        ),
    ],
)
def test_an_upstream_fault_is_reported_as_what_it_is_and_the_mail_waits(installation, arxiv, fault, message):
    arxiv.today = MONDAY + timedelta(days=1)
    subscribe(installation)
    installation.write("a.md", section("2501.05727", zh="译文照发"))
    arxiv.fail("/", fault, times=99)
    report = installation.run("daily", arxiv.today)
    assert any(message in line for line in (*report.troubles, *report.failures)), report
    assert report.sent == 0
    assert [entry.title for entry in feed(installation, "translated")] == ["译文照发"]
    states = {row[0] for row in installation.ask("SELECT state FROM batch WHERE announced_on = '2025-01-14'")}
    assert states == {"unknown"}
    assert "本期不完整" in (installation.public / "today" / "index.html").read_text()
    assert installation.ask("SELECT state FROM operations.run") == [("failed",)]
    # And when it has passed, the same day is completed and sent.
    arxiv.heal()
    report = installation.run("daily", arxiv.today)
    assert not report.failures
    assert report.sent == 1


@pytest.mark.parametrize("fault", [Fault.TOO_MANY, *further_values(Fault.UNAVAILABLE, Fault.CUT_OFF, Fault.HTML)])
def test_a_fault_that_passes_is_waited_for(installation, arxiv, fault):
    for room in ("/rss/cs.CL", "/oai", "/catchup/cs.CV"):
        arxiv.fail(room, fault, times=1, retry_after="0")
    report = installation.run("daily", MONDAY)
    assert (report.failures, report.troubles) == ((), ())


def test_an_arxiv_that_does_not_answer_is_given_up_after_one_lists_retries(installation, arxiv):
    arxiv.fail("/", Fault.SILENCE, times=99)
    report = installation.run("daily", MONDAY)
    assert len(arxiv.requests) == 2  # One request, and one retry of it.
    assert "cs.CL, 2025-01-13: arXiv could not be reached" in report.incomplete[0]


def test_access_denied_is_not_hammered(installation, arxiv):
    arxiv.fail("/", Fault.FORBIDDEN, times=99)
    installation.run("daily", MONDAY)
    assert len(arxiv.requests) == 1


def test_one_broken_category_costs_the_others_nothing(installation, arxiv):
    arxiv.fail("/rss/cs.CL", Fault.MALFORMED, times=2)
    arxiv.fail("/catchup/cs.CL", Fault.HTML, times=2)
    report = installation.run("daily", MONDAY)
    assert report.incomplete
    states = installation.ask("SELECT category, state FROM batch ORDER BY 1")
    assert states == [("cs.CL", "unknown"), ("cs.CV", "complete"), ("math.NA", "complete")]
    page = (installation.public / "editions" / "2025-01-13" / "index.html").read_text()
    assert "本期不完整" in page


def test_a_weekend_is_quiet_and_no_fault(installation, arxiv):
    arxiv.today = date(2025, 1, 18)
    report = installation.run("daily", arxiv.today)
    assert not report.failures
    assert installation.ask("SELECT DISTINCT state FROM batch") == [("none announced",)]


def test_a_category_without_news_on_a_day_with_news_is_quiet(installation, arxiv):
    arxiv.today = MONDAY + timedelta(days=1)
    assert not installation.run("daily", arxiv.today).failures
    assert installation.ask("SELECT state FROM batch WHERE category = 'math.NA'") == [("none announced",)]


@pytest.mark.soak
def test_a_lost_library_is_rebuilt_from_the_kept_bytes_without_arxiv(installation, arxiv):
    for days in range(3):
        arxiv.today = MONDAY + timedelta(days=days)
        arxiv.fail("/rss/cs.CL", Fault.HTML)
        installation.run("daily", arxiv.today)
    tables = ("paper_state", "announcement", "batch", "operations.response")
    before = {table: installation.rows(table) for table in tables}
    assert len(before["announcement"]) == 22
    (installation.folder / "data" / "library.duckdb").unlink()
    asked = len(arxiv.requests)
    report = installation.run("harvest", arxiv.today, kept=True)
    assert not report.failures
    assert len(arxiv.requests) == asked
    assert {table: installation.rows(table) for table in tables} == before


@pytest.mark.soak
def test_everything_can_be_read_again_from_the_kept_bytes(installation):
    installation.run("daily", MONDAY)
    kept = Responses(installation.folder / "data" / "responses")
    read = [
        announcements.parse_feed(kept.read_body(answer.sha256), answer.url, "cs.CL", "rss")
        for answer in kept.read_journal()
        if "/rss/" in answer.url
    ]
    assert sum(len(reading.announcements) for reading in read) == 8
    assert installation.ask("SELECT count(*) FROM operations.response") == [(len(list(kept.read_journal())),)]


def test_weekly_subscribers_get_the_weekly_edition_and_daily_ones_do_not(installation, arxiv):
    subscribe(installation, "weekly@example.org", "weekly")
    subscribe(installation, "daily@example.org", "daily")
    installation.write("2025/0113-0117.md", section("2501.05727"))
    arxiv.today = FRIDAY
    report = installation.run("weekly", FRIDAY)
    (mail,) = mails(installation)
    assert (report.sent, mail["To"]) == (1, "weekly@example.org")
    assert installation.run("newsletter", FRIDAY, edition="2025-W03").sent == 0


@pytest.mark.soak
def test_the_report_is_an_artifact_and_a_row(installation, prefect_server):
    from prefect.client.orchestration import get_client

    installation.run_on_prefect("daily", MONDAY)
    with get_client(sync_client=True) as client:
        artifacts = client.read_artifacts()
    assert any(artifact.key == "daily-report" and "cs.CL" in artifact.data for artifact in artifacts)
    (row,) = installation.ask("SELECT report->>'flow' FROM operations.run")
    assert row == ("daily",)


def test_a_second_run_on_the_same_installation_is_refused(installation):
    from flows.steps import environment, run_record
    from yibao.errors import YibaoError

    settings = environment.load_settings(installation.config)
    with run_record.hold_run_lock(settings), pytest.raises(YibaoError, match="Another run is at work"):
        installation.run("daily", MONDAY)


@pytest.mark.soak
@pytest.mark.shared
def test_the_seed_files_24_translations_reach_every_format_and_wait_for_arxiv_when_it_is_away(tmp_path, arxiv, shared):
    """The whole way with real translations: arXiv away, then back, the same items under the same ids."""
    away = Installation(tmp_path)
    with Standin() as gone:
        away.configure(gone, translations=str(shared / "seeds"))
    subscribe(away, "weekly@example.org", "weekly")
    report = away.run("daily", FRIDAY)
    assert any("could not be reached" in gap for gap in report.gaps)
    assert (report.translations_new, report.waiting) == (24, 24)
    before = published(away)
    assert [len(ids) for ids in before] == [24, 24, 24]

    away.configure(arxiv, translations=str(shared / "seeds"))
    arxiv.today = FRIDAY
    report = away.run("daily", FRIDAY)
    assert not report.failures
    assert report.translations_new == 0
    known = {paper.id for paper in arxiv.papers}
    ids = {row[0] for row in away.ask("SELECT arxiv_id FROM current_translation")}
    assert {row[0] for row in away.ask("SELECT arxiv_id FROM waiting")} == ids - known
    assert [set(later) >= set(earlier) for later, earlier in zip(published(away), before, strict=True)] == [True] * 3

    away.run("weekly", FRIDAY)
    page = (away.public / "editions" / "2025-W03" / "index.html").read_text()
    (mail,) = mails(away)
    for arxiv_id in ids:
        assert f"papers/{arxiv_id}/" in page
        assert f"abs/{arxiv_id}" in mail.get_body(("plain",)).get_content()
        assert f"papers/{arxiv_id}/" in mail.get_body(("html",)).get_content()
    titles = {title for (title,) in away.ask("SELECT title FROM current_translation")}
    text = mail.get_body(("plain",)).get_content()
    assert sum(markup.render_plain(title) in text for title in titles) == 24


def published(installation):
    """The ids in each format of the feed of translations."""
    folder = installation.public / "feeds" / "translated"
    return [
        {entry.id for entry in feedparser.parse((folder / "rss.xml").read_bytes()).entries},
        {entry.id for entry in feedparser.parse((folder / "atom.xml").read_bytes()).entries},
        {item["id"] for item in json.loads((folder / "feed.json").read_text())["items"]},
    ]


@pytest.mark.soak
def test_nothing_that_is_published_links_to_nothing(installation, arxiv):
    installation.write("a.md", section("2501.05727") + section("2501.99999"))
    installation.run("daily", MONDAY)
    base = "https://yibao.example/"
    tree = tree_of(installation.public)
    for path, content in tree.items():
        if path.endswith((".html", ".xml", ".opml")):
            for href in re.findall(r'(?:href|xmlUrl|htmlUrl)="([^"]+)"', content.decode()):
                target = urljoin(base + path, href).partition("#")[0].partition("?")[0]
                # What `yibao serve` answers is no file.
                if target.startswith(base) and target != f"{base}subscribe/":
                    place = target.removeprefix(base)
                    assert place in tree or f"{place}index.html" in tree, (path, href)


@pytest.mark.soak
def test_the_same_library_publishes_the_same_bytes_elsewhere(installation, tmp_path_factory):
    installation.write("a.md", section("2501.05727"))
    installation.run("daily", MONDAY)
    first = tree_of(installation.public)
    for path in sorted(installation.public.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    installation.run("publish", MONDAY)
    assert tree_of(installation.public) == first


@pytest.mark.soak
def test_a_category_is_found_under_its_other_name_too_with_the_address_of_the_canonical_one(installation, arxiv):
    installation.run("daily", MONDAY)
    public = installation.public
    for file in ("atom.xml", "rss.xml", "feed.json", "en/atom.xml"):
        assert (public / "feeds" / "cs.NA" / file).read_bytes() == (public / "feeds" / "math.NA" / file).read_bytes()
    links = feedparser.parse((public / "feeds" / "cs.NA" / "atom.xml").read_bytes()).feed.links
    assert [link.href for link in links if link.rel == "self"] == ["https://yibao.example/feeds/math.NA/atom.xml"]
    assert (
        'rel="canonical" href="https://yibao.example/categories/math.NA/"'
        in (public / "categories" / "cs.NA" / "index.html").read_text()
    )
    assert "cs.NA" not in (public / "sitemap.xml").read_text()
