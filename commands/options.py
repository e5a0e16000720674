"""Options that several commands share."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from flows.steps import environment
from yibao.errors import DateError
from yibao.settings import Settings

Command = Callable[..., Any]


def config_option(command: Command) -> Command:
    """`--config FILE`."""
    option: Command = click.option(
        "--config", type=click.Path(path_type=Path), default=Path("yibao.toml"), show_default=True, help="The settings."
    )(command)
    return option


def load_settings(config: Path, *, needed: bool) -> Settings:
    """Load the installation's settings; those of none, where there is none and none is needed."""
    if not config.exists() and not needed:
        return Settings()
    return environment.load_settings(config)


def as_json_option(command: Command) -> Command:
    """`--json`."""
    option: Command = click.option("--json", "as_json", is_flag=True, help="For programs.")(command)
    return option


def date_option(option: str, name: str, meaning: str, *, required: bool = False) -> Callable[[Command], Command]:
    """Make an option that takes a date on which arXiv may have announced something."""
    decorator: Callable[[Command], Command] = click.option(
        option,
        name,
        type=click.DateTime(["%Y-%m-%d"]),
        callback=_read_date,
        metavar="DATE",
        required=required,
        help=meaning,
    )
    return decorator


def _read_date(_context: click.Context, _parameter: click.Parameter, value: Any) -> date | None:
    if value is None:
        return None
    day: date = value.date()
    try:
        environment.check_dates(day)
    except DateError as error:
        raise click.BadParameter(str(error)) from None
    return day


on_option = date_option("--on", "on", "An announcement date (New York), such as 2025-01-17. Today by default.")
