"""What arXiv announced, and what it says of each paper.

Requests are repeated where that may help; each answer is kept before it is read; each list is stored in one
transaction. An upstream fault is reported as a fault, and costs the other categories nothing.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows import wiring
from flows.ending import ended
from flows.wiring import Run
from storage.library import announcements as lists
from storage.library import connection, papers, problems, translations
from storage.responses import Kept
from yibao.arxiv import announcements, api, completeness
from yibao.arxiv.api import NotAnIdentifierError
from yibao.arxiv.client import Client, Response
from yibao.errors import GarbledError, GivenUpError, UnreachableError, UpstreamError
from yibao.models import Batch, BatchState, Problem, Reading, Severity

_READABLE = (200, 400)  # 400 comes with a document that says why.


@flow(name="harvest")
def harvest(on: date | None = None, config: str = "yibao.toml", kept: bool = False) -> State | None:  # noqa: FBT001, FBT002  (Prefect names its parameters)
    """What arXiv announced on a date is in the library, and nothing is published.

    With `kept`, arXiv is not asked: every answer that was kept is read again, in the order of arrival.
    """
    with wiring.run(Path(config), "harvest", on) as run:
        if kept:
            replay(run)
        else:
            announced(run)
            described(run)
        return ended(run)


def announced(run: Run) -> None:
    """Every configured category's list is in the library, or its fault is on record."""
    found: dict[str, tuple[str, Reading] | UpstreamError] = {}
    with run.client() as client:
        for category in run.settings.arxiv.categories:
            try:
                found[category] = _patient(run, fetch_list)(run, client, category)
            except UpstreamError as error:
                _note_fault(run, error)
                found[category] = error
    _store_lists(run, found)


def _store_lists(run: Run, found: Mapping[str, tuple[str, Reading] | UpstreamError]) -> None:
    readings = [answer[1] for answer in found.values() if not isinstance(answer, UpstreamError)]
    was_announced = any(reading.announced_on == run.on and reading.declared for reading in readings)
    for category, answer in found.items():
        if isinstance(answer, UpstreamError):
            store_unknown(run, category, _reason(answer))
        else:
            store_list(run, category, *answer, was_announced)


def described(run: Run) -> None:
    """Every paper that arXiv knows and that we announce or translate has its full metadata."""
    with connection.reading(run.library) as library:
        wanted = papers.incomplete(library)
    missing: list[str] = []
    with run.client() as client:
        for start in range(0, len(wanted), api.BATCH):
            missing += _describe(run, client, wanted[start : start + api.BATCH])
    store_unknown_papers(run, missing)


def replay(run: Run) -> None:
    """The library holds everything that the kept answers say, as of the days on which they came."""
    for on, answers in groupby(run.responses.journal(), key=lambda kept: kept.on):
        day = run.at(on)
        lists_, papers_ = _read_kept(day, list(answers))
        _store_lists(day, lists_)
        for url, reading in papers_:
            store_papers(day, url, reading)


def _read_kept(run: Run, answers: Sequence[Kept]) -> tuple[dict[str, tuple[str, Reading]], list[tuple[str, Reading]]]:
    """The lists by category and the metadata in one day's answers; what was a fault then is passed over."""
    lists_: dict[str, tuple[str, Reading]] = {}
    papers_ = []
    for kept in answers:
        run.kept.append(kept)
        body = run.responses.body(kept.sha256)
        with suppress(UpstreamError):
            if api.is_query(kept.url):
                papers_.append((kept.url, api.read(body, kept.url)))
            else:
                source, category = announcements.subject_of(kept.url)
                lists_[category] = (kept.url, announcements.read(body, kept.url, category, source))
    return lists_, papers_


def _describe(run: Run, client: Client, wanted: Sequence[str]) -> list[str]:
    """Asks for these papers, twice for those left out; returns the ones that arXiv does not know."""
    for _ in range(2):
        try:
            wanted = _ask(run, client, wanted)
        except UpstreamError as error:
            _note_fault(run, error)
            return []
        if not wanted:
            break
    return list(wanted)


def _ask(run: Run, client: Client, wanted: Sequence[str]) -> list[str]:
    """Asks for these papers in one request; returns those that the answer left out."""
    url = api.query(run.settings.arxiv.api_url, wanted)
    try:
        reading = _patient(run, fetch_papers)(run, client, url)
    except NotAnIdentifierError:
        # One identifier spoils the whole list: halves find it, and cost the others one more request.
        if len(wanted) == 1:
            return list(wanted)
        half = len(wanted) // 2
        return _ask(run, client, wanted[:half]) + _ask(run, client, wanted[half:])
    store_papers(run, url, reading)
    known = {paper.arxiv_id for paper in reading.papers}
    return [arxiv_id for arxiv_id in wanted if arxiv_id not in known]


@task(name="fetch a category's list", cache_policy=NO_CACHE)
def fetch_list(run: Run, client: Client, category: str) -> tuple[str, Reading]:
    """The category's announcement feed, read."""
    url = announcements.address(run.settings.arxiv.feed_url, category)
    response = _get(run, client, url)
    return url, announcements.read(response.body, url, category, run.settings.arxiv.feed)


