"""The commands that compose and send an edition by mail."""

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from commands import subscribers, tables
from commands.options import as_json_option, config_option, on_option
from commands.run import check_category, run_flow
from flows.steps import environment
from flows.steps.people import open_people
from storage.people import approvals, deliveries
from storage.people.approvals import ApprovalState
from storage.people.deliveries import DeliveryState
from yibao import dates
from yibao.errors import YibaoError
from yibao.records import Language

#: sysexits.h: the mail server keeps the message and tries again.
_TEMPORARY_FAILURE = 75


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
@click.option(
    "--as",
    "form",
    type=click.Choice(["text", "html", "message", "picture"]),
    help="By default the text on a terminal, and the whole message elsewhere. A picture needs Chromium.",
)
@click.option("--to", "email", metavar="ADDRESS", help="As this subscriber gets it.")
@click.option(
    "--language", type=click.Choice([str(one) for one in Language]), help="As a subscriber with this language gets it."
)
@click.option("--category", "categories", multiple=True, metavar="C", help="Likewise with this topic; may be repeated.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it into this file.")
@config_option
def preview(  # noqa: PLR0913  (one argument an option)
    edition: str,
    form: str | None,
    email: str | None,
    language: str | None,
    categories: tuple[str, ...],
    out: Path | None,
    config: Path,
) -> None:
    """Show an edition's mail without sending it.

    Example: yibao newsletter preview --edition 2025-W03 --as picture --out mail.png
    """
    from commands import mail_previews

    if email and (language or categories):
        raise click.UsageError("Say either whose mail (--to), or of what kind (--language, --category).")
    settings = environment.load_settings(config)
    mail = mail_previews.compose(settings, edition, email, language, [check_category(code) for code in categories])
    mail_previews.show(mail, form, out, edition)


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
    chosen = {"refused": refused or not doubtful, "unknown": doubtful or not refused}
    run_flow(
        "newsletter",
        config,
        None,
        as_json=as_json,
        edition=edition,
        resend=[state for state, is_chosen in chosen.items() if is_chosen],
        only=subscribers.find_ids(config, emails) if emails else None,
    )


@newsletter.command()
@_edition(required=True, meaning="2025-01-17, or 2025-W03.")
@click.option("--sent", is_flag=True, help="They have it: it is not sent again.")
@click.option("--resend", "is_resent", is_flag=True, help="They do not: the next run offers it again.")
@click.option("--to", "emails", multiple=True, metavar="ADDRESS", help="Only of this subscriber; may be repeated.")
@config_option
def settle(edition: str, sent: bool, is_resent: bool, emails: tuple[str, ...], config: Path) -> None:  # noqa: FBT001
    """Settle messages of which nobody knows whether they were sent.

    A run was killed, or the mail server's answer was lost; the server's log knows. Find out whose with
    `yibao subscribers list --undelivered`. Example: yibao newsletter settle --edition 2025-01-17 --sent
    """
    if sent == is_resent:
        raise click.UsageError("Say what became of them: --sent or --resend.")
    ids = subscribers.find_ids(config, emails) if emails else None
    state = DeliveryState.SENT if sent else DeliveryState.QUEUED
    people = open_people(environment.load_settings(config))
    count = deliveries.settle_unknown_deliveries(people, edition, state, ids, environment.now())
    afterwards = "count as sent" if sent else "are offered again by the next run, or now by `yibao newsletter send`"
    click.echo(f"{edition}: {count} messages {afterwards}" if count else f"{edition}: no message of it is unknown")


@newsletter.command()
@_edition(required=True, meaning="2025-01-17, or 2025-W03.")
@click.option("--by", "name", metavar="NAME", help="Who decides; by default the user at this machine.")
@config_option
def approve(edition: str, name: str | None, config: Path) -> None:
    """Let an edition's mail go out that waits for a person.

    Example: yibao newsletter approve --edition 2025-01-17
    """
    _decide(config, edition, ApprovalState.RELEASED, name)
    click.echo(f"{edition}: released; the next run sends it, or now `yibao newsletter send`")


@newsletter.command()
@_edition(required=True, meaning="2025-01-17, or 2025-W03.")
@click.option("--by", "name", metavar="NAME", help="Who decides; by default the user at this machine.")
@config_option
def drop(edition: str, name: str | None, config: Path) -> None:
    """Send no mail of an edition that waits for a person.

    It stays on the site. Example: yibao newsletter drop --edition 2025-01-17
    """
    _decide(config, edition, ApprovalState.DROPPED, name)
    click.echo(f"{edition}: dropped; nobody gets it by mail")


@newsletter.command()
@as_json_option
@config_option
def waiting(as_json: bool, config: Path) -> None:  # noqa: FBT001
    """List the editions whose mail waits for a person.

    Example: yibao newsletter waiting
    """
    settings = environment.load_settings(config)
    rows = [
        (one.edition, one.asked_at.isoformat(), one.deadline_at.isoformat(), settings.newsletter.approval)
        for one in approvals.read_waiting_approvals(open_people(settings))
    ]
    tables.show_table(("edition", "asked_at", "deadline_at", "afterwards"), rows, as_json=as_json)


@newsletter.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@config_option
def bounce(files: tuple[Path, ...], config: Path) -> None:
    """Record reports of failed mail, from files or from a mail server's pipe.

    Mail to dead addresses stops. A mail server pipes each report in: `bounces: "|yibao newsletter bounce"` in its
    aliases, with --config. Example: yibao newsletter bounce report.eml
    """
    from commands import bounce_pipe

    if not files and sys.stdin.isatty():
        raise click.UsageError("Name files, or pipe a report into this command.")
    if not files or files == (Path("-"),):
        sys.exit(_TEMPORARY_FAILURE if bounce_pipe.record_stdin(config) else 0)
    bounce_pipe.record_files(config, files)


def _decide(config: Path, edition: str, state: ApprovalState, name: str | None) -> None:
    """Record a person's decision.

    Raises:
        YibaoError: the edition does not wait.
    """
    people = open_people(environment.load_settings(config))
    if approvals.decide_approval(people, edition, state, environment.now(), name or environment.user_name()):
        return
    decided = approvals.find_approval(people, edition)
    if decided is None:
        raise YibaoError(f"{edition} does not wait for anybody. `yibao newsletter waiting` lists what does.")
    at = decided.decided_at.isoformat() if decided.decided_at else "before"
    raise YibaoError(f"{edition} was {decided.state} by {decided.decided_by}, {at}. What was decided first stands.")
