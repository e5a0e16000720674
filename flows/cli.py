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

from flows import failures, standing, tables, wiring
from flows.curate import translations
from flows.look import search, serve
from flows.options import as_json_option, config_option
from flows.report import Report, as_text
from storage.library import connection, ledger, papers, problems, runs
from storage.people import subscribers as people_subscribers
from storage.people.schema import open_people
from yibao import __version__
from yibao.errors import YibaoError
from yibao.models import Problem
from yibao.settings import CategoryCode, Settings

_FAILED = failures.FAILED

#: The chapters of `yibao --help`.
_CHAPTERS = (
    ("Begin", ("init",)),
    ("Each day", ("run", "harvest", "import", "publish", "schedule")),
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


def _on(command: Callable[..., Any]) -> Callable[..., Any]:
    made: Callable[..., Any] = _date(
        "--on", "on", "An announcement date (New York), such as 2025-01-17. Today by default."
    )(command)
    return made


def _date(option: str, name: str, meaning: str) -> Callable[..., Any]:
    made: Callable[..., Any] = click.option(
        option,
        name,
        type=click.DateTime(["%Y-%m-%d"]),
        callback=lambda _context, _parameter, value: value.date() if value else None,
        metavar="DATE",
        help=meaning,
    )
    return made


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
    templates = files("flows") / "templates"
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
@as_json_option
@config_option
def run(on: date | None, weekly: bool, as_json: bool, config: Path) -> None:  # noqa: FBT001
    """Run a day: harvest, translate, publish, newsletter.

    Run again, it does only what is still to be done. Example: yibao run --on 2025-01-17
    """
    _run_flow("weekly" if weekly else "daily", config, on, as_json=as_json)


@yibao.command()
@_on
@_date(
    "--from", "since", "Fill the lists from this date on, and read all that changed since. arXiv reaches 90 days back."
)
@_date("--until", "until", "Only lists until this date.")
@click.option("--category", "categories", multiple=True, metavar="C", help="Only this category; may be repeated.")
@click.option("--kept", is_flag=True, help="Ask nobody: read every kept answer again, into a library that was lost.")
@as_json_option
@config_option
def harvest(  # noqa: PLR0913  (one argument an option)
    on: date | None,
    since: date | None,
    until: date | None,
    categories: tuple[str, ...],
    kept: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    config: Path,
) -> None:
    """Fetch what arXiv announced and changed, fill gaps of earlier days, and publish nothing.

    Example: yibao harvest --from 2025-01-13 --until 2025-01-17 --category cs.CL
    """
    if since and until and since > until:
        raise click.BadParameter(f"{since} is after {until}", param_hint="--from")
    wanted = [_category(code) for code in categories]
    _run_flow("harvest", config, on, as_json=as_json, since=since, until=until, categories=wanted or None, kept=kept)


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
    from flows import progress

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

    Daily Monday to Friday, weekly on Saturday, in New York's time. Uses the server in prefect.api_url, or starts
    one for itself. Example: yibao schedule
    """
    from flows.schedule import serve

    serve(config.resolve(), wiring.load(config))


yibao.add_command(translations)


yibao.add_command(search)
yibao.add_command(serve)


@yibao.group()
def newsletter() -> None:
    """Compose and send an edition by mail."""


@newsletter.command()
@click.option("--edition", required=True, metavar="EDITION", help="2025-01-17, or 2025-W03.")
@config_option
def preview(edition: str, config: Path) -> None:
    """Show an edition's message without sending it.

    Example: yibao newsletter preview --edition 2025-W03 > preview.eml
    """
    from flows.post import compose_one
    from flows.wiring import Run

    sys.stdout.buffer.write(compose_one(Run(wiring.load(config), "preview", wiring.today()), edition))


@newsletter.command()
@click.option("--edition", required=True, metavar="EDITION", help="2025-01-17, or 2025-W03.")
@as_json_option
@config_option
def send(edition: str, as_json: bool, config: Path) -> None:  # noqa: FBT001
    """Send an edition to everyone who has not got it, complete or not.

    Example: yibao newsletter send --edition 2025-W03
    """
    _run_flow("newsletter", config, None, as_json=as_json, edition=edition)


@yibao.group()
def subscribers() -> None:
    """Who gets mail."""


@subscribers.command()
@click.argument("email")
@click.option("--frequency", type=click.Choice(["daily", "weekly"]), default="daily", show_default=True)
@config_option
def add(email: str, frequency: str, config: Path) -> None:
    """Subscribe an address, or change its rhythm.

    Example: yibao subscribers add reader@example.org --frequency weekly
    """
    trimmed = email.strip()
    name, _, domain = trimmed.rpartition("@")
    if not name or not domain or any(letter.isspace() or letter in "<>,;" for letter in trimmed):
        raise click.BadParameter(f"{email!r} is no mail address", param_hint="EMAIL")
    people = open_people(wiring.people_path(wiring.load(config)))
    is_new = people_subscribers.add(people, trimmed, frequency, wiring.now())
    click.echo(f"{trimmed}: {'subscribed' if is_new else 'was subscribed already'}, {frequency}")


@subscribers.command(name="list")
@as_json_option
@config_option
def list_(as_json: bool, config: Path) -> None:  # noqa: FBT001
    """List the addresses that get mail.

    Example: yibao subscribers list
    """
    found = people_subscribers.active(open_people(wiring.people_path(wiring.load(config))))
    rows = [(person.email, person.frequency) for person in found]
    tables.show(("email", "frequency"), rows, as_json=as_json)


@subscribers.command()
@click.argument("email")
@config_option
def remove(email: str, config: Path) -> None:
    """Send an address no more mail.

    Example: yibao subscribers remove reader@example.org
    """
    if not people_subscribers.remove(open_people(wiring.people_path(wiring.load(config))), email.strip(), wiring.now()):
        raise YibaoError(f"{email}: this address is not subscribed.")
    click.echo(f"{email}: unsubscribed")


@yibao.command()
@as_json_option
@config_option
def status(as_json: bool, config: Path) -> None:  # noqa: FBT001
    """Tell what is complete, what waits, and what was set aside.

    One line a category: its newest list, earlier dates that are not complete, and the command that repairs them; then
    open problems. Exits 1 when a list is not complete. Example: yibao status
    """
    settings = wiring.load(config)
    with connection.reading(wiring.library_path(settings)) as library:
        batches = ledger.batches(library)
        last, waiting, open_ = runs.last(library), papers.waiting(library), problems.all_of(library)
    today = wiring.today()
    rows = [standing.row(category, batches, today) for category in settings.arxiv.categories]
    tables.show(standing.NAMES, rows, as_json=as_json)
    if not as_json:
        click.echo(f"\nlast run: {last.flow} {last.on}, {last.state}")
        click.echo(f"{len(waiting)} translated papers await metadata from arXiv")
        for problem in open_:
            click.echo(str(problem))
    if any(row.repair for row in rows):
        sys.exit(_FAILED)


@yibao.command()
@click.argument("query")
@as_json_option
@config_option
def sql(query: str, as_json: bool, config: Path) -> None:  # noqa: FBT001
    """Ask the library in SQL, read-only; a table for a person, CSV when piped.

    Example: yibao sql "SELECT arxiv_id, title FROM current_translation"
    """
    with connection.reading(wiring.library_path(wiring.load(config))) as library:
        names, rows = connection.ask(library, query)
    tables.show(names, rows, as_json=as_json)


def _run_flow(name: str, config: Path, on: date | None, *, as_json: bool, **more: Any) -> None:
    """Runs a flow against a Prefect of our own, tells its report, and exits 1 when it failed."""
    settings = wiring.load(config)
    if not settings.arxiv.contact:
        click.echo("yibao: arxiv.contact is not set; arXiv asks for an address to write to.", err=True)
    failures.require_writable(_folders(settings, name))
    from flows.prefect_server import own_server

    with own_server(settings.paths.data / "prefect"):
        from flows import registry

        registry.run(name, on=on, config=str(config), **more)
    with connection.reading(wiring.library_path(settings)) as library:
        report = runs.last(library).report
    click.echo(json.dumps(report, ensure_ascii=False) if as_json else as_text(Report.of(report)))
    if Report.of(report).has_failed:
        sys.exit(_FAILED)


def _folders(settings: Settings, flow: str) -> list[tuple[str, Path]]:
    """The folders that a flow writes, with the names of their settings."""
    found = [("paths.data", settings.paths.data)]
    if flow not in ("harvest", "import", "newsletter"):
        found.append(("paths.public", settings.paths.public))
    if settings.newsletter.outbox and flow in ("daily", "weekly", "newsletter"):
        found.append(("newsletter.outbox", settings.newsletter.outbox))
    return found


def _row(problem: Problem) -> dict[str, Any]:
    return {name: getattr(problem, name) for name in Problem.__dataclass_fields__}


if __name__ == "__main__":
    main()
