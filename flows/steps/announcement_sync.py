"""arXiv's daily lists: today's feeds, the catch-up pages of every list that is not final, and the ledger of both."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from flows.steps import requests
from flows.steps.progress import report_progress
from flows.steps.run_record import Run, write_library
from storage.library import announcements as entries
from storage.library import connection, ledger, papers, problems
from storage.library.connection import Connection
from storage.responses import KeptResponse
from yibao import dates
from yibao.arxiv import announcements, catchup, completeness, list_scope
from yibao.arxiv.catchup import PageCounts
from yibao.arxiv.completeness import ListContext
from yibao.arxiv.list_scope import ListKey, Scope, Span
from yibao.records import Batch, ListEntry, Problem, Severity, SourceReport, UnlistedPaper
from yibao.run_report import Outcome
from yibao.sources import CATCHUP

_MOST_PAGES = 20
#: How far back papers are looked for that OAI-PMH knows and no list has.
_RECENT = timedelta(days=14)


class Fault(NamedTuple):
    """Why a source could not speak of a list."""

    key: ListKey
    source: str
    note: str


class FetchedPage(NamedTuple):
    """A page of a list, kept."""

    kept: KeptResponse
    #: By which it is known whether the list goes on.
    counts: PageCounts


class StoredList(NamedTuple):
    """What storing a list's pages came to."""

    outcome: Outcome
    #: Whether the pages should be asked once more: they were empty on a working day, which a fault may look like.
    is_doubtful: bool


def fetch_feed(run: Run, category: str, given_up: Mapping[str, str]) -> KeptResponse:
    """Fetch a category's announcement feed of today.

    Raises:
        UpstreamError: it could not be had, or is no feed.
    """
    arxiv = run.settings.arxiv
    report_progress(f"fetching today's list: {category} {run.on}")
    url = announcements.build_feed_url(arxiv.feed_url, category)
    kept, _ = requests.fetch(
        run, url, given_up, lambda body, url: announcements.parse_feed(body, url, category, arxiv.feed)
    )
    return kept


def store_feed(run: Run, category: str, kept: KeptResponse) -> Outcome:
    """Store the papers of a feed, and its entries where they speak of the run's date and repeat no earlier list."""
    source, _ = announcements.parse_feed_url(kept.url)
    document = announcements.parse_feed(requests.read_body(run, kept), kept.url, category, source)
    first = [entry.arxiv_id for entry in document.announcements if entry.type.is_first]
    with write_library(run) as library:
        counts = papers.store_papers(library, document.papers, run.on)
        earlier = entries.find_announced_before(library, category, run.on, first)
        report = completeness.report_feed(document, category, run.on, source, earlier)
        before = ledger.read_source_reports(library, category, run.on).get(source)
        if before is None or not before.read or report.read:
            ledger.store_source_report(library, report)
        if report.read and not completeness.is_repeated_feed(report):
            known = entries.read_entries(library, category, run.on)
            merged = completeness.merge_entries(known, document.announcements, source, is_whole=False)
            entries.replace_entries(library, category, run.on, merged)
        problems.replace_problems(library, kept.url, document.problems)
    return Outcome(
        papers_new=counts.new,
        papers_changed=counts.changed,
        problems=tuple(document.problems),
        troubles=(f"{category}, {run.on}: {report.note}",) if report.note else (),
    )


def store_fault(run: Run, fault: Fault) -> None:
    """Put on record that a source could not speak of a list; what it said before still counts."""
    key = fault.key
    with write_library(run) as library:
        before = ledger.read_source_reports(library, key.category, key.on).get(fault.source)
        if before is None or before.declared is None:
            report = SourceReport(key.category, key.on, fault.source, None, 0, run.on, fault.note)
            ledger.store_source_report(library, report)


def find_open_lists(run: Run, scope: Scope) -> list[ListKey]:
    """Find the lists whose catch-up page should be asked, oldest first."""
    with connection.read_library(run.settings.paths.library) as library:
        batches = {list_scope.name_list(batch): batch for batch in ledger.read_batches(library)}
        pages = {list_scope.name_list(page): page for page in ledger.read_catchup_reports(library).values()}
    return list_scope.find_open(scope, run.on, batches, pages)


def fetch_page(run: Run, key: ListKey, number: int, given_up: Mapping[str, str]) -> FetchedPage:
    """Fetch one page of a list of the last 90 days; pages count from 1.

    Raises:
        UpstreamError: it could not be had, or is no such page.
    """
    report_progress(f"fetching a list's page: {key.category} {key.on}")
    url = catchup.build_page_url(run.settings.arxiv.catchup_url, key.category, key.on, number)
    kept, page = requests.fetch(run, url, given_up, catchup.parse_page)
    return FetchedPage(kept, page.counts)


def needs_next_page(pages: Sequence[FetchedPage]) -> bool:
    """Tell whether the list goes on after these pages."""
    return not pages or (len(pages) < _MOST_PAGES and catchup.has_more_pages([page.counts for page in pages]))


