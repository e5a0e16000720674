"""Everything that is known of people, copied from one database into another: SQLite or PostgreSQL, either way."""

from sqlalchemy import Column, Connection, Integer, Table, func, insert, select, text

from storage.people.database import People
from storage.people.schema import METADATA
from yibao.errors import PeopleError

#: Rows that are read and written at a time: memory stays the same, whatever there is.
_PORTION = 5_000


def copy_people(source: People, target: People) -> dict[str, int]:
    """Copy every row into an empty database, as of one moment; returns how many by table.

    Numbers that were given once are not given again: old mail names them.

    Raises:
        PeopleError: there are people in the target, or one of the two cannot be used.
    """
    with target.begin() as writer:
        if any(count_rows(writer).values()):
            raise PeopleError("The database of people is not empty. Name an empty one, or move what is there away.")
        with source.connect() as reader:
            if reader.dialect.name == "postgresql":
                reader.execution_options(isolation_level="REPEATABLE READ")
            return {table.name: _copy_table(reader, writer, table) for table in METADATA.sorted_tables}


def count_rows(connection: Connection) -> dict[str, int]:
    """Count the rows of each table."""
    return {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in METADATA.sorted_tables
    }


def _copy_table(reader: Connection, writer: Connection, table: Table) -> int:
    rows = reader.execution_options(yield_per=_PORTION).execute(select(table)).mappings()
    copied = 0
    for portion in rows.partitions(_PORTION):
        writer.execute(insert(table), [dict(row) for row in portion])
        copied += len(portion)
    if (number := _find_number(table)) is not None:
        _continue_numbers(writer, table, number, _read_last_number(reader, table, number))
    return copied


def _find_number(table: Table) -> Column[int] | None:
    """Find the column that the database numbers by itself."""
    (key, *others) = table.primary_key.columns
    counted = isinstance(key.type, Integer) and not key.foreign_keys and not others
    return key if counted else None


def _read_last_number(connection: Connection, table: Table, number: Column[int]) -> int:
    """Read the last number that was given, also where its row is gone."""
    if connection.dialect.name == "postgresql":
        sequence = connection.scalar(select(func.pg_get_serial_sequence(table.name, number.name)))
        return connection.scalar(text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")) or 0  # noqa: S608  (PostgreSQL's own name)
    if table.kwargs.get("sqlite_autoincrement"):
        row = connection.execute(
            text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}
        ).first()
        return int(row[0]) if row else 0
    return connection.scalar(select(func.max(number))) or 0


def _continue_numbers(connection: Connection, table: Table, number: Column[int], last: int) -> None:
    """See to it that the next row gets the number after `last`."""
    if not last:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.setval(func.pg_get_serial_sequence(table.name, number.name), last)))
    elif table.kwargs.get("sqlite_autoincrement"):
        values = {"name": table.name, "last": last}
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), values)
