"""What a person types. Each command says what it does; the work is in the flows."""

import json
import os
import re
import sys
from collections.abc import Callable
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from commands import failures, progress, subscribers, tables
from commands.inspect import search, serve
from commands.options import as_json_option, config_option, date_option
from commands.revert import revert
from commands.status import status
from commands.translations import translations
from flows import wiring
from flows.report import Report, as_text
from storage.library import queries
from yibao import __version__, dates
from yibao.errors import YibaoError
from yibao.settings import CategoryCode, Settings

_FAILED = failures.FAILED
#: Rows of a query's answer on a terminal.
_MOST_SHOWN = 500

#: The chapters of `yibao --help`.
_CHAPTERS = (
    ("Begin", ("init",)),
    ("Each day", ("run", "harvest", "import", "publish", "schedule", "revert")),
    ("Curate", ("translations",)),
    ("Mail", ("newsletter", "subscribers")),
    ("Look", ("status", "search", "sql", "serve")),
)


class Contents(click.Group):
    """A group whose help is a table of contents."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the commands by chapter, each with its first sentence."""
        for chapter, names in _CHAPTERS:
            with formatter.section(chapter):
                commands = [(name, self.get_command(ctx, name)) for name in names]
                formatter.write_dl([(name, command.get_short_help_str(100)) for name, command in commands if command])


_on = date_option("--on", "on", "An announcement date (New York), such as 2025-01-17. Today by default.")


_verbose = click.option(
    "--verbose", "-v", is_flag=True, help="Tell each step on stderr, for a log; a terminal shows them anyway."
)


def _category(code: str) -> str:
    try:
        return TypeAdapter(CategoryCode).validate_python(code)
    except ValidationError as error:
        raise click.BadParameter(
            error.errors()[0]["msg"].removeprefix("Value error, "), param_hint="--category"
        ) from None


