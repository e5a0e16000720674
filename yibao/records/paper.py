"""A paper as arXiv describes it: its metadata, authors and versions."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Precision(StrEnum):
    """How exactly a source says when a paper was submitted."""

    SECOND = "second"
    #: Only the day; the instant that stands for it is its midnight, UTC.
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Author:
    """A name as arXiv spells it, with what arXiv says of where they work."""

    name: str
    affiliations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a paper, as arXiv's history of the paper has it."""

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
    #: The whole history, first version first; empty where the source does not give it.
    versions: tuple[Version, ...] = ()
    #: Withdrawn by its authors or by arXiv; the comment says why.
    is_withdrawn: bool = False
    #: MD5 over all that the source wrote: equal for equal records of one source; see `yibao.record_merging`.
    fingerprint: str | None = None
    #: How exactly `submitted_at` is known; None where it is not.
    submitted_precision: Precision | None = None
