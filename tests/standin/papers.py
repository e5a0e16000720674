"""What the stand-in knows: papers, their versions, and when each was announced where."""

import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from yibao import categories

WEEK = Path(__file__).parent / "week" / "papers.toml"
DEFAULT_LICENSE = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"


@dataclass(frozen=True)
class Line:
    on: date
    category: str
    type: str
    version: int


@dataclass(frozen=True)
class Version:
    number: int
    submitted: datetime
    abstract: str
    comment: str | None


@dataclass(frozen=True)
class StandinPaper:
    id: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    versions: tuple[Version, ...]
    announced: tuple[Line, ...]
    license: str = DEFAULT_LICENSE
    journal_ref: str | None = None
    doi: str | None = None

    def as_of(self, day: date) -> "StandinPaper | None":
        """The paper as arXiv shows it on a day: only announced versions; None before the first announcement."""
        shown = [line.version for line in self.announced if line.on <= day]
        return replace(self, versions=tuple(v for v in self.versions if v.number <= max(shown))) if shown else None

    @property
    def latest(self) -> Version:
        return self.versions[-1]


def load(path: Path = WEEK) -> list[StandinPaper]:
    return [_paper(row) for row in tomllib.loads(path.read_text(encoding="utf-8"))["paper"]]


def _paper(row: dict) -> StandinPaper:
    first = Version(1, row["submitted"].astimezone(UTC), row["abstract"].strip("\n"), row.get("comment"))
    later = [
        Version(
            int(key[1:]),
            value["submitted"].astimezone(UTC),
            value.get("abstract", row["abstract"]).strip("\n"),
            value.get("comment", row.get("comment")),
        )
        for key, value in row.items()
        if key.startswith("v") and key[1:].isdigit()
    ]
    lines = (line.split() for line in row["announced"])
    return StandinPaper(
        row["id"],
        row["title"],
        tuple(row["authors"]),
        tuple(row["categories"]),
        (first, *later),
        tuple(Line(date.fromisoformat(on), category, kind, int(number)) for on, category, kind, number in lines),
        row.get("license", DEFAULT_LICENSE),
        row.get("journal_ref"),
        row.get("doi"),
    )


def listed(papers: list[StandinPaper], category: str, on: date) -> list[tuple[StandinPaper, Line]]:
    """The list of a category, aliases included, in arXiv's order: new, cross, replace, replace-cross."""
    order = ["new", "cross", "replace", "replace-cross"]
    wanted = categories.canonical(category)
    found = [
        (paper.as_of(on), line)
        for paper in papers
        for line in paper.announced
        if line.on == on and categories.canonical(line.category) == wanted
    ]
    return sorted(found, key=lambda pair: (order.index(pair[1].type), pair[0].id))
