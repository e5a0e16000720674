"""Editions in short, as feeds and the calendar show them. Their pages have the rest."""

from dataclasses import dataclass
from typing import NamedTuple

from yibao.models import EDITION, Edition, Entry, Stamp

#: Papers that a feed shows of an edition: all of a large day would be more than readers fetch.
MOST_ENTRIES = 100


class Listed(NamedTuple):
    """What the calendar says of an edition."""

    key: str
    translated: int
    #: Papers in English only, replacements apart.
    untranslated: int
    #: What is not complete about its days, in words.
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """What feeds show of an edition: how much it holds, and the first of it."""

    key: str
    translated: int
    #: Papers in English only, replacements apart.
    untranslated: int
    #: The first of both, translations first.
    entries: tuple[Entry, ...]
    #: What is not complete about its days, in words.
    notes: tuple[str, ...] = ()
    #: None until it was published.
    stamp: Stamp | None = None

    @property
    def item(self) -> str:
        """Its permanent name, that of the edition."""
        return f"{EDITION}{self.key}"


def outline_of(edition: Edition) -> Outline:
    """The edition as feeds show it."""
    listed = (entry for _, entries in edition.by_category for entry in entries)
    first = (*edition.translated, *listed)[:MOST_ENTRIES]
    return Outline(edition.key, len(edition.translated), edition.untranslated, first, edition.notes, edition.stamp)
