"""What a check of curators' files found, kept by content, so that only what changed is checked again.

A cache: losing it costs time, nothing else. It belongs to the user, not to an installation, because files are checked
where there is none.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: What was not asked for in this time is forgotten.
_KEPT_S = 60 * 24 * 3600.0
_TABLE = (
    "CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, value TEXT NOT NULL, used_at REAL NOT NULL) WITHOUT ROWID"
)


class Cache:
    """Values by key. Not shared between threads."""

    def __init__(self, database: sqlite3.Connection, now: float) -> None:
        self._database = database
        self._now = now
        self._used: list[bytes] = []
        self._is_writable = True

    def get(self, key: bytes) -> object | None:
        """Return the value that was kept under this key; None where none was."""
        try:
            row = self._database.execute("SELECT value FROM kept WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error:
            return None  # Damaged: it is checked again.
        if row is None:
            return None
        self._used.append(key)
        value: object = json.loads(row[0])
        return value

    def put(self, key: bytes, value: object) -> None:
        """Keep the value under this key, where the disk takes it."""
        if not self._is_writable:
            return
        content = json.dumps(value, ensure_ascii=False)
        try:
            self._database.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", (key, content, self._now))
        except sqlite3.Error:
            self._is_writable = False  # Read-only, full, or another check is at it: the next one takes longer.

    def close(self) -> None:
        """Note what was used in this check, and forget what nobody used for long."""
        self._database.executemany(
            "UPDATE kept SET used_at = ? WHERE key = ? AND used_at < ?",
            [(self._now, key, self._now - _KEPT_S / 2) for key in self._used],
        )
        self._database.execute("DELETE FROM kept WHERE used_at < ?", (self._now - _KEPT_S,))
        self._database.commit()


@contextmanager
def open_cache(path: Path, now: float) -> Iterator[Cache]:
    """Open the cache at this path; one in memory where it cannot be opened or is damaged.

    `now`: seconds since the epoch, by which what nobody used for long is forgotten.
    """
    with _open_database(path) as database:
        cache = Cache(database, now)
        yield cache
        try:
            cache.close()
        except sqlite3.Error:
            return  # A full disk, or another process at it: the next check takes longer.


@contextmanager
def _open_database(path: Path) -> Iterator[sqlite3.Connection]:
    database = _connect(str(path)) if _make_folder(path.parent) else None
    database = database or _connect(":memory:")
    if database is None:
        raise AssertionError("memory always opens")
    try:
        yield database
    finally:
        database.close()


def _make_folder(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return True


def _connect(name: str) -> sqlite3.Connection | None:
    try:
        database = sqlite3.connect(name, timeout=5)
        database.execute("PRAGMA synchronous = OFF")
        database.execute(_TABLE)
    except sqlite3.Error:
        return None
    return database
