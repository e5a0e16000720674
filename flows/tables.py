"""Rows on a terminal, in a pipe, or for a program."""

import csv
import io
import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table


def show(names: Sequence[str], rows: Iterable[Sequence[Any]], *, as_json: bool = False) -> None:
    """The rows are on stdout: a table for a person, CSV with a header line when piped, or a JSON array."""
    if as_json:
        click.echo(json.dumps([dict(zip(names, row, strict=True)) for row in rows], ensure_ascii=False, default=str))
    elif sys.stdout.isatty():
        _table(names, rows)
    else:
        click.echo(_csv(names, rows), nl=False)


def _table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    table = Table(*names, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    Console().print(table, markup=False)


def _csv(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue()
