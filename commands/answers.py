"""The answer of a query, in each form: a table that stays legible, records, CSV, JSON."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import IO, Any

from rich.cells import cell_len, set_cell_size

#: Rows of a table or of records on a terminal.
MOST_SHOWN = 500
#: A column that shows less than this says nothing.
_LEAST_WIDTH = 12
_GAP = "  "
_Rows = Iterator[Sequence[Any]]


def write_answer(form: str, names: Sequence[str], rows: _Rows, width: int, out: IO[str] | None = None) -> None:
    """Write an answer in one of the forms table, records, csv and json; `width` is the terminal's."""
    out = out or sys.stdout
    if form == "table":
        write_table(names, rows, width, out)
    elif form == "records":
        write_records(names, rows, out)
    elif form == "csv":
        write_csv(names, rows, out)
    else:
        write_json(names, rows, out)


def write_table(names: Sequence[str], rows: _Rows, width: int, out: IO[str]) -> None:
    """Write one line a row, long values cut; columns for which there is no room are named below."""
    shown = [[_flatten(value) for value in row] for row in islice(rows, MOST_SHOWN)]
    widths = _choose_widths(names, shown, width)
    for line in (names, *shown):
        cells = [_fit(text, most) for text, most in zip(line, widths, strict=False)]
        out.write(_GAP.join(cells).rstrip() + "\n")
    if left := names[len(widths) :]:
        out.write(f"… {len(left)} more columns: {', '.join(left)}. Name the columns, or end the query with \\G.\n")
    _tell_more(rows, out)


def write_records(names: Sequence[str], rows: _Rows, out: IO[str]) -> None:
    """Write one line a value, for rows that are wider than a terminal."""
    most = max(map(cell_len, names), default=0)
    for number, row in enumerate(islice(rows, MOST_SHOWN), 1):
        out.write(f"— row {number} —\n")
        for name, value in zip(names, row, strict=True):
            text = _tell(value).replace("\n", "\n" + " " * (most + 2))
            out.write(f"{' ' * (most - cell_len(name))}{name}: {text}\n")
    _tell_more(rows, out)


def write_csv(names: Sequence[str], rows: Iterable[Sequence[Any]], out: IO[str]) -> None:
    """Write a header line and the rows as they come; lists and structures as JSON, NULL as nothing."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_as_field(value) for value in row] for row in rows)


def write_json(names: Sequence[str], rows: Iterable[Sequence[Any]], out: IO[str]) -> None:
    """Write an array with an object a line, as the rows come."""
    between = "["
    for row in rows:
        out.write(between + _dump(dict(zip(names, row, strict=True))))
        between = ",\n "
    out.write("]\n" if between != "[" else "[]\n")


def _choose_widths(names: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Choose how wide each column is, from the first on, as many as there is room for."""
    wanted = [max(cell_len(text) for text in column) for column in zip(names, *rows, strict=True)]
    least = [min(most, max(_LEAST_WIDTH, cell_len(name))) for most, name in zip(wanted, names, strict=True)]
    count = len(wanted)
    while count > 1 and sum(least[:count]) + len(_GAP) * (count - 1) > width:
        count -= 1
    widths, room = least[:count], width - sum(least[:count]) - len(_GAP) * (count - 1)
    # What is left goes to those that want least of it first: numbers and dates whole, texts the rest.
    for place, column in enumerate(sorted(range(count), key=lambda column: wanted[column] - least[column])):
        more = min(wanted[column] - widths[column], max(room, 0) // (count - place))
        widths[column] += more
        room -= more
    return widths


def _fit(text: str, width: int) -> str:
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def _flatten(value: Any) -> str:
    return " ".join(_tell(value).split())


def _tell(value: Any) -> str:
    text = "" if value is None else str(_as_field(value))
    # What moves the cursor of a terminal is no text.
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "�" for sign in text)


def _as_field(value: Any) -> Any:
    return _dump(value) if isinstance(value, list | tuple | dict) else value


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _tell_more(rows: _Rows, out: IO[str]) -> None:
    if next(rows, None) is not None:
        out.write(f"… and more: these are the first {MOST_SHOWN} rows. Add LIMIT to the query, or pipe the output.\n")
