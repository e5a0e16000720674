"""What a translation was made from, how it stands to arXiv's text of today, and how it was corrected."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class English:
    """What arXiv says of a paper, as far as a translation is compared with it."""

    title: str
    abstract: str
    version: int | None = None
    #: Titles that it had before, latest first.
    earlier_titles: tuple[str, ...] = ()


class TranslationState(StrEnum):
    """How a translation stands to arXiv's text of today."""

    CURRENT = "current"
    #: ArXiv's title or abstract has changed since, in its words.
    STALE = "stale"
    #: ArXiv does not know the paper.
    ORPHANED = "orphaned"


@dataclass(frozen=True, slots=True)
class Erratum:
    """One correction of a published translation."""

    revised_on: date
    #: The corrector, else the translator, where the file names one.
    corrected_by: str | None
    title_before: str | None
    title_after: str | None
    abstract_before: str
    abstract_after: str
