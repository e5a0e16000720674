"""What the dataset's tables and columns are called, of which type they are, and what they mean: schema.toml, read."""

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple


class Column(NamedTuple):
    """A column. It may be NULL where its meaning says why."""

    name: str
    #: DuckDB's: VARCHAR, VARCHAR[], INTEGER, DOUBLE, BOOLEAN, DATE, TIMESTAMP (in UTC).
    type: str
    meaning: str

    @property
    def is_nullable(self) -> bool:
        """Whether it may be NULL."""
        return "NULL" in self.meaning


class Table(NamedTuple):
    """A table of the dataset."""

    name: str
    meaning: str
    #: Names the columns that tell rows apart; none of them is ever NULL.
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    #: An SPDX identifier, or `as-named`: each row names its own.
    license: str
    #: Whether its Parquet files hold a month of identifiers each; else there is one.
    by_month: bool = False

    @property
    def names(self) -> list[str]:
        """The names of its columns, in order."""
        return [column.name for column in self.columns]


class Schema(NamedTuple):
    """All tables, and the version under which they are promised."""

    version: str
    tables: tuple[Table, ...]

    def find_table(self, name: str) -> Table | None:
        """Find a table by its name; None where the dataset has none."""
        return next((table for table in self.tables if table.name == name), None)


#: What `license` of a table says, for people; with an address where there is one.
LICENSES = {
    "CC0-1.0": ("Public domain (CC0 1.0)", "https://creativecommons.org/publicdomain/zero/1.0/"),
    "MIT": ("MIT licence, as Yibao itself", "https://opensource.org/license/mit"),
    "as-named": ("As the column license of translation says; where it is NULL, all rights are the translator's", ""),
}


@lru_cache(maxsize=1)
def load_schema() -> Schema:
    """Load the schema of the releases that this program makes."""
    values = tomllib.loads((files("yibao.dataset") / "schema.toml").read_text(encoding="utf-8"))
    tables = [
        Table(
            table["name"],
            table["meaning"],
            tuple(table["key"]),
            tuple(Column(*column) for column in table["columns"]),
            table["license"],
            table.get("by_month", False),
        )
        for table in values["tables"]
    ]
    return Schema(values["version"], tuple(tables))
