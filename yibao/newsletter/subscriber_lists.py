"""Lists of subscribers as CSV: read row by row, whatever others wrote, and written as any spreadsheet reads them. Pure.

A bad row is a value with its line, the reason and what to do; it costs no other row. Lists within a cell are separated
by semicolons; a backslash before one makes it part of a keyword.
"""

import codecs
import csv
import difflib
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from yibao import addresses
from yibao.errors import SubscriberListError
from yibao.newsletter import subscription_fields as fields
from yibao.records import Frequency, Language, Subscription

COLUMNS = ("email", "frequency", "language", "categories", "keywords", "authors", "timezone", "wants_empty")
_SEPARATORS = (",", ";", "\t")
#: A quote that is not closed within so many lines never is.
_MOST_LINES = 50
#: A cell that begins so is a formula to some spreadsheet; an apostrophe before it says that it is text.
#: Source: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_LIST_ITEM = re.compile(r"(?:\\[\\;]|[^;])+")
_CATEGORY = re.compile(r"[^\s,;，；、]+")
_ESCAPED = re.compile(r"\\([\\;])")
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class ListRow(NamedTuple):
    """A row that can be imported."""

    #: Of the file, from 1: where the row begins.
    line: int
    #: As it is written, line end included.
    text: str
    email: str
    subscription: Subscription


class BadRow(NamedTuple):
    """A row that cannot."""

    line: int
    text: str
    #: What is wrong and what to do, as a sentence without its full stop.
    reason: str


class SubscriberList(NamedTuple):
    """A list whose header was read."""

    #: The first line as it is written.
    header: str
    #: Names that are none of ours: their cells are not read.
    unknown_columns: tuple[str, ...]
    rows: Iterator[ListRow | BadRow]


class _Layout(NamedTuple):
    """How the rows of a list are to be read."""

    separator: str
    width: int
    #: Place of each of our columns.
    places: Mapping[str, int]


def decode_list(content: bytes, encoding: str = "") -> str:
    """Decode a file: in this encoding, or in UTF-8, or in the UTF-16 that its first bytes say.

    Raises:
        SubscriberListError: it is not in that encoding; the message names the line.
    """
    marked = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding or marked)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SubscriberListError(
            f"Line {line} is not {encoding or marked.removesuffix('-sig').upper()}. Save the file as UTF-8 (in Excel: "
            "CSV UTF-8), or say what it is, such as --encoding gb18030 or --encoding latin-1."
        ) from None


