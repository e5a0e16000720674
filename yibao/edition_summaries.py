"""Editions in short, as feeds and the calendar show them. Their pages have the rest."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from yibao.records import EDITION, Edition, Entry, Stamp

#: Papers that a feed shows of an edition: all of a large day would be more than readers fetch.
MOST_ENTRIES = 100
_CATEGORY = re.compile(r"[\w.-]+")


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
    others = (entry for _, entries in edition.by_category for entry in entries)
    return EditionSummary(listed, (*edition.translated, *others)[:MOST_ENTRIES], edition.stamp)


def name_edition(key: str) -> str:
    """Name an edition in Chinese: its date, or `2025 年第 3 周`."""
    year, _, week = key.partition("-W")
    return f"{year} 年第 {int(week)} 周" if week else key


def describe_counts(translated: int, untranslated: int, replaced: int = 0) -> str:
    """Say in Chinese how many papers an edition has, without what it has none of."""
    parts = [f"译文 {translated} 篇"] if translated else []
    parts += [f"{'其余' if translated else '论文'} {untranslated} 篇"] if untranslated else []
    parts += [f"更新版本 {replaced} 篇"] if replaced else []
    return "，".join(parts) or "暂无论文"


def describe_counts_in_english(translated: int, untranslated: int) -> str:
    """Say in English how many papers an edition has, without what it has none of."""
    parts = [f"{translated} translated"] if translated else []
    parts += [f"{untranslated} {'others' if translated else 'papers'}"] if untranslated else []
    return ", ".join(parts) or "no papers yet"


def find_incomplete_categories(notes: Iterable[str]) -> list[str]:
    """Find the categories whose lists an edition's notes speak of, each once; notes begin with their category."""
    return list(dict.fromkeys(match[0] for match in map(_CATEGORY.match, notes) if match))


def describe_gaps(notes: Iterable[str]) -> str:
    """Say in Chinese which lists of an edition are not complete."""
    return f"本期不完整：{'、'.join(find_incomplete_categories(notes))} 的公布列表未收齐。"


def describe_gaps_in_english(notes: Iterable[str]) -> str:
    """Say in English which lists of an edition are not complete."""
    return f"Incomplete: arXiv's lists of {', '.join(find_incomplete_categories(notes))}."
