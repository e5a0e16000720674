"""Shares with their confidence, and a finding's name that holds no text."""

import hashlib
import math
from typing import NamedTuple

#: Of a normal distribution, for 95 in 100.
_Z = 1.96


class Share(NamedTuple):
    """So many of so many."""

    hits: int
    total: int

    @property
    def value(self) -> float:
        """From 0 to 1; 0 of none is 0."""
        return self.hits / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share is, 95 times in 100 (Wilson 1927)."""
        if not self.total:
            return 0.0, 1.0
        n, p = self.total, self.value
        middle = (p + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)
        half = _Z / (1 + _Z * _Z / n) * math.sqrt(p * (1 - p) / n + _Z * _Z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        if not self.total:
            return "–"
        low, high = self.interval
        return f"{self.value:.1%} [{100 * low:.0f}–{100 * high:.0f}] of {self.total}"


def name_finding(rule: str, message: str) -> str:
    """Name a finding by a digest, so that a verdict on it can be kept without its text."""
    return hashlib.sha256(f"{rule}\n{message}".encode()).hexdigest()[:12]
