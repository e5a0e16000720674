"""arXiv's calendar: which day is an announcement day, and which week a day belongs to.

An announcement made at 20:00 in New York bears the next morning's date, Monday to Friday.
Source: https://info.arxiv.org/help/availability.html
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
_FRIDAY = 5


def eastern_date(instant: datetime) -> date:
    """The calendar date in New York at an aware instant."""
    return instant.astimezone(EASTERN).date()


def midnight(day: date) -> datetime:
    """The start of a day in New York, as an aware UTC datetime: arXiv stamps its own feeds so."""
    return datetime.combine(day, time(), EASTERN).astimezone(UTC)


def is_announcement_day(day: date) -> bool:
    """Whether arXiv announces on such a weekday. Holidays are not looked at: they are often wrong."""
    return day.isoweekday() <= _FRIDAY


def week_of(day: date) -> str:
    """The ISO week as `2025-W03`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def week_days(week: str) -> tuple[date, date]:
    """Monday and Sunday of an ISO week written as `2025-W03`.

    Raises:
        ValueError: the text is not an ISO week.
    """
    year, _, number = week.partition("-W")
    monday = date.fromisocalendar(int(year), int(number), 1)
    return monday, monday + timedelta(days=6)


def edition_days(key: str) -> tuple[date, date]:
    """The first and last day of an edition by its key: `2025-01-17` for a day, `2025-W03` for a week.

    Raises:
        ValueError: the text is no key of an edition; the message says what one looks like.
    """
    try:
        if re.fullmatch(r"\d{4}-W\d{2}", key):
            return week_days(key)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", key):
            return (date.fromisoformat(key),) * 2
    except (ValueError, OverflowError):
        pass  # It looks like a key, and the calendar has no such day or week.
    raise ValueError(f"{key!r} is no edition: write a date such as 2025-01-17, or an ISO week such as 2025-W03")
