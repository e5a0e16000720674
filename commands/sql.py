"""`yibao sql`: ask the newest release of the dataset, or the library, in SQL."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

import click

from commands import failures
from commands.options import config_option
from commands.sql_worker import Job
from flows.steps import environment
from storage.dataset import database, shelf
from storage.library import queries
from yibao.errors import DatasetError, YibaoError
from yibao.settings import Settings

FORMS = ("table", "records", "csv", "json", "parquet")
_SUFFIXES = {".csv": "csv", ".json": "json", ".parquet": "parquet"}
_EXAMPLE = 'yibao sql "SELECT arxiv_id, title FROM paper LIMIT 10"'


@dataclass(frozen=True)
class Target:
    """The database that is asked."""

    path: Path
    is_library: bool
    #: As a person is told of it.
    name: str


@click.command()
@click.argument("query", required=False)
@click.option("--release", "name", metavar="RELEASE", help="An earlier release, such as 2026-11-25.1.")
@click.option("--library", "is_library", is_flag=True, help="The library itself, with what only the operator sees.")
@click.option("--format", "form", type=click.Choice(FORMS), help="By default a table for a person, CSV when piped.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file; its ending tells the format.")
@config_option
def sql(  # noqa: PLR0913  (a command's options)
    query: str | None,
    name: str | None,
    form: str | None,
    out: Path | None,
    config: Path,
    *,
    is_library: bool,
    as_json: bool,
) -> None:
    r"""Ask the newest release in SQL, read-only; without a query, one after the other.

    One statement, which sees this database and no other file. End it with \G for one line a value.
    Example: yibao sql "SELECT arxiv_id, title FROM translation"
    """
    settings = environment.load_settings(config)
    target = find_target(settings, name, is_library=is_library)
    if query is None:
        _ask_on(settings, target)
        return
    form = "json" if as_json else form or _SUFFIXES.get(out.suffix.lower() if out else "")
    job = make_job(settings, target, query, form or ("table" if sys.stdout.isatty() and not out else "csv"))
    if job.form == "parquet" and not out:
        raise click.UsageError("Parquet needs a file: --out answer.parquet")
    status = run_job(settings, replace(job, out=str(out.absolute()) if out else None))
    if status:
        raise SystemExit(status)


def find_target(settings: Settings, name: str | None, *, is_library: bool) -> Target:
    """Find the database to be asked: the newest release by default.

    Raises:
        DatasetError: there is none yet, or none of this name.
    """
    if is_library:
        return Target(settings.paths.library, is_library=True, name="the library")
    public = settings.paths.public
    if name is None:
        newest = next(iter(shelf.read_list(public).releases), None)
        if newest is None:
            raise DatasetError(
                "There is no release of the dataset yet. Make one: `yibao dataset release`; or ask the library itself: "
                "`yibao sql --library`."
            )
        name = newest.name
    shelf.read_release(public, name)
    return Target(shelf.find_folder(public, name) / database.NAME, is_library=False, name=f"release {name}")


def make_job(settings: Settings, target: Target, query: str, form: str) -> Job:
    r"""Make the job of a query; \G at its end asks for records.

    Raises:
        click.UsageError: it is empty, or holds several statements.
    """
    text = query.strip()
    if text.endswith("\\G"):
        text, form = text.removesuffix("\\G"), "records"
    statements = queries.count_statements(text)
    if statements != 1:
        raise click.UsageError(
            f"The query holds {statements} statements; give one at a time."
            if statements
            else f"The query is empty. Try: {_EXAMPLE}"
        )
    limits = settings.sql
    return Job(
        str(target.path),
        target.is_library,
        text,
        form,
        shutil.get_terminal_size().columns,
        f"{limits.memory_gb}GB",
        f"{limits.disk_gb}GB",
        spill="",
    )


def fetch_answer(settings: Settings, target: Target, query: str, most: int) -> str:
    """Ask a query, and return at most so many rows of its answer as JSON.

    Raises:
        YibaoError: it is wrong, does what it may not, or takes too much; the message says what.
    """
    with tempfile.TemporaryDirectory(prefix="yibao-sql-") as place:
        out, said = Path(place) / "answer.json", Path(place) / "said.txt"
        try:
            job = replace(make_job(settings, target, query, "json"), form="json", out=str(out), most=most)
        except click.UsageError as error:
            raise YibaoError(error.message) from None
        with said.open("w") as stream:
            status = run_job(settings, job, stream)
        if status:
            raise YibaoError(said.read_text(encoding="utf-8").removeprefix("yibao: ").strip())
        return out.read_text(encoding="utf-8")


def run_job(settings: Settings, job: Job, said: IO[str] | None = None) -> int:
    """Answer a query in a process of its own, which is ended when its time is over; returns its exit status.

    What it says goes to our own streams, or all into one file.

    Raises:
        YibaoError: it took longer than it may.
    """
    with tempfile.TemporaryDirectory(prefix="yibao-sql-") as spill:
        process = subprocess.Popen(
            [sys.executable, "-m", "commands.sql_worker"],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            text=True,
            env=_list_environment(),
        )
        try:
            process.communicate(json.dumps(asdict(replace(job, spill=spill))), timeout=settings.sql.time_s)
        except subprocess.TimeoutExpired:
            raise YibaoError(
                f"The query took longer than {settings.sql.time_s:g} seconds, and was ended. Ask for less at a time, "
                "or set more: sql.time_s."
            ) from None
        except KeyboardInterrupt:
            # Ctrl-C reached both; it ends by itself at once, or not at all.
            _wait_a_little(process)
            raise
        finally:
            process.kill()
            process.wait()
    return failures.CLOSED_PIPE if process.returncode == -_SIGPIPE else abs(process.returncode)


_SIGPIPE = 13


def _wait_a_little(process: "subprocess.Popen[str]") -> None:
    try:
        process.wait(timeout=3)
    except subprocess.TimeoutExpired:
        process.kill()


def _list_environment() -> dict[str, str]:
    """List the environment of the process that answers: no settings, which may hold secrets."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("YIBAO_", "PREFECT_"))}


def _ask_on(settings: Settings, target: Target) -> None:
    """Ask what a person types, or what comes through a pipe, statement after statement."""
    if sys.stdin.isatty():
        from commands.sql_prompt import ask_on

        ask_on(settings, target)
        return
    job = make_job(settings, target, sys.stdin.read(), "table" if sys.stdout.isatty() else "csv")
    if status := run_job(settings, job):
        raise SystemExit(status)
