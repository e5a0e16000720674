"""The commands that compose and send an edition by mail."""

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from commands import subscribers
from commands.options import as_json_option, config_option, on_option
from commands.run import run_flow
from flows.steps import environment
from yibao import dates


def _edition(*, required: bool, meaning: str) -> Callable[..., Any]:
    def check(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
        try:
            return value if value is None or dates.parse_edition_key(value) else None
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    made: Callable[..., Any] = click.option(
        "--edition", required=required, callback=check, metavar="EDITION", help=meaning
    )
    return made


@click.group()
def newsletter() -> None:
    """Compose and send an edition by mail."""


@newsletter.command()
@_edition(required=True, meaning="2025-01-17, or 2025-W03.")
@config_option
def preview(edition: str, config: Path) -> None:
    """Show an edition's message without sending it.

    Example: yibao newsletter preview --edition 2025-W03 > preview.eml
    """
    from flows.steps.newsletter_delivery import compose_preview

    sys.stdout.buffer.write(compose_preview(environment.load_settings(config), edition))


@newsletter.command()
@_edition(required=False, meaning="2025-01-17, or 2025-W03: this one, complete or not, however old.")
@on_option
@as_json_option
@config_option
def send(edition: str | None, on: date | None, as_json: bool, config: Path) -> None:  # noqa: FBT001
    """Send an edition to everyone who has not got it; without --edition all that is complete and unsent.

    A run does the latter by itself. Example: yibao newsletter send --edition 2025-W03
    """
    run_flow("newsletter", config, on, as_json=as_json, edition=edition)


@newsletter.command()
@_edition(required=True, meaning="2025-01-17, or 2025-W03.")
@click.option("--refused", is_flag=True, help="To those for whom the mail server refused it for good.")
@click.option("--doubtful", is_flag=True, help="To those who may have it: the server's answer was lost.")
@click.option("--to", "emails", multiple=True, metavar="ADDRESS", help="Only to this subscriber; may be repeated.")
@as_json_option
@config_option
def resend(  # noqa: PLR0913  (one argument an option)
    edition: str,
    refused: bool,  # noqa: FBT001
    doubtful: bool,  # noqa: FBT001
    emails: tuple[str, ...],
    as_json: bool,  # noqa: FBT001
    config: Path,
) -> None:
    """Offer an edition again to those whose mail was refused or is doubtful.

    With --to alone, to these whether it was refused or is doubtful. Who has it for sure gets nothing. Find out who with
    `yibao subscribers list --undelivered`. Example: yibao newsletter resend --edition 2025-01-17 --refused
    """
    if not (refused or doubtful or emails):
        raise click.UsageError("Say to whom: --refused, --doubtful or --to ADDRESS.")
    chosen = {"refused": refused or not doubtful, "sending": doubtful or not refused}
    run_flow(
        "newsletter",
        config,
        None,
        as_json=as_json,
        edition=edition,
        resend=[state for state, is_chosen in chosen.items() if is_chosen],
        only=subscribers.find_ids(config, emails) if emails else None,
    )
