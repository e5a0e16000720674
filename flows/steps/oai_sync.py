"""What changed at arXiv since the last run, announced or not: papers, versions, withdrawals, silent corrections."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import NamedTuple
from urllib.parse import urlsplit

from flows.steps import requests
from flows.steps.progress import report_progress
from flows.steps.run_record import Run, write_library
from storage.library import connection, oai_cursor, papers, problems
from storage.library.oai_cursor import OaiCursor
from storage.responses import KeptResponse
from yibao.arxiv import oai
from yibao.errors import GarbledError, UpstreamError
from yibao.run_report import Outcome


class StoredChanges(NamedTuple):
    """What storing a page of changed records came to."""

    outcome: Outcome
    #: Where reading goes on.
    cursor: OaiCursor


def find_cursor(run: Run, since: date | None) -> OaiCursor:
    """Find where reading goes on: where the last run ended, but not later than `since`."""
    with connection.read_library(run.settings.paths.library) as library:
        cursor = oai_cursor.read_cursor(library, oai.PREFIX)
    if cursor is None or (since and since < cursor.from_on):
        return OaiCursor(oai.PREFIX, since or run.on - oai.OVERLAP)
    return cursor


def fetch_changes(run: Run, cursor: OaiCursor, given_up: Mapping[str, str]) -> KeptResponse:
    """Fetch the page of changed records at which the cursor stands.

    Raises:
        TokenError: the cursor's token has expired: go on with `restart`.
        UpstreamError: the page could not be had, or the list does not move on.
    """
    base_url = run.settings.arxiv.oai_url
    url = oai.build_next_url(base_url, cursor.token) if cursor.token else oai.build_list_url(base_url, cursor.from_on)
    report_progress(f"fetching changed records: {urlsplit(url).query.partition('from=')[2] or 'next page'}")
    kept, _ = requests.fetch(run, url, given_up, lambda body, url: _check_page(body, url, base_url))
    return kept


def store_changes(run: Run, cursor: OaiCursor, kept: KeptResponse) -> StoredChanges:
    """Store the records of a page and where reading goes on, in one transaction."""
    page = oai.parse_page(requests.read_body(run, kept), kept.url)
    cursor = advance(cursor, page)
    with write_library(run) as library:
        counts = papers.store_papers(library, page.papers, run.on)
        if page.problems or not oai.is_continued_url(kept.url):
            problems.replace_problems(library, kept.url, page.problems)
        oai_cursor.store_cursor(library, cursor)
    outcome = Outcome(papers_new=counts.new, papers_changed=counts.changed, problems=tuple(page.problems))
    return StoredChanges(outcome, cursor)


def advance(cursor: OaiCursor, page: oai.RecordsPage) -> OaiCursor:
    """Return the cursor after a page; after the last one, it stands at the beginning of the next list.

    An empty list does not move on: nothing tells it from a fault, and reading a day again costs little.
    """
    if not page.declared:
        return OaiCursor(cursor.prefix, cursor.from_on)
    responded_on = cursor.responded_on or page.responded_on
    if page.token is None:
        return OaiCursor(cursor.prefix, max(cursor.from_on, responded_on - oai.OVERLAP))
    reached_on = max(filter(None, (cursor.reached_on, page.reached_on)), default=None)
    return OaiCursor(cursor.prefix, cursor.from_on, page.token, reached_on, responded_on)


def restart(cursor: OaiCursor) -> OaiCursor:
    """Return the cursor at the beginning of a list that holds what is still to be read."""
    return replace(cursor, token=None, from_on=cursor.reached_on or cursor.from_on)


def describe_gap(cursor: OaiCursor, error: UpstreamError) -> Outcome:
    """Say that changed records are still owed, and where the next run goes on."""
    is_expired = isinstance(error, oai.TokenError)
    fault = "arXiv refuses its own tokens" if is_expired else requests.describe_fault(error)
    gap = f"changed records: {fault}; the next run goes on at {cursor.from_on}"
    return requests.give_up_host(error) + Outcome(gaps=(gap,))


def _check_page(body: bytes, url: str, base_url: str) -> None:
    page = oai.parse_page(body, url)
    if page.token and oai.build_next_url(base_url, page.token) == url:
        raise GarbledError(url, "the list does not move on")
    if oai.is_continued_url(url) and not page.declared:
        raise GarbledError(url, "the list breaks off: its next page is empty")
