"""The metadata of papers that a list or a translation names and the library does not know whole."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from flows.steps import requests
from flows.steps.progress import report_progress
from flows.steps.run_record import Run, write_library
from storage.library import connection, papers, problems, translations
from storage.responses import KeptResponse
from yibao.arxiv import api, oai
from yibao.errors import UpstreamError
from yibao.records import Problem, Reading, Severity, Translation
from yibao.run_report import Outcome

#: Papers that the API leaves out are asked for one by one, as long as they are no more than this.
MOST_SINGLE_REQUESTS = 50


class StoredPapers(NamedTuple):
    """What storing metadata came to."""

    outcome: Outcome
    #: Identifiers of the papers in the answer.
    arxiv_ids: frozenset[str]


def find_incomplete_papers(run: Run) -> list[list[str]]:
    """Find the papers that we announce or translate and do not know whole, in batches of one request each."""
    with connection.read_library(run.settings.paths.library) as library:
        arxiv_ids = papers.find_incomplete_papers(library, run.on)
    return [arxiv_ids[start : start + api.BATCH] for start in range(0, len(arxiv_ids), api.BATCH)]


def fetch_papers(run: Run, arxiv_ids: Sequence[str], given_up: Mapping[str, str]) -> KeptResponse:
    """Ask the API for these papers in one request.

    Raises:
        NotAnIdentifierError: one of the identifiers spoils the request: ask for halves.
        UpstreamError: the answer could not be had, or is none.
    """
    report_progress(f"fetching metadata of {len(arxiv_ids)} papers")
    url = api.build_query_url(run.settings.arxiv.api_url, arxiv_ids)
    return requests.fetch(run, url, given_up, api.parse_response)


def fetch_record(run: Run, arxiv_id: str, given_up: Mapping[str, str]) -> KeptResponse:
    """Ask OAI-PMH for one paper.

    Raises:
        NoRecordError: arXiv does not know it.
        UpstreamError: the answer could not be had, or is none.
    """
    return requests.fetch(run, oai.build_record_url(run.settings.arxiv.oai_url, arxiv_id), given_up, oai.parse_page)


def store_papers(run: Run, kept: KeptResponse) -> StoredPapers:
    """Store what an answer of the API or of OAI-PMH says of papers."""
    reading = _read_papers(kept.url, requests.read_body(run, kept))
    with write_library(run) as library:
        counts = papers.store_papers(library, reading.papers, run.on)
        problems.replace_problems(library, kept.url, reading.problems)
    outcome = Outcome(papers_new=counts.new, papers_changed=counts.changed, problems=tuple(reading.problems))
    return StoredPapers(outcome, frozenset(paper.arxiv_id for paper in reading.papers))


def store_unknown_papers(run: Run, unknown: Collection[str]) -> Outcome:
    """Put on record, at the curator's line where there is one, which papers arXiv does not know."""
    with write_library(run) as library:
        current = {one.translation.arxiv_id: one.translation for one in translations.read_current_translations(library)}
        api_url = run.settings.arxiv.api_url
        found = tuple(_describe_unknown(arxiv_id, current.get(arxiv_id), api_url) for arxiv_id in unknown)
        problems.replace_problems(library, "unknown-to-arxiv", found)
        waiting = len(papers.find_waiting_papers(library))
    return Outcome(problems=found, waiting=waiting)


def describe_gap(arxiv_ids: Sequence[str], error: UpstreamError) -> Outcome:
    """Say that the metadata of these papers is still owed."""
    named = arxiv_ids[0] if len(arxiv_ids) == 1 else f"{len(arxiv_ids)} papers"
    gap = f"metadata of {named}: {requests.describe_fault(error)}"
    return requests.give_up_host(error) + Outcome(gaps=(gap,))


def _read_papers(url: str, body: bytes) -> Reading:
    if api.is_query_url(url):
        return api.parse_response(body, url)
    page = oai.parse_page(body, url)
    return Reading(page.papers, (), page.problems, None, page.declared)


def _describe_unknown(arxiv_id: str, translation: Translation | None, api_url: str) -> Problem:
    path, line = (translation.path, translation.line) if translation else (api_url, 1)
    remedy = "Check the link. The translation is published, and arXiv is asked again at every run."
    message = f"arXiv does not know {arxiv_id}."
    return Problem(path, line, 1, "unknown-to-arxiv", Severity.WARNING, message, remedy, arxiv_id)
