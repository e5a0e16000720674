"""What curators silenced, and why: each is a place where a rule was wrong, or right and not to be heeded."""

from typing import NamedTuple

from yibao.translations.markdown import Document


class Silence(NamedTuple):
    """A rule that is silenced."""

    rule: str
    reason: str
    path: str
    #: Of the entry's heading; 1 for a whole file.
    line: int
    #: None for a whole file.
    arxiv_id: str | None


def list_silences(document: Document) -> list[Silence]:
    """List what a file silences: for all of it, then entry by entry."""
    whole = [Silence(rule, reason, document.path, 1, None) for rule, reason in document.silenced.items()]
    return whole + [
        Silence(rule, reason, document.path, entry.translation.line, entry.translation.arxiv_id)
        for entry in document.entries
        for rule, reason in entry.silenced.items()
    ]
