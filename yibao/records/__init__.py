"""The records that travel between rooms: frozen, tuples for lists, all datetimes aware and in UTC.

There is a module for each noun. Callers import from here, so that a record can move between modules without them.
"""

from yibao.records.announcement import AnnouncedPaper, Announcement, AnnounceType, ListEntry, UnlistedPaper
from yibao.records.batch import Batch, BatchState, SourceReport
from yibao.records.edition import EDITION, PAPER, Edition, Entry, Pages, Timestamps
from yibao.records.paper import Author, Paper, Precision, Version
from yibao.records.problem import Problem, Severity
from yibao.records.reading import ParsedDocument
from yibao.records.subscription import Frequency, Language, Subscription
from yibao.records.surroundings import Neighbours, RelatedPaper, Surroundings
from yibao.records.translation import CurrentTranslation, Erratum, SourceText, Translation, TranslationState

__all__ = [
    "EDITION",
    "PAPER",
    "AnnounceType",
    "AnnouncedPaper",
    "Announcement",
    "Author",
    "Batch",
    "BatchState",
    "CurrentTranslation",
    "Edition",
    "Entry",
    "Erratum",
    "Frequency",
    "Language",
    "ListEntry",
    "Neighbours",
    "Pages",
    "Paper",
    "ParsedDocument",
    "Precision",
    "Problem",
    "RelatedPaper",
    "Severity",
    "SourceReport",
    "SourceText",
    "Subscription",
    "Surroundings",
    "Timestamps",
    "Translation",
    "TranslationState",
    "UnlistedPaper",
    "Version",
]
