"""Papers, and the versions of them that we have met."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, replace
from datetime import date
from typing import Any, NamedTuple

from storage.library.connection import Connection, insert
from yibao.merging import merge
from yibao.models import Author, Paper

_COLUMNS = """
    arxiv_id, version, title, abstract, authors, categories, primary_category, source, subject_classes, comment,
    journal_ref, doi, license, submitted_at, updated_at
"""


class Merged(NamedTuple):
    """What a batch of papers did to the library."""

    new: int
    changed: int
    unchanged: int


def store(connection: Connection, papers: Iterable[Paper], on: date) -> Merged:
    """Each paper says what its records say together. Storing the same batch again changes nothing."""
    arrived = list(papers)
    known = by_id(connection, {paper.arxiv_id for paper in arrived})
    merged = dict(known)
    for paper in arrived:
        merged[paper.arxiv_id] = merge(merged.get(paper.arxiv_id), paper)
    changed = [paper for arxiv_id, paper in merged.items() if known.get(arxiv_id) != paper]
    first_seen = _first_seen(connection, [paper.arxiv_id for paper in changed])
    _delete(connection, list(first_seen))
    rows = [
        {**asdict(paper), "first_seen_on": first_seen.get(paper.arxiv_id, on), "changed_on": on} for paper in changed
    ]
    insert(connection, "paper", rows)
    _store_versions(connection, arrived, on)
    _assert_unique(connection)
    return Merged(len(changed) - len(first_seen), len(first_seen), len(merged) - len(changed))


def by_id(connection: Connection, arxiv_ids: Collection[str]) -> dict[str, Paper]:
    """The papers that we know among these, by identifier."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM paper WHERE list_contains($ids, arxiv_id)",  # noqa: S608
        {"ids": list(arxiv_ids)},
    )
    return {row[0]: paper_of(row) for row in rows.fetchall()}


def all_by_id(connection: Connection) -> dict[str, Paper]:
    """Every paper, by identifier."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM paper ORDER BY arxiv_id")  # noqa: S608
    return {row[0]: paper_of(row) for row in rows.fetchall()}


def incomplete(connection: Connection) -> list[str]:
    """Papers whose present version the API has not described yet, and translated papers not known at all."""
    rows = connection.execute("""
        SELECT arxiv_id FROM paper WHERE source <> 'api'
        UNION
        SELECT arxiv_id FROM waiting
        ORDER BY arxiv_id
    """)
    return [row[0] for row in rows.fetchall()]


def waiting(connection: Connection) -> list[str]:
    """Translated papers of which arXiv has told us nothing yet."""
    return [row[0] for row in connection.execute("SELECT arxiv_id FROM waiting ORDER BY arxiv_id").fetchall()]


def paper_of(row: tuple[Any, ...]) -> Paper:
    """The record in a row of this module's columns."""
    values: dict[str, Any] = dict(zip(_COLUMNS.replace(",", " ").split(), row, strict=True))
    paper = Paper(**values)
    return replace(
        paper,
        authors=tuple(Author(author["name"], tuple(author["affiliations"])) for author in values["authors"]),
        categories=tuple(paper.categories),
        subject_classes=tuple(paper.subject_classes),
    )


def _first_seen(connection: Connection, arxiv_ids: list[str]) -> dict[str, date]:
    rows = connection.execute(
        "SELECT arxiv_id, first_seen_on FROM paper WHERE list_contains($ids, arxiv_id)", {"ids": arxiv_ids}
    )
    return dict(rows.fetchall())


def _delete(connection: Connection, arxiv_ids: list[str]) -> None:
    connection.execute("DELETE FROM paper WHERE list_contains($ids, arxiv_id)", {"ids": arxiv_ids})


def _store_versions(connection: Connection, papers: list[Paper], on: date) -> None:
    # The API tells when a version was submitted; a feed does not. The better row replaces the other.
    dated = {(paper.arxiv_id, paper.version): paper.updated_at for paper in papers if paper.updated_at}
    met = {(paper.arxiv_id, paper.version) for paper in papers}
    rows = connection.execute(
        "SELECT arxiv_id, version, submitted_at, first_seen_on FROM paper_version WHERE list_contains($ids, arxiv_id)",
        {"ids": [arxiv_id for arxiv_id, _ in met]},
    ).fetchall()
    known = {(row[0], row[1]): (row[2], row[3]) for row in rows}
    changed = {key for key in met if key not in known or (dated.get(key) or known[key][0]) != known[key][0]}
    connection.execute(
        "DELETE FROM paper_version WHERE list_contains($keys, arxiv_id || 'v' || version)",
        {"keys": [f"{arxiv_id}v{version}" for arxiv_id, version in changed]},
    )
    insert(
        connection,
        "paper_version",
        [
            {
                "arxiv_id": key[0],
                "version": key[1],
                "submitted_at": dated.get(key),
                "first_seen_on": known[key][1] if key in known else on,
            }
            for key in sorted(changed)
        ],
    )


def _assert_unique(connection: Connection) -> None:
    row = connection.execute("SELECT count(*) - count(DISTINCT arxiv_id) FROM paper").fetchone()
    if row is None or row[0]:
        raise AssertionError("a paper would be stored twice")
