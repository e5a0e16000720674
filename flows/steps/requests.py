"""Requests to arXiv: every answer is kept before it is read, and a host that will not answer is not asked again."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import urlsplit

from flows.steps.environment import SystemClock
from flows.steps.run_record import Run
from storage.responses import KeptResponse, Responses
from yibao.arxiv.client import Client
from yibao.errors import GivenUpError, RefusedError, UnreachableError, UpstreamError
from yibao.run_report import Outcome
from yibao.settings import Arxiv

R = TypeVar("R")

_READABLE = (200, 400)  # 400 comes with a document that says why.
_log = logging.getLogger(__name__)
#: The connection that this process keeps open; see `keep_connection`.
_open_clients: dict[Arxiv, Client] = {}


@contextmanager
def keep_connection(arxiv: Arxiv) -> Iterator[None]:
    """Let all requests that this process makes while the block runs share one connection."""
    with Client(arxiv, SystemClock()) as client:
        _open_clients[arxiv] = client
        try:
            yield
        finally:
            _open_clients.pop(arxiv, None)


def fetch(run: Run, url: str, given_up: Mapping[str, str], read: Callable[[bytes, str], R]) -> tuple[KeptResponse, R]:
    """Fetch `url` in its turn, keep the answer's bytes, and read them, which shows whether they are what was asked for.

    Raises:
        GivenUpError: the host is among `given_up`, which has the reasons by host.
        UpstreamError: as the client or `read` says.
    """
    host = urlsplit(url).netloc
    if host in given_up:
        raise GivenUpError(url, given_up[host])
    with _connect(run.settings.arxiv) as client:
        response = client.get(url, accept=lambda status: status in _READABLE)
    kept = Responses(run.settings.paths.responses).keep_response(
        url, run.on, response.status, response.body, response.content_type, response.fetched_at
    )
    reading = read(response.body, url)
    _log.info("%s: %s bytes", url, len(response.body))
    return kept, reading


def check_clock(run: Run) -> None:
    """Ask arXiv one thing, for the date of its answer.

    Raises:
        ClockError: this machine's clock is wrong by more than a day.
        UpstreamError: arXiv could not be asked.
    """
    with _connect(run.settings.arxiv) as client:
        client.get(f"{run.settings.arxiv.oai_url}?verb=Identify", accept=lambda status: status in _READABLE)


def read_body(run: Run, kept: KeptResponse) -> bytes:
    """Read the bytes of a kept answer.

    Raises:
        DamagedResponseError: they cannot be had again.
    """
    return Responses(run.settings.paths.responses).read_body(kept.sha256)


def report_trouble(error: UpstreamError) -> Outcome:
    """Say what went wrong where another source may make it good."""
    return give_up_host(error) + Outcome(troubles=(describe_fault(error),))


def give_up_host(error: UpstreamError) -> Outcome:
    """Say which host is not to be asked again in this run because of an error, if any."""
    is_host = isinstance(error, UnreachableError) or (isinstance(error, RefusedError) and error.is_of_whole_host)
    return Outcome(given_up={urlsplit(error.url).netloc: shorten_fault(error)} if is_host else {})


def describe_fault(error: UpstreamError) -> str:
    """Say what went wrong, where, and what the operator can do."""
    host = urlsplit(error.url).netloc
    if isinstance(error, GivenUpError):
        return f"{host} is not asked again in this run: {error.reason}"
    if isinstance(error, UnreachableError):
        return f"arXiv could not be reached: {host} {error.reason}"
    return f"{error.url.partition('?')[0]}: {error.reason}{f'. {error.advice}' if error.advice else ''}"


def shorten_fault(error: UpstreamError) -> str:
    """Say what went wrong in a few words, for the ledger."""
    is_silent = isinstance(error, UnreachableError) and not isinstance(error, GivenUpError)
    return "arXiv could not be reached" if is_silent else error.reason


@contextmanager
def _connect(arxiv: Arxiv) -> Iterator[Client]:
    """Use the connection that is kept open, or one of our own."""
    kept = _open_clients.get(arxiv)
    if kept:
        yield kept
        return
    with Client(arxiv, SystemClock()) as client:
        yield client
