"""Which editions are to be mailed now, and why others are not. Pure.

An edition is due when it is complete, has something in it, and its day or week is over. A day whose lists are not
complete is held, and sent by whichever run finds it complete. An edition that is older than the operator's limit is
not sent unasked: yesterday's digest is welcome, last month's is not.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from yibao import dates
from yibao.records import Batch, BatchState

_DOUBTFUL = (BatchState.PARTIAL, BatchState.UNKNOWN)
_ONE_DAY = timedelta(days=1)
_NAMED = 3
_LONGEST_NOTE = 120
#: A refusal for the time being is followed by this share of the time for retries, the next by twice that, and so on:
#: four times, which takes three quarters of it.
_FIRST_PAUSE = 1 / 20
_MOST_RETRIES = 4


class Decision(StrEnum):
    """What becomes of an edition's mail."""

    SEND = "send"
    #: It will be sent by the run that finds it complete.
    HOLD = "hold"
    #: Nothing is in it.
    EMPTY = "empty"
    #: It is too old to be sent unasked.
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one edition's mail, and why."""

    key: str
    decision: Decision
    why: str = ""

    @property
    def is_weekly(self) -> bool:
        """Whether the edition spans a week."""
        return "W" in self.key


def find_appearance_date(key: str) -> date:
    """Find the date of an edition's last announcement: its day, or the Friday of its week."""
    first, last = dates.parse_edition_key(key)
    return first + 4 * _ONE_DAY if last > first else first


def find_doubts(
    key: str, batches: Iterable[Batch], categories: Collection[str], first_dates: Mapping[str, date], on: date
) -> tuple[str, ...]:
    """Find the lists of an edition that are not complete as far as one can know on a date, each with the reason.

    Only configured categories count, each from its first list on (`begun`). A list of an announcement day that nobody
    asked for is not complete either.
    """
    first, last = dates.parse_edition_key(key)
    by_list = {(batch.announced_on, batch.category): batch for batch in batches}
    doubts = []
    day = first
    while day <= min(last, on):
        for category in categories:
            batch = by_list.get((day, category))
            named = category if first == last else f"{category} of {day}"
            if batch and batch.state in _DOUBTFUL:
                doubts.append(f"{named} ({_shorten(batch.note)})")
            elif batch is None and dates.is_announcement_day(day) and first_dates.get(category, date.max) <= day:
                doubts.append(f"{named} (nobody has asked arXiv for it)")
        day += _ONE_DAY
    return tuple(doubts)


def decide_mail(  # noqa: PLR0913  (a table of cases: what is known of the edition, and of the run)
    key: str, doubts: Sequence[str], size: int, *, on: date, own: str | None, max_age_days: int, obstacle: str = ""
) -> Verdict:
    """Decide what becomes of an edition's mail in the run of a date.

    Args:
        key: of the edition.
        doubts: its lists that are not complete, as `find_doubts` tells them.
        size: how many papers it holds.
        on: date of the run.
        own: the edition of the run's own date or week: a person or the schedule asks for it, however old it is.
        max_age_days: how many days after its last announcement an edition may still be sent unasked.
        obstacle: why nothing can be sent in this run; empty where nothing stands in the way.
    """
    appeared, is_weekly = find_appearance_date(key), "W" in key
    due_on = appeared + _ONE_DAY if is_weekly and key != own else appeared
    if due_on > on:
        return Verdict(key, Decision.HOLD, f"the week is not over; it goes out from {appeared + _ONE_DAY}")
    if not doubts and not size:
        return Verdict(key, Decision.EMPTY)
    if key != own and (on - appeared).days > max_age_days:
        return Verdict(key, Decision.LATE, _explain_gaps(doubts, is_weekly=is_weekly) if doubts else "")
    if doubts:
        return Verdict(key, Decision.HOLD, _explain_gaps(doubts, is_weekly=is_weekly))
    return Verdict(key, Decision.HOLD, obstacle) if obstacle else Verdict(key, Decision.SEND)


def sort_verdicts(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Sort verdicts: oldest edition first, a week after its days."""
    return sorted(verdicts, key=lambda verdict: (find_appearance_date(verdict.key), verdict.is_weekly))


def can_get(key: str, subscribed_on: date, first_offered_on: date) -> bool:
    """Tell whether an edition goes to a subscriber unasked to whom it was never offered.

    Not when it appeared before they subscribed, or before this installation first offered mail to anybody (`begun_on`):
    what was there before is for reading on the site.
    """
    return find_appearance_date(key) >= max(subscribed_on, first_offered_on)


def find_offer_time(at: datetime, timezone: str, earliest_hour: int) -> datetime | None:
    """Find when mail that is ready at `at` is first welcome to a reader of this zone, UTC; None: at once.

    That is the first moment of their day whose clock shows `earliest_hour` or more. A zone that nobody knows any more
    is taken for UTC.
    """
    try:
        zone = ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        zone = ZoneInfo("UTC")
    local = at.astimezone(zone)
    if local.hour >= earliest_hour:
        return None
    hour = local.replace(hour=earliest_hour, minute=0, second=0, microsecond=0, fold=0)
    # An hour that the clock shows twice, or skips, in the night in which it is changed: skipped, it means the next.
    times = (hour.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return next((time for time in times if time > at), None)


def find_retry_time(at: datetime, tries: int, retry_s: float) -> datetime | None:
    """Find when to offer again what was refused for the time being, at the latest of so many tries; None: not now."""
    if not retry_s or tries > _MOST_RETRIES:
        return None
    return at + timedelta(seconds=retry_s * _FIRST_PAUSE * 2 ** (tries - 1))


def is_alarming(refused: int, offered: int, share: float) -> bool:
    """Tell whether refusals for good speak of more than a few dead addresses: all, or five and a greater share."""
    return bool(refused) and (refused == offered or (refused >= 5 and refused > share * offered))  # noqa: PLR2004


def _explain_gaps(doubts: Sequence[str], *, is_weekly: bool) -> str:
    named = "; ".join(doubts[:_NAMED]) + (f"; and {len(doubts) - _NAMED} more" if len(doubts) > _NAMED else "")
    return f"the {'week' if is_weekly else 'day'} is not complete: {named}"


def _shorten(note: str) -> str:
    return note if len(note) <= _LONGEST_NOTE else f"{note[: _LONGEST_NOTE - 1]}…"
