"""The command that tells how the installation stands."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from commands import tables
from commands.options import as_json_option, config_option
from flows.steps import environment, status_report
from flows.steps.status_report import Finding, StatusRow
from storage.library.runs import RunRow
from yibao.records import Problem


@click.command()
@as_json_option
@config_option
def status(as_json: bool, config: Path) -> None:  # noqa: FBT001
    """Show what is complete, what waits, and what was set aside; for monitors, too.

    One line a category: its newest list, earlier dates that are not complete, and the command that repairs them; then
    alarms and open problems, on stderr where the lines are piped. Exits 1 when a list is not complete or two
    announcement days old, when the last run failed or was interrupted, when there was none for four days, or when a run
    bears a date in the future. Lists that arXiv keeps no more are told, and are no failure. Example: yibao status
    """
    rows, findings, last, waiting, open_ = status_report.read_status(environment.load_settings(config))
    if as_json:
        click.echo(json.dumps(_as_json(rows, findings, last, waiting, open_), ensure_ascii=False, default=str))
    else:
        tables.show_table(status_report.NAMES, rows)
        _tell(findings, last, waiting, open_)
    if any(one.is_alarm for one in findings):
        sys.exit(1)


def _as_json(
    rows: list[StatusRow], findings: list[Finding], last: RunRow, waiting: list[str], open_: list[Problem]
) -> dict[str, Any]:
    return {
        "categories": [row._asdict() for row in rows],
        "findings": [one._asdict() for one in findings],
        "last_run": {"flow": last.flow, "on": last.on, "state": last.state},
        "waiting": waiting,
        "problems": [asdict(problem) for problem in open_],
    }


def _tell(findings: list[Finding], last: RunRow, waiting: list[str], open_: list[Problem]) -> None:
    """Say the rest in words: below the table for a person, on stderr where stdout is a file for a program."""
    is_piped = not sys.stdout.isatty()
    # What is incomplete stands in the table.
    lines = ["" if not is_piped else None, *(str(one) for one in findings if one.kind != "incomplete")]
    lines += [
        f"last run: {last.flow} {last.on}, {last.state}",
        f"{len(waiting)} translated papers await metadata from arXiv",
        *map(str, open_),
    ]
    for line in lines:
        if line is not None:
            click.echo(line, err=is_piped)
