"""The command that takes mistaken runs back: for a date in the future, or under a clock that was wrong."""

from datetime import date
from pathlib import Path

import click

from commands.options import config_option, date_option
from flows.steps import environment, run_record
from flows.steps.people import open_people
from storage.library import connection
from storage.library import revert as library_revert
from storage.library.revert import Undone
from storage.people import deliveries
from storage.responses import Responses
from yibao import dates
from yibao.arxiv import oai
from yibao.settings import Settings


@click.command()
@date_option("--after", "after", "The last date that stays; everything of runs for later dates goes.", required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
def revert(after: date, yes: bool, config: Path) -> None:  # noqa: FBT001
    """Take back mistaken runs: all that runs for dates after DATE wrote.

    For runs under a wrong clock or date. Lists, papers, translations, editions and dates of publication are again what
    they were; translations in your files arrive anew with the next run, and papers of a snapshot with the next import.
    Answers of arXiv stay in a file beside their journal. Mail that was sent stays on record.
    Example: yibao revert --after 2025-01-17
    """
    settings = environment.load_settings(config)
    with run_record.hold_run_lock(settings):
        with connection.read_library(settings.paths.library) as library:
            undone = library_revert.count(library, after)
        if undone.is_empty:
            click.echo(f"Nothing in the library is dated after {after}.")
            return
        _show(undone, _count_sent(settings, after))
        if not yes:
            click.confirm("Take this back?", abort=True)
        aside = _undo(settings, after)
    click.echo(f"Taken back. The library is as it was on {after}.")
    if aside:
        click.echo(f"What arXiv answered since then is listed in {aside}.")
    click.echo("Next: yibao run")


def _show(undone: Undone, messages: int) -> None:
    click.echo(f"Dated after {undone.after}, and to be taken back:")
    for name, number in undone.counts.items():
        click.echo(f"  {number} {name}")
    if messages:
        click.echo(f"{messages} messages of later editions were sent. They stay on record, and are not sent again.")


def _count_sent(settings: Settings, after: date) -> int:
    if not (settings.people.database or settings.paths.people.exists()):
        return 0
    return sum(
        number for key, number in deliveries.count_by_edition(open_people(settings)).items() if _is_later(key, after)
    )


def _is_later(edition: str, after: date) -> bool:
    starts_on = dates.parse_week(edition)[0] if "W" in edition else date.fromisoformat(edition)
    return starts_on > after


def _undo(settings: Settings, after: date) -> Path | None:
    """Undo it in one transaction; killed before its end, the same command does all of it again."""
    with connection.write_library(settings.paths.library) as library:
        library_revert.undo(library, after, oai.OVERLAP)
        return Responses(settings.paths.responses).set_aside_responses(after)
