"""Editions in short, as feeds and the calendar show them. Their pages have the rest."""

from dataclasses import dataclass
from typing import NamedTuple

from yibao.records import EDITION, Edition, Entry, Stamp

#: Papers that a feed shows of an edition: all of a large day would be more than readers fetch.
MOST_ENTRIES = 100


class EditionCounts(NamedTuple):
    """What the calendar and feeds say of an edition."""

    key: str
    translated: int
    #: Papers in English only, replacements apart.
    untranslated: int
    #: What is not complete about its days, in words.
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EditionSummary:
    """What feeds show of an edition: how much it holds, and the first of it."""

    listed: EditionCounts
    #: Translations first, replacements apart.
    entries: tuple[Entry, ...]
    #: None until it was published.
    stamp: Stamp | None = None

    @property
    def item(self) -> str:
        """Its permanent name, that of the edition."""
        return f"{EDITION}{self.listed.key}"


def summarize_edition(edition: Edition) -> EditionSummary:
    """Summarize an edition as feeds show it."""
    listed = EditionCounts(edition.key, len(edition.translated), edition.untranslated, edition.notes)
    untranslated = (entry for _, entries in edition.by_category for entry in entries)
    return EditionSummary(listed, (*edition.translated, *untranslated)[:MOST_ENTRIES], edition.stamp)
