"""The life of a translation, as readers of feeds, pages and mail meet it."""

import email
import json
import shutil
import sqlite3
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import policy

import feedparser
import pytest
from click.testing import CliRunner

from commands.main import yibao
from tests.conftest import MONDAY, further_values, section
from tests.standin.papers import Line, Version
from tests.standin.server import Fault

FRIDAY_BEFORE = MONDAY - timedelta(days=3)
PAPER = "2501.05727"
ITEM = f"arxiv/{PAPER}"
STALE, WITHDRAWN = "译文依据", "已撤回"


class Readers:
    """Real feed readers, which have read everything that they were shown."""

    def __init__(self, folder, feeds):
        self._folder, self._feeds = folder, feeds
        folder.mkdir()

    def look(self):
        """Identifiers of what is unread in each, after a look at every feed; all is read afterwards."""
        return self._in_reader(), self._in_newsboat()

    def _in_reader(self):
        reader = pytest.importorskip("reader", reason="reader does not support this Python yet")
        with reader.make_reader(str(self._folder / "reader.sqlite"), feed_root=str(self._feeds)) as library:
            for name in ("atom.xml", "rss.xml", "feed.json"):
                library.add_feed(name, exist_ok=True)
                library.update_feed(name)
            unread = [(entry.feed_url, entry.id) for entry in library.get_entries(read=False)]
            for entry in library.get_entries(read=False):
                library.mark_entry_as_read(entry)
        return unread

    def _in_newsboat(self):
        if not shutil.which("newsboat"):
            pytest.skip("newsboat is not installed on this machine")
        (self._folder / "urls").write_text(f"file://{self._feeds}/atom.xml\n")
        command = ["newsboat", "-u", "urls", "-c", "cache.db", "-C", "/dev/null", "-x", "reload"]
        subprocess.run(command, cwd=self._folder, check=True, timeout=60, capture_output=True)
        with sqlite3.connect(self._folder / "cache.db") as cache:
            unread = [row[0] for row in cache.execute("SELECT guid FROM rss_item WHERE unread = 1")]
            cache.execute("UPDATE rss_item SET unread = 0")
        return unread


def withdrawn(paper, on):
    """The paper with a third version that withdraws it."""
    submitted = datetime(on.year, on.month, on.day, tzinfo=UTC) - timedelta(hours=12)
    last = paper.versions[-1]
    third = Version(3, submitted, last.abstract, "This paper has been withdrawn by the authors.", source_type="I")
    lines = [Line(on, category, "replace", 3) for category in paper.categories[:1]]
    return replace(paper, versions=(*paper.versions, third), announced=(*paper.announced, *lines))


def shown(installation):
    """The item in the three feeds, its page, and both parts of the mail."""
    folder = installation.public / "feeds" / "translated"
    rss = [one for one in feedparser.parse((folder / "rss.xml").read_bytes()).entries if one.id.endswith(ITEM)]
    atom = [one for one in feedparser.parse((folder / "atom.xml").read_bytes()).entries if one.id.endswith(ITEM)]
    items = [one for one in json.loads((folder / "feed.json").read_text())["items"] if one["id"].endswith(ITEM)]
    assert [len(rss), len(atom), len(items)] == [1, 1, 1]
    assert rss[0].id == atom[0].id == items[0]["id"]
    page = (installation.public / "papers" / PAPER / "index.html").read_text()
    done = CliRunner().invoke(
        yibao, ["newsletter", "preview", "--edition", "2025-W02", "--config", str(installation.config)]
    )
    mail = email.message_from_string(done.output, policy=policy.default)
    bodies = [mail.get_body((kind,)).get_content() for kind in ("plain", "html")]
    texts = [rss[0].content[0].value, atom[0].content[0].value, items[0]["content_html"], page, *bodies]
    return atom[0], texts


