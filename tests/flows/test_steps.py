"""Steps as plain functions: values go in and come out, in this process or another, and Prefect is nowhere."""

import pickle
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

import pytest

from flows.steps import (
    announcement_sync,
    environment,
    metadata_completion,
    newsletter_delivery,
    oai_sync,
    publication,
    run_record,
    translation_sync,
)
from flows.steps.announcement_sync import Fault
from flows.steps.run_record import Run
from storage.library import connection, ledger
from tests.conftest import MONDAY, lay_out, section
from yibao.arxiv.list_scope import ListKey, Scope
from yibao.run_report import Outcome
from yibao.sources import CATCHUP

KEY = ListKey(MONDAY, "cs.CL")


@pytest.fixture
def installation(tmp_path, arxiv):
    return lay_out(tmp_path, arxiv)


@pytest.fixture
def run(installation):
    """A run of the installation, begun, without a flow."""
    run = Run(environment.load_settings(installation.config), "1", "daily", MONDAY)
    run.settings.paths.data.mkdir()
    run_record.begin_run(run)
    return run


#: What another worker does with steps and their arguments, as they come over the wire.
WORKER = """
import pickle, sys
while True:
    step, arguments = pickle.load(sys.stdin.buffer)
    pickle.dump(step(*arguments), sys.stdout.buffer)
    sys.stdout.buffer.flush()
    assert "prefect" not in sys.modules
"""


@contextmanager
def work_elsewhere():
    """A process that gets nothing but pickled steps and arguments; yields what calls them there."""
    command = [sys.executable, "-c", WORKER]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root) as worker:

        def call(step, *arguments):
            pickle.dump((step, arguments), worker.stdin)
            worker.stdin.flush()
            return pickle.load(worker.stdout)

        yield call
        assert worker.poll() is None
        worker.kill()


@pytest.fixture
def workers():
    """Two workers: what one of them fetches, the other stores."""
    with work_elsewhere() as first, work_elsewhere() as second:
        yield first, second


@pytest.mark.soak
def test_requests_are_made_and_stored_in_other_processes_as_in_this_one(run, arxiv, workers):
    fetch, store = workers
    feed = fetch(announcement_sync.fetch_feed, run, "cs.CL", {})
    assert feed == replace(announcement_sync.fetch_feed(run, "cs.CL", {}), fetched_at=feed.fetched_at)
    outcome = store(announcement_sync.store_feed, run, "cs.CL", feed)
    assert outcome.papers_new > 0
    page = fetch(announcement_sync.fetch_page, run, KEY, 1, {})
    stored = store(announcement_sync.store_list, run, KEY, [page])
    assert not stored.is_doubtful
    changes = fetch(oai_sync.fetch_changes, run, oai_sync.find_cursor(run, None), {})
    assert store(oai_sync.store_changes, run, oai_sync.find_cursor(run, None), changes).cursor
    (first, *_) = metadata_completion.find_incomplete_papers(run) or [["2501.05727"]]
    answer = fetch(metadata_completion.fetch_papers, run, first, {})
    assert store(metadata_completion.store_papers, run, answer).arxiv_ids
    judged = store(announcement_sync.judge_lists, run, Scope(("cs.CL",), None, MONDAY))
    assert "cs.CL" in judged.announced


@pytest.mark.soak
def test_mail_is_sent_by_another_process(installation, run, workers):
    send, _ = workers
    installation.write("a.md", section("2501.05727"))
    translation_sync.sync_translations(run)
    publication.publish_changes(run)
    outcome = send(newsletter_delivery.send_due_editions, run, str(MONDAY), ())
    assert outcome == newsletter_delivery.send_due_editions(run, str(MONDAY), ())


def test_a_list_that_had_entries_is_not_emptied_by_an_empty_page(run, arxiv):
    page = announcement_sync.fetch_page(run, KEY, 1, {})
    announcement_sync.store_list(run, KEY, [page])
    arxiv.papers = []
    empty = announcement_sync.fetch_page(run, KEY, 1, {})
    stored = announcement_sync.store_list(run, KEY, [empty])
    assert "is empty now, and had" in stored.outcome.troubles[0]
    with connection.read_library(run.settings.paths.library) as library:
        assert ledger.read_source_reports(library, "cs.CL", MONDAY)[CATCHUP].declared


def test_a_fault_takes_nothing_back_that_its_source_said_before(run):
    announcement_sync.store_list(run, KEY, [announcement_sync.fetch_page(run, KEY, 1, {})])
    announcement_sync.store_fault(run, Fault(KEY, CATCHUP, "nobody answered"))
    with connection.read_library(run.settings.paths.library) as library:
        report = ledger.read_source_reports(library, "cs.CL", MONDAY)[CATCHUP]
    assert (report.note, bool(report.declared)) == ("", True)


def test_translations_are_stored_by_a_step_alone(installation, run):
    installation.write("a.md", section("2501.05727") + section("2501.05040"))
    assert translation_sync.sync_translations(run).translations_new == 2
    again = translation_sync.sync_translations(run)
    assert (again.translations_new, again.translations_unchanged) == (0, 2)


def test_every_value_of_a_run_is_frozen(run):
    with pytest.raises(AttributeError):
        run.on = None
    with pytest.raises(ValueError, match="frozen"):
        run.settings.arxiv.pace_s = 1.0
    assert pickle.loads(pickle.dumps(run)) == run


def test_outcomes_add_up_in_any_grouping_and_nothing_adds_nothing():
    first = Outcome(papers_new=1, troubles=("a",), given_up={"host": "silent"}, waiting=3)
    second = Outcome(papers_new=2, troubles=("a", "b"), faults=("c",))
    third = Outcome(waiting=0, announced={"cs.CL": "complete"})
    assert (first + second) + third == first + (second + third)
    assert Outcome() + first == first == first + Outcome()
    total = first + second + third
    assert (total.papers_new, total.troubles, total.waiting) == (3, ("a", "b"), 0)
    assert {field.name for field in fields(Outcome)} <= set(total.__dict__)
