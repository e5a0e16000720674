"""A library that was made again, beside the one that is there: what differs, and what only the old one knows."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import duckdb

from storage.library import faults
from storage.library.connection import Connection, begin_transaction, open_library
from storage.library.pending import EVERYTHING, mark_pending

#: What follows from kept answers and curators' files, by name: a query for its rows, without our own clock.
_DERIVED = {
    "papers": "SELECT * EXCLUDE (changed_on, changed_at, first_seen_on) FROM paper WHERE source <> 'snapshot'",
    "papers of a snapshot": "SELECT arxiv_id FROM paper WHERE source = 'snapshot'",
    "announcements": "SELECT * FROM announcement",
    "lists": "SELECT category, announced_on, state, declared, stored, sources FROM batch",
    "translations": "SELECT arxiv_id, language, title, abstract, title_en, translator, reviewer, license, week "
    "FROM current_translation",
}
#: What nobody can derive: when translations came and were revised, what readers were shown when, what each run did.
_HISTORY = ("translation", "source_text", "operations.published_item", "operations.run")


class Difference(NamedTuple):
    """How many rows of one kind each of two libraries has that the other has not."""

    kind: str
    same: int
    only_before: int
    only_rebuilt: int

    @property
    def is_none(self) -> bool:
        """Whether both say the same."""
        return not self.only_before and not self.only_rebuilt


def compare_libraries(before: Path, rebuilt: Path) -> list[Difference]:
    """Compare what two libraries say of papers, lists and translations, row by row.

    Raises:
        LibraryError: one of them cannot be read, or is of another version.
    """
    with _attach(before, rebuilt) as connection:
        return [_compare(connection, kind, query) for kind, query in _DERIVED.items()]


def adopt_history(before: Path, rebuilt: Path) -> None:
    """Give the rebuilt library what only the old one knows, and let everything be published again.

    Raises:
        LibraryError: the old one cannot be read, or is of another version.
    """
    with open_library(rebuilt) as connection, faults.explain_faults(before):
        connection.execute(f"ATTACH '{_quote(before)}' AS before (READ_ONLY)")
        with begin_transaction(connection):
            for table in _HISTORY:
                schema_and_name = table if "." in table else f"main.{table}"
                connection.execute(f"DELETE FROM {schema_and_name}")  # noqa: S608  (our own names)
                connection.execute(f"INSERT INTO {schema_and_name} BY NAME FROM before.{schema_and_name}")
            mark_pending(connection, [EVERYTHING])
        connection.execute("DETACH before")


@contextmanager
def _attach(before: Path, rebuilt: Path) -> Iterator[Connection]:
    with closing(duckdb.connect()) as connection:
        for name, path in (("before", before), ("rebuilt", rebuilt)):
            with faults.explain_faults(path):
                connection.execute(f"ATTACH '{_quote(path)}' AS {name} (READ_ONLY)")
        yield connection


def _compare(connection: Connection, kind: str, query: str) -> Difference:
    for name in ("before", "rebuilt"):
        connection.execute(f"USE {name}")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE rows_{name} AS {query}")
    ((same, only_before, only_rebuilt),) = connection.execute("""
        SELECT
            (SELECT count(*) FROM (FROM temp.rows_before INTERSECT ALL FROM temp.rows_rebuilt)),
            (SELECT count(*) FROM (FROM temp.rows_before EXCEPT ALL FROM temp.rows_rebuilt)),
            (SELECT count(*) FROM (FROM temp.rows_rebuilt EXCEPT ALL FROM temp.rows_before))
    """).fetchall()
    return Difference(kind, same, only_before, only_rebuilt)


def _quote(path: Path) -> str:
    return str(path).replace("'", "''")
