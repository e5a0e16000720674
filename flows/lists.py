"""arXiv's daily lists: today's feeds, the catch-up pages of every list that is not final, and the ledger of both."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from commands import progress
from flows import asking
from flows.wiring import Run
from storage.library import announcements as lists
from storage.library import connection, ledger, papers, problems
from storage.library.connection import Connection
from yibao import dates
from yibao.arxiv import announcements, catchup, completeness
from yibao.arxiv.client import Client
from yibao.arxiv.completeness import ListContext
from yibao.errors import UpstreamError
from yibao.records import Batch, ListEntry, Problem, Reading, Severity, SourceReport, UnlistedPaper
from yibao.sources import CATCHUP

#: Earlier lists are asked for as long as this, in seconds; the next run goes on. Today's list is always asked for.
RECOVERY_S = 3600.0
_MOST_PAGES = 20
_DAY = timedelta(days=1)
#: How far back papers are looked for that OAI-PMH knows and no list has.
_RECENT = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which lists a run looks after."""

    categories: tuple[str, ...]
    #: The first date; None where the ledger says where it begins.
    since: date | None
    until: date


@dataclass(frozen=True, slots=True)
class Span:
    """Announcement days of one category, one after the other."""

    category: str
    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


def announced(run: Run, scope: Scope) -> None:
    """Today's feed of every category is in the library, or its fault is on record."""
    if run.on > scope.until:
        return
    with run.client() as client:
        for category in scope.categories:
            url = announcements.build_feed_url(run.settings.arxiv.feed_url, category)
            try:
                reading = asking.patient(run, fetch_feed)(run, client, category)
            except UpstreamError as error:
                run.report.trouble(asking.told(run, error))
                store_fault(run, category, run.on, run.settings.arxiv.feed, asking.reason(error))
            else:
                store_feed(run, category, url, reading)


def recovered(run: Run, scope: Scope) -> None:
    """The catch-up page of every list that is not final was asked: earlier dates first, oldest first, then today."""
    earlier = [(on, category) for on, category in open_lists(run, scope) if on < run.on]
    today = [(on, category) for on, category in open_lists(run, scope) if on == run.on]
    give_up_at = run.clock.now() + RECOVERY_S
    with run.client() as client:
        for number, (on, category) in enumerate(earlier):
            if run.clock.now() > give_up_at:
                run.report.gap(f"{len(earlier) - number} earlier lists are still to be asked for; the next run goes on")
                break
            _look_at_page(run, client, category, on)
        for on, category in today:
            _look_at_page(run, client, category, on)


def open_lists(run: Run, scope: Scope) -> list[tuple[date, str]]:
    """Dates and categories whose catch-up page should be asked, oldest first."""
    with connection.read_library(run.library) as library:
        batches = {(batch.announced_on, batch.category): batch for batch in ledger.read_batches(library)}
        pages = ledger.read_catchup_reports(library)
    return [
        (on, category)
        for on, category in sorted(_reachable(run, scope, batches.keys()))
        if completeness.is_request_due(batches.get((on, category)), pages.get((category, on)), on, run.on)
    ]


def judged(run: Run, scope: Scope) -> None:
    """The ledger says of each list what its sources let us say, and the report what is not complete."""
    with connection.read_library(run.library) as library:
        batches = {(batch.announced_on, batch.category): batch for batch in ledger.read_batches(library)}
        looked = {(look.announced_on, look.category) for look in ledger.read_reports_of_run_date(library, run.on)}
        pages = ledger.read_catchup_reports(library)
        unlisted = lists.find_unlisted_papers(library, run.on - _RECENT)
    lost = _lost_spans(run, scope, batches.keys())
    _tell_lost(run, scope, lost)
    wanted = _reachable(run, scope, batches.keys()) | _open_beyond_reach(run, scope, batches)
    wanted |= {(span.last, span.category) for span in lost}
    doubtful = {key for key in wanted if key not in batches or batches[key].state in completeness.DOUBTFUL}
    left_out = _left_out(unlisted, pages.keys())
    judge_lists(run, sorted(doubtful | ((looked | left_out.keys()) & wanted)), left_out, lost)


def _left_out(
    unlisted: Mapping[str, Sequence[UnlistedPaper]], looked_at: AbstractSet[tuple[str, date]]
) -> dict[tuple[date, str], list[UnlistedPaper]]:
    """By list, the papers that OAI-PMH knows and that it may have left out.

    A paper tells of no list while one of those that should have it was never looked at.
    """
    found: dict[tuple[date, str], list[UnlistedPaper]] = {}
    for category, papers_ in unlisted.items():
        for paper in papers_:
            days = completeness.list_expected_dates(paper)
            if all((category, day) in looked_at for day in days):
                for day in days:
                    found.setdefault((day, category), []).append(paper)
    return found


