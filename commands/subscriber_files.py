"""What a person types to bring subscribers from elsewhere, and to take them there: import and export of CSV."""

import os
import sys
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO

import click

from commands.options import config_option
from commands.progress import show_bar
from flows.steps import environment
from flows.steps.people import open_people
from flows.steps.progress import report_progress
from storage.people import subscriber_import, suppressions
from storage.people import subscribers as people_subscribers
from storage.people.database import People
from storage.people.subscriber_import import ImportOutcome
from storage.people.suppressions import SuppressionReason
from yibao.errors import SubscriberListError, YibaoError
from yibao.newsletter import subscriber_lists
from yibao.newsletter.subscriber_lists import BadRow, ListRow, SubscriberList

_REFUSED = "refused"
_ENCODINGS = ("utf-8", "utf-16", "gb18030", "big5", "latin-1")
_REFUSALS = {
    ImportOutcome.LEFT: "they left: only `yibao subscribers add` brings them back, or they themselves",
    ImportOutcome.STOPPED: "their mail was stopped: `yibao subscribers add` brings them back",
}


class _Source(NamedTuple):
    """Where a list comes from."""

    name: str
    list: SubscriberList
    evidence: dict[str, str]


@click.command(name="import")
@click.argument("file", type=click.File("rb"))
@click.option("--consent", required=True, metavar="TEXT", help="How these people agreed to get mail; kept as evidence.")
@click.option(
    "--rejected",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the rows that were not imported here, to be mended and imported again.",
)
@click.option("--encoding", type=click.Choice(_ENCODINGS), help="Where it is not UTF-8.")
@config_option
def import_(file: BinaryIO, consent: str, rejected: Path | None, encoding: str | None, config: Path) -> None:
    """Subscribe the addresses of a CSV file.

    Its first line names the columns: email, and any of frequency, language, categories, keywords, authors, timezone and
    wants_empty, in any order; lists within a cell are separated by semicolons. Who is subscribed already stays as they
    are. Each row that is not imported is named with its line and the reason; the others are imported, and the command
    ends with exit status 1. Example: yibao subscribers import list.csv --consent "asked on paper at the 2026 workshop"
    """
    if not consent.strip():
        raise click.BadParameter("say how these people agreed to get mail", param_hint="--consent")
    people = open_people(environment.load_settings(config))
    source = _read_source(file, encoding or "", consent.strip())
    with _open_rejected(rejected, file.name) as rejects, show_bar(sys.stderr.isatty()):
        counts = _import_list(people, source, rejects)
    click.echo(_describe(counts, rejected))
    if counts[_REFUSED]:
        sys.exit(1)


@click.command()
@config_option
def export(config: Path) -> None:
    """Write who gets mail, and what they asked for, as CSV in UTF-8, such as `import` reads.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    Example: yibao subscribers export > subscribers.csv
    """
    people = open_people(environment.load_settings(config))
    active = people_subscribers.iterate_active_subscribers(people)
    for line in subscriber_lists.write_list((one.email, one.subscription) for one in active):
        click.echo(line, nl=False)


def _read_source(file: BinaryIO, encoding: str, consent: str) -> _Source:
    name = Path(file.name).name
    try:
        source = subscriber_lists.read_list(subscriber_lists.decode_list(file.read(), encoding))
    except SubscriberListError as error:
        raise YibaoError(f"{name}: {error}") from None
    if source.unknown_columns:
        click.echo(f"{name}: these columns are not read: {', '.join(source.unknown_columns)}", err=True)
    return _Source(name, source, {"consent": consent, "file": name})


def _import_list(people: People, source: _Source, rejects: TextIO) -> Counter[str]:
    """Import the rows of a list, name those that cannot be, and write them to `rejects`; returns how many are what."""
    at = environment.now()
    counts: Counter[str] = Counter()
    rejects.write(_end_line(source.list.header))
    while portion := list(islice(source.list.rows, subscriber_import.PORTION)):
        wishes = {row.email: row.subscription for row in portion if isinstance(row, ListRow)}
        outcomes = subscriber_import.import_subscribers(people, wishes, at, source.evidence)
        counts.update(outcomes.values())
        for row in filter(None, (_find_fault(row, outcomes) for row in portion)):
            counts[_REFUSED] += 1
            click.echo(f"{source.name}:{row.line}: {row.reason}.")
            rejects.write(_end_line(row.text))
        report_progress(f"{source.name}, line {portion[-1].line}")
    return counts


def _find_fault(row: ListRow | BadRow, outcomes: Mapping[str, ImportOutcome | SuppressionReason]) -> BadRow | None:
    """Find why a row was not imported; None where it was."""
    if isinstance(row, BadRow):
        return row
    outcome = outcomes[row.email]
    reason = suppressions.explain_reason(outcome) if isinstance(outcome, SuppressionReason) else _REFUSALS.get(outcome)
    return BadRow(row.line, row.text, f"{row.email}: {reason.rstrip('.')}") if reason else None


def _open_rejected(path: Path | None, source: str) -> TextIO:
    """Open the file for rows that are not imported, readable by its owner only; nowhere where none is wanted."""
    if path and path.exists() and Path(source).exists() and path.samefile(source):
        raise click.BadParameter("this is the file that is imported; name another", param_hint="--rejected")
    target = path or Path(os.devnull)
    return os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline="")


def _end_line(text: str) -> str:
    return text if text.endswith(("\n", "\r")) else f"{text}\n"


def _describe(counts: Mapping[str, int], rejected: Path | None) -> str:
    said = [f"{counts[ImportOutcome.ADDED]} subscribed", f"{counts[ImportOutcome.KNOWN]} were subscribed already"]
    if counts[_REFUSED]:
        where = f"they are in {rejected}" if rejected else "--rejected FILE writes them to a file"
        said.append(f"{counts[_REFUSED]} rows were not imported: mend them and import them again ({where})")
    return "; ".join(said)
