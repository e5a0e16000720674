"""Releases: what they are called, how long they stay, and what is written of them for people and programs."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

_NAME = re.compile(r"\d{4}-\d{2}-\d{2}\.[1-9]\d*")


class ChangeCounts(NamedTuple):
    """How many rows of a table a release has that the one before had not, has otherwise, and has no more."""

    added: int
    changed: int
    removed: int


@dataclass(frozen=True)
class ReleaseFile:
    """A file of a release."""

    #: Within the release's folder.
    path: str
    bytes: int
    sha256: str
    #: Of a Parquet file.
    rows: int | None = None


@dataclass(frozen=True)
class ReleaseTable:
    """A table of a release."""

    name: str
    rows: int
    #: None in the first release.
    changes: ChangeCounts | None
    #: Its Parquet files, in order.
    files: tuple[ReleaseFile, ...]


@dataclass(frozen=True)
class Release:
    """All that is told of a release in its release.json."""

    name: str
    #: The release to which its changes apply; None for the first one, and after a change of the schema.
    previous: str | None
    schema_version: str
    #: Our clock, UTC.
    made_at: datetime
    #: The program that made it.
    program: str
    tables: tuple[ReleaseTable, ...] = ()
    #: Other files, the database first.
    files: tuple[ReleaseFile, ...] = ()

    @property
    def all_files(self) -> tuple[ReleaseFile, ...]:
        """Every file but release.json and SHA256SUMS."""
        return (*self.files, *(file for table in self.tables for file in table.files))

    @property
    def bytes(self) -> int:
        """Of all files together."""
        return sum(file.bytes for file in self.all_files)

    def as_json(self) -> dict[str, Any]:
        """Return what release.json says."""
        tables = [
            {**asdict(table), "changes": table.changes._asdict() if table.changes else None} for table in self.tables
        ]
        return {**asdict(self), "made_at": self.made_at.isoformat(), "tables": tables}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Release":
        """Read a release.json.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        tables = tuple(
            ReleaseTable(
                table["name"],
                table["rows"],
                ChangeCounts(**table["changes"]) if table["changes"] else None,
                tuple(ReleaseFile(**file) for file in table["files"]),
            )
            for table in values["tables"]
        )
        files = tuple(ReleaseFile(**file) for file in values["files"])
        made_at = datetime.fromisoformat(values["made_at"])
        return cls(**{**values, "made_at": made_at, "tables": tables, "files": files})


@dataclass(frozen=True)
class ReleaseList:
    """The releases that there are, newest first."""

    releases: tuple["ListedRelease", ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Return what index.json says."""
        return {"releases": [{**asdict(one), "made_at": one.made_at.isoformat()} for one in self.releases]}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "ReleaseList":
        """Read an index.json.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        rows = values["releases"]
        return cls(tuple(ListedRelease(**{**row, "made_at": datetime.fromisoformat(row["made_at"])}) for row in rows))


@dataclass(frozen=True)
class ListedRelease:
    """A release in the list of releases."""

    name: str
    #: Within the site's folder `data/`.
    path: str
    previous: str | None
    schema_version: str
    made_at: datetime
    bytes: int


def list_release(release: Release) -> ListedRelease:
    """Make the entry of the list for a release."""
    return ListedRelease(
        release.name,
        f"releases/{release.name}/",
        release.previous,
        release.schema_version,
        release.made_at,
        release.bytes,
    )


def is_name(text: str) -> bool:
    """Tell whether this may be the name of a release."""
    return _NAME.fullmatch(text) is not None


def sort_key(name: str) -> tuple[date, int]:
    """Order releases by time."""
    day, _, number = name.partition(".")
    return date.fromisoformat(day), int(number)


def name_release(on: date, known: Iterable[str]) -> str:
    """Name the release of a run for a date, later than all that are known: 2026-11-25.1, then 2026-11-25.2."""
    last_day, last_number = max(map(sort_key, known), default=(date.min, 0))
    return f"{last_day}.{last_number + 1}" if last_day >= on else f"{on}.1"


def choose_expired(names: Iterable[str], on: date, keep_days: int) -> list[str]:
    """Choose the releases that are to go: older than so many days, and not the last of their month.

    The newest one stays in any case.
    """
    ordered = sorted(names, key=sort_key)
    last_of_month = {name[:7]: name for name in ordered}
    first = on - timedelta(days=keep_days)
    return [name for name in ordered if sort_key(name)[0] < first and name not in last_of_month.values()]


def describe_latest(release: ListedRelease) -> dict[str, Any]:
    """Return what latest.json says: the newest release, and its doors, within the site's folder `data/`."""
    path = release.path
    doors = {
        "duckdb": f"{path}yibao.duckdb",
        "ducklake": f"{path}yibao.ducklake",
        "manifest": f"{path}release.json",
        "croissant": f"{path}croissant.json",
        "datapackage": f"{path}datapackage.json",
    }
    return {
        **asdict(release),
        "made_at": release.made_at.isoformat(),
        "doors": doors,
        "releases": "releases/index.json",
    }
