"""What leads on from a paper: where it was announced, what stands beside it, what is related to it."""

from dataclasses import dataclass

from yibao.records.announcement import AnnouncedPaper


@dataclass(frozen=True, slots=True)
class RelatedPaper:
    """A paper that shares authors or words of the title with another, and what they share."""

    arxiv_id: str
    authors: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """An edition that holds a paper, and the papers before and after it under the same heading, by identifier."""

    edition: str
    previous: str | None
    next: str | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What leads on from one paper."""

    #: By date.
    announced: tuple[AnnouncedPaper, ...] = ()
    #: Keys of the editions that hold it: days by date, then weeks.
    editions: tuple[str, ...] = ()
    #: Of the first of these editions.
    neighbours: Neighbours | None = None
    #: The closest first.
    related: tuple[RelatedPaper, ...] = ()

    @property
    def arxiv_ids(self) -> tuple[str, ...]:
        """Every paper that it names, each once."""
        beside = (self.neighbours.previous, self.neighbours.next) if self.neighbours else ()
        return tuple(dict.fromkeys([*filter(None, beside), *(one.arxiv_id for one in self.related)]))
