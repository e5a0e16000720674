"""Announcements: which paper stands in which of arXiv's daily lists."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class AnnounceType(StrEnum):
    """How arXiv announced a paper in one category. Source: https://info.arxiv.org/help/rss_specifications.html."""

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"

    @property
    def is_first(self) -> bool:
        """Whether readers meet the paper for the first time; a replacement is not news."""
        return self in (AnnounceType.NEW, AnnounceType.CROSS)


@dataclass(frozen=True, slots=True)
class Announcement:
    """One line of arXiv's daily list: this version of this paper, in this category, on this date."""

    arxiv_id: str
    #: None where the source does not say: catch-up pages do not.
    version: int | None
    category: str
    #: A calendar date in New York: the morning after the announcement at 20:00.
    announced_on: date
    type: AnnounceType
    source: str


@dataclass(frozen=True, slots=True)
class AnnouncedPaper:
    """A paper in arXiv's lists of one date: its best type over all configured categories, and those categories."""

    arxiv_id: str
    announced_on: date
    type: AnnounceType
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListEntry:
    """A line of one category's list for one date, as all sources together report it."""

    arxiv_id: str
    version: int | None
    type: AnnounceType
    #: Which sources list it.
    sources: tuple[str, ...]
    #: Whether the paper's metadata, of this version, is in the library.
    is_described: bool = False
    primary_category: str | None = None


@dataclass(frozen=True, slots=True)
class UnlistedPaper:
    """A paper that OAI-PMH knows in a new version, and that no list of a category of it has since that version."""

    arxiv_id: str
    #: When the version was submitted.
    submitted_at: datetime
    #: Date of the run that first knew it.
    known_from: date
