"""Where a Prefect server answers that a run by hand may join.

`yibao schedule` writes its server's address into the data folder while it holds the schedule's lock. The address is
not trusted while the lock is free: whoever listens there then is somebody else.
"""

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path

import click
from filelock import FileLock, Timeout

from commands import ports
from yibao.errors import YibaoError
from yibao.settings import Settings

_ANSWER_S = 5.0
#: Whoever only looks whether the schedule is up holds its lock for less.
_LOCK_PATIENCE_S = 0.5


@contextmanager
def hold_schedule_lock(data: Path) -> Iterator[None]:
    """Keep every other schedule away from this installation while the block runs.

    Raises:
        YibaoError: a schedule runs already.
    """
    lock = FileLock(data / "schedule.lock")
    try:
        lock.acquire(timeout=_LOCK_PATIENCE_S)
    except Timeout:
        raise YibaoError(
            f"`yibao schedule` runs already for this installation ({lock.lock_file} is locked). Stop it first."
        ) from None
    try:
        yield
    finally:
        _address_path(data).unlink(missing_ok=True)
        lock.release()


def find_server(settings: Settings) -> str | None:
    """Return the address of the server to join: `prefect.api_url`, or the schedule's; None where none answers."""
    named = settings.prefect.api_url
    api_url = named or read_address(settings.paths.data)
    if api_url is None or is_answering(api_url):
        return api_url
    if named:
        click.echo(f"yibao: no Prefect server answers at {named} (prefect.api_url); this run starts its own.", err=True)
    return None


def is_answering(api_url: str) -> bool:
    """Tell whether a server answers at `api_url`, whatever it answers short of an error of its own."""
    # A proxy has no business between us and ourselves.
    handlers = [urllib.request.ProxyHandler({})] if f"//{ports.HOST}:" in api_url else []
    try:
        urllib.request.build_opener(*handlers).open(f"{api_url}/health", timeout=_ANSWER_S).close()
    except urllib.error.HTTPError as error:
        return error.code < 500  # noqa: PLR2004  (the server's own faults)
    except (OSError, HTTPException):
        return False
    return True


def write_address(data: Path, api_url: str) -> None:
    """Tell runs by hand where the schedule's server answers; to be called with the lock held."""
    _address_path(data).write_text(api_url, encoding="ascii")


def read_address(data: Path) -> str | None:
    """Return where the schedule's server answers; None where no schedule is up for this installation."""
    if not _is_locked(data):
        return None
    with suppress(OSError):
        return _address_path(data).read_text(encoding="ascii") or None
    return None


def _is_locked(data: Path) -> bool:
    path = data / "schedule.lock"
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


def _address_path(data: Path) -> Path:
    return data / "schedule.address"
