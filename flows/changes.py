"""What changed at arXiv since the last look, announced or not: papers, versions, withdrawals, silent corrections."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import NamedTuple
from urllib.parse import urlsplit

from prefect import task
from prefect.cache_policies import NO_CACHE

from commands import progress
from flows import asking
from flows.wiring import Run
from storage.library import connection, oai_cursor, papers, problems
from storage.library.oai_cursor import OaiCursor
from yibao.arxiv import oai
from yibao.arxiv.client import Client
from yibao.arxiv.oai import RecordsPage, TokenError
from yibao.errors import GarbledError, UpstreamError

#: How often one list is begun again, because its token had expired, within a run.
_BEGINNINGS = 3


class Arrived(NamedTuple):
    """A page of the list, to be stored with the place where reading goes on."""

    url: str
    page: RecordsPage
    place: OaiCursor


def read_pages(run: Run, since: date | None = None) -> Iterator[Arrived]:
    """Ask for every record that changed since the last look, and since a date where one is named, page by page.

    Each page is to be stored before the next is asked for: a run that was killed goes on where it was.
    """
    place = _place(run, since)
    expired = 0
    with run.client() as client:
        while True:
            url = _url(run, place)
            try:
                page = asking.patient(run, fetch_changes)(run, client, url)
            except TokenError:
                expired += 1
                place = replace(place, token=None, from_on=place.reached_on or place.from_on)
                if expired <= _BEGINNINGS:
                    continue
                run.report.gap(
                    f"changed records: arXiv refuses its own tokens; the next run goes on at {place.from_on}"
                )
                return
            except UpstreamError as error:
                run.report.gap(f"changed records: {asking.told(run, error)}; the next run goes on at {place.from_on}")
                return
            place = following(place, page)
            yield Arrived(url, page, place)
            if place.token is None:
                return


def following(place: OaiCursor, page: RecordsPage) -> OaiCursor:
    """The place in the list after a page; after the last one, the beginning of the next list.

    An empty list does not move on: nothing tells it from a fault, and reading a day again costs little.
    """
    if not page.declared:
        return OaiCursor(place.prefix, place.from_on)
    responded_on = place.responded_on or page.responded_on
    if page.token is None:
        return OaiCursor(place.prefix, max(place.from_on, responded_on - oai.OVERLAP))
    reached_on = max(filter(None, (place.reached_on, page.reached_on)), default=None)
    return OaiCursor(place.prefix, place.from_on, page.token, reached_on, responded_on)


@task(name="fetch changed records", cache_policy=NO_CACHE)
def fetch_changes(run: Run, client: Client, url: str) -> RecordsPage:
    """A page of the list, read."""
    progress.tell(f"fetching changed records: {urlsplit(url).query.partition('from=')[2] or 'next page'}", None)
    page = oai.parse_page(asking.get(run, client, url).body, url)
    if page.token and oai.build_next_url(run.settings.arxiv.oai_url, page.token) == url:
        raise GarbledError(url, "the list does not move on")
    if oai.is_continued_url(url) and not page.declared:
        raise GarbledError(url, "the list breaks off: its next page is empty")
    return page


@task(name="store changed records", cache_policy=NO_CACHE)
def store_changes(run: Run, url: str, page: RecordsPage, place: OaiCursor) -> None:
    """The page's records are in the library, and so is the place where reading goes on."""
    with run.storing() as library:
        merged = papers.store_papers(library, page.papers, run.on)
        if page.problems or not oai.is_continued_url(url):
            problems.replace_problems(library, url, page.problems)
        oai_cursor.store_cursor(library, place)
    run.report.papers_new += merged.new
    run.report.papers_changed += merged.changed
    run.report.problems += page.problems


def _place(run: Run, since: date | None) -> OaiCursor:
    """Where reading goes on: at the place kept, but not later than the date wished for."""
    with connection.read_library(run.library) as library:
        place = oai_cursor.read_cursor(library, oai.PREFIX)
    wished = since or run.on - oai.OVERLAP
    if place is None or (since and since < place.from_on):
        return OaiCursor(oai.PREFIX, wished)
    return place


def _url(run: Run, place: OaiCursor) -> str:
    base_url = run.settings.arxiv.oai_url
    return oai.build_next_url(base_url, place.token) if place.token else oai.build_list_url(base_url, place.from_on)