@pytest.mark.soak
def test_a_translation_through_its_whole_life_is_one_item_and_nobody_is_told_twice(installation, arxiv, tmp_path):
    steps = {
        "before its paper": (FRIDAY_BEFORE, "初译。", None),
        "the paper comes": (MONDAY, "初译。", None),
        "corrected": (MONDAY + timedelta(days=1), "改译一次。", None),
        "corrected again, the same day": (MONDAY + timedelta(days=1), "改译两次。", None),
        "made stale by the second version": (MONDAY + timedelta(days=2), "改译两次。", STALE),
        "looked at again": (MONDAY + timedelta(days=2), "依第二版重译。", None),
        "withdrawn": (MONDAY + timedelta(days=3), "依第二版重译。", WITHDRAWN),
    }
    arxiv.papers = [
        withdrawn(paper, MONDAY + timedelta(days=3)) if paper.id == PAPER else paper for paper in arxiv.papers
    ]
    readers = Readers(tmp_path / "readers", installation.public / "feeds" / "translated")
    stamps, unread = [], []
    for name, (on, text, notified) in steps.items():
        arxiv.today = on
        title = "Enabling Scalable Oversight via Self-Evolving Critic"
        installation.write("a.md", section(PAPER, title, "可扩展的监督", text))
        installation.run("daily", on)
        item, texts = shown(installation)
        stamps.append((item.published, item.updated))
        for where in texts:
            assert text in where, name
            assert [mark in where for mark in (STALE, WITHDRAWN)] == [notified == STALE, notified == WITHDRAWN], name
        unread.append(readers.look())
    # Known from the first day on, changed at every step that readers notice, new to nobody a second time.
    assert len({published for published, _ in stamps}) == 1
    assert [updated for _, updated in stamps] == sorted({updated for _, updated in stamps})
    assert [len(one) for one in unread[0]] == [3, 1]
    assert unread[1:] == [([], [])] * (len(steps) - 1)
    assert installation.ask("SELECT revision, revision_state, source_version FROM translation ORDER BY revision") == [
        (1, "superseded", 1),
        (2, "superseded", 1),
        (3, "superseded", 1),
        (4, "current", 2),
    ]
    page = texts[3]
    assert page.count("<h2>2025-01-1") == 3  # the errata


@pytest.mark.soak
def test_a_paper_page_shows_what_changed_since_the_translation_word_by_word(installation, arxiv):
    installation.write("a.md", section(PAPER, "Enabling Scalable Oversight via Self-Evolving Critic"))
    installation.run("daily", MONDAY)
    arxiv.today = MONDAY + timedelta(days=2)
    report = installation.run("daily", arxiv.today)
    assert report.stale == 1
    page = (installation.public / "papers" / PAPER / "index.html").read_text()
    assert "<ins>on one more benchmark than before, </ins>" in page
    status = CliRunner().invoke(yibao, ["translations", "status", "--config", str(installation.config)]).output
    assert f"a.md:1: {PAPER} is stale since 2025-01-15" in status
    assert "{+on one more benchmark than before, +}" in status


def test_two_languages_stand_side_by_side(installation):
    installation.write("a.md", section(PAPER, zh="可扩展的监督"))
    installation.write(
        "hant/a.md", "---\nlanguage: zh-Hant\ntranslator: 李丽\n---\n" + section(PAPER, zh="可擴展的監督")
    )
    installation.run("daily", MONDAY)
    assert installation.ask("SELECT language FROM current_translation ORDER BY 1") == [("zh-Hans",), ("zh-Hant",)]
    page = (installation.public / "papers" / PAPER / "index.html").read_text()
    assert '<section lang="zh-Hant">' in page
    assert "可擴展的監督" in page
    assert '译者：<a href="../../translators/李丽/">李丽</a>' in page
    assert "可扩展的监督" in (installation.public / "translators" / "李丽" / "index.html").read_text()
    assert '<h1 lang="zh-Hans">可扩展的监督</h1>' in page


@pytest.mark.soak
def test_naming_the_new_version_in_the_link_makes_a_stale_translation_current_again(installation, arxiv):
    installation.write("a.md", section(PAPER))
    installation.run("daily", MONDAY)
    arxiv.today = MONDAY + timedelta(days=2)
    installation.run("daily", arxiv.today)
    installation.write("a.md", section(f"{PAPER}v2"))
    installation.run("daily", arxiv.today)
    assert installation.ask("SELECT freshness, source_version, revision FROM translation") == [("fresh", 2, 1)]


