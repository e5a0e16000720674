"""The records that travel between rooms. Frozen; tuples for lists; all datetimes aware and in UTC."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from yibao.provenance import English, Erratum, TranslationState

#: Permanent names of papers and of editions begin so.
PAPER, EDITION = "arxiv/", "edition/"


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


class BatchState(StrEnum):
    """What we can honestly say of one category on one date."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    NONE_ANNOUNCED = "none announced"
    UNKNOWN = "unknown"


class Precision(StrEnum):
    """How exactly a source tells when a paper was submitted."""

    SECOND = "second"
    #: Only the day; the instant that stands for it is its midnight, UTC.
    DAY = "day"


class Severity(StrEnum):
    """Something set aside or surely wrong (error), mended or doubted (warning), or only told (note)."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Author:
    """A name as arXiv spells it, with what arXiv says of where they work."""

    name: str
    affiliations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a paper, as arXiv's history of it tells."""

    version: int
    #: When it was submitted.
    submitted_at: datetime | None
    #: arXiv's letters for what was submitted; `I` marks a withdrawal. None where there are none.
    source_type: str | None = None
    #: Of the source, in kilobytes as arXiv rounds them.
    size_kb: int | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper's metadata as one source gave it."""

    arxiv_id: str
    #: The version that this text is of; None where the source does not say.
    version: int | None
    title: str
    #: Empty where arXiv has none.
    abstract: str
    authors: tuple[Author, ...]
    #: Canonical arXiv categories, primary first.
    categories: tuple[str, ...]
    primary_category: str | None
    #: Which reader it comes from: see `yibao.sources`.
    source: str
    #: ACM and MSC classes, where the author gave some.
    subject_classes: tuple[str, ...] = ()
    comment: str | None = None
    journal_ref: str | None = None
    doi: str | None = None
    license: str | None = None
    #: When version 1 was submitted.
    submitted_at: datetime | None = None
    #: When this version was submitted.
    updated_at: datetime | None = None
    report_no: str | None = None
    #: Who submitted the latest version.
    submitter: str | None = None
    #: The whole history, first version first; empty where the source does not tell it.
    versions: tuple[Version, ...] = ()
    #: Withdrawn by its authors or by arXiv; the comment says why.
    is_withdrawn: bool = False
    #: MD5 over all that the source wrote: equal for equal records of one source, `yibao.record_merging.fingerprint`.
    fingerprint: str | None = None
    #: How exactly `submitted_at` is known; None where it is not.
    submitted_precision: Precision | None = None


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
class ListEntry:
    """A line of one category's list for one date, as all sources together tell it."""

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


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What one source said of one category's list for one date, at the last look."""

    category: str
    announced_on: date
    #: `rss`, `atom` or `catchup`.
    source: str
    #: How many lines the source says the list has; None where it could not be had.
    declared: int | None
    #: How many lines of it could be read.
    read: int
    #: Date of the run that looked.
    looked_on: date
    #: What is doubtful about the answer; empty otherwise.
    note: str = ""
    #: How many looks in a row, on different dates or runs, gave the same list.
    confirmed: int = 1


@dataclass(frozen=True, slots=True)
class Batch:
    """What one category's list for one date should hold, and what we hold of it."""

    category: str
    announced_on: date
    state: BatchState
    #: How many lines arXiv says the list has; None where nobody could say.
    declared: int | None
    #: How many of its lines we hold, text of the paper included.
    stored: int
    #: Which sources spoke of it.
    sources: tuple[str, ...]
    #: Why the state is not `complete`, or what explains a quiet day; empty otherwise.
    note: str = ""
    #: Date of the run that first found this state; None before it is stored.
    since_on: date | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something set aside or doubted: where, what, and what to do about it."""

    #: A file as the operator configured it, or an address.
    path: str
    line: int
    column: int
    rule: str
    severity: Severity
    message: str
    remedy: str
    arxiv_id: str | None = None
    #: How many characters from there on it is about.
    length: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.severity} [{self.rule}] {self.message} {self.remedy}"


@dataclass(frozen=True, slots=True)
class Translation:
    """One entry of a curator's file."""

    arxiv_id: str
    #: BCP 47.
    language: str
    #: None where the curator gave a bare address: readers then see the English title.
    title: str | None
    #: Markdown as written, lines joined by newline. Empty where the curator gave only a title.
    abstract: str
    #: The English title in the heading.
    title_en: str
    path: str
    #: 1-based line of the heading.
    line: int
    #: The version in the link, where it names one.
    version: int | None = None
    #: The ISO week (`2025-W03`) that the file's name speaks of; None where it speaks of none.
    week: str | None = None
    translator: str | None = None
    reviewer: str | None = None
    license: str | None = None
    #: Who corrected it after publication, where the file says so.
    corrector: str | None = None


@dataclass(frozen=True, slots=True)
class AnnouncedPaper:
    """A paper in arXiv's lists of one date: its best type over all configured categories, and those categories."""

    arxiv_id: str
    announced_on: date
    type: AnnounceType
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A translation that readers see, and when they may meet it. Dates are those of runs, in New York."""

    translation: Translation
    #: ISO week to whose edition it belongs.
    week: str
    arrived_on: date
    #: When the present revision was stored.
    revised_on: date
    state: TranslationState = TranslationState.CURRENT
    #: The version that it was made from; None where nobody knows.
    source_version: int | None = None
    #: SHA-256 of the English that it was made from; None where that is not known.
    source_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Stamp:
    """When readers first met an item, and when what they see of it last changed."""

    published_at: datetime
    updated_at: datetime


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
    stamp: Stamp | None = None
    #: How the translation stands to arXiv's text; CURRENT without one.
    state: TranslationState = TranslationState.CURRENT
    #: The version that the translation was made from, where known.
    source_version: int | None = None
    #: The English that a stale translation was made from, where known.
    source: English | None = None
    #: What was corrected in the translation, latest first.
    errata: tuple[Erratum, ...] = ()
    #: Translations into other languages than the site's.
    others: tuple[Translation, ...] = ()

    @property
    def is_stale(self) -> bool:
        """Whether arXiv's text has changed since it was translated; readers are told wherever both are shown."""
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
        """Whether the paper is withdrawn; readers are told wherever it is shown."""
        return self.paper is not None and self.paper.is_withdrawn

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
    #: By identifier, oldest last.
    translated: tuple[Entry, ...]
    #: (category, entries) for what has no translation, in arXiv's order of categories.
    by_category: tuple[tuple[str, tuple[Entry, ...]], ...]
    #: New versions of papers announced before, without translation.
    replaced: tuple[Entry, ...]
    #: What is not complete about its days, in words.
    notes: tuple[str, ...] = ()
    #: None until it was published.
    stamp: Stamp | None = None

    @property
    def item(self) -> str:
        """Its permanent name."""
        return f"{EDITION}{self.key}"

    @property
    def is_weekly(self) -> bool:
        """Whether it spans a week."""
        return "W" in self.key

    @property
    def untranslated(self) -> int:
        """How many papers are listed in English only, replacements apart."""
        return sum(len(entries) for _, entries in self.by_category)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All of them in the order in which readers see them."""
        listed = (entry for _, entries in self.by_category for entry in entries)
        return (*self.translated, *listed, *self.replaced)


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading one document: the records in it, and what was set aside."""

    papers: tuple[Paper, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    problems: tuple[Problem, ...] = ()
    #: The date that an announcement feed says it speaks of; None where it does not say.
    announced_on: date | None = None
    #: How many items the document carried, readable or not.
    declared: int = 0
