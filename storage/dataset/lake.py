"""A frozen DuckLake: a catalogue beside a release's Parquet files, for readers who attach all tables at once over HTTP.

It names the files by the release's public address. Whoever has a copy attaches it with OVERRIDE_DATA_PATH.
"""

from pathlib import Path

import duckdb
import duckdb_extensions

from storage.dataset.database import quote
from yibao.dataset.schema import Schema

NAME = "yibao.ducklake"


def write_lake(folder: Path, schema: Schema, url: str) -> str:
    """Write the catalogue of a release's Parquet files; returns why there is none, or nothing.

    Args:
        folder: of the release; its Parquet files are all there.
        schema: of its tables.
        url: where the folder will be, with a slash at its end.
    """
    try:
        duckdb_extensions.import_extension("ducklake")
        with duckdb.connect() as connection:
            connection.execute("LOAD ducklake")
            _catalogue(connection, folder, schema, url)
    except (duckdb.Error, ImportError, OSError) as error:
        (folder / NAME).unlink(missing_ok=True)
        return f"the release has no DuckLake catalogue: {str(error).splitlines()[0]}"
    return ""


def _catalogue(connection: duckdb.DuckDBPyConnection, folder: Path, schema: Schema, url: str) -> None:
    path = folder / NAME
    connection.execute(f"ATTACH {quote(f'ducklake:{path}')} AS lake (DATA_PATH {quote(f'{folder}/')})")
    # In one transaction: else each comment is a snapshot of its own.
    connection.begin()
    for table in schema.tables:
        columns = ", ".join(
            f"{column.name} {column.type}" + ("" if column.is_nullable else " NOT NULL") for column in table.columns
        )
        connection.execute(f"CREATE TABLE lake.{table.name} ({columns})")
        connection.execute(f"COMMENT ON TABLE lake.{table.name} IS {quote(table.meaning)}")
        for column in table.columns:
            connection.execute(f"COMMENT ON COLUMN lake.{table.name}.{column.name} IS {quote(column.meaning)}")
        connection.execute(
            f"CALL ducklake_add_data_files('lake', {quote(table.name)}, {quote(folder / table.name / '*.parquet')})"
        )
    connection.commit()
    connection.execute("DETACH lake")
    connection.execute(f"ATTACH {quote(path)} AS catalogue")
    # DuckLake keeps whole paths of files that it did not write: make them those of the release, wherever it is.
    connection.execute(
        "UPDATE catalogue.ducklake_data_file SET path = parse_filename(path), path_is_relative = true;"
        "UPDATE catalogue.ducklake_schema SET path = '', path_is_relative = true;"
        f"UPDATE catalogue.ducklake_metadata SET value = {quote(url)} WHERE key = 'data_path'"
    )
    connection.execute("DETACH catalogue")
