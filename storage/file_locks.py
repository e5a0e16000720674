"""Locks between processes of one machine; the operating system frees the lock of a process that was killed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from yibao.errors import YibaoError

#: Whoever only looks whether a lock is held holds it for less.
_PATIENCE_S = 0.5


@contextmanager
def hold_lock(path: Path, refusal: str) -> Iterator[None]:
    """Hold the lock while the block runs.

    Raises:
        YibaoError: another process holds it; the message is `refusal`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=_PATIENCE_S)
    except Timeout:
        raise YibaoError(refusal) from None
    try:
        yield
    finally:
        lock.release()


def is_lock_held(path: Path) -> bool:
    """Tell whether a process holds the lock now."""
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
