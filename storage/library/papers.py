"""Papers, in every state in which we have known them.

A state is a row of `paper_state`: it is written once, and ended by the next one. What was replaced on the day on which
it was stored, before a publication showed it, was never seen by anyone, and is not kept.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, NamedTuple

from storage.library import pending
from storage.library.connection import WANTED, Connection, bind_names, insert_rows, read_clock
from yibao.record_merging import merge_papers
from yibao.records import Author, Paper, Precision, Version
from yibao.sources import FULL

#: What a record holds, as columns of `paper_state`, the fingerprint apart.
COLUMNS = """
    arxiv_id, version, title, abstract, authors, categories, primary_category, source, subject_classes, comment,
    journal_ref, doi, license, submitted_at, updated_at, report_no, submitter, versions, is_withdrawn,
    submitted_precision
"""
_FIELDS = [*COLUMNS.replace(",", " ").split(), "fingerprint"]


class MergeCounts(NamedTuple):
    """What a batch of papers did to the library."""

    new: int
    changed: int
    unchanged: int


class _Known(NamedTuple):
    """What must be known of a stored paper before its texts are read."""

    version: int | None
    source: str
    fingerprint: str | None
    first_seen_on: date
    known_from: date


def store_papers(connection: Connection, papers: Iterable[Paper], on: date) -> MergeCounts:
    """Merge these records into what we know of their papers. Storing the same batch again changes nothing."""
    arrived = list(papers)
    ids = {paper.arxiv_id for paper in arrived}
    known = _read_known(connection, ids)
    # Only what cannot be told by fingerprints needs the stored texts, whose reading costs more than all the rest.
    stored = read_papers(
        connection, {paper.arxiv_id for paper in arrived if _needs_text(known.get(paper.arxiv_id), paper)}
    )
    merged: dict[str, Paper] = {}
    for paper in arrived:
        before = merged.get(paper.arxiv_id) or stored.get(paper.arxiv_id)
        if before or not _is_known(known.get(paper.arxiv_id), paper):
            merged[paper.arxiv_id] = merge_papers(before, paper)
    changed = [paper for arxiv_id, paper in merged.items() if stored.get(arxiv_id) != paper]
    _replace(connection, changed, known, on)
    new = sum(paper.arxiv_id not in known for paper in changed)
    return MergeCounts(new, len(changed) - new, len(ids) - len(changed))


def read_papers(connection: Connection, arxiv_ids: Collection[str]) -> dict[str, Paper]:
    """Read the papers that we know among these, by identifier."""
    if not arxiv_ids:
        return {}
    rows = connection.execute(
        f"SELECT {COLUMNS}, fingerprint FROM paper_state "  # noqa: S608  (our own names)
        f"WHERE known_until IS NULL AND arxiv_id IN {WANTED}",
        bind_names(arxiv_ids),
    )
    return {row[0]: paper_of(row) for row in rows.fetchall()}


def find_incomplete_papers(connection: Connection, on: date) -> list[str]:
    """Find announced and translated papers that we do not know, or only from a feed or in an older version.

    A catch-up page names no version: a replacement that it listed in the last two weeks is not known where what we
    know was submitted more than a month before.
    """
    rows = connection.execute(
        """
        SELECT listed.arxiv_id
        FROM (SELECT arxiv_id, max(version) AS version FROM announcement GROUP BY arxiv_id) AS listed
        LEFT JOIN paper USING (arxiv_id)
        WHERE paper.arxiv_id IS NULL
           OR paper.source IN ('rss', 'atom', 'oai_dc')
           OR paper.version IS NULL
           OR paper.version < listed.version
        UNION
        SELECT listed.arxiv_id
        FROM announcement AS listed
        JOIN paper USING (arxiv_id)
        WHERE listed.version IS NULL AND listed.type IN ('replace', 'replace-cross')
          AND listed.announced_on > $on - INTERVAL 14 DAY
          AND paper.updated_at < listed.announced_on - INTERVAL 30 DAY
        UNION
        SELECT arxiv_id FROM waiting
        ORDER BY arxiv_id
        """,
        {"on": on},
    )
    return [row[0] for row in rows.fetchall()]


def find_waiting_papers(connection: Connection) -> list[str]:
    """Find translated papers whose metadata arXiv has not given us yet."""
    return [row[0] for row in connection.execute("SELECT arxiv_id FROM waiting ORDER BY arxiv_id").fetchall()]


def paper_of(row: Sequence[Any]) -> Paper:
    """Make the record of a row of COLUMNS and the fingerprint."""
    values: dict[str, Any] = dict(zip(_FIELDS, row, strict=True))
    values["authors"] = tuple(Author(author["name"], tuple(author["affiliations"])) for author in values["authors"])
    values["versions"] = tuple(Version(**version) for version in values["versions"])
    for name in ("categories", "subject_classes"):
        values[name] = tuple(values[name])
    precision = values["submitted_precision"]
    values["submitted_precision"] = Precision(precision) if precision else None
    values["fingerprint"] = values["fingerprint"].hex if values["fingerprint"] else None
    return Paper(**values)


def _read_known(connection: Connection, arxiv_ids: Collection[str]) -> dict[str, _Known]:
    rows = connection.execute(
        f"""
        SELECT arxiv_id, version, source, fingerprint, first_seen_on, known_from
        FROM paper_state
        WHERE known_until IS NULL AND arxiv_id IN {WANTED}
        """,  # noqa: S608  (likewise)
        bind_names(arxiv_ids),
    )
    return {row[0]: _Known(row[1], row[2], row[3].hex if row[3] else None, *row[4:]) for row in rows.fetchall()}


def _needs_text(known: _Known | None, paper: Paper) -> bool:
    return known is not None and not (known.fingerprint and paper.source in FULL and known.source in FULL)


def _is_known(known: _Known | None, paper: Paper) -> bool:
    """Tell whether a full record says no more than a stored one: it is the same, or of an older version."""
    if known is None:
        return False
    return known.fingerprint == paper.fingerprint or (known.version or 0) > (paper.version or 0)


def _replace(connection: Connection, papers: Sequence[Paper], known: dict[str, _Known], on: date) -> None:
    """Store these as the latest states of their papers, from this date on."""
    if not papers:
        return
    pending.mark_papers_pending(connection, [paper.arxiv_id for paper in papers])
    replaced = [paper.arxiv_id for paper in papers if paper.arxiv_id in known]
    end_states(connection, replaced, on)
    now = read_clock(connection)
    rows = [{**_row(paper, known.get(paper.arxiv_id), on), "known_from_at": now} for paper in papers]
    insert_rows(connection, "paper_state", rows)
    _assert_unique(connection, [paper.arxiv_id for paper in papers])


def end_states(connection: Connection, arxiv_ids: Collection[str], on: date) -> None:
    """End the latest states of these papers on this date; forget those of the same day that readers never saw."""
    parameters = {**bind_names(arxiv_ids), "on": on}
    connection.execute(
        f"""
        DELETE FROM paper_state
        WHERE known_until IS NULL AND known_from >= $on AND arxiv_id IN {WANTED}
          AND known_from_at > (SELECT coalesce(max(finished_at), '-infinity') FROM operations.last_publication)
        """,  # noqa: S608  (our own text)
        parameters,
    )
    connection.execute(
        f"""
        UPDATE paper_state SET known_until = greatest($on, known_from), known_until_at = now()
        WHERE known_until IS NULL AND arxiv_id IN {WANTED}
        """,  # noqa: S608  (likewise)
        parameters,
    )


def _row(paper: Paper, known: _Known | None, on: date) -> dict[str, Any]:
    return {
        **asdict(paper),
        "first_seen_on": known.first_seen_on if known else on,
        # A run for an earlier date replaces what a later one knew: since that date, not since this one.
        "known_from": max(on, known.known_from) if known else on,
    }


def _assert_unique(connection: Connection, arxiv_ids: Sequence[str]) -> None:
    row = connection.execute(
        f"""
        SELECT count(*) - count(DISTINCT arxiv_id)
        FROM paper_state
        WHERE known_until IS NULL AND arxiv_id IN {WANTED}
        """,  # noqa: S608  (likewise)
        bind_names(arxiv_ids),
    ).fetchone()
    if row is None or row[0]:
        raise AssertionError("a paper would be stored twice")
