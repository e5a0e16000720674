"""Editions in short, as feeds and the calendar show them. Their pages have the rest."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from gettext import NullTranslations
from typing import NamedTuple

from yibao.records import EDITION, Edition, Entry, Timestamps

#: Papers that a feed shows of a day: all of any that there was, for those who read a feed once a week.
MOST_ENTRIES = 2500
#: Papers that it shows of a week, whose days it shows, too.
MOST_OF_WEEK = 100
_CATEGORY = re.compile(r"[\w.-]+")


class EditionCounts(NamedTuple):
    """What the calendar and feeds say of an edition."""

    key: str
    translated: int
    #: Papers in English only, replacements apart.
    untranslated: int
    #: What is not complete about its days, in words.
    notes: tuple[str, ...]


class Neighbours(NamedTuple):
    """Keys of the editions before and after one, of its own kind: a day's are days, a week's are weeks."""

    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class EditionSummary:
    """What feeds show of an edition: how much it holds, and the first of it."""

    listed: EditionCounts
    #: Translations first, replacements apart.
    entries: tuple[Entry, ...]
    #: None until it was published.
    stamp: Timestamps | None = None

    @property
    def item(self) -> str:
        """Its permanent name, that of the edition."""
        return f"{EDITION}{self.listed.key}"


def summarize_edition(edition: Edition) -> EditionSummary:
    """Summarize an edition as feeds show it."""
    listed = EditionCounts(edition.key, len(edition.translated), edition.untranslated, edition.notes)
    others = (entry for _, entries in edition.by_category for entry in entries)
    most = MOST_OF_WEEK if "W" in edition.key else MOST_ENTRIES
    return EditionSummary(listed, (*edition.translated, *others)[:most], edition.stamp)


def find_neighbours(keys: Iterable[str]) -> dict[str, Neighbours]:
    """Find what stands before and after each of these editions, by key."""
    neighbours = {}
    ordered = sorted(keys)
    for kind in ([key for key in ordered if "W" not in key], [key for key in ordered if "W" in key]):
        for before, key, after in zip([None, *kind], kind, [*kind[1:], None], strict=False):
            neighbours[key] = Neighbours(before, after)
    return neighbours


def name_edition(key: str, texts: NullTranslations) -> str:
    """Name an edition: by its date, or by year and week."""
    year, _, week = key.partition("-W")
    return texts.gettext("Week %(week)s of %(year)s") % {"year": year, "week": int(week)} if week else key


def describe_counts(texts: NullTranslations, translated: int, untranslated: int, replaced: int = 0) -> str:
    """Say how many papers an edition has, without what it has none of."""
    others = texts.ngettext("%(count)s other", "%(count)s others", untranslated)
    papers = texts.ngettext("%(count)s paper", "%(count)s papers", untranslated)
    counted = (
        (texts.gettext("%(count)s translated"), translated),
        (others if translated else papers, untranslated),
        (texts.gettext("%(count)s replaced"), replaced),
    )
    parts = [message % {"count": count} for message, count in counted if count]
    if not parts:
        return texts.gettext("no papers yet")
    return reduce(lambda left, right: texts.gettext("%(left)s, %(right)s") % {"left": left, "right": right}, parts)


def find_incomplete_categories(notes: Iterable[str]) -> list[str]:
    """Find the categories whose lists an edition's notes speak of, each once; notes begin with their category."""
    return list(dict.fromkeys(match[0] for match in map(_CATEGORY.match, notes) if match))


def describe_gaps(notes: Iterable[str], texts: NullTranslations) -> str:
    """Say which lists of an edition are not complete."""
    names = texts.gettext(", ").join(find_incomplete_categories(notes))
    return texts.gettext("Incomplete: arXiv's lists of %(categories)s.") % {"categories": names}
