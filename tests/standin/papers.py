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
    #: When arXiv shows it, for versions that no list announces; None: when the first list does.
    public_on: date | None = None
    #: `I` for a withdrawal.
    source_type: str | None = None


@dataclass(frozen=True)
class Silent:
    """A correction that needs no version and that nobody announces."""

    on: date
    doi: str | None
    journal_ref: str | None


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
    silent: tuple[Silent, ...] = ()

    def as_of(self, day: date) -> "StandinPaper | None":
        """The paper as arXiv shows it on a day: only published versions; None before the first."""
        shown = tuple(version for version in self.versions if self.shown_on(version) <= day)
        if not shown:
            return None
        past_changes = [change for change in self.silent if change.on <= day]
        changed = {"doi": past_changes[-1].doi, "journal_ref": past_changes[-1].journal_ref} if past_changes else {}
        return replace(self, versions=shown, **changed)

    def shown_on(self, version: Version) -> date:
        announced = (line.on for line in self.announced if line.version >= version.number)
        return version.public_on or min(announced, default=date.max)

    def datestamp(self, day: date) -> date:
        """Of the last modification that arXiv shows on a day."""
        published = [self.shown_on(version) for version in self.versions]
        crossed = [line.on for line in self.announced]
        return max(on for on in (*published, *crossed, *(change.on for change in self.silent)) if on <= day)

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
    wanted = categories.find_canonical(category)
    lines = [
        (paper.as_of(on), line)
        for paper in papers
        for line in paper.announced
        if line.on == on and categories.find_canonical(line.category) == wanted
    ]
    return sorted(lines, key=lambda pair: (order.index(pair[1].type), pair[0].id))