@task(name="fetch a category's feed", cache_policy=NO_CACHE)
def fetch_feed(run: Run, client: Client, category: str) -> Reading:
    """The category's announcement feed, read."""
    progress.tell(f"fetching today's list: {category} {run.on}", None)
    url = announcements.build_feed_url(run.settings.arxiv.feed_url, category)
    return announcements.parse_feed(asking.get(run, client, url).body, url, category, run.settings.arxiv.feed)


@task(name="fetch a catch-up page", cache_policy=NO_CACHE)
def fetch_page(run: Run, client: Client, url: str) -> catchup.CatchupPage:
    """A page of a list of any of the last 90 days, read."""
    progress.tell("fetching a list's page: {} {}".format(*catchup.parse_page_url(url)), None)
    return catchup.parse_page(asking.get(run, client, url).body, url)


@task(name="store a category's feed", cache_policy=NO_CACHE)
def store_feed(run: Run, category: str, url: str, reading: Reading) -> None:
    """The feed's papers are in the library; its lines too, if it speaks of today and repeats no earlier list."""
    source = run.settings.arxiv.feed
    first = [line.arxiv_id for line in reading.announcements if line.type.is_first]
    with run.storing() as library:
        merged = papers.store_papers(library, reading.papers, run.on)
        earlier = lists.find_announced_before(library, category, run.on, first)
        look = completeness.report_feed(reading, category, run.on, source, earlier)
        before = ledger.read_source_reports(library, category, run.on).get(source)
        if before is None or not before.read or look.read:
            ledger.store_source_report(library, look)
        if look.read and not completeness.is_repeated_feed(look):
            known = lists.read_entries(library, category, run.on)
            found = completeness.merge_entries(known, reading.announcements, source, is_whole=False)
            lists.replace_entries(library, category, run.on, found)
        problems.replace_problems(library, url, reading.problems)
    if look.note:
        run.report.trouble(f"{category}, {run.on}: {look.note}")
    run.report.papers_new += merged.new
    run.report.papers_changed += merged.changed
    run.report.problems += reading.problems


@task(name="store a category's list", cache_policy=NO_CACHE)
def store_pages(run: Run, category: str, on: date, pages: Sequence[catchup.CatchupPage]) -> SourceReport:
    """The list's lines are in the library; returns what was seen of it."""
    arrived = [line for page in pages for line in page.lines]
    found = [problem for page in pages for problem in page.problems]
    look = completeness.report_pages(pages, category, on, run.on)
    with run.storing() as library:
        known = lists.read_entries(library, category, on)
        before = ledger.read_source_reports(library, category, on).get(CATCHUP)
        if before and before.declared and not look.declared:
            # A list that had entries cannot have none: nothing is taken back on the word of an empty page.
            run.report.trouble(f"{category}, {on}: the catch-up page is empty now, and had {before.declared} entries")
            return before
        same = {line.arxiv_id for line in known if CATCHUP in line.sources} == {line.arxiv_id for line in arrived}
        if before and same and not before.note and not look.note and before.declared == look.declared:
            look = replace(look, confirmed=before.confirmed + 1)
        lists.replace_entries(
            library, category, on, completeness.merge_entries(known, arrived, CATCHUP, is_whole=not look.note)
        )
        ledger.store_source_report(library, look)
        problems.replace_problems(library, catchup.build_page_url(run.settings.arxiv.catchup_url, category, on), found)
    run.report.problems += found
    return look


@task(name="note a list that could not be had", cache_policy=NO_CACHE)
def store_fault(run: Run, category: str, on: date, source: str, note: str) -> None:
    """It is on record that this source could not tell; what it told before still counts."""
    with run.storing() as library:
        before = ledger.read_source_reports(library, category, on).get(source)
        if before is None or before.declared is None:
            ledger.store_source_report(library, SourceReport(category, on, source, None, 0, run.on, note))


@task(name="judge the lists", cache_policy=NO_CACHE)
def judge_lists(
    run: Run,
    wanted: Sequence[tuple[date, str]],
    left_out: Mapping[tuple[date, str], Sequence[UnlistedPaper]],
    lost: Sequence[Span] = (),
) -> None:
    """The ledger says of these lists what may be said, and the report what is doubtful.

    A span of lists that are lost has one line, that of its last day.
    """
    spans = {(span.last, span.category): span for span in lost}
    with run.storing() as library:
        announced_on = lists.find_dates_with_entries(library)
        newest = max(announced_on, default=date.min)
        held = lists.read_described_entries(library, wanted) if wanted else {}
        for on, category in wanted:
            others = announced_on.get(on, set()) - {category}
            context = ListContext(run.on, bool(others), newest > on, tuple(left_out.get((on, category), ())))
            batch = _judge_one(run, library, (on, category), held.get((on, category), []), context)
            if span := spans.get((on, category)):
                batch = completeness.mark_span(batch, span.first)
            ledger.store_batch(library, batch, run.on)
            _tell(run, batch)


