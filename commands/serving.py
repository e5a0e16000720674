"""The published tree handed out over HTTP, until somebody stops it."""

import contextlib
import errno
import socket
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click
import uvicorn

from commands.query_feeds import Answers
from yibao.errors import YibaoError
from yibao.settings import Settings
from yibao.web.application import make_application
from yibao.web.protocol import BACKLOG, IDLE_TIME_S, BoundedProtocol

_SHUTDOWN_S = 5
_REASONS = {
    errno.EADDRINUSE: "another program listens there. Stop it, or choose another --port.",
    errno.EADDRNOTAVAIL: "this machine has no such address. Choose another --host, such as 127.0.0.1 or 0.0.0.0.",
    errno.EACCES: "you may not listen there. Choose a --port above 1023.",
}
#: This machine has the other kind of addresses only.
_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class _Server(uvicorn.Server):
    """Says so once it listens."""

    greeting = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        click.echo(self.greeting)


@contextlib.contextmanager
def listen(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Listen at every address of a host, until the block ends.

    Raises:
        YibaoError: nobody can listen there; the message says why, and what to do.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        sockets = _open_all({(family, address[:2]) for family, _, _, _, address in found})
    except (OSError, UnicodeError) as error:
        raise YibaoError(f"{host}:{port}: {_explain(error)}") from None
    try:
        yield sockets
    finally:
        _close_all(sockets)


def serve_until_stopped(settings: Settings, sockets: Sequence[socket.socket], greeting: str) -> None:
    """Hand out the published tree, and feeds for any question; the greeting is said once that is so."""
    config = uvicorn.Config(
        make_application(settings.paths.public, Answers(settings)),
        http=BoundedProtocol,
        ws="none",
        log_level="error",
        access_log=False,
        server_header=False,
        # What it says is the same for everybody: who asks, through which proxy, is not looked at.
        proxy_headers=False,
        lifespan="off",
        timeout_keep_alive=IDLE_TIME_S,
        timeout_graceful_shutdown=_SHUTDOWN_S,
        backlog=BACKLOG,
    )
    server = _Server(config)
    server.greeting = greeting
    with contextlib.suppress(KeyboardInterrupt):
        server.run(list(sockets))


def _open_all(addresses: Iterable[tuple[int, Any]]) -> list[socket.socket]:
    opened: list[socket.socket] = []
    failure: OSError | None = None
    for family, address in addresses:
        try:
            opened.append(socket.create_server(address, family=family, backlog=BACKLOG))
        except OSError as error:
            # A host may have two kinds of addresses, and the machine but one.
            failure = error if failure is None or error.errno not in _NOT_HERE else failure
    if failure and (not opened or failure.errno not in _NOT_HERE):
        _close_all(opened)
        raise failure
    return opened


def _close_all(sockets: Iterable[socket.socket]) -> None:
    for one in sockets:
        one.close()


def _explain(error: Exception) -> str:
    if isinstance(error, socket.gaierror | UnicodeError):
        return "there is no such host. Choose another --host, such as 127.0.0.1 or 0.0.0.0."
    code = error.errno if isinstance(error, OSError) else None
    return _REASONS.get(code or 0, f"nobody can listen there: {error}.")
