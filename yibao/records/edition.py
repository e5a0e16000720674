"""Editions, and the entries in them, as readers meet them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from yibao.records.announcement import AnnounceType
from yibao.records.paper import Paper
from yibao.records.translation import Erratum, SourceText, Translation, TranslationState

#: Permanent names of papers and of editions begin so.
PAPER, EDITION = "arxiv/", "edition/"
#: Papers that lead an edition.
MOST_LEADS = 3
#: On which page of a daily edition a paper stands, by the edition's key and the paper's identifier.
Pages = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Timestamps:
    """When readers first met an item, and when what they see of it last changed."""

    published_at: datetime
    updated_at: datetime
    #: Whether its id in feeds of another language is another one; until November 2026 there was one for all.
    has_variant_ids: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper as readers meet it: what arXiv says and what a person translated, whichever of the two is there."""

    arxiv_id: str
    paper: Paper | None
    translation: Translation | None
    #: How it was announced on the edition's date or, in a feed, first of all.
    announced_on: date | None = None
    type: AnnounceType | None = None
    #: When its translation came to readers; None without one.
    translated_on: date | None = None
    #: None until it was published.
    stamp: Timestamps | None = None
    #: How the translation stands to arXiv's text; CURRENT without one.
    state: TranslationState = TranslationState.CURRENT
    #: The version that the translation was made from, where known.
    source_version: int | None = None
    #: The English that a stale translation was made from, where known.
    source: SourceText | None = None
    #: What was corrected in the translation, latest first.
    errata: tuple[Erratum, ...] = ()
    #: Translations into other languages than the site's.
    others: tuple[Translation, ...] = ()
    #: The page of its day's edition on which it stands; None where that is not known, or nothing was announced.
    page: int | None = None

    @property
    def is_stale(self) -> bool:
        """Whether arXiv's text has changed since it was translated; pages say so wherever both are shown."""
        return self.state is TranslationState.STALE

    @property
    def item(self) -> str:
        """Its permanent name, the same in every feed and for every version."""
        return f"{PAPER}{self.arxiv_id}"

    @property
    def title_en(self) -> str:
        """ArXiv's title; the curator's heading while arXiv's is not here."""
        if self.paper:
            return self.paper.title
        return self.translation.title_en if self.translation else self.arxiv_id

    @property
    def title_zh(self) -> str | None:
        """The translated title, where there is one that differs from the English."""
        title = self.translation.title if self.translation else None
        return title if title != self.title_en else None

    @property
    def title(self) -> str:
        """The title that a reader sees first."""
        return self.title_zh or self.title_en

    @property
    def is_waiting(self) -> bool:
        """Whether a translation is here before its paper."""
        return self.paper is None

    @property
    def is_withdrawn(self) -> bool:
        """Whether the paper is withdrawn; pages say so wherever it is shown."""
        return self.paper is not None and self.paper.is_withdrawn

    @property
    def address(self) -> str | None:
        """Where it is read below the site's root: on a page of its own once translated, else in its day's edition."""
        if self.translation:
            return f"papers/{self.arxiv_id}/"
        if self.page is None or self.announced_on is None:
            return None
        number = f"{self.page}/" if self.page > 1 else ""
        return f"editions/{self.announced_on}/{number}#{self.arxiv_id}"

    @property
    def categories(self) -> tuple[str, ...]:
        """Canonical categories, primary first; none while waiting."""
        return self.paper.categories if self.paper else ()


@dataclass(frozen=True, slots=True)
class Edition:
    """The papers of one announcement date (daily) or of one ISO week (weekly), with their translations."""

    #: `2025-01-17` or `2025-W03`; also its place under `editions/`.
    key: str
    starts_on: date
    ends_on: date
    #: Those that are to lead first, then in the curators' order.
    translated: tuple[Entry, ...]
    #: (category, entries) for what has no translation, in arXiv's order of categories.
    by_category: tuple[tuple[str, tuple[Entry, ...]], ...]
    #: New versions of papers announced before, without translation.
    replaced: tuple[Entry, ...]
    #: What is not complete about its days, in words.
    notes: tuple[str, ...] = ()
    #: None until it was published.
    stamp: Timestamps | None = None
    #: Number of a day's edition; None for a week, and until it was published with papers.
    number: int | None = None
    #: (category, entries) for all that was announced for the first time, translated or not, in arXiv's order. It
    #: decides which page each stands on, so that a translation moves no other paper. Empty: as `by_category`.
    announced: tuple[tuple[str, tuple[Entry, ...]], ...] = ()

    @property
    def item(self) -> str:
        """Its permanent name."""
        return f"{EDITION}{self.key}"

    @property
    def is_weekly(self) -> bool:
        """Whether it spans a week."""
        return "W" in self.key

    @property
    def leads(self) -> tuple[Entry, ...]:
        """The papers of its front page: up to three that curators chose, else the first three."""
        chosen = tuple(entry for entry in self.translated if entry.translation and entry.translation.is_lead)
        return (chosen or self.translated)[:MOST_LEADS]

    @property
    def untranslated(self) -> int:
        """How many papers are listed in English only, replacements apart."""
        return sum(len(entries) for _, entries in self.by_category)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All of them in the order in which readers see them."""
        listed = (entry for _, entries in self.by_category for entry in entries)
        return (*self.translated, *listed, *self.replaced)