def store_list(run: Run, key: ListKey, fetched: Sequence[FetchedPage]) -> StoredList:
    """Store the entries of a list from all of its pages."""
    pages = [catchup.parse_page(requests.read_body(run, page.kept), page.kept.url) for page in fetched]
    report = completeness.report_pages(pages, key.category, key.on, run.on)
    with write_library(run) as library:
        before = ledger.read_source_reports(library, key.category, key.on).get(CATCHUP)
        if before and before.declared and not report.declared:
            # A list that had entries cannot have none: nothing is taken back on the word of an empty page.
            trouble = f"{key.category}, {key.on}: the catch-up page is empty now, and had {before.declared} entries"
            return StoredList(Outcome(troubles=(trouble,)), is_doubtful=False)
        report = _store_pages(library, key, pages, report, before)
        url = catchup.build_page_url(run.settings.arxiv.catchup_url, key.category, key.on)
        page_problems = tuple(problem for page in pages for problem in page.problems)
        problems.replace_problems(library, url, page_problems)
    is_empty = not report.declared and report.confirmed <= 1 and dates.is_announcement_day(key.on)
    return StoredList(Outcome(problems=page_problems), is_doubtful=is_empty)


def judge_lists(run: Run, scope: Scope) -> Outcome:
    """Record in the ledger what may be said of each list by now; the outcome has what is not complete."""
    with write_library(run) as library:
        batches = {list_scope.name_list(batch): batch for batch in ledger.read_batches(library)}
        asked = {list_scope.name_list(page) for page in ledger.read_catchup_reports(library).values()}
        touched = {list_scope.name_list(report) for report in ledger.read_reports_of_run_date(library, run.on)}
        left_out = list_scope.find_left_out(entries.find_unlisted_papers(library, run.on - _RECENT), asked)
        lost = list_scope.find_lost_spans(scope, run.on, batches)
        keys = list_scope.find_lists_to_judge(scope, run.on, batches, touched | left_out.keys(), lost)
        outcome = Outcome(notes=list_scope.describe_lost(scope, run.on, lost))
        return outcome + _judge_all(library, run.on, keys, left_out, lost)


def _store_pages(
    library: Connection,
    key: ListKey,
    pages: Sequence[catchup.CatchupPage],
    report: SourceReport,
    before: SourceReport | None,
) -> SourceReport:
    """Store a list's entries and what its pages said; returns the report, confirmed if they said the same before."""
    arrived = [entry for page in pages for entry in page.lines]
    known = entries.read_entries(library, key.category, key.on)
    same = {entry.arxiv_id for entry in known if CATCHUP in entry.sources} == {entry.arxiv_id for entry in arrived}
    if before and same and not before.note and not report.note and before.declared == report.declared:
        report = replace(report, confirmed=before.confirmed + 1)
    merged = completeness.merge_entries(known, arrived, CATCHUP, is_whole=not report.note)
    entries.replace_entries(library, key.category, key.on, merged)
    ledger.store_source_report(library, report)
    return report


def _judge_all(
    library: Connection,
    on: date,
    keys: Sequence[ListKey],
    left_out: Mapping[ListKey, Sequence[UnlistedPaper]],
    lost: Sequence[Span],
) -> Outcome:
    """Judge each of these lists; a span of lost lists has one line in the ledger, that of its last day."""
    spans = {ListKey(span.last, span.category): span for span in lost}
    announced_on = entries.find_dates_with_entries(library)
    newest = max(announced_on, default=date.min)
    described = entries.read_described_entries(library, keys) if keys else {}
    outcome = Outcome()
    for key in keys:
        others = announced_on.get(key.on, set()) - {key.category}
        context = ListContext(on, bool(others), newest > key.on, tuple(left_out.get(key, ())))
        batch, refused = _judge_list(library, key, described.get(key, []), context)
        if span := spans.get(key):
            batch = completeness.mark_span(batch, span.first)
        ledger.store_batch(library, batch, on)
        outcome += _describe_batch(batch, on) + Outcome(problems=tuple(_describe_refused(one, key) for one in refused))
    return outcome


def _judge_list(
    library: Connection, key: ListKey, described: Sequence[ListEntry], context: ListContext
) -> tuple[Batch, list[ListEntry]]:
    """Judge a list; returns its batch, and the entries that were taken out of it as a feed's errors."""
    reports = ledger.read_source_reports(library, key.category, key.on)
    alone = [entry.arxiv_id for entry in described if CATCHUP not in entry.sources]
    earlier = entries.find_announced_before(library, key.category, key.on, alone) if alone else set()
    official = completeness.select_official(described, reports, key.category, earlier)
    refused = [entry for entry in described if entry not in official]
    if refused:
        entries.replace_entries(library, key.category, key.on, official)
    return completeness.judge_list(key.category, key.on, reports, official, context), refused


def _describe_batch(batch: Batch, on: date) -> Outcome:
    """Say what is not complete about a list, and of the run's own date also what is."""
    is_today = batch.announced_on == on
    announced = {batch.category: completeness.describe_batch(batch)} if is_today else {}
    if batch.state not in completeness.DOUBTFUL:
        return Outcome(announced=announced)
    words = f"{batch.category}, {batch.announced_on}: {batch.note}"
    if is_today:
        return Outcome(announced=announced, incomplete=(words,))
    return Outcome(gaps=(words,) if catchup.is_within_reach(batch.announced_on, on) else ())


def _describe_refused(entry: ListEntry, key: ListKey) -> Problem:
    message = f"The feed listed {entry.arxiv_id} in {key.category} on {key.on}; arXiv's list of that day does not."
    remedy = "Nothing to do: it stands where arXiv announced it."
    place = f"{key.category} {key.on}"
    return Problem(place, 1, 1, "not-announced", Severity.WARNING, message, remedy, entry.arxiv_id)
