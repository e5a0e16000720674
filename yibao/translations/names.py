"""What a curator's file is called: its name may give the week that it is of."""

import re
from datetime import date, timedelta

from yibao import dates

_WEEK = re.compile(r"(?:^|.*/)(?P<year>\d{4})/(?P<start>\d{4})-(?P<end>\d{4})\.[a-z]+$", re.IGNORECASE)


def find_week(path: str) -> str | None:
    """Find the ISO week that a file's name speaks of; None where the name is not `YYYY/MMDD-MMDD.md`.

    Curators have written a week that crosses the year under either year; Monday shows which one was meant.
    """
    span = find_span(path)
    return dates.format_week(span[0]) if span else None


def find_span(path: str) -> tuple[date, date] | None:
    """Find the first and last day that a file's name speaks of; None where it speaks of none."""
    match = _WEEK.match(path)
    if not match:
        return None
    year = int(match["year"])
    spans = [_parse_span(start, match["start"], match["end"]) for start in (year, year - 1)]
    real = [span for span in spans if span and span[1] - span[0] < timedelta(days=7)]
    mondays = [span for span in real if span[0].isoweekday() == 1]
    return next(iter(mondays or real), None)


def _parse_span(year: int, start: str, end: str) -> tuple[date, date] | None:
    try:
        first = date(year, int(start[:2]), int(start[2:]))
        last = date(year + (end < start), int(end[:2]), int(end[2:]))
    except ValueError:
        return None
    return first, last
