"""What a snapshot's records, in the table `seen`, say beyond the library: counted before anything is stored."""

import json
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from storage.library.connection import Connection


class Compared(NamedTuple):
    """What the file holds, beside what the library holds."""

    #: Rows of the file, readable or not.
    rows: int
    #: Those that are records of papers.
    records: int
    #: Records that speak of a paper once more.
    duplicates: int
    new: int
    changed: int
    unchanged: int
    #: The latest `update_date`: since then the file knows nothing.
    updated_until: date | None


def compare_records(connection: Connection, repaired: Mapping[str, str]) -> Compared:
    """Find out what is to be stored, and count it; `repaired`: identifiers by what the file has instead.

    Of several records of one paper the one of the latest version counts, then the one that was updated last, then the
    one whose identifier needed no repair.
    """
    if repaired:
        _repair_identifiers(connection, repaired)
    _find_repeated_papers(connection)
    _choose_best_records(connection)
    _select_wanted_records(connection)
    return _count_records(connection)


def _repair_identifiers(connection: Connection, repaired: Mapping[str, str]) -> None:
    connection.execute(
        """
        UPDATE seen SET arxiv_id = fixed.pair[2], is_repaired = true
        FROM (SELECT unnest(from_json($pairs, '[["VARCHAR"]]')) AS pair) AS fixed
        WHERE seen.given = fixed.pair[1] AND seen.doubted = 'id'
        """,
        {"pairs": json.dumps(list(repaired.items()))},
    )


def _find_repeated_papers(connection: Connection) -> None:
    """Make the table `twice`: papers with several records, some of which may be set aside."""
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE twice AS
        SELECT arxiv_id FROM seen WHERE arxiv_id IS NOT NULL GROUP BY arxiv_id HAVING count(*) > 1
        UNION
        SELECT arxiv_id FROM seen
        WHERE arxiv_id IS NOT NULL AND given IN (SELECT given FROM seen WHERE arxiv_id IS NULL)
    """)


def _choose_best_records(connection: Connection) -> None:
    """Make the table `best`: one record a paper."""
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE best AS
        SELECT given, arxiv_id, fingerprint, version, false AS is_twice FROM seen
        WHERE arxiv_id IS NOT NULL AND arxiv_id NOT IN (FROM twice)
        UNION ALL
        SELECT given, arxiv_id, fingerprint, version, true FROM seen
        WHERE arxiv_id IN (FROM twice)
        QUALIFY row_number() OVER (
            PARTITION BY arxiv_id
            ORDER BY version DESC NULLS LAST, updated_on DESC NULLS LAST, is_repaired, fingerprint
        ) = 1
    """)


def _select_wanted_records(connection: Connection) -> None:
    """Make the table `wanted`: the best records that say more than the library does.

    Full records replace one another; one that meets a record of another kind is merged with it, see `is_mixed`.
    """
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE wanted AS
        SELECT
            best.*,
            known.arxiv_id IS NOT NULL AS is_known,
            known.arxiv_id IS NOT NULL AND known.fingerprint IS NULL AS is_mixed,
            known.first_seen_on,
            known.known_from
        FROM best
        LEFT JOIN (FROM paper_state WHERE known_until IS NULL) AS known USING (arxiv_id)
        WHERE known.arxiv_id IS NULL
           OR (
                known.fingerprint IS DISTINCT FROM best.fingerprint
                AND coalesce(best.version, 0) >= coalesce(known.version, 0)
           )
    """)


def _count_records(connection: Connection) -> Compared:
    row = connection.execute(
        """
        SELECT
            (SELECT count(*) FROM seen),
            (SELECT count(*) FROM seen WHERE arxiv_id IS NOT NULL),
            (SELECT count(*) FROM seen WHERE arxiv_id IS NOT NULL) - (SELECT count(*) FROM best),
            count(*) FILTER (NOT is_known),
            count(*) FILTER (is_known AND NOT is_mixed),
            (SELECT count(*) FROM best) - count(*),
            (SELECT max(updated_on) FROM seen)
        FROM wanted
        """
    ).fetchone()
    if row is None:
        raise AssertionError("a count is always there")
    return Compared(*row)
