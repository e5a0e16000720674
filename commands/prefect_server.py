"""Prefect for a run by hand: a server of our own inside this process, deaf to any other Prefect of this machine.

The server is a thread, not Prefect's subprocess: it dies with us when we are killed, and it is up in two thirds of
the time. Nobody relies on its memory: what happened is told from the library's `run` table.
"""

import errno
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from commands.children import Tell
from storage import prefect_tables
from storage.disk import describe_error, make_writable_folder
from yibao.errors import YibaoError

_STARTUP_S = 90.0
_SHUTDOWN_S = 5.0
_PAUSE_S = 0.02
#: What the disk refuses, by words in a traceback: SQLite's, and the operating system's.
_OF_THE_DISK = (
    (r"disk is full|No space left|Disk quota", errno.ENOSPC),
    (r"readonly database|Read-only file system", errno.EROFS),
    (r"Permission denied|unable to open database file", errno.EACCES),
)


@contextmanager
def own_server(home: Path) -> Iterator[None]:
    """Run a Prefect server of our own in a thread, which flows called inside use.

    No Prefect variable or profile of the user counts. To be entered before anything imports Prefect.

    Raises:
        YibaoError: `home` cannot be written to, or the server did not come up within a minute and a half.
    """
    make_writable_folder(home)
    prefect_tables.copy_tables(home)
    makes_tables = not prefect_tables.has_tables(home)
    with serving(isolated(home)):
        if makes_tables:
            prefect_tables.keep_tables(home)
        yield


def isolated(home: Path) -> socket.socket:
    """Prefect, once imported, will know only this home and the server that is to listen on this socket."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    _isolate(home, listener.getsockname()[1])
    return listener


@contextmanager
def serving(listener: socket.socket) -> Iterator[None]:
    """The server listens."""
    server, thread = _start(listener)
    try:
        from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

        # With a heartbeat every sync flow waits up to a second at its end for the heartbeat's thread.
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            yield
    finally:
        server.should_exit = True
        thread.join(_SHUTDOWN_S)


def serve_schedules(tell: Tell, listener: socket.socket) -> None:
    """Serve Prefect's API, with its scheduler, on `listener` until the process is killed.

    To be called in a process of its own whose environment `isolate_schedule` has set. Why the server did not start
    is told through `tell`.
    """
    from prefect.server.api.server import create_app

    app = _App(create_app(final=True))
    uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on")).run(sockets=[listener])
    tell(explain_failure(app.failure))


def isolate_schedule(home: Path, api_url: str) -> None:
    """Set the environment of Prefect's processes that this process starts: home and server are ours."""
    _forget_users_prefect()
    os.environ.update(
        PREFECT_HOME=str(home),
        PREFECT_PROFILES_PATH=str(home / "profiles.toml"),
        PREFECT_API_URL=api_url,
        PREFECT_SERVER_EPHEMERAL_ENABLED="false",
        PREFECT_SERVER_UI_ENABLED="false",
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        PREFECT_SERVER_LOGGING_LEVEL="CRITICAL",
        DO_NOT_TRACK="1",
    )


def _forget_users_prefect() -> None:
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        del os.environ[name]


def _isolate(home: Path, port: int) -> None:
    _forget_users_prefect()
    home.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        PREFECT_HOME=str(home),
        PREFECT_PROFILES_PATH=str(home / "profiles.toml"),
        PREFECT_API_URL=f"http://127.0.0.1:{port}/api",
        PREFECT_SERVER_EPHEMERAL_ENABLED="false",
        PREFECT_SERVER_UI_ENABLED="false",
        PREFECT_LOGGING_TO_API_ENABLED="false",
        PREFECT_LOGGING_LEVEL="CRITICAL",
        PREFECT_SERVER_LOGGING_LEVEL="CRITICAL",
        PREFECT_SERVER_REGISTER_BLOCKS_ON_START="false",
        PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED="false",
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        DO_NOT_TRACK="1",
    )


class _App:
    """Prefect's server as an ASGI application that remembers why it did not start."""

    def __init__(self, app: Any) -> None:
        self._app = app
        #: The traceback of what broke the start off; empty while nothing did.
        self.failure = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def note(message: Any) -> None:
            if message["type"] == "lifespan.startup.failed":
                self.failure = message.get("message") or "no reason given"
            await send(message)

        await self._app(scope, receive, note if scope["type"] == "lifespan" else send)


def _start(listener: socket.socket) -> tuple[uvicorn.Server, threading.Thread]:
    from prefect.server.api.server import create_app

    app = _App(create_app(ephemeral=True))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True, name="prefect-server")
    thread.start()
    deadline = time.monotonic() + _STARTUP_S
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise YibaoError(explain_failure(app.failure))
        time.sleep(_PAUSE_S)
    return server, thread


def explain_failure(failure: str) -> str:
    """Say why the server did not start, and what to do, from the traceback of its start."""
    home = Path(os.environ["PREFECT_HOME"])
    reason = failure.strip().rpartition("\n")[2] or f"no answer within {_STARTUP_S:.0f} seconds"
    for words, number in _OF_THE_DISK:
        if re.search(words, failure):
            return describe_error(home, OSError(number, "", str(home)))
    return (
        f"Prefect's server did not start: {reason}. "
        f"Delete {home} and try again: it holds nothing but Prefect's own records."
    )
