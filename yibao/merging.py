"""What two records of one paper say together. Pure; the order of arrival does not matter.

A later version wins. Of one version the API's record wins, because feeds carry no comment and no dates; what
only the other record has (the feed's licence, for one) is kept.
"""

from dataclasses import replace

from yibao.models import Paper


def merge(stored: Paper | None, arrived: Paper) -> Paper:
    """The paper as it is known once both records are; `arrived` counts where nothing else decides."""
    if stored is None:
        return arrived
    winner, other = (stored, arrived) if _rank(stored) > _rank(arrived) else (arrived, stored)
    is_same_version = winner.version == other.version
    return replace(
        winner,
        abstract=winner.abstract or (other.abstract if is_same_version else ""),
        authors=winner.authors or other.authors,
        categories=winner.categories or other.categories,
        primary_category=winner.primary_category or other.primary_category,
        subject_classes=winner.subject_classes or other.subject_classes,
        comment=winner.comment if winner.source == "api" else winner.comment or other.comment,
        journal_ref=winner.journal_ref or other.journal_ref,
        doi=winner.doi or other.doi,
        license=winner.license or other.license,
        submitted_at=winner.submitted_at or other.submitted_at,
        updated_at=winner.updated_at or (other.updated_at if is_same_version else None),
    )


def _rank(paper: Paper) -> tuple[int, bool]:
    return (paper.version, paper.source == "api")
