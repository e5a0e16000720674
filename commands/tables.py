"""Rows on a terminal, in a pipe, or for a program."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import click
from rich.console import Console
from rich.table import Table


def show_table(
    names: Sequence[str], rows: Iterable[Sequence[Any]], *, as_json: bool = False, most_shown: int | None = None
) -> None:
    """Write rows to stdout as they come: a table for a person, CSV with a header line when piped, or a JSON array.

    A table needs all of its rows at once: `most_shown` says how many it may have; it then says that there are more.
    """
    if as_json:
        _write_json(names, rows)
    elif sys.stdout.isatty():
        _write_table(names, iter(rows), most_shown)
    else:
        _write_csv(names, rows)


def _write_table(names: Sequence[str], rows: Iterator[Sequence[Any]], most_shown: int | None) -> None:
    table = Table(*names, box=None, header_style="bold", pad_edge=False)
    for row in islice(rows, most_shown):
        table.add_row(*("" if value is None else str(value) for value in row))
    Console().print(table, markup=False)
    if most_shown is not None and next(rows, None) is not None:
        click.echo(f"… and more: these are the first {most_shown} rows. Add LIMIT to the query, or pipe the output.")


def _write_csv(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)


def _write_json(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    between = "["
    for row in rows:
        sys.stdout.write(between)
        sys.stdout.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=str))
        between = ",\n "
    sys.stdout.write("]\n" if between != "[" else "[]\n")
