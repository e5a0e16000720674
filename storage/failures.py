"""What a failure of a database means for a person: full and read-only disks, damaged files, too little memory."""

import re
import sqlite3
import sys

import duckdb

#: By words of SQLite and DuckDB: what to do.
_REMEDIES = (
    (r"no space left|disk is full|database or disk is full", "Make room on that disk and run again."),
    (r"read-?only", "That disk or file is read-only: make it writable, or name another folder in paths.data."),
    (r"permission denied|unable to open database file", "Check who owns paths.data, and its rights."),
    (r"too many open files", "Raise the limit of open files (`ulimit -n`) and run again."),
    (r"not a database|malformed|damaged|corrupt", "The file is damaged: put back a copy of it from your backup."),
    (r"out of memory|failed to allocate", "Give the machine more memory, or stop other programs, and run again."),
    (r"lock", "Another program uses the database: run again when it has ended."),
)


def explain_database_error(error: BaseException) -> str | None:
    """Say in one sentence what the world did to a database, and what to do; None for faults of the program."""
    # Only what is imported can have raised it; to import it takes longer than most commands.
    sqlalchemy_errors = sys.modules.get("sqlalchemy.exc")
    if sqlalchemy_errors and isinstance(error, sqlalchemy_errors.DBAPIError):
        # Statement and parameters are left out: they may name people.
        message = str(error.orig)
    elif isinstance(error, (duckdb.Error, sqlite3.Error)):
        message = str(error)
    else:
        return None
    remedy = next((remedy for words, remedy in _REMEDIES if re.search(words, message, re.IGNORECASE)), None)
    return f"The database in paths.data failed: {message.splitlines()[0].rstrip('.')}. {remedy}" if remedy else None