def read_list(text: str) -> SubscriberList:
    """Read a list: its first line names the columns, in any order; commas, semicolons or tabs separate them.

    Raises:
        SubscriberListError: there is no column `email`, or a name is doubtful; the message says what to do.
    """
    lines = list(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    header = lines[0] if lines else ""
    separator = max(_SEPARATORS, key=header.count)
    names = [name.strip().casefold() for name in _read_cells([header], separator)[1] or ()]
    _check_names(names)
    layout = _Layout(separator, len(names), {name: names.index(name) for name in COLUMNS if name in names})
    unknown = tuple(name for name in names if name and name not in COLUMNS)
    return SubscriberList(header, unknown, _iterate_rows(lines, layout))


def write_list(subscribers: Iterable[tuple[str, Subscription]]) -> Iterator[str]:
    """Write a list: its header, then a line for each subscriber. Read back, it says the same."""
    yield f"{','.join(COLUMNS)}\n"
    for email, one in subscribers:
        cells = (
            email,
            one.frequency,
            one.language,
            ";".join(one.categories),
            _join_items(one.keywords),
            _join_items(one.authors),
            one.timezone,
            "yes" if one.wants_empty else "no",
        )
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(map(_guard_cell, cells))
        yield line.getvalue()


def _check_names(names: Sequence[str]) -> None:
    if "email" not in names:
        raise SubscriberListError(
            f"The first line names no column email, but {', '.join(filter(None, names)) or 'nothing'}. Write the names "
            f"of the columns there, email among them; the others that are read are {', '.join(COLUMNS[1:])}."
        )
    for name in names:
        if name in COLUMNS and names.count(name) > 1:
            raise SubscriberListError(f"The first line names the column {name} twice. Remove or rename one of them.")
        meant = difflib.get_close_matches(name, COLUMNS, n=1, cutoff=0.75)
        if name not in COLUMNS and meant:
            raise SubscriberListError(
                f"The first line names a column {name!r}. Write {meant[0]} if that is meant; otherwise give it another "
                "name, or remove it."
            )


def _iterate_rows(lines: Sequence[str], layout: _Layout) -> Iterator[ListRow | BadRow]:
    line_by_address: dict[str, int] = {}
    at = 1
    while at < len(lines):
        count, cells = _read_cells(lines[at : at + _MOST_LINES], layout.separator, layout.width)
        text = "".join(lines[at : at + count])
        if cells is None or any(cell.strip() for cell in cells):
            row = _read_row(at + 1, text, cells, layout)
            yield _refuse_repeated(row, line_by_address) if isinstance(row, ListRow) else row
        at += count


def _read_cells(lines: Sequence[str], separator: str, width: int = 0) -> tuple[int, list[str] | None]:
    """Read one row: how many lines it takes, and its cells; a single line without cells where quotes are not closed."""
    reader = csv.reader(iter(lines), delimiter=separator, strict=True, skipinitialspace=True)
    try:
        cells = next(reader, [])
    except csv.Error:
        return 1, None
    if reader.line_num > 1 and len(cells) != width:
        return 1, None
    return max(1, reader.line_num), cells


def _read_row(line: int, text: str, cells: Sequence[str] | None, layout: _Layout) -> ListRow | BadRow:
    if cells is None:
        return BadRow(line, text, "its quotes are not closed, or text follows them: double each quote within a cell")
    if len(cells) != layout.width:
        many = f"it has {len(cells)} cells and the first line {layout.width}"
        return BadRow(line, text, f"{many}: add what is missing, and put quotes around a cell that holds a separator")
    values = {name: _unguard_cell(cells[place].strip()) for name, place in layout.places.items()}
    try:
        return ListRow(line, text, _read_email(values["email"]), _read_subscription(values))
    except ValueError as error:
        return BadRow(line, text, str(error).rstrip("."))


def _read_email(text: str) -> str:
    if not text:
        raise ValueError("there is no address: write one, or remove the row")
    try:
        return addresses.parse_address(text).text
    except ValueError as error:
        raise ValueError(f"{text!r} is not an e-mail address: {error} Correct it, or remove the row") from None


def _read_subscription(values: Mapping[str, str]) -> Subscription:
    """Read what somebody asks for; an empty cell means the default."""
    default = Subscription()
    zone = values.get("timezone")
    return Subscription(
        frequency=fields.parse_choice(values.get("frequency") or default.frequency, Frequency),
        language=fields.parse_choice(values.get("language") or default.language, Language),
        categories=fields.parse_categories(_CATEGORY.findall(values.get("categories", ""))),
        keywords=fields.parse_topics(_split_items(values.get("keywords", ""))),
        authors=fields.parse_topics(_split_items(values.get("authors", ""))),
        timezone=fields.parse_zone(zone) if zone else default.timezone,
        wants_empty=fields.parse_yes(values.get("wants_empty", "")),
    )


def _refuse_repeated(row: ListRow, line_by_address: dict[str, int]) -> ListRow | BadRow:
    first = line_by_address.setdefault(row.email.casefold(), row.line)
    if first == row.line:
        return row
    return BadRow(row.line, row.text, f"{row.email} is in line {first} already: remove one of the rows")


def _guard_cell(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _unguard_cell(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _join_items(items: Iterable[str]) -> str:
    return ";".join(item.replace("\\", "\\\\").replace(";", "\\;") for item in items)


def _split_items(text: str) -> list[str]:
    return [_ESCAPED.sub(r"\1", item) for item in _LIST_ITEM.findall(text)]
