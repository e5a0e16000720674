"""A release's Parquet files: a folder for each table, a file for each month of identifiers, compressed by zstd.

A month in which nothing has changed is the same file as in the release before, under a second name.
"""

import re
from dataclasses import replace
from pathlib import Path

from storage import tree_files
from storage.dataset.checksums import describe_file
from storage.dataset.database import TableChanges, order_rows, quote
from storage.library.connection import Connection
from yibao.dataset.releases import ReleaseFile, ReleaseTable
from yibao.dataset.schema import Table

_WHOLE = "all.parquet"
_MONTH = re.compile(r"(\d{4})-(\d{2})\.parquet")
#: Rows of a row group. Papers have small ones: who looks one up over HTTP reads one group. DuckDB's least is 2,048.
_GROUP_ROWS = {"paper": 2_048}
_DEFAULT_GROUP_ROWS = 122_880
#: The month in which arXiv's identifiers took their present form.
_NEW_SCHEME = 200704


def write_parts(
    connection: Connection, table: Table, folder: Path, before: tuple[Path, ReleaseTable] | None, changes: TableChanges
) -> tuple[ReleaseFile, ...]:
    """Write a table's Parquet files into the release's folder; those in which nothing has changed are links.

    Args:
        connection: the release's database.
        table: the table.
        folder: of the release.
        before: the folder of the release before, and what that had of the table; None where nothing can be reused.
        changes: what differs from it.
    """
    (folder / table.name).mkdir()
    known = {file.path: file for file in before[1].files} if before else {}
    written = []
    for name, condition in _list_parts(connection, table):
        path = f"{table.name}/{name}"
        old = known.get(path)
        if before and old and not _is_changed(name, changes) and _link(before[0], folder, old):
            written.append(old)
            continue
        rows = _copy(connection, table, condition, folder / path)
        written.append(replace(describe_file(folder, path), rows=rows))
    return tuple(written)


def _list_parts(connection: Connection, table: Table) -> list[tuple[str, str]]:
    """List the files that a table has, each with the condition of its rows."""
    months = []
    if table.by_month:
        rows = connection.execute(
            f"SELECT DISTINCT identifier_month(arxiv_id) AS month FROM {table.name} ORDER BY month"
        )
        months = [row[0] for row in rows.fetchall()]
    return [(f"{month // 100}-{month % 100:02d}.parquet", _select_month(month)) for month in months] or [
        (_WHOLE, "true")
    ]


def _select_month(month: int) -> str:
    """Select the identifiers of a month in a way in which DuckDB passes by the others unread."""
    digits = f"{month % 10000:04d}"
    if month >= _NEW_SCHEME:
        return f"arxiv_id >= '{digits}.' AND arxiv_id < '{digits}/'"
    return f"arxiv_id LIKE '%/{digits}%'"


def _is_changed(name: str, changes: TableChanges) -> bool:
    month = _MONTH.fullmatch(name)
    return int(month[1] + month[2]) in changes.months if month else any(changes.counts)


def _link(before: Path, folder: Path, file: ReleaseFile) -> bool:
    source = before / file.path
    if not source.is_file() or source.stat().st_size != file.bytes:
        return False
    tree_files.link_file(source, folder / file.path)
    return True


def _copy(connection: Connection, table: Table, condition: str, path: Path) -> int:
    row = connection.execute(
        f"COPY (SELECT * FROM {table.name} WHERE {condition} ORDER BY {order_rows(table)}) TO {quote(path)} "
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_GROUP_ROWS.get(table.name, _DEFAULT_GROUP_ROWS)})"
    ).fetchone()
    return int(row[0]) if row else 0