def _judge_one(
    run: Run, library: Connection, key: tuple[date, str], lines: Sequence[ListEntry], context: ListContext
) -> Batch:
    on, category = key
    looks = ledger.read_source_reports(library, category, on)
    alone = [line.arxiv_id for line in lines if CATCHUP not in line.sources]
    earlier = lists.find_announced_before(library, category, on, alone) if alone else set()
    official = completeness.select_official(lines, looks, category, earlier)
    if len(official) < len(lines):
        lists.replace_entries(library, category, on, official)
        run.report.problems += [_refused(line, category, on) for line in lines if line not in official]
    return completeness.judge_list(category, on, looks, official, context)


def _look_at_page(run: Run, client: Client, category: str, on: date) -> None:
    """The list's page was asked; twice where it is empty on a working day, which a fault may look like."""
    for _ in range(2):
        try:
            look = store_pages(run, category, on, _all_pages(run, client, category, on))
        except UpstreamError as error:
            run.report.trouble(asking.told(run, error))
            store_fault(run, category, on, CATCHUP, asking.reason(error))
            return
        if look.declared or look.confirmed > 1 or not dates.is_announcement_day(on):
            return


def _all_pages(run: Run, client: Client, category: str, on: date) -> list[catchup.CatchupPage]:
    pages: list[catchup.CatchupPage] = []
    while len(pages) < _MOST_PAGES and (not pages or catchup.has_more_pages(pages)):
        url = catchup.build_page_url(run.settings.arxiv.catchup_url, category, on, len(pages) + 1)
        pages.append(asking.patient(run, fetch_page)(run, client, url))
    return pages


def _first_days(run: Run, scope: Scope, known: AbstractSet[tuple[date, str]]) -> dict[str, date]:
    """The date from which each category of the scope is looked after."""
    begun: dict[str, date] = {}
    for on, category in known:
        begun[category] = min(on, begun.get(category, on))
    return {one: scope.since or min(begun.get(one, run.on), scope.until) for one in scope.categories}


def _reachable(run: Run, scope: Scope, known: AbstractSet[tuple[date, str]]) -> set[tuple[date, str]]:
    """Every date and category of the scope on which a list may be had; weekends only where asked for."""
    found = set()
    for category, first in _first_days(run, scope, known).items():
        day = max(first, run.on - catchup.REACH)
        while day <= scope.until:
            if dates.is_announcement_day(day) or day == run.on or (day, category) in known:
                found.add((day, category))
            day += timedelta(days=1)
    return found


def _open_beyond_reach(run: Run, scope: Scope, batches: Mapping[tuple[date, str], Batch]) -> set[tuple[date, str]]:
    """Lists of the scope that arXiv keeps no more, and of which more may be learnt: those that are lost are not."""
    first = _first_days(run, scope, batches.keys())
    return {
        (on, category)
        for (on, category), batch in batches.items()
        if category in first
        and first[category] <= on <= min(scope.until, run.on - catchup.REACH - _DAY)
        and not completeness.is_lost(batch)
    }


def _lost_spans(run: Run, scope: Scope, known: AbstractSet[tuple[date, str]]) -> list[Span]:
    """By category, the lists that were never asked for and that arXiv keeps no more: those since the newest one known.

    Earlier ones have been told before. Where none is known, the category was not looked after then: nothing is lost,
    unless all that is asked for is beyond reach.
    """
    beyond = run.on - catchup.REACH - _DAY
    newest: dict[str, date] = {}
    for on, category in known:
        if on <= beyond:
            newest[category] = max(on, newest.get(category, on))
    found = []
    for category, first in _first_days(run, scope, known).items():
        if category in newest or scope.until <= beyond:
            since = max(first, newest[category] + _DAY) if category in newest else first
            days = dates.trim_to_announcement_days(since, min(scope.until, beyond))
            found += [Span(category, *days)] if days else []
    return found


def _tell_lost(run: Run, scope: Scope, lost: Sequence[Span]) -> None:
    kept_since = run.on - catchup.REACH
    if scope.since and scope.since < kept_since:
        run.report.note(
            f"arXiv keeps its lists for {catchup.REACH.days} days: none is asked for before {kept_since}. "
            f"What changed since {scope.since} is read all the same."
        )
    for span in lost:
        run.report.note(f"{span.category}: the lists of {span} are lost, arXiv keeps them no more")


def _tell(run: Run, batch: Batch) -> None:
    if batch.announced_on == run.on:
        run.report.announced[batch.category] = completeness.describe_batch(batch)
    if batch.state not in completeness.DOUBTFUL:
        return
    words = f"{batch.category}, {batch.announced_on}: {batch.note}"
    if batch.announced_on == run.on:
        run.report.incomplete.append(words)
    elif catchup.is_within_reach(batch.announced_on, run.on):
        run.report.gap(words)


def _refused(line: ListEntry, category: str, on: date) -> Problem:
    message = f"The feed listed {line.arxiv_id} in {category} on {on}; arXiv's list of that day does not."
    remedy = "Nothing to do: it stands where arXiv announced it."
    return Problem(f"{category} {on}", 1, 1, "not-announced", Severity.WARNING, message, remedy, line.arxiv_id)
