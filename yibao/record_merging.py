"""What two records of one paper say together. Pure.

A later version wins. Of one version the source that says more wins, and what it does not say is kept from the
other; only of two full records the winner counts whole, so that what arXiv has taken back is gone.

Texts are compared like with like: two records of one source letter by letter, two of different sources by their words,
because arXiv's sources spell accents and Greek letters each in their way. A text that is only spelt differently is not
changed: readers must not hear of a change that nobody made.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from yibao import sources
from yibao.records import Paper, Precision, Version
from yibao.tex import extract_skeleton

_TEXTS = ("title", "abstract")
#: What comes with the record that wins.
_ITS_OWN = frozenset({"arxiv_id", "version", "source", "fingerprint", "title", "abstract", "primary_category"})
#: When version 1 was submitted, and how exactly that is known: of one record, not one of each.
_SUBMITTED = ("submitted_at", "submitted_precision")
#: What belongs to one version: it does not outlive it.
_OF_ONE_VERSION = frozenset({"updated_at", "is_withdrawn", "comment"})


def merge_papers(stored: Paper | None, arrived: Paper) -> Paper:
    """Merge two records of one paper; `arrived` counts where nothing else decides."""
    if stored is None:
        return replace(arrived, versions=_complete_versions(arrived))
    if arrived.version is None and stored.version is not None:
        return _complete_authors(stored, arrived)
    winner, other = (stored, arrived) if _rank_paper(stored) > _rank_paper(arrived) else (arrived, stored)
    is_same_version = winner.version == other.version
    if {stored.source, arrived.source} <= sources.FULL:
        return winner
    filled = {
        field.name: getattr(other, field.name)
        for field in fields(Paper)
        if not getattr(winner, field.name)
        and field.name not in _ITS_OWN
        and field.name not in _SUBMITTED
        and (is_same_version or field.name not in _OF_ONE_VERSION)
    }
    merged = replace(winner, **filled, **_merge_submission(winner, other))
    merged = replace(merged, versions=_complete_versions(merged))
    return _keep_spelling(stored, merged) if is_same_version else merged


def compute_fingerprint(parts: Iterable[str]) -> str:
    """Compute the MD5 of what a record says, part by part; the bulk import computes the same in SQL."""
    return hashlib.md5("\x1f".join(parts).encode()).hexdigest()  # noqa: S324  (not for security)


def _rank_paper(paper: Paper) -> tuple[int, int]:
    return (paper.version or 0, sources.rank_source(paper.source))


def _complete_authors(stored: Paper, arrived: Paper) -> Paper:
    """Add from a record without a version when version 1 was submitted, where that was unknown.

    It adds where its authors work, too, if it speaks of the text that we have.
    """
    stored = replace(stored, **_merge_submission(stored, arrived))
    is_same = all(
        extract_skeleton(getattr(stored, name)) == extract_skeleton(getattr(arrived, name)) for name in _TEXTS
    )
    names = [[extract_skeleton(author.name) for author in paper.authors] for paper in (stored, arrived)]
    if not is_same or names[0] != names[1] or any(author.affiliations for author in stored.authors):
        return stored
    return (
        replace(stored, authors=arrived.authors) if any(author.affiliations for author in arrived.authors) else stored
    )


def _merge_submission(winner: Paper, other: Paper) -> dict[str, Any]:
    """Choose when version 1 was submitted, from the record that knows it; an instant before a day."""
    known = [paper for paper in (winner, other) if paper.submitted_at]
    exact = [paper for paper in known if paper.submitted_precision is not Precision.DAY]
    best = next(iter([*exact, *known]), winner)
    return {name: getattr(best, name) for name in _SUBMITTED}


def _keep_spelling(stored: Paper, merged: Paper) -> Paper:
    """Keep the spelling that readers have seen, where the words are the same."""
    if stored.source == merged.source:
        return merged
    spellings: dict[str, Any] = {
        name: getattr(stored, name)
        for name in _TEXTS
        if getattr(stored, name) and extract_skeleton(getattr(stored, name)) == extract_skeleton(getattr(merged, name))
    }
    if stored.authors and _join_names(stored) == _join_names(merged):
        spellings["authors"] = stored.authors
    return replace(merged, **spellings)


def _join_names(paper: Paper) -> str:
    return extract_skeleton(" ".join(author.name for author in paper.authors))


def _complete_versions(paper: Paper) -> tuple[Version, ...]:
    """Put the present version and its date into the history, even where its source gives no history."""
    if paper.version is None or any(known.version == paper.version and known.submitted_at for known in paper.versions):
        return paper.versions
    other_versions = [known for known in paper.versions if known.version != paper.version]
    return tuple(
        sorted([*other_versions, Version(paper.version, paper.updated_at)], key=lambda version: version.version)
    )