@pytest.mark.soak
def test_an_entry_of_which_arxiv_does_not_know_the_paper_is_orphaned_until_it_does(installation):
    installation.write("a.md", section("2501.99999"))
    installation.run("daily", MONDAY)
    assert installation.ask("SELECT freshness, source_sha256 FROM translation") == [("orphaned", None)]
    page = (installation.public / "papers" / "2501.99999" / "index.html").read_text()
    assert "arXiv 上查无此编号" in page


@pytest.mark.soak
@pytest.mark.parametrize("silent", ["/api", *further_values("/oai?verb=GetRecord")])
def test_what_arxiv_does_not_know_stays_on_record_while_it_does_not_answer(installation, arxiv, silent):
    installation.write("a.md", section("2501.99999"))
    installation.run("daily", MONDAY)
    arxiv.fail(silent, Fault.UNAVAILABLE, times=99)
    report = installation.run("daily", MONDAY)
    assert any("metadata of " in gap for gap in report.gaps)
    assert [problem.arxiv_id for problem in report.problems] == ["2501.99999"]
    assert installation.ask("SELECT freshness FROM translation") == [("orphaned",)]
    assert report.files_changed == 0


def test_the_digest_of_the_english_is_one_that_anybody_can_compute(installation):
    import hashlib

    installation.write("a.md", section(PAPER))
    installation.run("daily", MONDAY)
    ((title, abstract, digest),) = installation.ask(
        "SELECT paper.title, paper.abstract, source_sha256 FROM paper JOIN translation USING (arxiv_id)"
    )
    assert digest == hashlib.sha256(f"{title}\n\n{abstract}".encode()).hexdigest()
    assert installation.ask("SELECT sha256, title FROM source_text") == [(digest, title)]


@pytest.mark.soak
def test_a_stub_is_not_published_and_counts_as_begun(installation, arxiv):
    installation.run("daily", MONDAY)
    done = CliRunner().invoke(
        yibao,
        [
            "translations",
            "new",
            PAPER,
            "--to",
            str(installation.folder / "translations" / "b.md"),
            "--config",
            str(installation.config),
        ],
    )
    assert done.exit_code == 0, done.output
    content = (installation.folder / "translations" / "b.md").read_text()
    assert content.startswith(
        "## Enabling Scalable Oversight via Self-Evolving Critic\n[](https://arxiv.org/abs/2501.05727)\n\n<!--\n"
    )
    report = installation.run("daily", MONDAY)
    assert report.translations_new == 0
    status = CliRunner().invoke(yibao, ["translations", "status", "--config", str(installation.config)]).output
    assert f"b.md:1: {PAPER}" in status.partition("Begun")[2].partition("Next")[0]
    assert PAPER not in status.partition("Next")[2]


def test_new_asks_arxiv_for_what_the_library_does_not_have_and_tells_what_arxiv_does_not_know(installation, arxiv):
    target = installation.folder / "translations" / "b.md"
    arguments = ["translations", "new", f"https://arxiv.org/abs/{PAPER}", "2501.99999", "--to", str(target)]
    done = CliRunner().invoke(yibao, [*arguments, "--config", str(installation.config)])
    assert "arXiv does not know 2501.99999" in str(done.exception)
    assert f"abs/{PAPER}" in target.read_text()


def test_preview_shows_an_entry_as_page_feed_and_mail_without_publishing_it(installation, tmp_path):
    installation.run("daily", MONDAY)
    draft = tmp_path / "draft.md"
    draft.write_text(section(PAPER, zh="可扩展的监督", abstract="**粗体**的摘要。"), encoding="utf-8")
    where = tmp_path / "shown"
    done = CliRunner().invoke(
        yibao, ["translations", "preview", str(draft), "--to", str(where), "--config", str(installation.config)]
    )
    assert done.exit_code == 0, done.output
    assert "<strong>粗体</strong>的摘要。" in (where / "papers" / PAPER / "index.html").read_text()
    assert "粗体的摘要。" in (where / "mail.txt").read_text()
    assert feedparser.parse((where / "feed.atom.xml").read_bytes()).entries[0].title == "可扩展的监督"
    assert installation.ask("SELECT count(*) FROM translation") == [(0,)]
