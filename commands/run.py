"""The commands of each day: run, harvest, import, publish, schedule."""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from commands import failures, progress
from commands.options import as_json_option, config_option, date_option, on_option
from flows.steps import environment
from yibao.errors import YibaoError
from yibao.run_report import Report, render_text
from yibao.settings import CategoryCode, Settings

_verbose = click.option(
    "--verbose", "-v", is_flag=True, help="Tell each step on stderr, for a log; a terminal shows them anyway."
)


@click.command()
@on_option
@click.option("--weekly", is_flag=True, help="The weekly flow, for the week that holds the date.")
@_verbose
@as_json_option
@config_option
def run(on: date | None, weekly: bool, verbose: bool, as_json: bool, config: Path) -> None:  # noqa: FBT001
    """Run a day: harvest, translate, publish, newsletter.

    Run again, it does only what is still to be done. Example: yibao run --on 2025-01-17
    """
    run_flow("weekly" if weekly else "daily", config, on, as_json=as_json, verbose=verbose)


@click.command()
@on_option
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
    wanted = [check_category(code) for code in categories]
    more = {"since": since, "until": until, "categories": wanted or None, "kept": kept}
    run_flow("harvest", config, on, as_json=as_json, verbose=verbose, **more)


@click.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json_option
@config_option
def import_(file: Path, as_json: bool, config: Path) -> None:  # noqa: FBT001
    """Begin with all of arXiv: take in a bulk metadata snapshot.

    JSON lines (plain, gzip or zstd) in the form of arXiv's own snapshot, or Parquet with its columns. What the
    library has already is not written again; an import that was killed goes on where it was.
    Example: yibao import arxiv-metadata-oai-snapshot.json
    """
    with progress.show_bar(sys.stderr.isatty()):
        run_flow("import", config, None, as_json=as_json, file=str(file))


@click.command()
@on_option
@as_json_option
@config_option
def publish(on: date | None, as_json: bool, config: Path) -> None:  # noqa: FBT001
    """Write feeds and pages from what is stored.

    Every published file is read, and made again where it is lost or differs; a run looks at what has changed.

    Example: yibao publish
    """
    run_flow("publish", config, on, as_json=as_json)


@click.command()
@config_option
def schedule(config: Path) -> None:
    """Hand the flows to Prefect on their schedule, and run them until stopped.

    When they run is set in [schedule]: by default daily Monday to Friday, weekly on Saturday, in New York's time; and
    the newsletter each hour, where a setting lets mail wait. Uses the server in prefect.api_url, or starts one on
    prefect.port. Example: yibao schedule
    """
    from commands.schedule import serve

    serve(config.resolve(), environment.load_settings(config))


def run_flow(name: str, config: Path, on: date | None, *, as_json: bool, verbose: bool = False, **more: Any) -> None:
    """Run a flow against a Prefect of our own, tell its own report, and exit 1 when it failed."""
    settings = environment.load_settings(config)
    if not settings.arxiv.contact:
        click.echo("yibao: arxiv.contact is not set; arXiv asks for an address to write to.", err=True)
    failures.require_writable(_list_folders(settings, name))
    from commands.manual_runs import run_by_hand

    with progress.show_steps(sys.stderr.isatty() or verbose):
        row = run_by_hand(settings, settings.paths.library, name, on=on, config=str(config), **more)
    if row is None or not row.report:
        raise YibaoError(f"The run broke off before its report was on record ({name}). Run it again.")
    click.echo(json.dumps(row.report, ensure_ascii=False) if as_json else render_text(Report.from_json(row.report)))
    if row.state != "completed":
        sys.exit(failures.FAILED)


def _list_folders(settings: Settings, flow: str) -> list[tuple[str, Path]]:
    """Return the folders that a flow writes, with the names of their settings."""
    folders = [("paths.data", settings.paths.data)]
    if flow not in ("harvest", "import", "newsletter"):
        folders.append(("paths.public", settings.paths.public))
    if settings.newsletter.outbox and flow in ("daily", "weekly", "newsletter"):
        folders.append(("newsletter.outbox", settings.newsletter.outbox))
    return folders


def check_category(code: str) -> str:
    """Return a category's canonical code, as an option names it.

    Raises:
        click.BadParameter: arXiv has no such category.
    """
    try:
        return TypeAdapter(CategoryCode).validate_python(code)
    except ValidationError as error:
        raise click.BadParameter(
            error.errors()[0]["msg"].removeprefix("Value error, "), param_hint="--category"
        ) from None
