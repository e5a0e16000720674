"""What arXiv announced, what changed there, and what it says of each paper.

An upstream fault is reported as what it is and costs the rest nothing; what it left undone, the next run does.
"""

from collections.abc import Sequence
from datetime import date

from prefect import flow
from prefect.client.schemas.objects import State

from flows.engine import RunLog, hold_lease, make_task, name_flow_run, record_run, repeat
from flows.steps import announcement_sync, environment, metadata_completion, oai_sync, replay, requests
from flows.steps.announcement_sync import Fault, FetchedPage
from flows.steps.metadata_completion import Answered
from yibao.arxiv.api import NotAnIdentifierError
from yibao.arxiv.list_scope import ListKey, Scope
from yibao.arxiv.oai import NoRecordError, TokenError
from yibao.errors import UpstreamError
from yibao.run_report import Outcome
from yibao.sources import CATCHUP

#: Earlier lists are asked for as long as this, in seconds; the next run goes on. Today's list is always asked for.
RECOVERY_S = 3600.0
#: How often a list of changed records is begun again within a run, because its token had expired.
_MOST_RESTARTS = 3

check_clock = make_task(requests.check_clock, "compare our clock with arXiv's")
fetch_changes = make_task(oai_sync.fetch_changes, "fetch records changed since {cursor.from_on}")
store_changes = make_task(oai_sync.store_changes, "store changed records")
fetch_feed = make_task(announcement_sync.fetch_feed, "fetch the feed of {category}, {run.on}")
store_feed = make_task(announcement_sync.store_feed, "store the feed of {category}, {run.on}")
fetch_page = make_task(announcement_sync.fetch_page, "fetch the list of {key.category}, {key.on}, page {number}")
store_list = make_task(announcement_sync.store_list, "store the list of {key.category}, {key.on}")
store_fault = make_task(announcement_sync.store_fault, "note a fault of the list of {fault.key.category}")
fetch_papers = make_task(metadata_completion.fetch_papers, "fetch metadata from {arxiv_ids[0]} on")
fetch_record = make_task(metadata_completion.fetch_record, "fetch the record of {arxiv_id}")
store_papers = make_task(metadata_completion.store_papers, "store metadata")
store_unknown_papers = make_task(metadata_completion.store_unknown_papers, "note papers that arXiv does not know")
judge_lists = make_task(announcement_sync.judge_lists, "judge the lists until {scope.until}")


@flow(name="harvest", flow_run_name=name_flow_run)
def harvest(  # noqa: PLR0913  (what a person may ask for)
    on: date | None = None,
    config: str = "yibao.toml",
    since: date | None = None,
    until: date | None = None,
    categories: list[str] | None = None,
    kept: bool = False,  # noqa: FBT001, FBT002  (Prefect names its parameters)
    run_id: str | None = None,
) -> State | None:
    """Store what arXiv announced and changed, and fill gaps since a date; nothing is published.

    With `kept`, arXiv is not asked: every answer that was kept is read again, in the order of arrival.
    """
    environment.check_dates(since, until)
    with record_run("harvest", config, on, run_id) as log:
        if kept:
            for outcome in replay.replay_days(log.run):
                log.add(outcome)
        else:
            codes = tuple(categories or log.run.settings.arxiv.categories)
            with hold_lease(log):
                harvest_arxiv(log, Scope(codes, since, min(until or log.run.on, log.run.on)))
        return log.end()


def compare_clocks(log: RunLog) -> None:
    """End the run before anything is stored if our clock is wrong by arXiv's; a host that is away is given up."""
    if not log.run.is_harvester:
        return
    try:
        repeat(check_clock, log.run)(log.run)
    except UpstreamError as error:
        log.add(requests.report_trouble(error))


def harvest_arxiv(log: RunLog, scope: Scope) -> None:
    """Store what arXiv announced and changed, and judge how much of it is certain.

    Where another host harvests, arXiv is not asked: its terms count all machines of an operator as one.
    """
    if log.run.is_harvester:
        # Records come before the feeds: they say more of the same papers, which are then stored once.
        sync_changes(log, scope.since)
        sync_feeds(log, scope)
        sync_lists(log, scope)
        complete_metadata(log)
    log.add(judge_lists(log.run, scope))


def sync_changes(log: RunLog, since: date | None) -> None:
    """Store every record that changed since the last run, page by page; a run that is killed goes on where it was."""
    cursor, restarts = oai_sync.find_cursor(log.run, since), 0
    while True:
        try:
            page = repeat(fetch_changes, log.run)(log.run, cursor, log.given_up)
        except UpstreamError as error:
            is_expired = isinstance(error, TokenError)
            cursor, restarts = (oai_sync.restart(cursor), restarts + 1) if is_expired else (cursor, restarts)
            if is_expired and restarts <= _MOST_RESTARTS:
                continue
            log.add(oai_sync.describe_gap(cursor, error))
            return
        outcome, cursor = store_changes(log.run, cursor, page)
        log.add(outcome)
        if cursor.token is None:
            return


