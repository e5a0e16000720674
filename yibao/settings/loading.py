"""Read yibao.toml, lay the environment over it, and say of each fault where it is and what to do.

By our own few lines, not by pydantic-settings: see docs/decisions/0002-dependencies.md.
"""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from yibao import folders
from yibao.errors import SettingsError
from yibao.settings.model import Settings

_PREFIX = "YIBAO_"
#: Settings that are lists: the environment separates their values by commas.
_LISTS = (("site", "variants"), ("arxiv", "categories"), ("translations", "paths"))


class _Variable(NamedTuple):
    """A setting that the environment names."""

    name: str
    section: str
    key: str
    value: str | list[str]


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """Load the settings in a TOML file, with those in the environment laid over them. All paths become absolute.

    `YIBAO_ARXIV__PACE_S=1` overrides `pace_s` under `[arxiv]`; lists are separated by commas; a name that
    ends in `_FILE` takes the value from the file it names.

    Raises:
        SettingsError: the file is missing, is not TOML, or says something unknown or impossible. The message
            names the file or the variable, the key and, for an unknown key, the nearest known one.
    """
    variables = list(_read_environment(environ))
    values = _overlay_variables(_read_toml(path), variables)
    try:
        settings = Settings.model_validate(values, context=path.resolve().parent)
    except ValidationError as error:
        faults = (f"{_find_origin(fault, variables) or path}: {_explain_fault(fault)}" for fault in error.errors())
        raise SettingsError("\n".join(faults)) from None
    _refuse_overlaps(settings, path)
    return settings


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such file. Make one with `yibao init`.") from None
    except IsADirectoryError:
        raise SettingsError(f"{path}: this is a folder. Name the file in it, such as {path / 'yibao.toml'}.") from None
    except OSError as error:
        raise SettingsError(
            f"{path}: the settings cannot be read: {error.strerror}. Check the file's rights."
        ) from None
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{path}: this is not UTF-8 ({error.reason}, byte {error.start}). Save it as UTF-8."
        ) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{path}: this is not TOML: {error}") from None


def _read_environment(environ: Mapping[str, str]) -> Iterator[_Variable]:
    for name, value in environ.items():
        if not name.startswith(_PREFIX):
            continue
        section, separator, key = name.removeprefix(_PREFIX).lower().partition("__")
        if not separator:
            raise SettingsError(f"{name}: a setting in the environment is named {_PREFIX}SECTION__KEY.")
        if key.endswith("_file"):
            yield _Variable(name, section, key.removesuffix("_file"), _read_secret(name, value))
        else:
            yield _Variable(name, section, key, value.split(",") if (section, key) in _LISTS else value)


def _read_secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{name}: {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{name}: {path} is not UTF-8. Save it as UTF-8.") from None


def _overlay_variables(values: Mapping[str, Any], variables: list[_Variable]) -> dict[str, Any]:
    """Lay the variables over the file's values. Every section is there, so that its defaults are placed, too."""
    merged = {name: {} for name in Settings.model_fields} | dict(values)
    for variable in variables:
        section = merged.get(variable.section, {})
        # A section that is no table is left to be refused.
        if isinstance(section, dict):
            merged[variable.section] = section | {variable.key: variable.value}
    return merged


def _find_origin(fault: ErrorDetails, variables: list[_Variable]) -> str | None:
    """Find the variable that a fault comes from; None where it comes from the file."""
    is_unknown_section = len(fault["loc"]) == 1 and fault["type"] == "extra_forbidden"
    for variable in variables:
        place = (variable.section,) if is_unknown_section else (variable.section, variable.key)
        if fault["loc"][: len(place)] == place:
            return variable.name
    return None


def _explain_fault(fault: ErrorDetails) -> str:
    name = ".".join(map(str, fault["loc"]))
    if fault["type"] != "extra_forbidden":
        return f"{name}: {fault['msg'].removeprefix('Value error, ')}"
    *sections, key = map(str, fault["loc"])
    nearest = difflib.get_close_matches(key, _list_keys(sections), n=1, cutoff=0.0)
    return f"{name}: there is no such setting; the nearest is {'.'.join([*sections, *nearest])!r}."


def _list_keys(sections: list[str]) -> list[str]:
    """List the keys that a section knows; a number in its name is a place in a list of tables."""
    model: Any = Settings
    for section in sections:
        if not section.isdecimal():
            annotation = model.model_fields[section].annotation
            model = next((kind for kind in get_args(annotation) if hasattr(kind, "model_fields")), annotation)
    return list(model.model_fields)


def _refuse_overlaps(settings: Settings, path: Path) -> None:
    outbox = settings.newsletter.outbox
    private = {
        "translations.paths": settings.translations.paths,
        "newsletter.outbox": (outbox,) if outbox else (),
        path.name: (path,),
    }
    try:
        overlap = folders.find_overlap(settings.paths.public, settings.paths.data, private)
    except (OSError, RuntimeError, ValueError) as error:
        raise SettingsError(f"{path}: a path in it leads nowhere: {error}") from None
    if overlap:
        raise SettingsError(f"{path}: {overlap}")
