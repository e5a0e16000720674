"""What programs ask of the open dataset: a paper, papers that satisfy a query, an edition, how complete lists are.

Answered from the newest release, which no run ever keeps from being read; a list that is read page by page stays with
the release from which its first page was. The same functions stand behind the HTTP API and the MCP server.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import date
from typing import Any

from storage import search
from storage.dataset import reading, shelf
from yibao import identifiers
from yibao.dataset.cursors import Cursor, read_cursor, write_cursor
from yibao.dataset.releases import describe_latest
from yibao.errors import DatasetError, NotFoundError, QueryError
from yibao.search import addresses
from yibao.settings import Settings

Answer = dict[str, Any]

#: Rows of a page.
USUAL, MOST = 20, 200
#: Of a ranked list nobody reads further than this.
MOST_RANKED = 10_000


def describe_newest(settings: Settings) -> Answer:
    """Tell which release is the newest, and where its files are."""
    newest = next(iter(shelf.read_list(settings.paths.public).releases), None)
    if newest is None:
        raise DatasetError("There is no release of the dataset yet. It comes with the next run.")
    return describe_latest(newest)


def read_paper(settings: Settings, spelled: str) -> Answer:
    """Read all that is known of a paper, its identifier in any spelling, or the address of its page at arXiv.

    Raises:
        QueryError: this is no identifier.
        NotFoundError: nothing is known of it.
    """
    link = identifiers.parse_link(spelled)
    if link is None:
        raise QueryError(f"{spelled[:60]!r} is no identifier of arXiv's, such as 2501.12948 or hep-th/9901001.")
    name, release = reading.open_release(settings.paths.public)
    with closing(release):
        paper = reading.read_paper(release, link.identifier.arxiv_id)
    if paper is None:
        raise NotFoundError(f"Release {name} knows no paper {link.identifier.arxiv_id}.")
    return {"release": name, **paper}


def search_papers(
    settings: Settings,
    question: Iterable[tuple[str, str]],
    limit: int = USUAL,
    cursor: str | None = None,
    *,
    newest_first: bool = False,
) -> Answer:
    """Find the papers that satisfy a query, the best first or the newest first; `question` as in an address of a feed.

    Raises:
        QueryError: the query cannot be read; the message says where.
        LibraryError: nothing has been published yet, or the index is damaged.
    """
    query = addresses.parse_query(question).parse()
    place = read_cursor(cursor, (int,)) if cursor else None
    offset = int(place.after[0]) if place else 0
    if offset + limit > MOST_RANKED:
        raise QueryError(f"Only the first {MOST_RANKED} papers can be read. Ask for something narrower.")
    found = search.find_papers(settings.paths.search, query, limit, offset=offset, newest_first=newest_first)
    name, release = reading.open_release(settings.paths.public, place.release if place else None)
    with closing(release):
        items = reading.read_papers(release, found.arxiv_ids)
    following = offset + limit
    is_more = following < found.total and following + limit <= MOST_RANKED
    return {
        "release": name,
        "total": found.total,
        "items": items,
        "next_cursor": write_cursor(Cursor(name, (following,))) if is_more else None,
    }


def list_editions(settings: Settings, limit: int = USUAL, cursor: str | None = None) -> Answer:
    """List editions, the latest first."""
    place = read_cursor(cursor, (date, str)) if cursor else None
    name, release = reading.open_release(settings.paths.public, place.release if place else None)
    with closing(release):
        rows = reading.list_editions(release, limit + 1, place.after if place else ())
    return _cut(name, rows, limit, ("starts_on", "edition"))


def read_edition(settings: Settings, edition: str, limit: int = USUAL, cursor: str | None = None) -> Answer:
    """Read an edition, and its papers in order.

    Raises:
        NotFoundError: there is none of this name.
    """
    place = read_cursor(cursor, (int,)) if cursor else None
    name, release = reading.open_release(settings.paths.public, place.release if place else None)
    with closing(release):
        described = reading.read_edition(release, edition)
        if described is None:
            raise NotFoundError(f"Release {name} has no edition {edition[:40]}. One is called 2025-01-17 or 2025-W03.")
        rows = reading.list_edition_papers(release, edition, limit + 1, int(place.after[0]) if place else 0)
    return {"edition": described, **_cut(name, rows, limit, ("position",))}


def list_completeness(
    settings: Settings, chosen: Mapping[str, Any], limit: int = USUAL, cursor: str | None = None
) -> Answer:
    """List how complete arXiv's lists are, the latest first; `chosen` as in `storage.dataset.reading`."""
    place = read_cursor(cursor, (date, str)) if cursor else None
    name, release = reading.open_release(settings.paths.public, place.release if place else None)
    with closing(release):
        rows = reading.list_completeness(release, chosen, limit + 1, place.after if place else ())
    return _cut(name, rows, limit, ("announced_on", "category"))


def _cut(release: str, rows: Sequence[Answer], limit: int, key: tuple[str, ...]) -> Answer:
    """Make a page of rows, one of which may be too many: it says that there are more."""
    items = list(rows[:limit])
    following = None
    if len(rows) > limit:
        last = items[-1]
        after = tuple(value.isoformat() if isinstance(value, date) else value for value in (last[one] for one in key))
        following = write_cursor(Cursor(release, after))
    return {"release": release, "items": items, "next_cursor": following}
