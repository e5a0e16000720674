"""What came of reading one document of arXiv's."""

from dataclasses import dataclass
from datetime import date

from yibao.records.announcement import Announcement
from yibao.records.paper import Paper
from yibao.records.problem import Problem


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What came of reading one document: the records in it, and what was set aside."""

    papers: tuple[Paper, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    problems: tuple[Problem, ...] = ()
    #: The date that an announcement feed says it speaks of; None where it does not say.
    announced_on: date | None = None
    #: How many items the document carried, readable or not.
    declared: int = 0
