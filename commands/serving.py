"""The published tree handed out over HTTP, until somebody stops it."""

import contextlib
import errno
import socket
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click
import uvicorn
from starlette.types import ASGIApp

from commands.api_service import API, ApiService
from commands.approval_service import APPROVE, ApprovalService
from commands.health_service import HEALTH, METRICS, HealthService
from commands.letter_post import LetterPost
from commands.query_feeds import Answers
from commands.subscription_service import SUBSCRIBE, SubscriptionService
from flows.steps.people import share_people
from yibao.errors import YibaoError
from yibao.settings import Settings
from yibao.web.api import make_api_application
from yibao.web.application import make_application
from yibao.web.personal_pages import make_page_application, mount_services
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


def serve_until_stopped(
    settings: Settings, sockets: Sequence[socket.socket], greeting: str, proxies: Sequence[str] = ()
) -> None:
    """Hand out the published tree, feeds for any question, the API, health and pages of mail; send their letters.

    The greeting is said once that is so. `proxies` as in `make_page_application`.
    """
    open_people = share_people(settings)
    post = LetterPost(settings, open_people)
    health = HealthService(settings)
    services: dict[str, ASGIApp] = {
        HEALTH: health,
        METRICS: health,
        API: make_api_application(ApiService(settings)),
        SUBSCRIBE: make_page_application(SubscriptionService(settings, open_people, post.wake), proxies),
        APPROVE: make_page_application(ApprovalService(settings), proxies),
    }
    config = uvicorn.Config(
        mount_services(make_application(settings.paths.public, Answers(settings)), services),
        http=BoundedProtocol,
        ws="none",
        log_level="error",
        access_log=False,
        server_header=False,
        # Files are the same for everybody; pages that are not look for themselves through which proxy somebody asks.
        proxy_headers=False,
        lifespan="off",
        timeout_keep_alive=IDLE_TIME_S,
        timeout_graceful_shutdown=_SHUTDOWN_S,
        backlog=BACKLOG,
    )
    server = _Server(config)
    server.greeting = greeting
    if settings.newsletter.has_signup:
        post.start()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            server.run(list(sockets))
    finally:
        post.stop(_SHUTDOWN_S)


def describe_signup(settings: Settings) -> str:
    """Say whether readers can subscribe by mail, and what lets them if not."""
    if settings.newsletter.has_signup:
        return f"readers subscribe at {settings.site.base_url}{SUBSCRIBE}"
    if not settings.newsletter.signup:
        return "readers cannot subscribe by mail (newsletter.signup is false)"
    return "readers cannot subscribe by mail (set newsletter.smtp_url or newsletter.outbox)"


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
