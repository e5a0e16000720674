"""Problems: what was set aside or doubted, where, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Something set aside or surely wrong (error), mended or doubted (warning), or worth knowing (note)."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


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
