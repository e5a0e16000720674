"""The chapter of the open dataset: make a release, list releases, and check whether they are what was published."""

import sys
from datetime import date
from pathlib import Path

import click

from commands import failures, tables
from commands.options import as_json_option, config_option, on_option
from flows.steps import environment
from storage.dataset import checksums, engine, shelf


@click.group()
def dataset() -> None:
    """Make, list and check releases of the open dataset, and offer SQL on its page."""


@dataset.command(name="release")
@on_option
@as_json_option
@config_option
def make(on: date | None, as_json: bool, config: Path) -> None:  # noqa: FBT001
    """Make a release of what the library says now; none where nothing has changed since the last.

    Each daily and weekly run does so by itself. Example: yibao dataset release
    """
    from commands.run import run_flow

    run_flow("release", config, on, as_json=as_json)


@dataset.command(name="list")
@as_json_option
@config_option
def list_(as_json: bool, config: Path) -> None:  # noqa: FBT001
    """List the releases that there are, newest first.

    Example: yibao dataset list
    """
    listed = shelf.read_list(environment.load_settings(config).paths.public).releases
    rows = [(one.name, f"{one.made_at:%Y-%m-%d %H:%M}", one.schema_version, one.bytes, one.previous) for one in listed]
    tables.show_table(("release", "made_at", "schema_version", "bytes", "previous"), rows, as_json=as_json)


@dataset.command()
@click.argument("names", nargs=-1, metavar="[RELEASE]…")
@config_option
def check(names: tuple[str, ...], config: Path) -> None:
    """Read every file of these releases, or of all, and tell which is not what was published.

    Example: yibao dataset check 2026-11-25.1
    """
    public = environment.load_settings(config).paths.public
    wanted = names or [one.name for one in shelf.read_list(public).releases]
    damaged = []
    for name in wanted:
        release = shelf.read_release(public, name)
        troubles = checksums.find_damaged_files(shelf.find_folder(public, name), release.all_files)
        damaged += troubles
        click.echo(f"{name}: {len(release.all_files)} files, {len(troubles)} damaged")
    for trouble in damaged:
        click.echo(f"yibao: {trouble}", err=True)
    if damaged:
        click.echo("yibao: put these files back from a copy; releases are never made a second time.", err=True)
        sys.exit(failures.FAILED)


@dataset.command(name="engine")
@click.argument("package", type=click.Path(exists=True, path_type=Path))
@config_option
def place_engine(package: Path, config: Path) -> None:
    """Put DuckDB for browsers into the site, so that its data page answers SQL.

    PACKAGE is what `npm pack @duckdb/duckdb-wasm@1.32.0` fetches, or the folder in which npm installed it. Publications
    keep it; remove public/data/engine to take it back. Example: yibao dataset engine duckdb-duckdb-wasm-1.32.0.tgz
    """
    sizes = engine.place_engine(package, environment.load_settings(config).paths.public)
    for name, count in sizes.items():
        click.echo(f"{engine.FOLDER}/{name}: {count / 1e6:.1f} MB")
