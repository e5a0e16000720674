"""A simulated quarter: every fault at random, the laptop closed on some days, kills at random moments.

At the end the ledger is final for every category and date, and the library is the stand-in's truth, record for record.
"""

import os
import time
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from storage.library import announcements, ledger, papers
from tests.conftest import Installation
from tests.preloaded import start_command
from tests.standin.papers import StandinPaper, listed
from tests.standin.quarter import CATEGORIES, FIRST, announcement_days, quarter
from tests.standin.server import Fault, Standin
from tests.standin.weather import Weather
from yibao import categories, dates
from yibao.arxiv.authors import parse_byline
from yibao.records import BatchState
from yibao.text import join_lines

LAST = announcement_days()[-1]
PACE_S = 0.02
SELDOM = {Fault.FORBIDDEN, Fault.NOT_FOUND, Fault.TEAPOT, Fault.WRONG_ENCODING, Fault.ERROR_ENTRY, Fault.SHUFFLED}


@pytest.fixture(scope="module")
def truth() -> list[StandinPaper]:
    return quarter()


def prepare(folder: Path, arxiv: Standin) -> Installation:
    installation = Installation(folder)
    (folder / "translations").mkdir()
    installation.configure(arxiv)
    settings = (
        installation.config.read_text()
        .replace("pace_s = 0.0", f"pace_s = {PACE_S}")
        .replace("timeout_s = 2.0", "timeout_s = 0.4")
    )
    listed_ = ", ".join(f'"{code}"' for code in CATEGORIES)
    installation.config.write_text(
        settings.replace('["cs.CL", "cs.CV", "cs.NA"]', f"[{listed_}]").replace("retries = 1", "retries = 2")
    )
    return installation


def test_the_quarter_is_what_it_says(truth):
    days = announcement_days()
    assert len(days) == 92
    assert {day.isoweekday() for day in days} == {1, 2, 3, 4, 5}
    offsets = {dates.find_eastern_midnight(day).hour for day in days}
    assert offsets == {4, 5}  # New York's midnight in UTC, on both sides of the change of clocks.
    assert max(len(paper.versions) for paper in truth) >= 7
    assert any(version.source_type == "I" for paper in truth for version in paper.versions)
    assert any(paper.silent for paper in truth)
    quiet = [(code, day) for code in CATEGORIES for day in days if not listed(truth, code, day)]
    assert len(quiet) > 10


@pytest.mark.timeout(900)
def test_after_a_quarter_of_faults_and_kills_the_ledger_is_final_and_the_library_is_the_truth(
    tmp_path, truth, prefect_server
):
    chance, weather = Random(7), Weather(seed=11, share=0.12)
    away = {FIRST + timedelta(days=day) for day in (40, 41, 42, 43, 44, 45, 80, 95, 96)}
    killed_on = set(chance.sample([day for day in days_between(FIRST, LAST) if day not in away], 6))
    with Standin(
        papers=truth, today=FIRST, pace_s=PACE_S, records_a_page=40, entries_a_page=6, weather=weather
    ) as arxiv:
        installation = prepare(tmp_path, arxiv)
        kills = failures = 0
        day = FIRST
        while day <= LAST:
            arxiv.today = day
            is_weekend = not dates.is_announcement_day(day)
            if day in away or (is_weekend and chance.random() < 0.7):
                pass
            elif day in killed_on:
                kill(installation, arxiv, day, after_s=chance.random() * 0.8)
                kills += 1
            else:
                failures += installation.run("harvest", day).has_failed
            day += timedelta(days=1)
        faults_made = dict(weather.made)
        weather.share = 0.0
        # A weekend of good weather: what is still open is asked for, and looked at once more.
        for later in range(1, 3):
            arxiv.today = LAST + timedelta(days=later)
            report = installation.run("harvest", arxiv.today)
        assert not report.has_failed, report.failures
        assert not arxiv.breaches

    assert kills == 6
    assert failures  # The faults were real: some days were not complete when their runs ended.
    # The API is seldom asked; its own faults have tests of their own, and so have refusals and wrong bytes.
    assert set(faults_made) >= set(Fault) - SELDOM, set(Fault) - set(faults_made)
    with installation.library() as library:
        batches = {(batch.category, batch.announced_on): batch for batch in ledger.read_batches(library)}
        for code in CATEGORIES:
            for day in days_between(FIRST, LAST):
                expected = listed(truth, code, day)
                batch = batches[code, day]
                wanted = BatchState.COMPLETE if expected else BatchState.NONE_ANNOUNCED
                assert (batch.state, batch.stored) == (wanted, len(expected)), (code, day, batch)
                lines = announcements.read_entries(library, code, day)
                assert {(line.arxiv_id, line.type) for line in lines} == {
                    (paper.id, line.type) for paper, line in expected
                }, (code, day)
        stored = papers.read_papers(library, [paper.id for paper in truth])
    shown = [paper for one in truth if (paper := one.as_of(LAST)) and one.datestamp(LAST) >= FIRST]
    assert len(shown) > 500
    for paper in shown:
        assert told(stored[paper.id]) == true_of(paper), paper.id


def days_between(first: date, last: date) -> list[date]:
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [day for day in days if dates.is_announcement_day(day)]


def told(paper):
    return (
        paper.version,
        paper.title,
        " ".join(paper.abstract.split()),
        [author.name for author in paper.authors],
        paper.categories,
        paper.comment,
        paper.doi,
        paper.journal_ref,
        paper.license,
        [(version.version, version.submitted_at, version.source_type) for version in paper.versions],
        paper.is_withdrawn,
    )


def true_of(paper: StandinPaper):
    latest = paper.latest
    is_withdrawn = latest.source_type == "I" or "withdrawn" in (latest.comment or "")
    return (
        latest.number,
        join_lines(paper.title),
        " ".join(latest.abstract.split()),
        [author.name for author in parse_byline(", ".join(paper.authors))],
        categories.split_terms(paper.categories)[0],
        latest.comment,
        paper.doi,
        paper.journal_ref,
        paper.license,
        [(version.number, version.submitted.replace(microsecond=0), version.source_type) for version in paper.versions],
        is_withdrawn,
    )


def kill(installation: Installation, arxiv: Standin, day: date, after_s: float) -> None:
    """A harvest on the real command line, killed so long after its first request."""
    asked = len(arxiv.requests)
    with Path(os.devnull).open("wb") as nothing:
        process = start_command(["harvest", "--on", str(day)], installation.folder, nothing, nothing)
    deadline = time.monotonic() + 60
    while len(arxiv.requests) == asked and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(after_s)
    process.kill()
    process.wait(60)
