"""Which of arXiv's daily lists a run looks after: those it may ask for, those it judges, those that are lost. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from yibao import dates
from yibao.arxiv import catchup, completeness
from yibao.records import Batch, SourceReport, UnlistedPaper

_DAY = timedelta(days=1)


class ListKey(NamedTuple):
    """One category's list for one date. Sorts by date."""

    on: date
    category: str


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


def name_list(item: Batch | SourceReport) -> ListKey:
    """Return the list that a batch or a source report speaks of."""
    return ListKey(item.announced_on, item.category)


def find_first_days(scope: Scope, on: date, known: Iterable[ListKey]) -> dict[str, date]:
    """Find the date from which each category of the scope is looked after, by the lists known to the ledger."""
    begun: dict[str, date] = {}
    for key in known:
        begun[key.category] = min(key.on, begun.get(key.category, key.on))
    return {code: scope.since or min(begun.get(code, on), scope.until) for code in scope.categories}


def find_reachable(scope: Scope, on: date, known: AbstractSet[ListKey]) -> set[ListKey]:
    """Find every list of the scope that arXiv still keeps on a date; of weekends only where one is known or asked."""
    return {
        ListKey(day, category)
        for category, first in find_first_days(scope, on, known).items()
        for day in _iterate_days(max(first, on - catchup.REACH), scope.until)
        if dates.is_announcement_day(day) or day == on or (day, category) in known
    }


def find_open(
    scope: Scope, on: date, batches: Mapping[ListKey, Batch], pages: Mapping[ListKey, SourceReport]
) -> list[ListKey]:
    """Find the lists whose catch-up page should be asked: earlier dates oldest first, then the run's own.

    `pages` holds what the catch-up pages said before.
    """
    return [
        key
        for key in sorted(find_reachable(scope, on, batches.keys()))
        if completeness.is_request_due(batches.get(key), pages.get(key), key.on, on)
    ]


def find_lists_to_judge(
    scope: Scope, on: date, batches: Mapping[ListKey, Batch], touched: AbstractSet[ListKey], lost: Iterable[Span]
) -> list[ListKey]:
    """Find the lists whose state may be another than the ledger says, oldest first.

    They are doubtful, or were touched in this run, or lie at the end of a span that is lost.
    """
    keys = find_reachable(scope, on, batches.keys()) | _find_open_beyond_reach(scope, on, batches)
    keys |= {ListKey(span.last, span.category) for span in lost}
    doubtful = {key for key in keys if key not in batches or batches[key].state in completeness.DOUBTFUL}
    return sorted(doubtful | (touched & keys))


def find_lost_spans(scope: Scope, on: date, known: Iterable[ListKey]) -> list[Span]:
    """Find, by category, lists that were never asked for and that arXiv keeps no more: those since the newest known.

    Earlier ones have been reported before. Where none is known, the category was not looked after then: nothing is
    lost, unless all that is asked for is beyond reach.
    """
    keys = list(known)
    beyond = on - catchup.REACH - _DAY
    newest: dict[str, date] = {}
    for key in keys:
        if key.on <= beyond:
            newest[key.category] = max(key.on, newest.get(key.category, key.on))
    spans = []
    for category, first in find_first_days(scope, on, keys).items():
        if category in newest or scope.until <= beyond:
            since = max(first, newest[category] + _DAY) if category in newest else first
            days = dates.trim_to_announcement_days(since, min(scope.until, beyond))
            spans += [Span(category, *days)] if days else []
    return spans


def find_left_out(
    unlisted: Mapping[str, Sequence[UnlistedPaper]], asked: AbstractSet[ListKey]
) -> dict[ListKey, list[UnlistedPaper]]:
    """Find, by list, the papers that OAI-PMH knows and that the list may have left out.

    A paper tells of no list while one of those that should have it was never asked for.
    """
    left_out: dict[ListKey, list[UnlistedPaper]] = {}
    for category, papers in unlisted.items():
        for paper in papers:
            keys = [ListKey(day, category) for day in completeness.list_expected_dates(paper)]
            if asked >= set(keys):
                for key in keys:
                    left_out.setdefault(key, []).append(paper)
    return left_out


def describe_lost(scope: Scope, on: date, lost: Iterable[Span]) -> tuple[str, ...]:
    """Say which of the lists asked for arXiv keeps no more."""
    kept_since = on - catchup.REACH
    notes = [f"{span.category}: the lists of {span} are lost, arXiv keeps them no more" for span in lost]
    if scope.since and scope.since < kept_since:
        reach = (
            f"arXiv keeps its lists for {catchup.REACH.days} days: none is asked for before {kept_since}. "
            f"What changed since {scope.since} is read all the same."
        )
        notes.insert(0, reach)
    return tuple(notes)


def _find_open_beyond_reach(scope: Scope, on: date, batches: Mapping[ListKey, Batch]) -> set[ListKey]:
    """Find lists of the scope that arXiv keeps no more, and of which more may be learnt: not those that are lost."""
    first = find_first_days(scope, on, batches.keys())
    last = min(scope.until, on - catchup.REACH - _DAY)
    return {
        key
        for key, batch in batches.items()
        if key.category in first and first[key.category] <= key.on <= last and not completeness.is_lost(batch)
    }


def _iterate_days(first: date, last: date) -> Iterator[date]:
    return (first + number * _DAY for number in range((last - first).days + 1))
