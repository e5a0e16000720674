"""Translations: every revision of every one. A revision is superseded, never changed and never deleted."""

from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import date
from typing import Any, NamedTuple

from storage.library import pending
from storage.library.connection import WANTED, Connection, bind_names, insert_rows, read_clock
from storage.library.staleness import Freshness
from yibao.records import CurrentTranslation, Erratum, Translation, TranslationState

#: What may change of an entry without making a new revision.
_AMENDED = ("path", "line", "translator", "reviewer", "license", "corrector", "version", "is_lead")
#: What stays as it was when an entry is amended.
_KEPT = (
    *("revision", "week", "arrived_on", "revised_on", "revised_at"),
    *("freshness", "freshness_on", "freshness_at"),
)
#: What readers are told of a translation's freshness; nothing else is worth a word.
_STATES = {Freshness.STALE: TranslationState.STALE, Freshness.ORPHANED: TranslationState.ORPHANED}


class StoreCounts(NamedTuple):
    """What a reading of the curators' files did to the library."""

    new: int
    revised: int
    unchanged: int
    #: Translations that no file holds any more. They are kept, and still published.
    vanished: tuple[str, ...]


def store_translations(
    connection: Connection, translations: Iterable[Translation], on: date, week: str, *, is_partial: bool = False
) -> StoreCounts:
    """Store what the curators' files say as the current revisions; `week` is for those whose file names none.

    A changed text makes a new revision; a file that was moved, or credits that were added, only amend the row.

    `is_partial`: some files could not be read. Then nothing has vanished, and an entry counts only in the file where
    the library knows it: in another one it may be what the unreadable file corrects.
    """
    known = _read_current(connection)
    now = read_clock(connection)
    began = {"revised_on": on, "revised_at": now, "freshness_on": on, "freshness_at": now}
    arrived = {(entry.arxiv_id, entry.language): entry for entry in translations}
    if is_partial:
        arrived = {key: entry for key, entry in arrived.items() if key not in known or known[key]["path"] == entry.path}
    planned = {key: _plan_row(known.get(key), _row(entry, week), began) for key, entry in arrived.items()}
    rows = {key: row for key, row in planned.items() if row}
    superseded = [key for key in rows.keys() & known.keys() if rows[key]["revision"] > known[key]["revision"]]
    amended = rows.keys() & known.keys() - set(superseded)
    _supersede(connection, superseded, on)
    _forget_current(connection, amended)
    insert_rows(connection, "translation", rows.values())
    pending.mark_papers_pending(connection, {arxiv_id for arxiv_id, _ in rows})
    missing = () if is_partial else known.keys() - arrived.keys()
    new, revised = len(rows.keys() - known.keys()), len(superseded)
    return StoreCounts(new, revised, len(arrived) - new - revised, tuple(sorted(arxiv_id for arxiv_id, _ in missing)))


def read_current_translations(
    connection: Connection, arxiv_ids: Collection[str] | None = None
) -> list[CurrentTranslation]:
    """Read every translation that readers see, by identifier and language: of all papers, or of these."""
    return [
        CurrentTranslation(
            Translation(**{name: row[name] for name in Translation.__dataclass_fields__}),
            row["week"],
            row["arrived_on"],
            row["revised_on"],
            _STATES.get(row["freshness"], TranslationState.CURRENT),
            row["source_version"],
            row["source_sha256"],
        )
        for row in _read_current(connection, arxiv_ids).values()
    ]


def read_errata(connection: Connection, arxiv_ids: Collection[str]) -> dict[tuple[str, str], list[Erratum]]:
    """Read every correction of these papers' translations, latest first, by identifier and language."""
    rows = connection.execute(
        f"""
        SELECT arxiv_id, language, revised_on, corrected_by, title_before, title_after, abstract_before, abstract_after
        FROM erratum
        WHERE arxiv_id IN {WANTED}
        ORDER BY arxiv_id, language, revision DESC
        """,  # noqa: S608  (our own text)
        bind_names(arxiv_ids),
    )
    errata: dict[tuple[str, str], list[Erratum]] = {}
    for arxiv_id, language, *values in rows.fetchall():
        errata.setdefault((arxiv_id, language), []).append(Erratum(*values))
    return errata


def _row(entry: Translation, week: str) -> dict[str, Any]:
    return {**asdict(entry), "week": entry.week or week, "revision_state": "current", "freshness": Freshness.UNKNOWN}


def _plan_row(old: dict[str, Any] | None, row: dict[str, Any], began: dict[str, Any]) -> dict[str, Any] | None:
    """The row to store for an entry beside the one that is stored: a new revision, or an amended one; None for neither.

    `began`: since when a new revision and its freshness hold.
    """
    if old is None:
        return {**row, **began, "revision": 1, "arrived_on": began["revised_on"]}
    if _text(old) != _text(row):
        since = {name: old[name] for name in ("week", "arrived_on")}
        return {**row, **began, **since, "revision": old["revision"] + 1}
    if any(old[name] != row[name] for name in _AMENDED):
        # Another version in the link: the curator says that this is the text of that one.
        source = () if old["version"] != row["version"] else ("source_version", "source_sha256")
        return {**row, **{name: old[name] for name in (*_KEPT, *source)}}
    return None


def _text(row: dict[str, Any]) -> tuple[Any, ...]:
    return (row["title"], row["abstract"], row["title_en"])


def _read_current(
    connection: Connection, arxiv_ids: Collection[str] | None = None
) -> dict[tuple[str, str], dict[str, Any]]:
    cursor = connection.execute(
        f"""
        SELECT * FROM current_translation
        WHERE $wanted IS NULL OR arxiv_id IN {WANTED}
        ORDER BY arxiv_id, language
        """,  # noqa: S608  (likewise)
        bind_names(arxiv_ids),
    )
    names = [column[0] for column in cursor.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {(row["arxiv_id"], row["language"]): row for row in rows}


def _supersede(connection: Connection, keys: Iterable[tuple[str, str]], on: date) -> None:
    connection.execute(
        f"""
        UPDATE translation SET revision_state = 'superseded', superseded_on = $on, superseded_at = now()
        WHERE revision_state = 'current' AND arxiv_id || ' ' || language IN {WANTED}
        """,  # noqa: S608  (likewise)
        {**bind_names(" ".join(key) for key in keys), "on": on},
    )


def _forget_current(connection: Connection, keys: Iterable[tuple[str, str]]) -> None:
    connection.execute(
        f"""
        DELETE FROM translation
        WHERE revision_state = 'current' AND arxiv_id || ' ' || language IN {WANTED}
        """,  # noqa: S608  (likewise)
        bind_names(" ".join(key) for key in keys),
    )
