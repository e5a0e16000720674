"""The metadata of papers that a list or a translation names and the library does not know whole."""

from collections.abc import Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE

from commands import progress
from flows import asking
from flows.wiring import Run
from storage.library import connection, papers, problems, translations
from yibao.arxiv import api, oai
from yibao.arxiv.api import NotAnIdentifierError
from yibao.arxiv.client import Client
from yibao.arxiv.oai import NoRecordError
from yibao.errors import UpstreamError
from yibao.records import Problem, Reading, Severity

#: Papers that the API leaves out are asked for one by one, as long as they are no more than this.
_ONE_BY_ONE = 50


def described(run: Run) -> None:
    """Every paper that arXiv knows and that we announce or translate has its full metadata."""
    with connection.read_library(run.library) as library:
        wanted = papers.find_incomplete_papers(library, run.on)
    missing: list[str] = []
    with run.client() as client:
        for start in range(0, len(wanted), api.BATCH):
            missing += _describe(run, client, wanted[start : start + api.BATCH])
        missing = _one_by_one(run, client, missing)
    store_unknown_papers(run, missing)


def _describe(run: Run, client: Client, wanted: Sequence[str]) -> list[str]:
    """Asks for these papers, twice for those left out; returns the ones that the API does not know."""
    for _ in range(2):
        try:
            wanted = _ask(run, client, wanted)
        except UpstreamError as error:
            run.report.gap(f"metadata of {len(wanted)} papers: {asking.told(run, error)}")
            return []
        if not wanted:
            break
    return list(wanted)


def _ask(run: Run, client: Client, wanted: Sequence[str]) -> list[str]:
    """Asks for these papers in one request; returns those that the answer left out, in silence as it does."""
    progress.tell(f"fetching metadata of {len(wanted)} papers", None)
    url = api.build_query_url(run.settings.arxiv.api_url, wanted)
    try:
        reading = asking.patient(run, fetch_papers)(run, client, url)
    except NotAnIdentifierError:
        # One identifier spoils the whole list: halves find it, and cost the others one more request.
        if len(wanted) == 1:
            return list(wanted)
        half = len(wanted) // 2
        return _ask(run, client, wanted[:half]) + _ask(run, client, wanted[half:])
    store_papers(run, url, reading)
    known = {paper.arxiv_id for paper in reading.papers}
    return [arxiv_id for arxiv_id in wanted if arxiv_id not in known]


def _one_by_one(run: Run, client: Client, missing: Sequence[str]) -> list[str]:
    """Asks OAI-PMH for what the API left out; returns what it does not know either."""
    unknown = list(missing[_ONE_BY_ONE:])
    for arxiv_id in missing[:_ONE_BY_ONE]:
        url = oai.build_record_url(run.settings.arxiv.oai_url, arxiv_id)
        try:
            reading = asking.patient(run, fetch_record)(run, client, url)
        except NoRecordError:
            unknown.append(arxiv_id)
        except UpstreamError as error:
            run.report.gap(f"metadata of {arxiv_id}: {asking.told(run, error)}")
        else:
            store_papers(run, url, reading)
    return unknown


@task(name="fetch metadata", cache_policy=NO_CACHE)
def fetch_papers(run: Run, client: Client, url: str) -> Reading:
    """The API's answer, read."""
    return api.parse_response(asking.get(run, client, url).body, url)


@task(name="fetch a record", cache_policy=NO_CACHE)
def fetch_record(run: Run, client: Client, url: str) -> Reading:
    """One record of OAI-PMH, read."""
    page = oai.parse_page(asking.get(run, client, url).body, url)
    return Reading(page.papers, (), page.problems, None, page.declared)


@task(name="store metadata", cache_policy=NO_CACHE)
def store_papers(run: Run, url: str, reading: Reading) -> None:
    """The papers are in the library."""
    with run.storing() as library:
        merged = papers.store_papers(library, reading.papers, run.on)
        problems.replace_problems(library, url, reading.problems)
    run.report.papers_new += merged.new
    run.report.papers_changed += merged.changed
    run.report.problems += reading.problems


@task(name="note papers that arXiv does not know", cache_policy=NO_CACHE)
def store_unknown_papers(run: Run, missing: Sequence[str]) -> None:
    """A problem names the curator's line of each translated paper that arXiv does not know."""
    with run.storing() as library:
        at = {
            arrival.translation.arxiv_id: arrival.translation
            for arrival in translations.read_current_translations(library)
        }
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
        problems.replace_problems(library, "unknown-to-arxiv", found)
        run.report.waiting = len(papers.find_waiting_papers(library))
    run.report.problems += found
