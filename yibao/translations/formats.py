"""Format problems for a person at a terminal, for GitHub, for tools that read SARIF, and for programs."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.cells import cell_len

from yibao import __version__
from yibao.records import Problem, Severity
from yibao.translations.rules import RULES

#: Cells of a line that are shown around what is wrong.
_BEFORE, _AFTER = 30, 30
_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HELP = "docs/translations/rules.md"

#: The lines of a file, by the path that problems name it by.
Lines = Callable[[str], Sequence[str]]


def format_text(problems: Sequence[Problem], lines: Lines) -> str:
    """Format problems for a terminal: each problem, the line, and the spot marked below it."""
    return "\n".join(part for problem in problems for part in (str(problem), *_mark_spot(problem, lines(problem.path))))


def format_summary(files: int, entries: int, problems: Sequence[Problem], unknown: int) -> str:
    """Summarize in one line what was checked, and what was found."""
    counts = Counter(problem.severity for problem in problems)
    findings = ", ".join(f"{counts[severity]} {severity}{'s' * (counts[severity] != 1)}" for severity in Severity)
    passed = f"; {unknown} were not compared with arXiv's text, which is not in the library" if unknown else ""
    return f"{files} files, {entries} translations: {findings}{passed}."


def format_github(problems: Sequence[Problem]) -> str:
    """Format problems as workflow commands, which GitHub shows at the lines of a pull request.

    Source: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
    """
    return "\n".join(
        f"::{_GITHUB[problem.severity]} file={_escape_property(problem.path)},line={problem.line},"
        f"col={problem.column},endColumn={problem.column + problem.length},title={_escape_property(problem.rule)}"
        f"::{_escape_data(f'{problem.message} {problem.remedy}')}"
        for problem in problems
    )


def format_json(problems: Sequence[Problem]) -> str:
    """Format problems as a list of objects, one a problem."""
    return json.dumps([asdict(problem) for problem in problems], ensure_ascii=False, indent=1)


def format_sarif(problems: Sequence[Problem]) -> str:
    """Format problems as a log of SARIF 2.1.0, as code hosts and editors read it.

    Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
    """
    names = sorted({problem.rule for problem in problems})
    driver = {"name": "yibao", "version": __version__, "rules": [_describe_rule(name) for name in names]}
    results = [_describe_result(problem, names) for problem in problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1)


def _mark_spot(problem: Problem, lines: Sequence[str]) -> list[str]:
    """Show the part of the line that matters, with a mark below what is wrong."""
    if problem.line > len(lines) or not lines[problem.line - 1].strip():
        return []
    line = lines[problem.line - 1].replace("\t", " ")
    start = min(problem.column - 1, max(len(line) - 1, 0))
    end = max(start + 1, min(start + problem.length, len(line)))
    first, last = max(0, start - _BEFORE), min(len(line), end + _AFTER)
    before, marked, after = line[first:start], line[start:end], line[end:last]
    lead = "…" * (first > 0)
    margin = f"{problem.line:>6} | "
    mark = "^" * max(1, min(cell_len(marked), _AFTER * 2))
    return [
        f"{margin}{lead}{before}{marked}{after}{'…' * (last < len(line))}",
        f"{' ' * 6} | {' ' * cell_len(lead + before)}{mark}",
    ]


def _describe_rule(name: str) -> Mapping[str, Any]:
    rule = RULES[name]
    return {
        "id": name,
        "shortDescription": {"text": rule.says},
        "helpUri": f"{_HELP}#{name}",
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _describe_result(problem: Problem, names: Sequence[str]) -> Mapping[str, Any]:
    region = {
        "startLine": problem.line,
        "startColumn": problem.column,
        "endLine": problem.line,
        "endColumn": problem.column + problem.length,
    }
    location = {"physicalLocation": {"artifactLocation": {"uri": problem.path}, "region": region}}
    return {
        "ruleId": problem.rule,
        "ruleIndex": names.index(problem.rule),
        "level": problem.severity.value,
        "message": {"text": f"{problem.message} {problem.remedy}"},
        "locations": [location],
    }


def _escape_data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(value: str) -> str:
    return _escape_data(value).replace(":", "%3A").replace(",", "%2C")