@task(name="fetch metadata", cache_policy=NO_CACHE)
def fetch_papers(run: Run, client: Client, url: str) -> Reading:
    """The API's answer, read."""
    return api.read(_get(run, client, url).body, url)


@task(name="store a category's list", cache_policy=NO_CACHE)
def store_list(run: Run, category: str, url: str, reading: Reading, was_announced: bool) -> None:  # noqa: FBT001
    """The list, its papers and its state are in the library; `was_announced`: arXiv announced something that day."""
    with connection.writing(run.library) as library:
        merged = papers.store(library, reading.papers, run.on)
        lists.store(library, reading.announcements)
        problems.replace(library, url, reading.problems)
        for batch in completeness.judge(
            reading, category, run.on, run.settings.arxiv.feed, was_announced=was_announced
        ):
            held = lists.count(library, category, batch.announced_on)
            lists.store_batch(library, _with_held(batch, held), run.on)
        _store_kept(run, library)
        state = lists.batch_of(library, category, run.on)
    run.report.papers_new += merged.new
    run.report.papers_changed += merged.changed
    run.report.problems += reading.problems
    if state:
        run.report.announced[category] = completeness.told(state)
        if state.state in completeness.DOUBTFUL:
            run.report.fault(f"{category}, {run.on}: {state.note}")


@task(name="note a list that could not be had", cache_policy=NO_CACHE)
def store_unknown(run: Run, category: str, note: str) -> None:
    """It is on record that nobody knows what the category's list for this date held."""
    with connection.writing(run.library) as library:
        unknown = Batch(
            category,
            run.on,
            BatchState.UNKNOWN,
            None,
            lists.count(library, category, run.on),
            run.settings.arxiv.feed,
            note,
        )
        lists.store_batch(library, unknown, run.on)
        _store_kept(run, library)
        state = lists.batch_of(library, category, run.on)
    if state:
        # The fault itself is in the report already.
        run.report.announced[category] = completeness.told(state)


@task(name="store metadata", cache_policy=NO_CACHE)
def store_papers(run: Run, url: str, reading: Reading) -> None:
    """The papers are in the library."""
    with connection.writing(run.library) as library:
        merged = papers.store(library, reading.papers, run.on)
        problems.replace(library, url, reading.problems)
        _store_kept(run, library)
    run.report.papers_new += merged.new
    run.report.papers_completed += merged.changed
    run.report.problems += reading.problems


@task(name="note papers that arXiv does not know", cache_policy=NO_CACHE)
def store_unknown_papers(run: Run, missing: Sequence[str]) -> None:
    """A problem names the curator's line of each translated paper that arXiv does not know."""
    with connection.writing(run.library) as library:
        at = {arrival.translation.arxiv_id: arrival.translation for arrival in translations.current(library)}
        found = [
            Problem(
                at[arxiv_id].path if arxiv_id in at else run.settings.arxiv.api_url,
                at[arxiv_id].line if arxiv_id in at else 1,
                1,
                "unknown-to-arxiv",
                Severity.WARNING,
                f"arXiv does not know {arxiv_id}.",
                "Check the link. The translation is published, and arXiv is asked again at every run.",
                arxiv_id,
            )
            for arxiv_id in missing
        ]
        problems.replace(library, "unknown-to-arxiv", found)
        _store_kept(run, library)
        run.report.waiting = len(papers.waiting(library))
    run.report.problems += found


def _with_held(batch: Batch, held: int) -> Batch:
    return Batch(**{**asdict(batch), "stored": held})


def _get(run: Run, client: Client, url: str) -> Response:
    host = urlsplit(url).netloc
    if host in run.unreachable:
        raise GivenUpError(url, run.unreachable[host])
    response = client.get(url, accept=lambda status: status in _READABLE)
    run.kept.append(run.responses.keep(url, run.on, *response[1:3], response.content_type, response.fetched_at))
    return response


def _patient(run: Run, step: Any) -> Any:
    """The step, repeated with growing pauses where the fault may pass."""
    pace_s = run.settings.arxiv.pace_s
    return step.with_options(
        retries=run.settings.arxiv.retries,
        retry_delay_seconds=[pace_s * 2**n for n in range(run.settings.arxiv.retries)],
        retry_condition_fn=_is_repeatable,
    )


def _is_repeatable(_task: Any, _run: Any, state: State) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, UpstreamError) and error.is_repeatable


def _note_fault(run: Run, error: UpstreamError) -> None:
    """The fault is in the report, and a host that will not answer is not asked again in this run."""
    host = urlsplit(error.url).netloc
    is_known = host in run.unreachable
    if isinstance(error, UnreachableError) or not (error.is_repeatable or isinstance(error, GarbledError)):
        run.unreachable[host] = error.reason
    if not is_known:
        told = (
            f"arXiv could not be reached: {host} {error.reason}" if isinstance(error, UnreachableError) else str(error)
        )
        run.report.fault(told)


def _reason(error: UpstreamError) -> str:
    return "arXiv could not be reached" if isinstance(error, UnreachableError) else error.reason


def _store_kept(run: Run, library: connection.Connection) -> None:
    connection.insert(library, "response", [asdict(kept) for kept in run.kept])
    run.kept.clear()