def _mail_address(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value and not re.fullmatch(r"[^\s\x00-\x1f\x7f\"'<>()\[\]\\,;:@]+@[^\s\x00-\x1f\x7f\"'<>()\\,;@]+", value):
        raise click.BadParameter(f"{value!r} is not an e-mail address, such as me@example.org.")
    return value


@click.group(cls=Contents, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="yibao")
def yibao() -> None:
    """译报, the translated gazette: arXiv's day, merged with curated translations, as feeds, pages and mail."""


def main() -> None:
    """Run the command; what a person or the world did wrong is one sentence on stderr, with exit status 1 or 2."""
    status = failures.run_command(lambda: yibao(standalone_mode=False))
    # Everything is on disk. Prefect's server may still be closing in its thread, and while it does, DuckDB's module
    # complains on stderr of being taken down.
    os._exit(status)


@yibao.command()
@click.argument("where", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option(
    "--contact",
    default="",
    metavar="ADDRESS",
    callback=_mail_address,
    help="Your mail address; arXiv asks to know whom to write to.",
)
def init(where: Path, contact: str) -> None:
    """Lay out an installation: a commented yibao.toml and a translations folder with its guide.

    Nothing that exists is overwritten. Example: yibao init --contact me@example.org
    """
    templates = files("commands") / "templates"
    settings = (templates / "yibao.toml").read_text(encoding="utf-8").replace('"CONTACT"', json.dumps(contact))
    laid = {
        where / "yibao.toml": settings,
        where / "translations" / "README.md": (templates / "translations.md").read_text(encoding="utf-8"),
    }
    for path, content in laid.items():
        if path.exists():
            click.echo(f"kept   {path}")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        click.echo(f"made   {path}")
    click.echo("Next: yibao run")


@yibao.command()
@_on
@click.option("--weekly", is_flag=True, help="The weekly flow, for the week that holds the date.")
@_verbose
@as_json_option
@config_option
def run(on: date | None, weekly: bool, verbose: bool, as_json: bool, config: Path) -> None:  # noqa: FBT001
    """Run a day: harvest, translate, publish, newsletter.

    Run again, it does only what is still to be done. Example: yibao run --on 2025-01-17
    """
    _run_flow("weekly" if weekly else "daily", config, on, as_json=as_json, verbose=verbose)


@yibao.command()
@_on
@date_option(
    "--from",
    "since",
    "Fill the lists from this date on, and read all that changed since. Lists are kept for 90 days.",
)
@date_option("--until", "until", "Only lists until this date.")
@click.option("--category", "categories", multiple=True, metavar="C", help="Only this category; may be repeated.")
@click.option("--kept", is_flag=True, help="Ask nobody: read every kept answer again, into a library that was lost.")
@_verbose
@as_json_option
@config_option
def harvest(  # noqa: PLR0913  (one argument an option)
    on: date | None,
    since: date | None,
    until: date | None,
    categories: tuple[str, ...],
    kept: bool,  # noqa: FBT001
    verbose: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    config: Path,
) -> None:
    """Fetch what arXiv announced and changed, fill gaps of earlier days, and publish nothing.

    Example: yibao harvest --from 2025-01-13 --until 2025-01-17 --category cs.CL
    """
    if since and until and since > until:
        raise click.BadParameter(f"{since} is after {until}", param_hint="--from")
    wanted = [_category(code) for code in categories]
    more = {"since": since, "until": until, "categories": wanted or None, "kept": kept}
    _run_flow("harvest", config, on, as_json=as_json, verbose=verbose, **more)


@yibao.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json_option
@config_option
def import_(file: Path, as_json: bool, config: Path) -> None:  # noqa: FBT001
    """Begin with all of arXiv: take in a bulk metadata snapshot.

    JSON lines (plain, gzip or zstd) in the form of arXiv's own snapshot, or Parquet with its columns. What the
    library has already is not written again; an import that was killed goes on where it was.
    Example: yibao import arxiv-metadata-oai-snapshot.json
    """
    with progress.shown(sys.stderr.isatty()):
        _run_flow("import", config, None, as_json=as_json, file=str(file))


@yibao.command()
@_on
@as_json_option
@config_option
def publish(on: date | None, as_json: bool, config: Path) -> None:  # noqa: FBT001
    """Write feeds and pages from what is stored.

    Every published file is read, and made again where it is lost or differs; a run looks at what has changed.

    Example: yibao publish
    """
    _run_flow("publish", config, on, as_json=as_json)


@yibao.command()
@config_option
def schedule(config: Path) -> None:
    """Hand the flows to Prefect on their schedule, and run them until stopped.

    When they run is set in [schedule]: by default daily Monday to Friday, weekly on Saturday, in New York's time. Uses
    the server in prefect.api_url, or starts one on prefect.port. Example: yibao schedule
    """
    from commands.schedule import serve

    serve(config.resolve(), wiring.load(config))


yibao.add_command(translations)


yibao.add_command(search)
yibao.add_command(serve)


def _edition(*, required: bool, meaning: str) -> Callable[..., Any]:
    def check(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
        try:
            return value if value is None or dates.edition_days(value) else None
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    made: Callable[..., Any] = click.option(
        "--edition", required=required, callback=check, metavar="EDITION", help=meaning
    )
    return made


@yibao.group()
def newsletter() -> None:
    """Compose and send an edition by mail."""


@newsletter.command()
@_edition(required=True, meaning="2025-01-17, or 2025-W03.")
@config_option
def preview(edition: str, config: Path) -> None:
    """Show an edition's message without sending it.

    Example: yibao newsletter preview --edition 2025-W03 > preview.eml
    """
    from flows.post import compose_one
    from flows.wiring import Run

    sys.stdout.buffer.write(compose_one(Run(wiring.load(config), "preview", wiring.today()), edition))


@newsletter.command()
@_edition(required=False, meaning="2025-01-17, or 2025-W03: this one, complete or not, however old.")
@_on
@as_json_option
@config_option
def send(edition: str | None, on: date | None, as_json: bool, config: Path) -> None:  # noqa: FBT001
    """Send an edition to everyone who has not got it; without --edition all that is complete and unsent.

    A run does the latter by itself. Example: yibao newsletter send --edition 2025-W03
    """
    _run_flow("newsletter", config, on, as_json=as_json, edition=edition)


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
    _run_flow(
        "newsletter",
        config,
        None,
        as_json=as_json,
        edition=edition,
        resend=[state for state, is_chosen in chosen.items() if is_chosen],
        only=subscribers.find_ids(config, emails) if emails else None,
    )


yibao.add_command(subscribers.subscribers)


yibao.add_command(status)
yibao.add_command(revert)


@yibao.command()
@click.argument("query")
@as_json_option
@config_option
def sql(query: str, as_json: bool, config: Path) -> None:  # noqa: FBT001
    """Ask the library in SQL, read-only; a table for a person, CSV when piped.

    One statement, which sees the library and no other file. A run that begins meanwhile goes on.
    Example: yibao sql "SELECT arxiv_id, title FROM current_translation"
    """
    statements = queries.count_statements(query)
    if statements != 1:
        raise click.UsageError(
            f"The query holds {statements} statements; give one at a time."
            if statements
            else 'The query is empty. Try: yibao sql "SELECT arxiv_id, title FROM paper LIMIT 10"'
        )
    with queries.open_answer(wiring.library_path(wiring.load(config)), query) as answer:
        tables.show(answer.names, answer.rows, as_json=as_json, most_shown=_MOST_SHOWN)


def _run_flow(name: str, config: Path, on: date | None, *, as_json: bool, verbose: bool = False, **more: Any) -> None:
    """Run a flow against a Prefect of our own, tell its own report, and exit 1 when it failed."""
    settings = wiring.load(config)
    if not settings.arxiv.contact:
        click.echo("yibao: arxiv.contact is not set; arXiv asks for an address to write to.", err=True)
    failures.require_writable(_folders(settings, name))
    from commands.manual_runs import run_by_hand

    with progress.show_steps(sys.stderr.isatty() or verbose):
        row = run_by_hand(settings, wiring.library_path(settings), name, on=on, config=str(config), **more)
    if row is None or not row.report:
        raise YibaoError(f"The run broke off before its report was on record ({name}). Run it again.")
    click.echo(json.dumps(row.report, ensure_ascii=False) if as_json else as_text(Report.of(row.report)))
    if row.state != "completed":
        sys.exit(_FAILED)


def _folders(settings: Settings, flow: str) -> list[tuple[str, Path]]:
    """The folders that a flow writes, with the names of their settings."""
    found = [("paths.data", settings.paths.data)]
    if flow not in ("harvest", "import", "newsletter"):
        found.append(("paths.public", settings.paths.public))
    if settings.newsletter.outbox and flow in ("daily", "weekly", "newsletter"):
        found.append(("newsletter.outbox", settings.newsletter.outbox))
    return found


if __name__ == "__main__":
    main()
