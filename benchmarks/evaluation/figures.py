"""How often each rule is right, from the last evaluation into `docs/translations/rules.md`.

`measured.csv` keeps what the unseen half gave: of each rule and kind of fault how many plants the rule noticed, and
(kind `untouched`) how many of its judged findings in text that nobody changed were right.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from benchmarks.evaluation.measures import Share
from yibao.records import Severity
from yibao.translations.rules import RULES

MEASURED = Path(__file__).with_name("measured.csv")
PAGE = Path(__file__).parents[2] / "docs" / "translations" / "rules.md"
UNTOUCHED = "untouched"
_LEAD = "*实测 measured* — "
_SECTION = re.compile(r"(^## ([a-z-]+)\n\n\*.*\n)(?:\n" + re.escape(_LEAD) + r".*\n)?", re.MULTILINE)
#: A rule that notices less of a kind is not there for it.
_LEAST = 0.05
#: What share of its findings in unchanged text must be right, by severity, once so many were judged.
_PRECISION = {Severity.ERROR: 0.98, Severity.WARNING: 0.8}
_ENOUGH = 10


class Figure(NamedTuple):
    """So many of so many, of a rule and a kind of fault."""

    rule: str
    kind: str
    hits: int
    total: int


def find_overstated(figures: Iterable[Figure]) -> list[str]:
    """Find the rules that are wrong too often for their severity, of which enough findings were judged."""
    return [
        one.rule
        for one in figures
        if one.kind == UNTOUCHED
        and one.total >= _ENOUGH
        and one.hits < _PRECISION.get(RULES[one.rule].severity, 0.0) * one.total
    ]


def write_figures(figures: Iterable[Figure]) -> None:
    """Keep what was measured, and put it on the page."""
    with MEASURED.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Figure._fields)
        writer.writerows(sorted(figures))
    PAGE.write_text(render_page(PAGE.read_text(encoding="utf-8"), read_figures()), encoding="utf-8")


def read_figures() -> list[Figure]:
    """Read what was measured last."""
    with MEASURED.open(encoding="utf-8", newline="") as file:
        return [Figure(row["rule"], row["kind"], int(row["hits"]), int(row["total"])) for row in csv.DictReader(file)]


def render_page(page: str, figures: Iterable[Figure]) -> str:
    """Put a line of figures below each rule's meaning, in the place of the one that is there."""
    by_rule = defaultdict(list)
    for one in figures:
        by_rule[one.rule].append(one)

    def put_line(section: re.Match[str]) -> str:
        line = _describe_rule(by_rule[section[2]])
        return section[1] + (f"\n{_LEAD}{line}\n" if line else "")

    return _SECTION.sub(put_line, page)


def _describe_rule(figures: list[Figure]) -> str:
    planted = [one for one in figures if one.kind != UNTOUCHED and one.hits >= _LEAST * one.total]
    parts = [
        f"right: {one.hits} of {one.total} judged in unchanged text ({_describe_interval(one)})"
        for one in figures
        if one.kind == UNTOUCHED and one.total
    ]
    if planted:
        most = sorted(planted, key=lambda one: -one.hits / one.total)
        noticed = ", ".join(f"{one.kind} {one.hits / one.total:.0%}" for one in most)
        parts.append(f"notices of planted faults: {noticed}")
    return "; ".join(parts) + "." if parts else ""


def _describe_interval(one: Figure) -> str:
    low, high = Share(one.hits, one.total).interval
    return f"{100 * low:.0f}–{100 * high:.0f} %"
