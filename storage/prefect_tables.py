"""Prefect's empty tables, kept in the user's cache: to make them takes its server longer than the rest of its start.

A cache: losing it costs seconds, nothing else. It is named by Prefect's version, whose tables it holds.
"""

import os
import sqlite3
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path

import platformdirs

#: The file in Prefect's home.
_DATABASE = "prefect.db"


def has_tables(home: Path) -> bool:
    """Tell whether Prefect's home has a database already."""
    return (home / _DATABASE).exists()


def copy_tables(home: Path) -> None:
    """Begin Prefect's home with the tables that were kept, where it has none and they are sound."""
    source = _kept_path()
    if has_tables(home) or not source.exists():
        return
    with suppress(OSError):
        content = source.read_bytes()
        if _is_whole(content):
            partial = home / f"{_DATABASE}.part"
            partial.write_bytes(content)
            partial.replace(home / _DATABASE)
        else:
            source.unlink()


def keep_tables(home: Path) -> None:
    """Keep the tables of a server that has just made them, before anything is in them."""
    target = _kept_path()
    with suppress(OSError, sqlite3.Error):
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(f".{os.getpid()}.part")
        with (
            closing(sqlite3.connect(f"file:{home / _DATABASE}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(partial)) as copy,
        ):
            source.backup(copy)
        partial.replace(target)


def _is_whole(content: bytes) -> bool:
    """Tell whether a database has as many pages as its header says. See https://www.sqlite.org/fileformat2.html."""
    page_size, pages = int.from_bytes(content[16:18], "big"), int.from_bytes(content[28:32], "big")
    return content.startswith(b"SQLite format 3\0") and len(content) == page_size * pages > 0


def _kept_path() -> Path:
    return platformdirs.user_cache_path("yibao") / f"prefect-{version('prefect')}.sqlite3"
