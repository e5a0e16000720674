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
from yibao.records import ParsedDocument, Problem, Severity, Translation
from yibao.run_report import Outcome

#: Papers that the API leaves out are asked for one by one, as long as they are no more than this.
MOST_SINGLE_REQUESTS = 50
#: The problem of a paper that arXiv does not know: its rule, and the scope under which it is on record.
_UNKNOWN = "unknown-to-arxiv"


class Answered(NamedTuple):
    """What the API said of papers that it was asked for, those apart that it gave."""

    #: Left out of its answer, in silence as it does.
    left_out: Sequence[str] = ()
    #: No answer could be had.
    unanswered: Sequence[str] = ()


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
    kept, _ = requests.fetch(run, url, given_up, api.parse_response)
    return kept


def fetch_record(run: Run, arxiv_id: str, given_up: Mapping[str, str]) -> KeptResponse:
    """Ask OAI-PMH for one paper.

    Raises:
        NoRecordError: arXiv does not know it.
        UpstreamError: the answer could not be had, or is none.
    """
    url = oai.build_record_url(run.settings.arxiv.oai_url, arxiv_id)
    kept, _ = requests.fetch(run, url, given_up, oai.parse_page)
    return kept


def store_papers(run: Run, kept: KeptResponse) -> StoredPapers:
    """Store what an answer of the API or of OAI-PMH says of papers."""
    document = _read_papers(kept.url, requests.read_body(run, kept))
    with write_library(run) as library:
        counts = papers.store_papers(library, document.papers, run.on)
        problems.replace_problems(library, kept.url, document.problems)
    outcome = Outcome(papers_new=counts.new, papers_changed=counts.changed, problems=tuple(document.problems))
    return StoredPapers(outcome, frozenset(paper.arxiv_id for paper in document.papers))


def store_unknown_papers(run: Run, unknown: Collection[str], unanswered: Collection[str]) -> Outcome:
    """Put on record, at the curator's line where there is one, which papers arXiv does not know.

    Of those for which no answer could be had, what arXiv said before still counts.
    """
    with write_library(run) as library:
        before = {one.arxiv_id for one in problems.read_problems(library) if one.rule == _UNKNOWN and one.arxiv_id}
        still_unknown = before.intersection(unanswered) - papers.read_papers(library, unanswered).keys()
        current = {one.translation.arxiv_id: one.translation for one in translations.read_current_translations(library)}
        api_url = run.settings.arxiv.api_url
        arxiv_ids = [*unknown, *sorted(still_unknown.difference(unknown))]
        unknown_problems = tuple(_describe_unknown(arxiv_id, current.get(arxiv_id), api_url) for arxiv_id in arxiv_ids)
        problems.replace_problems(library, _UNKNOWN, unknown_problems)
        waiting = len(papers.find_waiting_papers(library))
    return Outcome(problems=unknown_problems, waiting=waiting)


def describe_gap(arxiv_ids: Sequence[str], error: UpstreamError) -> Outcome:
    """Say that the metadata of these papers is still owed."""
    named = arxiv_ids[0] if len(arxiv_ids) == 1 else f"{len(arxiv_ids)} papers"
    gap = f"metadata of {named}: {requests.describe_fault(error)}"
    return requests.give_up_host(error) + Outcome(gaps=(gap,))


def _read_papers(url: str, body: bytes) -> ParsedDocument:
    if api.is_query_url(url):
        return api.parse_response(body, url)
    page = oai.parse_page(body, url)
    return ParsedDocument(page.papers, (), page.problems, None, page.declared)


def _describe_unknown(arxiv_id: str, translation: Translation | None, api_url: str) -> Problem:
    path, line = (translation.path, translation.line) if translation else (api_url, 1)
    remedy = "Check the link. The translation is published, and arXiv is asked again at every run."
    message = f"arXiv does not know {arxiv_id}."
    return Problem(path, line, 1, _UNKNOWN, Severity.WARNING, message, remedy, arxiv_id)
