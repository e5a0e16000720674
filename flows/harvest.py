"""What arXiv announced, what changed there, and what it says of each paper.

An upstream fault is reported as what it is and costs the rest nothing; what it left undone, the next run does.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from itertools import chain, groupby
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows import changes, descriptions, lists, wiring
from flows.ending import ended
from flows.lists import Scope
from flows.wiring import HARVEST, Run
from storage.library import connection, leases, oai_cursor, problems
from storage.responses import DamagedLine, DamagedResponseError, KeptResponse
from yibao.arxiv import announcements, api, catchup, oai
from yibao.errors import UpstreamError
from yibao.records import Problem, Reading, Severity
from yibao.sources import CATCHUP

_DAMAGED = "the kept response is damaged"


@flow(name="harvest")
def harvest(  # noqa: PLR0913  (what a person may ask for)
    on: date | None = None,
    config: str = "yibao.toml",
    since: date | None = None,
    until: date | None = None,
    categories: list[str] | None = None,
    kept: bool = False,  # noqa: FBT001, FBT002  (Prefect names its parameters)
    run_id: str | None = None,
) -> State | None:
    """What arXiv announced and changed is in the library, gaps since a date filled, and nothing is published.

    With `kept`, arXiv is not asked: every answer that was kept is read again, in the order of arrival.
    """
    wiring.check_dates(since, until)
    with wiring.run(Path(config), "harvest", on, run_id) as run:
        if kept:
            replay(run)
        else:
            wanted = tuple(categories or run.settings.arxiv.categories)
            harvested(run, Scope(wanted, since, min(until or run.on, run.on)))
        return ended(run)


def harvested(run: Run, scope: Scope | None = None, translate: Callable[[Run], object] = lambda _run: None) -> None:
    """The library holds what arXiv announced and changed, and the ledger says how much of it is certain.

    `translate` stores the curators' files once arXiv has answered, so that nothing is dated by a clock that its answer
    shows to be wrong; and before anything of that answer is stored: a translation belongs to the text known before.
    Where another host harvests, arXiv is not asked: its terms count all machines of an operator as one.
    """
    scope = scope or Scope(run.settings.arxiv.categories, None, run.on)
    with _lease(run) as harvester:
        if harvester:
            run.report.trouble(f"{harvester} harvests; this host asks arXiv nothing")
            translate(run)
        else:
            # Records come before the feeds: they say more of the same papers, which are then stored once.
            pages = changes.read_pages(run, scope.since)
            first = next(pages, None)
            translate(run)
            for arrived in chain([first] if first else [], pages):
                changes.store_changes(run, *arrived)
            lists.announced(run, scope)
            lists.recovered(run, scope)
            descriptions.described(run)
        lists.judged(run, scope)


def translate_and_describe(run: Run, translate: Callable[[Run], None]) -> None:
    """Read the translations, and ask arXiv for the metadata of papers that are not known whole.

    Unless another host harvests: then arXiv is asked nothing.
    """
    with _lease(run) as harvester:
        if harvester:
            run.report.trouble(f"{harvester} harvests; this host asks arXiv nothing")
            translate(run)
        else:
            check_clock(run)
            translate(run)
            descriptions.described(run)


@task(name="compare the clock with arXiv's", cache_policy=NO_CACHE)
def check_clock(run: Run) -> None:
    """Ask arXiv one thing, for the date of its answer; whether it can be had is told by what asks it next.

    Raises:
        ClockError: this machine's clock is wrong by more than a day.
    """
    with run.client() as client, suppress(UpstreamError):
        client.get(f"{run.settings.arxiv.oai_url}?verb=Identify", accept=lambda _status: True)


@contextmanager
def _lease(run: Run) -> Iterator[str | None]:
    """Hold the lease to ask arXiv while the block runs, or name the host that holds it."""
    with connection.write_library(run.library) as library:
        other = leases.take_lease(library, HARVEST, wiring.host(), run.now())
    run.is_harvester = other is None
    try:
        yield other
    finally:
        if run.is_harvester:
            run.is_harvester = False
            with connection.write_library(run.library) as library:
                leases.return_lease(library, HARVEST, wiring.host())


def replay(run: Run) -> None:
    """The library holds everything that the kept answers say, as of the days on which they came."""
    damaged = [_unreadable_line(run, one) for one in run.responses.damaged_lines()]
    count = 0
    for on, answers in groupby(run.responses.journal(), key=lambda kept: kept.on):
        day = _Replay(run.at(on))
        count += day.read(list(answers))
        damaged += day.damaged
    if not count:
        run.report.fault(f"{run.responses.journal_path}: there are no kept responses to read.")
    _tell_damage(run, damaged)


def _tell_damage(run: Run, damaged: list[Problem]) -> None:
    """What could not be read is on record, and fails the run where something is missing for it."""
    with connection.write_library(run.library) as library:
        problems.replace_problems(library, "kept", damaged)
    run.report.problems += damaged
    lost = sum(problem.severity == Severity.ERROR for problem in damaged)
    if lost:
        run.report.fault(
            f"{lost} kept responses could not be read; the others were. `yibao status` names them: restore them from a "
            "backup and run `yibao harvest --kept` again, or `yibao harvest --from DATE`, which asks arXiv."
        )


def _unreadable_line(run: Run, damaged: DamagedLine) -> Problem:
    severity = Severity.WARNING if damaged.is_cut_off else Severity.ERROR
    remedy = "Nothing to do." if damaged.is_cut_off else "The others were read; restore the journal from a backup."
    path = str(run.responses.journal_path)
    return Problem(path, damaged.line, 1, "damaged-response", severity, damaged.reason, remedy)


def _unreadable_body(error: DamagedResponseError, kept: KeptResponse) -> Problem:
    message = f"The response to {kept.url} of {kept.on} cannot be read: {error.reason}."
    remedy = "The others were read; restore this file from a backup, or ask arXiv again."
    return Problem(str(error.path), 1, 1, "damaged-response", Severity.ERROR, message, remedy)


class _Replay:
    """One day's answers, read again in the order in which they came."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._pages: dict[tuple[str, date], list[catchup.CatchupPage]] = {}
        self._categories: set[str] = set()
        #: What could not be read.
        self.damaged: list[Problem] = []

    def read(self, answers: Sequence[KeptResponse]) -> int:
        """Store what the answers say; returns how many there are."""
        for kept in answers:
            self._run.kept.append(kept)
            try:
                body = self._run.responses.body(kept.sha256)
            except DamagedResponseError as error:
                self.damaged.append(_unreadable_body(error, kept))
                self._note_damage(kept)
            else:
                self._read_one(kept.url, body)
        scope = Scope(tuple(sorted(self._categories)), None, self._run.on)
        lists.judged(self._run, scope)
        return len(answers)

    def _read_one(self, url: str, body: bytes) -> None:
        if api.is_query_url(url):
            self._read_papers(url, body)
        elif oai.is_query_url(url):
            self._read_changes(url, body)
        elif catchup.is_page_url(url, self._run.settings.arxiv.catchup_url):
            self._read_page(url, body)
        else:
            self._read_feed(url, body)

    def _note_damage(self, kept: KeptResponse) -> None:
        """A list that lacks an answer is not taken for complete."""
        if api.is_query_url(kept.url) or oai.is_query_url(kept.url):
            return
        if catchup.is_page_url(kept.url, self._run.settings.arxiv.catchup_url):
            source, (category, on) = CATCHUP, catchup.parse_page_url(kept.url)
            self._pages.pop((category, on), None)
        else:
            (source, category), on = announcements.parse_feed_url(kept.url), self._run.on
        self._categories.add(category)
        lists.store_fault(self._run, category, on, source, _DAMAGED)

    def _read_papers(self, url: str, body: bytes) -> None:
        try:
            descriptions.store_papers(self._run, url, api.parse_response(body, url))
        except UpstreamError:
            return

    def _read_changes(self, url: str, body: bytes) -> None:
        try:
            page = oai.parse_page(body, url)
        except UpstreamError:
            return
        if oai.is_list_url(url):
            with connection.read_library(self._run.library) as library:
                place = oai_cursor.read_cursor(library, oai.PREFIX)
            begun = oai_cursor.OaiCursor(
                oai.PREFIX, oai.parse_start_date(url) or (place.from_on if place else self._run.on)
            )
            before = place if place and oai.is_continued_url(url) else begun
            changes.store_changes(self._run, url, page, changes.following(before, page))
        else:
            reading = Reading(page.papers, (), page.problems, None, page.declared)
            descriptions.store_papers(self._run, url, reading)

    def _read_page(self, url: str, body: bytes) -> None:
        category, on = catchup.parse_page_url(url)
        self._categories.add(category)
        try:
            page = catchup.parse_page(body, url)
        except UpstreamError as error:
            lists.store_fault(self._run, category, on, CATCHUP, error.reason)
            return
        pages = [*self._pages.pop((category, on), []), page]
        if catchup.has_more_pages(pages):
            self._pages[category, on] = pages
        else:
            lists.store_pages(self._run, category, on, pages)

    def _read_feed(self, url: str, body: bytes) -> None:
        source, category = announcements.parse_feed_url(url)
        self._categories.add(category)
        try:
            reading = announcements.parse_feed(body, url, category, source)
        except UpstreamError as error:
            lists.store_fault(self._run, category, self._run.on, source, error.reason)
            return
        lists.store_feed(self._run, category, url, reading)
