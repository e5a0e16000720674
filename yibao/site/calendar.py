"""Editions as a calendar: a page for each year, a grid for each month."""

import calendar
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from yibao import dates
from yibao.edition_summaries import EditionCounts


class Week(NamedTuple):
    """A row: the weekly edition, and seven days, Monday first; None for a day of another month."""

    edition: EditionCounts | None
    days: tuple[tuple[date, EditionCounts | None] | None, ...]


class Month(NamedTuple):
    """A month in which there are editions."""

    month: int
    weeks: tuple[Week, ...]


def arrange_years(editions: Iterable[EditionCounts]) -> dict[int, list[Month]]:
    """Arrange editions by years and months, newest first. A week is in each month that it has days of."""
    editions_by_key = {edition.key: edition for edition in editions}
    months = sorted({(day.year, day.month) for key in editions_by_key for day in _list_days(key)}, reverse=True)
    months_by_year: dict[int, list[Month]] = {}
    for year, month in months:
        weeks = tuple(
            _arrange_week(week, month, editions_by_key) for week in calendar.Calendar().monthdatescalendar(year, month)
        )
        months_by_year.setdefault(year, []).append(Month(month, weeks))
    return months_by_year


def _list_days(key: str) -> Sequence[date]:
    return dates.parse_week(key) if "W" in key else (date.fromisoformat(key),)


def _arrange_week(week: Sequence[date], month: int, listed: dict[str, EditionCounts]) -> Week:
    days = tuple((day, listed.get(day.isoformat())) if day.month == month else None for day in week)
    return Week(listed.get(dates.format_week(week[0])), days)
