"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]


def config_option(command: Command) -> Command:
    """`--config FILE`."""
    made: Command = click.option(
        "--config", type=click.Path(path_type=Path), default=Path("yibao.toml"), show_default=True, help="The settings."
    )(command)
    return made


def as_json_option(command: Command) -> Command:
    """`--json`."""
    made: Command = click.option("--json", "as_json", is_flag=True, help="For programs.")(command)
    return made
