"""A release, made: database, Parquet, changes, catalogue and documents, in a folder of its own."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from storage.dataset import checksums, database, lake, parquet
from storage.dataset.database import TableChanges
from storage.library.connection import Connection
from yibao.dataset.releases import ChangeCounts, Release, ReleaseTable
from yibao.dataset.schema import Schema

CHANGES = "changes"
_NO_CHANGES = TableChanges(ChangeCounts(0, 0, 0), frozenset())


@dataclass(frozen=True)
class Order:
    """What is to be made of what."""

    library: Path
    #: The empty folder in which it is made.
    folder: Path
    #: Of the release to be made: name, previous, version of the schema, instant, program.
    release: Release
    schema: Schema
    #: The glossary: English, Chinese, standing.
    terms: tuple[tuple[str, str, str], ...]
    #: Where the release's folder will be, with a slash at its end.
    url: str
    #: The folder of the release before, and what it tells of itself; None where changes cannot be told.
    previous: tuple[Path, Release] | None = None


#: Makes documents of a release that is otherwise whole: their bytes by path.
Describe = Callable[[Release], Mapping[str, bytes]]


def make_release(order: Order, describe: Describe) -> tuple[Release | None, str]:
    """Make all files of a release; returns it, or None where nothing has changed, and what a person should know.

    Where the release before is sound and of this month, its database is copied and brought up to date; else it is made
    anew, so that a month's first release is compact and in order.
    """
    before = _find_database(order)
    path = order.folder / database.NAME
    if before and _is_same_month(order):
        shutil.copyfile(before, path)
        with database.open_database(path, order.library) as connection:
            changes = database.update_tables(connection, order.schema, order.terms)
            tables = _write_tables(connection, order, changes)
    else:
        with database.open_database(path, order.library, before) as connection:
            database.fill_tables(connection, order.schema, order.terms)
            changes = database.compare_with_previous(connection, order.schema) if before else {}
            tables = _write_tables(connection, order, changes)
    if before and not any(any(one.counts) for one in changes.values()):
        return None, ""
    note = lake.write_lake(order.folder, order.schema, order.url)
    return _write_documents(order, tables, describe), note


def _find_database(order: Order) -> Path | None:
    """Find the database of the release before; None where it is missing or not what was published."""
    if not order.previous:
        return None
    folder, release = order.previous
    files = [file for file in release.files if file.path == database.NAME]
    return folder / database.NAME if files and not checksums.find_damaged_files(folder, files) else None


def _is_same_month(order: Order) -> bool:
    return order.previous is not None and _read_month(order.previous[1].name) == _read_month(order.release.name)


def _read_month(name: str) -> date:
    return date.fromisoformat(name.partition(".")[0]).replace(day=1)


def _write_tables(
    connection: Connection, order: Order, changes: Mapping[str, TableChanges]
) -> tuple[ReleaseTable, ...]:
    """Write every table's Parquet, and what has changed where that is known."""
    if changes and not any(any(one.counts) for one in changes.values()):
        return ()
    before = {table.name: table for table in order.previous[1].tables} if order.previous else {}
    tables = []
    if changes:
        (order.folder / CHANGES).mkdir()
    for table in order.schema.tables:
        known = changes.get(table.name)
        old = (order.previous[0], before[table.name]) if order.previous and known and table.name in before else None
        files = parquet.write_parts(connection, table, order.folder, old, known or _NO_CHANGES)
        if known:
            database.write_changes(connection, table, order.folder / CHANGES / f"{table.name}.parquet")
        rows = database.count_rows(connection, table.name)
        tables.append(ReleaseTable(table.name, rows, known.counts if known else None, files))
    return tuple(tables)


def _write_documents(order: Order, tables: tuple[ReleaseTable, ...], describe: Describe) -> Release:
    names = [name for name in (database.NAME, lake.NAME) if (order.folder / name).exists()]
    names += sorted(f"{CHANGES}/{file.name}" for file in (order.folder / CHANGES).glob("*.parquet"))
    has_changes = tables[0].changes is not None
    release = replace(
        order.release,
        previous=order.release.previous if has_changes else None,
        tables=tables,
        files=tuple(checksums.describe_file(order.folder, name) for name in names),
    )
    documents = describe(release)
    for path, content in documents.items():
        target = order.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    described = tuple(checksums.describe_file(order.folder, path) for path in sorted(documents))
    release = replace(release, files=(*release.files, *described))
    checksums.write_checksums(order.folder, release.all_files)
    return release
