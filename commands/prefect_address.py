"""Where a Prefect server answers that a run by hand may join.

`yibao schedule` writes its server's address into the data folder while it holds the schedule's lock. The address is
not trusted while the lock is free: whoever listens there then is somebody else.
"""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPException
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from commands import ports
from storage import file_locks
from yibao.settings import Settings

_ANSWER_S = 5.0
#: What Prefect's client asks first: only Prefect answers with a version in quotes.
_VERSION_PATH = "admin/version"
_LONGEST_VERSION = 100


@contextmanager
def hold_schedule_lock(data: Path) -> Iterator[None]:
    """Keep every other schedule away from this installation while the block runs.

    Raises:
        YibaoError: a schedule runs already.
    """
    path = _lock_path(data)
    refusal = f"`yibao schedule` runs already for this installation ({path} is locked). Stop it first."
    with file_locks.hold_lock(path, refusal):
        try:
            yield
        finally:
            _address_path(data).unlink(missing_ok=True)


def find_server(settings: Settings) -> str | None:
    """Return the address of the server to join: `prefect.api_url`, or the schedule's; None where no flow can run."""
    named = settings.prefect.api_url
    api_url = named or read_address(settings.paths.data)
    if api_url is None:
        return None
    fault = find_fault(api_url)
    if fault and named:
        click.echo(f"yibao: prefect.api_url: {fault}. This run starts a server of its own.", err=True)
    return None if fault else api_url


def find_fault(api_url: str) -> str | None:
    """Say why no flow can run on the server at `api_url`; None where it is Prefect's, of our version.

    A server that wants credentials is believed to be Prefect's: its client has them.
    """
    try:
        with _open(f"{api_url}/{_VERSION_PATH}") as response:
            version = response.read(_LONGEST_VERSION).decode(errors="replace")
    except urllib.error.HTTPError as error:
        if error.code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) or _is_cloud(api_url):
            return None
        return _describe_stranger(api_url, f"HTTP {error.code} for {_VERSION_PATH}")
    except (OSError, HTTPException):
        return f"no Prefect server answers at {api_url}"
    return _compare_versions(api_url, version.strip())


def is_answering(api_url: str) -> bool:
    """Tell whether a server answers at `api_url`, whatever it answers short of an error of its own."""
    try:
        _open(f"{api_url}/health").close()
    except urllib.error.HTTPError as error:
        return error.code < HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, HTTPException):
        return False
    return True


def count_flow_runs(api_url: str, deployments: str, state: str) -> int:
    """Count the flow runs in a state, such as Scheduled or Late, of deployments whose name contains `deployments`.

    Raises:
        OSError: the server does not answer.
        ValueError: it answers something else.
    """
    question = {"flow_runs": {"state": {"name": {"any_": [state]}}}, "deployments": {"name": {"like_": deployments}}}
    with _open(f"{api_url}/flow_runs/count", json.dumps(question).encode()) as response:
        return int(json.load(response))


def _open(url: str, body: bytes | None = None) -> Any:
    # A proxy has no business between us and ourselves.
    handlers = [urllib.request.ProxyHandler({})] if f"//{ports.HOST}:" in url else []
    return urllib.request.build_opener(*handlers).open(
        urllib.request.Request(url, body, {"Content-Type": "application/json"} if body else {}),  # noqa: S310
        timeout=_ANSWER_S,
    )


def _is_cloud(api_url: str) -> bool:
    """Tell whether this is Prefect Cloud, which suits every version, and whose client does not ask for it."""
    return (urlsplit(api_url).hostname or "").endswith("prefect.cloud")


def _compare_versions(api_url: str, answer: str) -> str | None:
    version, ours = re.fullmatch(r'"((\d+)\.\d[^"]*)"', answer), metadata.version("prefect")
    if not version:
        return _describe_stranger(api_url, f"no version of Prefect for {_VERSION_PATH}")
    if version[2] == ours.partition(".")[0]:
        return None
    return f"the server at {api_url} is Prefect {version[1]}, and ours is {ours}: both must be of one major version"


def _describe_stranger(api_url: str, sign: str) -> str:
    return f"what answers at {api_url} is not Prefect's API ({sign}). Correct the address; it ends with /api"


def write_address(data: Path, api_url: str) -> None:
    """Tell runs by hand where the schedule's server answers; to be called with the lock held."""
    _address_path(data).write_text(api_url, encoding="ascii")


def read_address(data: Path) -> str | None:
    """Return where the schedule's server answers; None where no schedule is up for this installation."""
    if not file_locks.is_lock_held(_lock_path(data)):
        return None
    with suppress(OSError):
        return _address_path(data).read_text(encoding="ascii") or None
    return None


def _lock_path(data: Path) -> Path:
    return data / "schedule.lock"


def _address_path(data: Path) -> Path:
    return data / "schedule.address"
