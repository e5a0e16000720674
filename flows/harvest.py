"""What arXiv announced, what changed there, and what it says of each paper.

An upstream fault is reported as what it is and costs the rest nothing; what it left undone, the next run does.
"""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State

from flows import changes, descriptions, lists, wiring
from flows.ending import ended
from flows.lists import Scope
from flows.wiring import HARVEST, Run
from storage.library import connection, leases, oai_lists
from storage.responses import Kept
from yibao.arxiv import announcements, api, catchup, oai
from yibao.errors import UpstreamError
from yibao.models import Reading
from yibao.sources import CATCHUP


@flow(name="harvest")
def harvest(  # noqa: PLR0913  (what a person may ask for)
    on: date | None = None,
    config: str = "yibao.toml",
    since: date | None = None,
    until: date | None = None,
    categories: list[str] | None = None,
    kept: bool = False,  # noqa: FBT001, FBT002  (Prefect names its parameters)
) -> State | None:
    """What arXiv announced and changed is in the library, gaps since a date filled, and nothing is published.

    With `kept`, arXiv is not asked: every answer that was kept is read again, in the order of arrival.
    """
    with wiring.run(Path(config), "harvest", on) as run:
        if kept:
            replay(run)
        else:
            wanted = tuple(categories or run.settings.arxiv.categories)
            harvested(run, Scope(wanted, since, min(until or run.on, run.on)))
        return ended(run)


def harvested(run: Run, scope: Scope | None = None) -> None:
    """The library holds what arXiv announced and changed, and the ledger says how much of it is certain.

    Where another host harvests, arXiv is not asked: its terms count all machines of an operator as one.
    """
    scope = scope or Scope(run.settings.arxiv.categories, None, run.on)
    harvester = _take_lease(run)
    if harvester:
        run.report.trouble(f"{harvester} harvests; this host asks arXiv nothing")
    else:
        # Records come before the feeds: they say more of the same papers, which are then stored once.
        changes.changed(run, scope.since)
        lists.announced(run, scope)
        lists.recovered(run, scope)
        descriptions.described(run)
    lists.judged(run, scope)
    _give_back_lease(run)


def describe_papers(run: Run) -> None:
    """Ask arXiv for the metadata of papers that are not described yet, unless another host harvests."""
    harvester = _take_lease(run)
    if harvester:
        run.report.trouble(f"{harvester} harvests; this host asks arXiv nothing")
    else:
        descriptions.described(run)
    _give_back_lease(run)


def _take_lease(run: Run) -> str | None:
    with connection.writing(run.library) as library:
        other = leases.take(library, HARVEST, wiring.host(), run.now())
    run.is_harvester = other is None
    return other


def _give_back_lease(run: Run) -> None:
    if run.is_harvester:
        run.is_harvester = False
        with connection.writing(run.library) as library:
            leases.give_back(library, HARVEST, wiring.host())


def replay(run: Run) -> None:
    """The library holds everything that the kept answers say, as of the days on which they came."""
    for on, answers in groupby(run.responses.journal(), key=lambda kept: kept.on):
        day = run.at(on)
        _Replay(day).read(list(answers))


class _Replay:
    """One day's answers, read again in the order in which they came."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._pages: dict[tuple[str, date], list[catchup.Page]] = {}
        self._categories: set[str] = set()

    def read(self, answers: Sequence[Kept]) -> None:
        run, addresses = self._run, self._run.settings.arxiv
        for kept in answers:
            run.kept.append(kept)
            body = run.responses.body(kept.sha256)
            if api.is_query(kept.url):
                self._read_papers(kept.url, body)
            elif oai.is_query(kept.url):
                self._read_changes(kept.url, body)
            elif catchup.is_page(kept.url, addresses.catchup_url):
                self._read_page(kept.url, body)
            else:
                self._read_feed(kept.url, body)
        scope = Scope(tuple(sorted(self._categories)), None, run.on)
        lists.judged(run, scope)

    def _read_papers(self, url: str, body: bytes) -> None:
        try:
            descriptions.store_papers(self._run, url, api.read(body, url))
        except UpstreamError:
            return

    def _read_changes(self, url: str, body: bytes) -> None:
        try:
            page = oai.read(body, url)
        except UpstreamError:
            return
        if oai.is_list(url):
            with connection.reading(self._run.library) as library:
                place = oai_lists.read(library, oai.PREFIX)
            begun = oai_lists.OaiList(oai.PREFIX, oai.begun_on(url) or (place.from_on if place else self._run.on))
            before = place if place and oai.is_continued(url) else begun
            changes.store_changes(self._run, url, page, changes.following(before, page))
        else:
            reading = Reading(page.papers, (), page.problems, None, page.declared)
            descriptions.store_papers(self._run, url, reading)

    def _read_page(self, url: str, body: bytes) -> None:
        category, on = catchup.subject_of(url)
        self._categories.add(category)
        try:
            page = catchup.read(body, url)
        except UpstreamError as error:
            lists.store_fault(self._run, category, on, CATCHUP, error.reason)
            return
        pages = [*self._pages.pop((category, on), []), page]
        if catchup.has_more(pages):
            self._pages[category, on] = pages
        else:
            lists.store_pages(self._run, category, on, pages)

    def _read_feed(self, url: str, body: bytes) -> None:
        source, category = announcements.subject_of(url)
        self._categories.add(category)
        try:
            reading = announcements.read(body, url, category, source)
        except UpstreamError as error:
            lists.store_fault(self._run, category, self._run.on, source, error.reason)
            return
        lists.store_feed(self._run, category, url, reading)
