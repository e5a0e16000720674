"""Days on which arXiv says that it announces nothing. They explain a quiet day; they never suppress a fetch.

arXiv's notices have been wrong (an announcement came on 2024-01-15, Martin Luther King Day, although none was to
come), so a list that has entries counts whatever stands here. The rules follow the published table of 2026:
announcements of these evenings are deferred, and the lists of the next morning are empty.
Source: https://info.arxiv.org/help/availability.html#holidays
"""

from datetime import date, timedelta

_MONDAY, _THURSDAY = 0, 3


def find_holiday(day: date) -> str | None:
    """Find the holiday that explains why no list bears this date; None where none does."""
    return _list_holidays(day.year).get(day) or _list_holidays(day.year - 1).get(day)


def _list_holidays(year: int) -> dict[date, str]:
    thanksgiving = _find_nth_weekday(year, 11, _THURSDAY, 4)
    independence = date(year, 7, 4)
    fixed = {
        date(year, 1, 1): "New Year's Day",
        _find_nth_weekday(year, 1, _MONDAY, 3): "Martin Luther King Day",
        date(year, 6, 19): "Juneteenth",
        _shift_to_weekday(independence): "Independence Day",
        _find_nth_weekday(year, 9, _MONDAY, 1): "Labor Day",
        thanksgiving: "Thanksgiving",
        date(year, 12, 25): "Christmas",
        date(year, 12, 29): "the turn of the year",
        date(year, 12, 31): "New Year's Eve",
    }
    # Nothing is announced on the evening of the holiday, so that the list of the morning after is missing.
    after = {_find_next_weekday(day): f"{name} ({day})" for day, name in fixed.items() if day.weekday() < 5}  # noqa: PLR2004
    return {day: f"{name} ({day})" for day, name in fixed.items()} | after


def _find_nth_weekday(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _shift_to_weekday(day: date) -> date:
    # A Saturday's holiday is kept on Friday, a Sunday's on Monday.
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


def _find_next_weekday(day: date) -> date:
    following = day + timedelta(days=1)
    return following + timedelta(days=max(0, 7 - following.weekday()) if following.weekday() > 4 else 0)  # noqa: PLR2004
