"""Batches: how complete we hold one category's list for one date, and what each source reported of it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class BatchState(StrEnum):
    """What we can honestly say of one category on one date."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    NONE_ANNOUNCED = "none announced"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What one source said of one category's list for one date, when it was last asked."""

    category: str
    announced_on: date
    #: `rss`, `atom` or `catchup`.
    source: str
    #: How many lines the source says the list has; None where it could not be had.
    declared: int | None
    #: How many lines of it could be read.
    read: int
    #: Date of the run that looked.
    looked_on: date
    #: What is doubtful about the answer; empty otherwise.
    note: str = ""
    #: How many looks in a row, on different dates or runs, gave the same list.
    confirmed: int = 1


@dataclass(frozen=True, slots=True)
class Batch:
    """What one category's list for one date should hold, and what we hold of it."""

    category: str
    announced_on: date
    state: BatchState
    #: How many lines arXiv says the list has; None where nobody could say.
    declared: int | None
    #: How many of its lines we hold, text of the paper included.
    stored: int
    #: Which sources spoke of it.
    sources: tuple[str, ...]
    #: Why the state is not `complete`, or what explains a quiet day; empty otherwise.
    note: str = ""
    #: Date of the run that first found this state; None before it is stored.
    since_on: date | None = None
