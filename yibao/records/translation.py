"""Translations: what a curator wrote, the English text it was made from, and how it was corrected."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class TranslationState(StrEnum):
    """How a translation stands to arXiv's text of today."""

    CURRENT = "current"
    #: ArXiv's title or abstract has changed since, in its words.
    STALE = "stale"
    #: ArXiv does not know the paper.
    ORPHANED = "orphaned"


@dataclass(frozen=True, slots=True)
class SourceText:
    """What arXiv says of a paper, as far as a translation is compared with it."""

    title: str
    abstract: str
    version: int | None = None
    #: Titles that it had before, latest first.
    earlier_titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Translation:
    """One entry of a curator's file."""

    arxiv_id: str
    #: BCP 47.
    language: str
    #: None where the curator gave a bare address: readers then see the English title.
    title: str | None
    #: Markdown as written, lines joined by newline. Empty where the curator gave only a title.
    abstract: str
    #: The English title in the heading.
    title_en: str
    path: str
    #: 1-based line of the heading.
    line: int
    #: The version in the link, where it names one.
    version: int | None = None
    #: The ISO week (`2025-W03`) that the file's name speaks of; None where it speaks of none.
    week: str | None = None
    translator: str | None = None
    reviewer: str | None = None
    license: str | None = None
    #: Who corrected it after publication, where the file says so.
    corrector: str | None = None
    #: Whether the curator wants it to lead its edition.
    is_lead: bool = False


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


@dataclass(frozen=True, slots=True)
class CurrentTranslation:
    """A translation that readers see, and when they may meet it. Dates are those of runs, in New York."""

    translation: Translation
    #: ISO week to whose edition it belongs.
    week: str
    arrived_on: date
    #: When the present revision was stored.
    revised_on: date
    state: TranslationState = TranslationState.CURRENT
    #: The version that it was made from; None where nobody knows.
    source_version: int | None = None
    #: SHA-256 of the English that it was made from; None where that is not known.
    source_sha256: str | None = None
