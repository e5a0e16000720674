"""Whether a paper is withdrawn. Nothing of arXiv says so in one place.

arXiv never deletes: a withdrawal is a new version whose source type is `I`. Versions of early years lack the flag,
the API and the snapshot lack it always; there the comment says it, or an abstract that holds nothing else.
Source: https://info.arxiv.org/help/withdraw.html
"""

import re
from collections.abc import Sequence

from yibao.records import Version

SOURCE_TYPE = "I"
#: A sentence that says so, not one about another paper's withdrawal. Also used by the bulk import, in SQL.
STATEMENT = (
    r"(?i)\b(?:th[iu]s|the|our)\s+(?:\w+\s+)?(?:paper|article|manuscript|submission|work|preprint|note|version|draft|e-?print)"
    r"\s+(?:has\s+(?:already\s+)?been|have\s+been|was|is|is\s+being|is\s+now)"
    r"\s+(?:temporarily\s+|hereby\s+|now\s+|already\s+)?withdr(?:awn|wan|own|awan)\b"
    r"|^\W*(?:paper\s+|submission\s+|article\s+)?(?:has\s+(?:already\s+)?been\s+|was\s+|is\s+)?"
    r"(?:temporarily\s+|already\s+)?withdrawn\b"
    r"|^\W*version\s+\d+\s+has\s+been\s+withdrawn\b"
    r"|\b(?:has\s+been|is)\s+withdraw\s+by\s+the\s+author"
    r"|(?:^|[.,]\s+)\W*(?:and\s+)?(?:it|this)\s+(?:is|was)\s+withdrawn\s+(?:because|due)\b"
    r"|\b(?:we|i)(?:\s+have|\s+am|['’]m)?(?:\s+(?:therefore|hereby|decided?\s+to))?\s+withdr(?:aw|awn|awing)"
    r"\s+(?:this|the|our|my)\s+(?:paper|article|manuscript|submission|preprint|version)\b"
    r"|\bwithdrawn\s+by\s+(?:the\s+)?(?:author|submitter|arxiv)"
)
_STATEMENT = re.compile(STATEMENT)
#: How much of an abstract is searched: one that begins so holds nothing else.
ABSTRACT_CHARACTERS = 80


def is_withdrawn(versions: Sequence[Version], comment: str | None, abstract: str) -> bool:
    """Check whether the latest version withdraws the paper."""
    if versions and versions[-1].source_type == SOURCE_TYPE:
        return True
    return _has_statement(comment or "") or _has_statement(abstract.strip()[:ABSTRACT_CHARACTERS])


def _has_statement(text: str) -> bool:
    return "withdr" in text.lower() and _STATEMENT.search(text) is not None
