"""A release's DuckDB file: its tables filled from the library, whole or by what has changed since the release before.

Physical tables, in the order of identifiers, without keys or indexes, TIMESTAMP in UTC: any DuckDB since 1.3 opens it,
and none needs a time zone or pytz to read it.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import duckdb

from storage.library.connection import Connection, attach_library
from yibao.dataset.releases import ChangeCounts
from yibao.dataset.schema import Schema, Table

NAME = "yibao.duckdb"
_MEMORY = "2GB"
#: Tables that are read for touched papers only; others are small, and read as a whole.
_BY_PAPER = frozenset({"paper", "paper_author", "paper_category", "paper_version", "paper_history", "retitled"})
#: Where a table's changes are while a release is made.
_CHANGES = "change_of_"


@dataclass(frozen=True)
class TableChanges:
    """What of a table differs from the release before."""

    counts: ChangeCounts
    #: Months of identifiers (202501) in which rows came, went or changed; empty where the table is in one part.
    months: frozenset[int]


def quote(text: object) -> str:
    """Quote a text for SQL."""
    return "'" + str(text).replace("'", "''") + "'"


@contextlib.contextmanager
def open_database(path: Path, library: Path, previous: Path | None = None) -> Iterator[Connection]:
    """Open a release's database to be filled; the library is attached as `library`, the release before as `previous`.

    Raises:
        LibraryError: a process writes the library.
    """
    with contextlib.closing(duckdb.connect(str(path))) as connection:
        connection.execute(
            f"SET TimeZone = 'UTC'; SET memory_limit = '{_MEMORY}'; SET preserve_insertion_order = false; "
            f"SET temp_directory = {quote(path.parent / '.spill')}"
        )
        attach_library(connection, library, "library")
        if previous:
            connection.execute(f"ATTACH {quote(previous)} AS previous (READ_ONLY)")
        yield connection
        connection.execute("CHECKPOINT")


def fill_tables(connection: Connection, schema: Schema, terms: Iterable[tuple[str, str, str]]) -> None:
    """Make every table of an empty release, with all its rows, in the order of identifiers."""
    connection.begin()
    connection.execute(_read_text("identifiers.sql"))
    _prepare_sources(connection, terms, is_whole=True)
    for table in schema.tables:
        connection.execute(_define_table(table))
        connection.execute(
            f"INSERT INTO {table.name} BY NAME SELECT * FROM ({_read_relation(table)}) ORDER BY {order_rows(table)}"
        )
    connection.execute(_read_text("macros.sql"))
    connection.commit()


def compare_with_previous(connection: Connection, schema: Schema) -> dict[str, TableChanges]:
    """Compare each table with that of the release before, attached as `previous`."""
    return {
        table.name: _compare(connection, table, f"previous.main.{table.name}", table.name) for table in schema.tables
    }


def update_tables(
    connection: Connection, schema: Schema, terms: Iterable[tuple[str, str, str]]
) -> dict[str, TableChanges]:
    """Bring the tables of a copy of the release before up to date with the library; returns what has changed."""
    connection.begin()
    _prepare_sources(connection, terms, is_whole=False)
    _find_touched_papers(connection)
    changes = {}
    for table in schema.tables:
        scope = " WHERE arxiv_id IN (SELECT arxiv_id FROM touched)" if table.name in _BY_PAPER else ""
        new = f"new_{table.name}"
        connection.execute(
            f"CREATE TEMP TABLE {new} AS SELECT {_list_columns(table)} FROM ({_read_relation(table)}){scope}"
        )
        changes[table.name] = _compare(connection, table, f"(SELECT * FROM {table.name}{scope})", new)
        connection.execute(f"DROP TABLE {new}")
        _apply(connection, table)
    connection.commit()
    return changes


def write_changes(connection: Connection, table: Table, path: Path) -> None:
    """Write what has changed of a table as Parquet: its columns, and what became of the row."""
    connection.execute(
        f"COPY (SELECT change, {_list_columns(table)} FROM {_CHANGES}{table.name} ORDER BY {order_rows(table)}) "
        f"TO {quote(path)} (FORMAT parquet, COMPRESSION zstd)"
    )


def order_rows(table: Table) -> str:
    """Return by what the rows of a table are ordered: month of the identifier, then the key."""
    month = ("identifier_month(arxiv_id)",) if "arxiv_id" in table.key else ()
    return ", ".join((*month, *table.key))


def count_rows(connection: Connection, relation: str) -> int:
    """Count the rows of a table or a query in brackets."""
    ((count,),) = connection.execute(f"SELECT count(*) FROM {relation}").fetchall()
    return int(count)


def _prepare_sources(connection: Connection, terms: Iterable[tuple[str, str, str]], *, is_whole: bool) -> None:
    connection.execute("CREATE TEMP TABLE touched (arxiv_id VARCHAR)")
    connection.execute("CREATE TEMP TABLE glossary (english VARCHAR, chinese VARCHAR, standing VARCHAR)")
    # One document: DuckDB looks for pandas at every Python value that it is handed.
    connection.execute(
        "INSERT INTO glossary SELECT row[1], row[2], row[3] "
        "FROM (SELECT unnest(from_json($rows, '[[\"VARCHAR\"]]')) AS row)",
        {"rows": json.dumps(list(terms))},
    )
    connection.execute(f"SET VARIABLE is_whole = {is_whole}")
    connection.execute(_read_text("sources.sql"))


def _find_touched_papers(connection: Connection) -> None:
    """Find the papers whose state, or first announcement, is not that of the release before.

    A state is written once: who knows since when it holds knows whether it is another one.
    """
    connection.execute("""
        INSERT INTO touched
        SELECT DISTINCT coalesce(now.arxiv_id, before.arxiv_id)
        FROM (
            SELECT arxiv_id, known_from, known_from_at::TIMESTAMP AS known_from_at, announced_on
            FROM library.main.paper_state
            LEFT JOIN first_announcement USING (arxiv_id)
            WHERE known_until IS NULL
        ) AS now
        FULL JOIN paper AS before ON before.arxiv_id = now.arxiv_id
        WHERE now.arxiv_id IS NULL OR before.arxiv_id IS NULL
           OR now.known_from IS DISTINCT FROM before.changed_on
           OR now.known_from_at IS DISTINCT FROM before.changed_at
           OR now.announced_on IS DISTINCT FROM before.announced_on
    """)


def _compare(connection: Connection, table: Table, old: str, new: str) -> TableChanges:
    """Put the rows that differ into a temporary table, each with what became of it: added, changed or removed.

    Rows are told apart by a 64-bit hash: reading it for three million takes a tenth of what joining the texts would.
    """
    keys, changes = ", ".join(table.key), f"{_CHANGES}{table.name}"
    hashed = "SELECT {keys}, hash({columns}) AS fingerprint FROM {relation}"
    parts = {"keys": keys, "columns": _list_columns(table)}
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {changes}_key AS
        SELECT
            {keys},
            CASE WHEN before.fingerprint IS NULL THEN 'added' WHEN now.fingerprint IS NULL THEN 'removed'
            ELSE 'changed' END AS change
        FROM ({hashed.format(**parts, relation=old)}) AS before
        FULL JOIN ({hashed.format(**parts, relation=new)}) AS now USING ({keys})
        WHERE before.fingerprint IS DISTINCT FROM now.fingerprint
    """)
    columns = _list_columns(table)
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {changes} AS
        SELECT change, {columns} FROM {new} JOIN (FROM {changes}_key WHERE change <> 'removed') USING ({keys})
        UNION ALL
        SELECT change, {columns} FROM {old} JOIN (FROM {changes}_key WHERE change = 'removed') USING ({keys})
    """)
    counts = dict(connection.execute(f"SELECT change, count(*) FROM {changes} GROUP BY change").fetchall())
    months = (
        connection.execute(f"SELECT DISTINCT identifier_month(arxiv_id) FROM {changes}").fetchall()
        if table.by_month
        else []
    )
    return TableChanges(
        ChangeCounts(*(counts.get(name, 0) for name in ChangeCounts._fields)), frozenset(row[0] for row in months)
    )


def _apply(connection: Connection, table: Table) -> None:
    """Make a table of the release before what it is now."""
    changes, keys = f"{_CHANGES}{table.name}", ", ".join(table.key)
    connection.execute(
        f"DELETE FROM {table.name} WHERE ({keys}) IN (SELECT ({keys}) FROM {changes} WHERE change <> 'added')"
    )
    connection.execute(
        f"INSERT INTO {table.name} BY NAME SELECT {_list_columns(table)} FROM {changes} WHERE change <> 'removed' "
        f"ORDER BY {order_rows(table)}"
    )


def _define_table(table: Table) -> str:
    columns = ", ".join(
        f"{column.name} {column.type}" + ("" if column.is_nullable else " NOT NULL") for column in table.columns
    )
    comments = [f"COMMENT ON TABLE {table.name} IS {quote(table.meaning)}"]
    comments += [f"COMMENT ON COLUMN {table.name}.{column.name} IS {quote(column.meaning)}" for column in table.columns]
    return "; ".join((f"CREATE TABLE {table.name} ({columns})", *comments))


def _list_columns(table: Table) -> str:
    return ", ".join(table.names)


def _read_relation(table: Table) -> str:
    return _read_text(f"relations/{table.name}.sql")


def _read_text(path: str) -> str:
    return (files("storage.dataset") / path).read_text(encoding="utf-8")
