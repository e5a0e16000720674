"""Whether a file has the shape of arXiv's snapshot: looked at before a record of it is stored."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from yibao.errors import YibaoError

_TEXT = "text"
_TEXTS = ("title", "authors", "abstract", "categories")
_OTHER_TEXTS = ("submitter", "comments", "journal-ref", "doi", "report-no", "license", "update_date", "created")
_VERSIONS = "a list of objects with 'version' and 'created'"
_NAMES = "a list of lists of text"
#: What each column must be, by name. Those of `REQUIRED` must be there.
_EXPECTED = {
    "id": _TEXT,
    **dict.fromkeys(_TEXTS + _OTHER_TEXTS, _TEXT),
    "versions": _VERSIONS,
    "authors_parsed": _NAMES,
}
REQUIRED = ("id", *_TEXTS)
_MOST_NAMES = 12


class ShapeError(YibaoError):
    """The file is in another schema; nothing of it was stored."""


class _Wrong(NamedTuple):
    column: str
    found: str


def check_records(path: str, records: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a JSON-lines file by its first records. A column of which some are right is left to each record.

    Raises:
        ShapeError: name each column, with what was expected and what was found.
    """
    if not records:
        return
    values = {name: [record[name] for record in records if record.get(name) is not None] for name in _EXPECTED}
    wrong = [
        _Wrong(name, _kind_of(values_of_column[0]))
        for name, values_of_column in values.items()
        if values_of_column and not any(_FITS[_EXPECTED[name]](value) for value in values_of_column)
    ]
    has_authors = bool(values["authors_parsed"])
    missing = [
        _Wrong(name, "nothing") for name in REQUIRED if not values[name] and not (name == "authors" and has_authors)
    ]
    _refuse(path, [*wrong, *missing], list(dict.fromkeys(name for record in records for name in record)))


def check_columns(path: str, types: Mapping[str, str]) -> None:
    """Refuse a Parquet file by the types of its columns, in DuckDB's words.

    Raises:
        ShapeError: as `check_records`.
    """
    known = {name: types.get(name, types.get(name.replace("-", "_"))) for name in _EXPECTED}
    wrong = [_Wrong(name, kind) for name, kind in known.items() if kind and not _is_type(kind, _EXPECTED[name])]
    missing = [
        _Wrong(name, "nothing")
        for name in REQUIRED
        if known[name] is None and not (name == "authors" and known["authors_parsed"])
    ]
    _refuse(path, [*wrong, *missing], list(types))


def refuse_categories(path: str, example: str | None) -> ShapeError:
    """Return the refusal of a file most of whose records name no category of arXiv's."""
    return ShapeError(
        f"{path}: the file is not in the shape of arXiv's metadata snapshot, and nothing of it was stored. "
        f"'categories': expected codes of arXiv's, such as 'cs.CL hep-th', found {example!r} in more than half of the "
        "records. Convert the file and import it again."
    )


def _refuse(path: str, wrong: Sequence[_Wrong], names: Sequence[str]) -> None:
    if not wrong:
        return
    faults = "; ".join(f"{one.column!r}: expected {_EXPECTED[one.column]}, found {one.found}" for one in wrong)
    more = ", …" if len(names) > _MOST_NAMES else ""
    raise ShapeError(
        f"{path}: the file is not in the shape of arXiv's metadata snapshot, and nothing of it was stored. {faults}. "
        f"The file has: {', '.join(names[:_MOST_NAMES])}{more}. Convert the file and import it again."
    )


def _kind_of(value: object) -> str:
    if isinstance(value, list):
        return f"a list of {_kind_of(value[0])}s" if value else "a list"
    kinds = ((str, "text"), (bool, "true or false"), (int | float, "a number"), (dict, "an object"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "nothing")


def _is_versions(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) and "version" in one for one in value)


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, list) for one in value)


_FITS: dict[str, Callable[[object], bool]] = {
    # Numbers are texts that a table spoiled: identifiers are repaired, where that is certain.
    _TEXT: lambda value: isinstance(value, str | int | float),
    _VERSIONS: _is_versions,
    _NAMES: _is_names,
}


def _is_type(kind: str, expected: str) -> bool:
    if expected == _VERSIONS:
        return kind.startswith("STRUCT(") and kind.endswith("[]") and "version" in kind and "created" in kind
    if expected == _NAMES:
        return kind == "VARCHAR[][]"
    return not kind.endswith(("]", ")")) or kind.startswith(("DECIMAL", "ENUM"))
