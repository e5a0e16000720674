"""arXiv's calendar: which day is an announcement day, and which week a day belongs to.

An announcement made at 20:00 in New York bears the next morning's date, Monday to Friday.
Source: https://info.arxiv.org/help/availability.html
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from yibao.errors import DateError

EASTERN = ZoneInfo("America/New_York")
#: The date of arXiv's first list. Source: https://info.arxiv.org/about/index.html
FIRST_LIST = date(1991, 8, 14)
_FRIDAY = 5


def find_eastern_date(instant: datetime) -> date:
    """Find the calendar date in New York at an aware instant."""
    return instant.astimezone(EASTERN).date()


def find_eastern_midnight(day: date) -> datetime:
    """Find the start of a day in New York, as an aware UTC datetime: arXiv stamps its own feeds so."""
    return datetime.combine(day, time(), EASTERN).astimezone(UTC)


def check_date(day: date, today: date) -> None:
    """Refuse a date that no run can be for; `today` is the date in New York. Tomorrow is allowed: it may be there.

    Raises:
        DateError: the date is later than tomorrow, or earlier than arXiv's first list.
    """
    if day > today + timedelta(days=1):
        raise DateError(
            f"{day} is in the future: it is {today} in New York. Give a date until {today + timedelta(days=1)}."
        )
    if day < FIRST_LIST:
        raise DateError(f"{day} is before arXiv's first list. Give a date from {FIRST_LIST} on.")


def is_announcement_day(day: date) -> bool:
    """Check whether arXiv announces on such a weekday. Holidays are not considered: they are often wrong."""
    return day.isoweekday() <= _FRIDAY


def trim_to_announcement_days(first: date, last: date) -> tuple[date, date] | None:
    """Trim a span to its first and last announcement day; None where it has none. Its length costs nothing."""
    while first <= last and not is_announcement_day(first):
        first += timedelta(days=1)
    while first <= last and not is_announcement_day(last):
        last -= timedelta(days=1)
    return (first, last) if first <= last else None


def format_week(day: date) -> str:
    """Format the ISO week of a day as `2025-W03`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def parse_week(week: str) -> tuple[date, date]:
    """Parse an ISO week written as `2025-W03`; returns its Monday and its Sunday.

    Raises:
        ValueError: the text is not an ISO week.
    """
    year, _, number = week.partition("-W")
    monday = date.fromisocalendar(int(year), int(number), 1)
    return monday, monday + timedelta(days=6)


def parse_edition_key(key: str) -> tuple[date, date]:
    """Parse an edition's key, `2025-01-17` or `2025-W03`; returns its first and last day.

    Raises:
        ValueError: the text is no key of an edition; the message says what one looks like.
    """
    try:
        if re.fullmatch(r"\d{4}-W\d{2}", key):
            return parse_week(key)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", key):
            return (date.fromisoformat(key),) * 2
    except (ValueError, OverflowError):
        pass  # It looks like a key, and the calendar has no such day or week.
    raise ValueError(f"{key!r} is no edition: write a date such as 2025-01-17, or an ISO week such as 2025-W03")
