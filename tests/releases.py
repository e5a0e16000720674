"""Releases of a library's life: made, read back, and held to one another."""

import uuid
from pathlib import Path

import duckdb

from flows.steps import dataset_release
from flows.steps.run_record import Run
from storage.dataset import shelf
from storage.library import connection
from tests.flows.test_incremental import Life
from yibao.dataset.schema import load_schema

TABLES = load_schema().tables


def release(life: Life):
    """Make a release of a life's day; returns what the run tells of it."""
    outcome = dataset_release.release_dataset(Run(life.settings, str(uuid.uuid4()), "release", life.on))
    assert not outcome.failures, outcome.failures
    return outcome


def announce(life: Life, *deeds: str) -> None:
    """A day on which papers are announced, and whatever else is named happens; it is published."""
    life.day()
    with connection.write_library(life.settings.paths.library) as library:
        for deed in ("announce", *deeds):
            getattr(life, deed)(library)
    life.publish()


def live(life: Life, days: int):
    """So many days, each published and released."""
    for _ in range(days):
        announce(life, "translate", "version")
        release(life)
    return life


def folders(life: Life) -> list[Path]:
    """The folders of the releases that are listed, oldest first."""
    public = life.settings.paths.public
    return [shelf.find_folder(public, one.name) for one in reversed(shelf.read_list(public).releases)]


def rows_of(folder: Path) -> dict[str, list[tuple]]:
    """Every row of a release's database, by table, in an order of its own."""
    with duckdb.connect(str(folder / "yibao.duckdb"), read_only=True) as database:
        return {table.name: sorted(database.execute(f"FROM {table.name}").fetchall(), key=repr) for table in TABLES}


def parquet_rows_of(folder: Path) -> dict[str, list[tuple]]:
    """The same of its Parquet files."""
    with duckdb.connect() as reader:
        return {
            table.name: sorted(reader.execute(f"FROM '{folder}/{table.name}/*.parquet'").fetchall(), key=repr)
            for table in TABLES
        }


def apply_changes(before: dict[str, list[tuple]], folder: Path) -> dict[str, list[tuple]]:
    """The rows of the release before, with the changes that a release tells, as its documentation says."""
    after = {}
    with duckdb.connect() as reader:
        for table in TABLES:
            places = [table.names.index(name) for name in table.key]
            rows = {tuple(row[place] for place in places): row for row in before[table.name]}
            changes = reader.execute(f"FROM '{folder}/changes/{table.name}.parquet'").fetchall()
            for change, *row in changes:
                key = tuple(row[place] for place in places)
                assert (key in rows) == (change != "added"), (table.name, change, key)
                if change == "removed":
                    del rows[key]
                else:
                    rows[key] = tuple(row)
            after[table.name] = sorted(rows.values(), key=repr)
    return after
