"""What stands between two rules at the top of a curator's file: credits, language, silenced rules."""

from typing import Any, NamedTuple

import langcodes
import yaml

from yibao.records import Problem
from yibao.translations.comments import CREDITS, parse_silence
from yibao.translations.rules import create_problem

_SPELT = {"licence": "license"}
_KNOWN = ("ignore", "language", *CREDITS)


class FrontMatter(NamedTuple):
    """What the whole file says of its entries."""

    language: str
    credits: dict[str, str]
    #: Reason by name of the rule that is silenced.
    silenced: dict[str, str]
    problems: list[Problem]


def parse_front_matter(block: str | None, path: str, language: str) -> FrontMatter:
    """Parse a block of YAML; `language` is assumed where it names none. Nothing in it is executed."""
    matter = FrontMatter(language, {}, {}, [])
    if block is None:
        return matter
    try:
        values = yaml.safe_load(block) or {}
        pairs = {str(key).lower(): value for key, value in values.items()}
    except (yaml.YAMLError, AttributeError, ValueError, RecursionError):
        remedy = "Write lines such as `translator: 王小明`; the entries were read without it."
        matter.problems.append(_create_problem(path, "The front matter is not YAML of names and values.", remedy))
        return matter
    for key, value in pairs.items():
        name = _SPELT.get(key, key)
        if name not in _KNOWN:
            message = f"The front matter names {key!r}, which means nothing here."
            matter.problems.append(_create_problem(path, message, f"Known are: {', '.join(_KNOWN)}."))
        elif name == "ignore":
            _add_silences(matter, value, path)
        elif name == "language" and value:
            matter = _set_language(matter, str(value), path)
        elif value:
            matter.credits[name] = str(value)
    return matter


def _add_silences(matter: FrontMatter, value: Any, path: str) -> None:
    if not isinstance(value, dict):
        remedy = "Write `ignore:` and, indented below it, lines such as `number-changed: why it is right here`."
        matter.problems.append(_create_problem(path, "`ignore` names no rules with reasons.", remedy))
        return
    for rule, reason in value.items():
        silences, problems = parse_silence(str(rule), str(reason or "").strip(), path, 1)
        matter.silenced.update(silences)
        matter.problems.extend(problems)


def _set_language(matter: FrontMatter, value: str, path: str) -> FrontMatter:
    if langcodes.tag_is_valid(value):
        return matter._replace(language=langcodes.standardize_tag(value))
    remedy = "Write a tag of BCP 47, such as zh-Hans or zh-Hant."
    matter.problems.append(_create_problem(path, f"{value!r} is no language; {matter.language} was assumed.", remedy))
    return matter


def _create_problem(path: str, message: str, remedy: str) -> Problem:
    return create_problem("front-matter", path, 1, 1, message, remedy)
