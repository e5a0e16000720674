"""The records that travel between rooms: frozen, tuples for lists, all datetimes aware and in UTC.

There is a module for each noun. Callers import from here, so that a record can move between modules without them.
"""

from yibao.records.announcement import AnnouncedPaper, Announcement, AnnounceType, ListEntry, UnlistedPaper
from yibao.records.batch import Batch, BatchState, SourceReport
from yibao.records.edition import EDITION, PAPER, Edition, Entry, Stamp
from yibao.records.paper import Author, Paper, Precision, Version
from yibao.records.problem import Problem, Severity
from yibao.records.reading import Reading
from yibao.records.translation import Arrival, English, Erratum, Translation, TranslationState

__all__ = [
    "EDITION",
    "PAPER",
    "AnnounceType",
    "AnnouncedPaper",
    "Announcement",
    "Arrival",
    "Author",
    "Batch",
    "BatchState",
    "Edition",
    "English",
    "Entry",
    "Erratum",
    "ListEntry",
    "Paper",
    "Precision",
    "Problem",
    "Reading",
    "Severity",
    "SourceReport",
    "Stamp",
    "Translation",
    "TranslationState",
    "UnlistedPaper",
    "Version",
]
