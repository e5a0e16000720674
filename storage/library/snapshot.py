"""A bulk metadata snapshot, into the library: millions of records, compared first, then stored in large transactions.

What the library has is found by fingerprint first, so that a second import writes nothing. DuckDB reads the files.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.resources import files
from typing import Any, NamedTuple

import duckdb

from storage.library import papers, pending
from storage.library.connection import Connection
from yibao.categories import find_canonical, list_known_codes
from yibao.errors import YibaoError
from yibao.records import Paper
from yibao.withdrawals import STATEMENT

#: The columns of the snapshot that are read, with DuckDB's types for them.
COLUMNS = {
    "id": "VARCHAR",
    "submitter": "VARCHAR",
    "authors": "VARCHAR",
    "title": "VARCHAR",
    "comments": "VARCHAR",
    "journal-ref": "VARCHAR",
    "doi": "VARCHAR",
    "report-no": "VARCHAR",
    "categories": "VARCHAR",
    "license": "VARCHAR",
    "abstract": "VARCHAR",
    "versions": "STRUCT(version VARCHAR, created VARCHAR)[]",
    "update_date": "VARCHAR",
    "created": "VARCHAR",  # Not in the snapshot itself; some archives made from it have it instead of versions.
    "authors_parsed": "VARCHAR[][]",
}
_OF_A_FILE = re.compile(r'database|duckdb|"[^"]*/|No space|[Ww]rite')
_MEMORY = "2GB"
#: Archives that took identifiers for numbers have some hundred thousand; each is held in memory.
_MOST_DOUBTFUL = 1_000_000
_FINGERPRINT = """fingerprint_of(
    title, abstract, authors, categories, comments, "journal-ref", doi, "report-no", license, submitter, versions,
    created
)"""
# Identifiers as the snapshot writes them, without `arXiv:` and version. Six digits are foreseen.
_MONTH = "(0[1-9]|1[0-2])"
_GOOD_ID = (
    rf"(0[7-9]|1[0-4]){_MONTH}\.\d{{4}}|(1[5-9]|[2-9]\d){_MONTH}\.\d{{5,6}}"
    r"|[a-z]+(-[a-z]+)*(\.[A-Z]{2})?/\d{7}"
)
# The first column for whose sake a record cannot be stored; NULL where it can. A list that was read as text is no text.
_COLUMN_IN_DOUBT = f"""CASE
    WHEN coalesce(id, '') = '' THEN ''
    WHEN is_missing(title) OR is_structure(title) THEN 'title'
    WHEN is_structure(abstract) THEN 'abstract'
    WHEN is_structure(authors) THEN 'authors'
    WHEN NOT has_category(categories) THEN 'categories'
    WHEN NOT regexp_full_match(id, '{_GOOD_ID}') THEN 'id'