def sync_feeds(log: RunLog, scope: Scope) -> None:
    """Store today's feed of every category, or its fault."""
    run = log.run
    if run.on > scope.until:
        return
    for category in scope.categories:
        try:
            feed = repeat(fetch_feed, run)(run, category, log.given_up)
        except UpstreamError as error:
            log.add(requests.report_trouble(error))
            key = ListKey(run.on, category)
            store_fault(run, Fault(key, run.settings.arxiv.feed, requests.shorten_fault(error)))
        else:
            log.add(store_feed(run, category, feed))


def sync_lists(log: RunLog, scope: Scope) -> None:
    """Ask for the catch-up page of every list that is not final: earlier dates first, oldest first, then today."""
    keys = announcement_sync.find_open_lists(log.run, scope)
    earlier = [key for key in keys if key.on < log.run.on]
    clock = environment.SystemClock()
    stop_at = clock.now() + RECOVERY_S
    for number, key in enumerate(earlier):
        if clock.now() > stop_at:
            gap = f"{len(earlier) - number} earlier lists are still to be asked for; the next run goes on"
            log.add(Outcome(gaps=(gap,)))
            break
        sync_list(log, key)
    for key in keys[len(earlier) :]:
        sync_list(log, key)


def sync_list(log: RunLog, key: ListKey) -> None:
    """Store a list from its catch-up page, asked twice where it is empty on a working day: a fault may look like it."""
    for _ in range(2):
        pages: list[FetchedPage] = []
        try:
            while announcement_sync.needs_next_page(pages):
                pages.append(repeat(fetch_page, log.run)(log.run, key, len(pages) + 1, log.given_up))
        except UpstreamError as error:
            log.add(requests.report_trouble(error))
            store_fault(log.run, Fault(key, CATCHUP, requests.shorten_fault(error)))
            return
        outcome, is_doubtful = store_list(log.run, key, pages)
        log.add(outcome)
        if not is_doubtful:
            return


def complete_metadata(log: RunLog) -> None:
    """Fetch the metadata of every paper that we announce or translate and do not know whole."""
    if not log.run.is_harvester:
        return
    left_out: list[str] = []
    unanswered: list[str] = []
    for arxiv_ids in metadata_completion.find_incomplete_papers(log.run):
        answered = _complete_batch(log, arxiv_ids)
        left_out += answered.left_out
        unanswered += answered.unanswered
    unknown = left_out[metadata_completion.MOST_SINGLE_REQUESTS :]
    for arxiv_id in left_out[: metadata_completion.MOST_SINGLE_REQUESTS]:
        try:
            kept = repeat(fetch_record, log.run)(log.run, arxiv_id, log.given_up)
        except NoRecordError:
            unknown.append(arxiv_id)
        except UpstreamError as error:
            log.add(metadata_completion.describe_gap([arxiv_id], error))
            unanswered.append(arxiv_id)
        else:
            log.add(store_papers(log.run, kept).outcome)
    log.add(store_unknown_papers(log.run, unknown, unanswered))


def _complete_batch(log: RunLog, arxiv_ids: Sequence[str]) -> Answered:
    """Ask the API for these papers, twice for those left out; returns those that it did not give."""
    left_out = list(arxiv_ids)
    for _ in range(2):
        try:
            left_out = _ask_for_papers(log, left_out)
        except UpstreamError as error:
            log.add(metadata_completion.describe_gap(left_out, error))
            return Answered(unanswered=left_out)
        if not left_out:
            break
    return Answered(left_out)


def _ask_for_papers(log: RunLog, arxiv_ids: Sequence[str]) -> list[str]:
    """Ask for these papers in one request; returns those that the answer left out, in silence as it does."""
    try:
        kept = repeat(fetch_papers, log.run)(log.run, arxiv_ids, log.given_up)
    except NotAnIdentifierError:
        # One identifier spoils the whole list: halves find it, and cost the others one more request.
        if len(arxiv_ids) == 1:
            return list(arxiv_ids)
        half = len(arxiv_ids) // 2
        return _ask_for_papers(log, arxiv_ids[:half]) + _ask_for_papers(log, arxiv_ids[half:])
    outcome, known = store_papers(log.run, kept)
    log.add(outcome)
    return [arxiv_id for arxiv_id in arxiv_ids if arxiv_id not in known]
