"""A release, read for programs that ask for a paper, an edition or how complete a list is. Rows as dictionaries.

A release never changes: its database stays open while it is asked, whatever is published or pruned meanwhile.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from storage.dataset import database, shelf
from storage.library.connection import Connection
from yibao.dataset.openapi import BRIEF, BRIEF_TRANSLATION
from yibao.errors import DatasetError, GoneError

Row = dict[str, Any]

_MEMORY = "512MB"


def open_release(public: Path, name: str | None = None) -> tuple[str, Connection]:
    """Open the release of this name, or the newest; returns its name and a connection of the caller's own.

    Raises:
        DatasetError: there is none yet, or its database cannot be read.
        GoneError: the one that is named is not kept any more.
    """
    listed = [one.name for one in shelf.read_list(public).releases]
    if not listed:
        raise DatasetError("There is no release of the dataset yet. It comes with the next run.")
    if name is not None and name not in listed:
        raise GoneError(f"Release {name} is no longer kept. Begin anew, without a cursor.")
    chosen = name or listed[0]
    return chosen, _open_database(shelf.find_folder(public, chosen) / database.NAME).cursor()


@lru_cache(maxsize=3)
def _open_database(path: Path) -> Connection:
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise DatasetError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None
    connection.execute(f"SET TimeZone = 'UTC'; SET memory_limit = '{_MEMORY}'; SET enable_external_access = false")
    return connection


def read_paper(release: Connection, arxiv_id: str) -> Row | None:
    """Read all that a release says of a paper; None where it knows neither the paper nor a translation of it."""
    wanted = {"arxiv_id": arxiv_id}
    paper = _read(release, "SELECT * FROM paper WHERE arxiv_id = $arxiv_id", wanted)
    translations = _read_of(release, "translation", wanted, "language")
    if not paper and not translations:
        return None
    return {
        "arxiv_id": arxiv_id,
        "paper": paper[0] if paper else None,
        "authors": _read_of(release, "paper_author", wanted, "position"),
        "versions": _read_of(release, "paper_version", wanted, "version"),
        "announcements": _read_of(release, "announcement", wanted, "announced_on, category"),
        "translations": translations,
        "events": _read_of(release, "translation_event", wanted, "language, number"),
    }


def read_papers(release: Connection, arxiv_ids: Sequence[str]) -> list[Row]:
    """Read what these identifiers name in short, in this order: papers, and translations of papers yet unknown."""
    if not arxiv_ids:
        return []
    # Each by its own name, so that DuckDB reads the few blocks that can hold them.
    wanted = {f"id{number}": one for number, one in enumerate(arxiv_ids)}
    named = ", ".join(f"${name}" for name in wanted)
    papers = _read(release, f"SELECT {', '.join(BRIEF)} FROM paper WHERE arxiv_id IN ({named})", wanted)
    found: dict[str, Row] = {row["arxiv_id"]: {**row, "translations": []} for row in papers}
    for row in _read(
        release,
        f"SELECT arxiv_id, {', '.join(BRIEF_TRANSLATION)} FROM translation WHERE arxiv_id IN ({named}) "
        "ORDER BY language",
        wanted,
    ):
        arxiv_id = row.pop("arxiv_id")
        unknown: Row = {**dict.fromkeys(BRIEF), "arxiv_id": arxiv_id, "translations": []}
        found.setdefault(arxiv_id, unknown)["translations"].append(row)
    return [found[one] for one in arxiv_ids if one in found]


def list_editions(release: Connection, most: int, before: Sequence[Any] = ()) -> list[Row]:
    """List editions, the latest first, so many before one that is named by its first date and its name."""
    where = "WHERE (starts_on, edition) < (CAST($day AS DATE), $name)" if before else ""
    values = dict(zip(("day", "name"), before, strict=True)) if before else {}
    return _read(
        release,
        f"SELECT * FROM edition {where} ORDER BY starts_on DESC, edition DESC LIMIT $most",
        {**values, "most": most},
    )


def read_edition(release: Connection, edition: str) -> Row | None:
    """Read an edition without its papers; None where there is none of this name."""
    rows = _read(release, "SELECT * FROM edition WHERE edition = $edition", {"edition": edition})
    return rows[0] if rows else None


def list_edition_papers(release: Connection, edition: str, most: int, after: int = 0) -> list[Row]:
    """List so many papers of an edition in its order, after a position, each in short."""
    places = _read(
        release,
        "SELECT position, section, arxiv_id FROM edition_paper WHERE edition = $edition AND position > $after "
        "ORDER BY position LIMIT $most",
        {"edition": edition, "after": after, "most": most},
    )
    papers = {row["arxiv_id"]: row for row in read_papers(release, [row["arxiv_id"] for row in places])}
    return [{**place, "paper": papers.get(place["arxiv_id"])} for place in places]


def list_completeness(
    release: Connection, chosen: Mapping[str, Any], most: int, before: Sequence[Any] = ()
) -> list[Row]:
    """List how complete arXiv's lists are, the latest first.

    Args:
        release: the release's database.
        chosen: any of category, state, from and until, of which the last two are dates.
        most: the most rows.
        before: date and category of the row before them.
    """
    conditions = {
        "category": "category = $category",
        "state": "state = $state",
        "from": "announced_on >= $from",
        "until": "announced_on <= $until",
    }
    where = [conditions[name] for name in chosen]
    values = dict(chosen)
    if before:
        where.append("(announced_on < CAST($day AS DATE) OR (announced_on = CAST($day AS DATE) AND category > $after))")
        values |= dict(zip(("day", "after"), before, strict=True))
    condition = f"WHERE {' AND '.join(where)}" if where else ""
    return _read(
        release,
        f"SELECT * FROM completeness {condition} ORDER BY announced_on DESC, category LIMIT $most",
        {**values, "most": most},
    )


def _read_of(release: Connection, table: str, wanted: Mapping[str, Any], order: str) -> list[Row]:
    rows = _read(release, f"SELECT * FROM {table} WHERE arxiv_id = $arxiv_id ORDER BY {order}", wanted)
    return [{name: value for name, value in row.items() if name != "arxiv_id"} for row in rows]


def _read(release: Connection, query: str, values: Mapping[str, Any]) -> list[Row]:
    try:
        answer = release.execute(query, dict(values))
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
    except duckdb.Error as error:
        raise DatasetError(f"the release cannot be read: {str(error).splitlines()[0]}") from None