END"""
_VALUES = " ".join(f"WHEN '{column}' THEN {column}" for column in ("title", "abstract", "authors", "categories"))


class UnreadableLinesError(YibaoError):
    """A line is no record. DuckDB stops at the first one and does not tell of the others."""


class DamagedFileError(YibaoError):
    """The file cannot be read: a Parquet file that is none, compression that is damaged."""


class Doubtful(NamedTuple):
    """A record that cannot be stored as the file has it, and why."""

    given: str | None
    #: Of the first version, as the file has it; None where it has none.
    created: str | None
    #: `id`: the identifier is not one, and may be repaired. Otherwise the column that lacks its value, or whose value
    #: is not of its kind.
    column: str
    #: What that column says; None where it says nothing.
    value: str | None
    #: From 1, where the file tells it.
    line: int | None


def prepare_import(connection: Connection) -> None:
    """Set the connection up to read snapshots, in bounded memory."""
    connection.execute(f"SET memory_limit = '{_MEMORY}'; SET preserve_insertion_order = false")
    # A checkpoint would write most of what came in once more, to join the row groups that two threads left unfilled.
    connection.execute("SET max_vacuum_tasks = 0")
    # DuckDB cannot tell how long a JSON file is, and would build its hash tables from all of it.
    connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
    codes = list_known_codes()
    plain = "|".join(code.replace(".", r"\.") for code in codes if find_canonical(code) == code)
    connection.execute("SET VARIABLE statement = $statement", {"statement": STATEMENT})
    connection.execute("SET VARIABLE plain = $plain", {"plain": f"(?:{plain})(?: (?:{plain}))*"})
    connection.execute(
        "SET VARIABLE canonical = map($names, $meant)",
        {"names": codes, "meant": [find_canonical(code) for code in codes]},
    )
    connection.execute((files("storage.library") / "macros.sql").read_text(encoding="utf-8"))


def name_json_relation(path: str, *, has_lines: bool = False) -> str:
    """Name the rows of a JSON-lines file in SQL; it may be compressed. With `has_lines` each record has its line."""
    own = {"line": "BIGINT"} if has_lines else {}
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in {**COLUMNS, **own}.items())
    return f"read_json({_literal(path)}, format = 'newline_delimited', columns = {{{columns}}})"


def read_types(connection: Connection, path: str) -> dict[str, str]:
    """Return the columns of a Parquet file, with DuckDB's types for them.

    Raises:
        DamagedFileError: it is no Parquet file, or was cut off.
    """
    try:
        rows = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({_literal(path)})").fetchall()  # noqa: S608
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise DamagedFileError(f"The Parquet file is damaged, cut off, or none ({reason}). Get it again.") from error
    return {row[0]: row[1] for row in rows}


def name_parquet_relation(connection: Connection, path: str) -> str:
    """Return the rows of a Parquet file with any of the snapshot's columns, as SQL; what it lacks is NULL.

    Raises:
        DamagedFileError: it is no Parquet file, or was cut off.
    """
    file = f"read_parquet({_literal(path)}, file_row_number = true)"
    have = read_types(connection, path)
    named = {name: next((one for one in (name, name.replace("-", "_")) if one in have), None) for name in COLUMNS}
    chosen = ", ".join(
        f'TRY_CAST("{column}" AS {COLUMNS[name]}) AS "{name}"' if column else f'NULL::{COLUMNS[name]} AS "{name}"'
        for name, column in named.items()
    )
    return f"(SELECT {chosen}, file_row_number, file_row_number + 1 AS line FROM {file})"  # noqa: S608  (names of ours, and a quoted path)


def rows_of(relation: str, first: int, end: int) -> str:
    """Some rows of a Parquet file, from 0, as SQL."""
    return f"(FROM {relation} WHERE file_row_number >= {first:d} AND file_row_number < {end:d})"


def find_doubtful_records(connection: Connection, relation: str) -> list[Doubtful]:
    """Read identifier and fingerprint of every record of the file; returns those that cannot be stored as they are.

    Raises:
        UnreadableLinesError: make a copy without the lines that are no records, and read that.
    """
    _execute(
        connection,
        f"""
        CREATE OR REPLACE TEMP TABLE seen AS
        SELECT
            id AS given,
            {_COLUMN_IN_DOUBT} AS doubted,
            CASE WHEN doubted IS NULL THEN regexp_replace(id, '\\.[A-Z]{{2}}/', '/') END AS arxiv_id,
            {_FINGERPRINT} AS fingerprint,
            TRY_CAST(substr(versions[-1].version, 2) AS INTEGER) AS version,
            TRY_CAST(update_date AS DATE) AS updated_on,
            false AS is_repaired
        FROM {relation} AS part
    """,  # noqa: S608  (our own file's name, quoted)
    )
    (count,) = _row(connection, "SELECT count(doubted) FROM seen")
    if count > _MOST_DOUBTFUL:
        raise YibaoError(f"{count:,} of the file's records are not as arXiv writes them: this is not arXiv's snapshot.")
    if not count:
        return []
    return find_doubtful(connection, relation)


def find_doubtful(connection: Connection, relation: str) -> list[Doubtful]:
    """Find the records that cannot be stored as they are, in the order of their lines where the file tells them."""
    has_line = "line" in {row[0] for row in connection.execute(f"DESCRIBE FROM {relation}").fetchall()}
    rows = connection.execute(
        f"""
        SELECT given, created, doubted, CASE doubted {_VALUES} END, line FROM (
            SELECT
                part.* EXCLUDE (created),
                id AS given,
                coalesce(versions[1].created, part.created) AS created,
                {_COLUMN_IN_DOUBT} AS doubted,
                {"part.line" if has_line else "NULL"} AS line
            FROM {relation} AS part
        )
        WHERE doubted IS NOT NULL
        ORDER BY line, given, doubted
        """  # noqa: S608  (our own names, and a quoted path)
    )
    return [Doubtful(*row) for row in rows.fetchall()]


def mark_changed_papers(connection: Connection) -> None:
    """Mark the papers that readers know and that are to be stored as pending. Call it before any of them is stored."""
    rows = connection.execute("""
        SELECT arxiv_id FROM wanted
        SEMI JOIN (SELECT arxiv_id FROM announcement UNION SELECT arxiv_id FROM translation) USING (arxiv_id)
    """)
    pending.mark_papers_pending(connection, [row[0] for row in rows.fetchall()])


def store_records(connection: Connection, relation: str, on: date) -> None:
    """Store what of these rows is new, papers apart that the file has twice. Call it in a transaction.

    Raises:
        UnreadableLinesError: the relation has lines that are no records.
    """
    if _count(connection, "is_known AND NOT is_mixed AND NOT is_twice"):
        in_part = f"SEMI JOIN (SELECT id AS given FROM {relation}) AS part USING (given)"  # noqa: S608
        _end(connection, in_part, "NOT is_twice", on)
    _execute(connection, _insert(relation, "NOT wanted.is_twice AND NOT wanted.is_mixed"), {"on": on})


def store_repeated_records(connection: Connection, relation: str, on: date) -> None:
    """Store the papers that the file has more than once, each by its best record. Call it in a transaction."""
    if not _count(connection, "is_twice AND NOT is_mixed"):
        return
    _end(connection, "", "is_twice", on)
    connection.execute(_insert(relation, "wanted.is_twice AND NOT wanted.is_mixed", is_twice=True), {"on": on})


def read_mixed_records(connection: Connection, relation: str) -> list[Paper]:
    """Read the records of papers that the library knows from other kinds of record, to be merged with them."""
    if not _count(connection, "is_mixed"):
        return []
    query = _select(relation, "wanted.is_mixed", is_twice=True)
    columns = f"{papers.COLUMNS}, fingerprint"
    rows = connection.execute(f"SELECT {columns} FROM ({query}) ORDER BY arxiv_id", {"on": date.min})  # noqa: S608
    return [papers.paper_of(row) for row in rows.fetchall()]


def _execute(connection: Connection, query: str, parameters: Mapping[str, Any] | None = None) -> None:
    try:
        connection.execute(query, parameters)
    except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.SerializationException) as error:
        raise UnreadableLinesError(str(error).splitlines()[0]) from error
    except duckdb.IOException as error:
        # Of a decompressor DuckDB repeats the words, without a file's name; what concerns the library bears one.
        if _OF_A_FILE.search(str(error)):
            raise
        raise DamagedFileError(f"The compressed file is damaged or cut off ({error}). Get it again.") from error


def _end(connection: Connection, join: str, condition: str, on: date) -> None:
    ids = f"SELECT arxiv_id FROM wanted {join} WHERE is_known AND NOT is_mixed AND {condition}"  # noqa: S608
    papers.end_states(connection, [row[0] for row in connection.execute(ids).fetchall()], on)


def _insert(relation: str, condition: str, *, is_twice: bool = False) -> str:
    return f"INSERT INTO paper_state BY NAME {_select(relation, condition, is_twice=is_twice)}"


def _select(relation: str, condition: str, *, is_twice: bool) -> str:
    """Select the states that rows of the file make; of a paper that it has twice, that of its best record."""
    best = f"AND {_FINGERPRINT} = wanted.fingerprint QUALIFY row_number() OVER (PARTITION BY wanted.arxiv_id) = 1"
    # Few rows are looked at twice; the others must not be fingerprinted again.
    few = f"(FROM {relation} WHERE id IN (SELECT given FROM wanted WHERE {condition}))"  # noqa: S608
    rows = few if is_twice else relation
    return f"""
        SELECT
            wanted.arxiv_id AS arxiv_id,
            versions_of(versions)[-1].version AS version,
            one_line(title) AS title,
            abstract_of(abstract) AS abstract,
            CASE
                WHEN authors_parsed IS NOT NULL THEN parsed_authors(authors_parsed)
                WHEN authors IS NOT NULL THEN byline_authors(authors)
                ELSE []
            END AS authors,
            categories_of(categories) AS categories,
            categories_of(categories)[1] AS primary_category,
            classes_of(categories) AS subject_classes,
            one_line(comments) AS comment,
            one_line("journal-ref") AS journal_ref,
            doi,
            "report-no" AS report_no,
            license,
            submitter,
            versions_of(versions) AS versions,
            says_withdrawn(comments, abstract) AS is_withdrawn,
            coalesce(versions_of(versions)[1].submitted_at, midnight(part.created)) AS submitted_at,
            CASE
                WHEN versions_of(versions)[1].submitted_at IS NOT NULL THEN 'second'
                WHEN midnight(part.created) IS NOT NULL THEN 'day'
            END AS submitted_precision,
            versions_of(versions)[-1].submitted_at AS updated_at,
            'bulk' AS source,
            wanted.fingerprint AS fingerprint,
            coalesce(wanted.first_seen_on, $on) AS first_seen_on,
            greatest($on, wanted.known_from) AS known_from,
            now() AS known_from_at
        FROM {rows} AS part
        JOIN wanted ON wanted.given = part.id
        WHERE {condition} {best if is_twice else ""}
    """  # noqa: S608  (our own names, and a quoted path)


def _count(connection: Connection, condition: str) -> int:
    return int(_row(connection, f"SELECT count(*) FROM wanted WHERE {condition}")[0])  # noqa: S608


def _row(connection: Connection, query: str) -> Sequence[Any]:
    row = connection.execute(query).fetchone()
    if row is None:
        raise AssertionError("a count is always there")
    return row


def _literal(path: str) -> str:
    return "'" + path.replace("'", "''") + "'"
