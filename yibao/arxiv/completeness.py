"""What a feed lets us say of one category's list for one date: complete, partial, none announced, or unknown.

Pure. Never calls a day quiet that may be broken; see docs/decisions/0005-honest-days.md.
"""

from datetime import date

from yibao import dates
from yibao.arxiv.announcements import LIMIT
from yibao.models import Batch, BatchState, Reading

#: States that a run cannot be content with.
DOUBTFUL = (BatchState.PARTIAL, BatchState.UNKNOWN)


def judge(reading: Reading, category: str, on: date, source: str, *, was_announced: bool) -> list[Batch]:
    """What the feed lets us say of its own date, and of the date that was asked for.

    The date asked for is complete only if the feed speaks of it. An empty feed is no news at a weekend, or where
    the other categories' feeds show that arXiv did announce that day; else it is a doubt on a working day.
    """
    found = []
    spoken = reading.announced_on
    if reading.declared and spoken:
        found.append(_own_batch(reading, category, spoken, source))
    if spoken == on and reading.declared:
        return found
    if not dates.is_announcement_day(on) or (was_announced and not reading.declared and spoken in (on, None)):
        found.append(Batch(category, on, BatchState.NONE_ANNOUNCED, reading.declared, 0, source))
        return found
    if not reading.declared:
        note = "the feed is empty on a working day: a holiday at arXiv, or a fault"
    elif spoken and spoken < on:
        note = f"the feed still speaks of {spoken}"
    elif spoken:
        note = f"the feed speaks of {spoken} by now, and cannot be asked about earlier dates"
    else:
        note = "the feed bears no date"
    found.append(Batch(category, on, BatchState.UNKNOWN, None, 0, source, note))
    return found


def told(batch: Batch) -> str:
    """The list's state in a few words."""
    return f"{batch.state}, {batch.stored} announced" if not batch.note else f"{batch.state}: {batch.note}"


def _own_batch(reading: Reading, category: str, on: date, source: str) -> Batch:
    aside = reading.declared - len(reading.announcements)
    if reading.declared >= LIMIT:
        note = f"the feed was cut at {LIMIT} items"
    elif aside:
        note = f"{aside} of {reading.declared} items were set aside"
    else:
        return Batch(category, on, BatchState.COMPLETE, reading.declared, 0, source)
    return Batch(category, on, BatchState.PARTIAL, reading.declared, 0, source, note)
