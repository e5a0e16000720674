"""Prefect's server: a temporary one inside this process, or the one that `yibao schedule` runs in a process of its own.

The temporary one is a thread, not Prefect's subprocess: it dies with us when we are killed, and it is up in two thirds
of the time. No Prefect variable or profile of the user counts for either.
"""

import errno
import logging
import os
import re
import socket
import sys
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
#: How long the end of a run waits until all its task states and log lines are with the server.
_DELIVERY_S = 5.0
_PAUSE_S = 0.02
#: The operator's ways to a server of their own; all else that is named PREFECT_… belongs to other projects.
_ACCESS = (
    "PREFECT_API_KEY",
    "PREFECT_API_AUTH_STRING",
    "PREFECT_API_SSL_CERT_FILE",
    "PREFECT_API_TLS_INSECURE_SKIP_VERIFY",
)
#: What the disk refuses, by words in a traceback: SQLite's, and the operating system's.
_DISK_ERRORS = (
    (r"disk is full|No space left|Disk quota", errno.ENOSPC),
    (r"readonly database|Read-only file system", errno.EROFS),
    (r"Permission denied|unable to open database file", errno.EACCES),
)


class ServerLostError(Exception):
    """Prefect's server is of no use to a run any more. `run_id` names the run's row, if it has one."""

    def __init__(self, run_id: str, reason: str) -> None:
        super().__init__(f"Prefect's server {reason} (run {run_id})")
        self.run_id = run_id
        #: What the server did: "went away".
        self.reason = reason


@contextmanager
def start_own_server(home: Path) -> Iterator[None]:
    """Run a temporary Prefect server in a thread while the block runs; flows called inside use it.

    To be entered before anything imports Prefect, or after `join_server`.

    Raises:
        YibaoError: `home` cannot be written to, or the server did not come up within a minute and a half.
    """
    make_writable_folder(home)
    prefect_tables.copy_tables(home)
    makes_tables = not prefect_tables.has_tables(home)
    listener = isolate_prefect(home)
    if "prefect" in sys.modules:
        _read_settings_again()
    with serve_api(listener):
        if makes_tables:
            prefect_tables.keep_tables(home)
        yield


@contextmanager
def join_server(home: Path, api_url: str) -> Iterator[None]:
    """Let flows called inside the block use the server at `api_url`."""
    # Log lines that a lost server does not take are no news for a terminal.
    logging.raiseExceptions = False
    # A server that is away is waited for some seconds, not for the minute at every step that is Prefect's default.
    _set_environment(home, api_url, PREFECT_CLIENT_MAX_RETRIES="2")
    if "prefect" in sys.modules:
        _read_settings_again()
    with _without_heartbeat():
        try:
            yield
        finally:
            _send_pending()


def isolate_prefect(home: Path) -> socket.socket:
    """Bind Prefect, once it is imported, to `home` and to a server on the socket that is returned."""
    home.mkdir(parents=True, exist_ok=True)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    _set_environment(
        home,
        f"http://127.0.0.1:{listener.getsockname()[1]}/api",
        PREFECT_SERVER_REGISTER_BLOCKS_ON_START="false",
        PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED="false",
        PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED="false",
        PREFECT_SERVER_EVENTS_STREAM_OUT_ENABLED="false",
    )
    return listener


@contextmanager
def serve_api(listener: socket.socket) -> Iterator[None]:
    """Serve Prefect's API on `listener` in a thread while the block runs; what is still under way is stored at its end.

    Raises:
        YibaoError: the server did not come up.
    """
    server, thread = _start(listener)
    try:
        with _without_heartbeat():
            yield
        _send_pending()
        _await_recorder()
    finally:
        server.should_exit = True
        thread.join(_SHUTDOWN_S)


def serve_schedules(tell: Tell, listener: socket.socket) -> None:
    """Serve Prefect's page and API, with its scheduler, on `listener` until the process is killed.

    To be called in a process of its own whose environment `isolate_schedule` has set. Why the server did not start
    is told through `tell`.
    """
    from prefect.server.api.server import create_app

    app = _App(create_app(final=True))
    uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on")).run(sockets=[listener])
    tell(explain_failure(app.failure))


def isolate_schedule(home: Path, api_url: str) -> None:
    """Set the environment of Prefect's processes that this process starts: home, server and page are ours."""
    _set_environment(
        home,
        api_url,
        PREFECT_SERVER_UI_ENABLED="true",
        # By default Prefect writes its page into its own package, which may belong to somebody else.
        PREFECT_UI_STATIC_DIRECTORY=str(home / "page"),
        PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT="false",
    )


def _set_environment(home: Path, api_url: str, **more: str) -> None:
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
    log_to_page()
    os.environ.update(more)


def log_to_page(least_on_stderr: str = "CRITICAL") -> None:
    """Let each run's page have what is logged in it; stderr is left to our own reports, and to what is graver."""
    os.environ.update(
        PREFECT_LOGGING_LEVEL="INFO",
        PREFECT_LOGGING_TO_API_ENABLED="true",
        PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW="ignore",
        PREFECT_LOGGING_EXTRA_LOGGERS="flows,storage,yibao",
        PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL=least_on_stderr,
    )


def _forget_users_prefect() -> None:
    for name in [name for name in os.environ if name.startswith("PREFECT_") and name not in _ACCESS]:
        del os.environ[name]


def _read_settings_again() -> None:
    """Let Prefect, which reads its settings when it is imported, know of another server."""
    from prefect.context import refresh_global_settings_context

    refresh_global_settings_context()


@contextmanager
def _without_heartbeat() -> Iterator[None]:
    """Spare the second that every sync flow waits at its end for the thread of its heartbeat."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


def _send_pending() -> None:
    """Wait until Prefect has sent the log lines and task states of this process, or time is up."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    APILogWorker.drain_all(timeout=_DELIVERY_S)
    EventsWorker.drain_all(timeout=_DELIVERY_S)


def _await_recorder() -> None:
    """Wait until the server in this process has stored the task states that it was sent, or time is up.

    It stores them behind its answers, and forgets them when it is stopped.
    """
    from prefect.server.utilities.messaging.memory import Topic

    deadline = time.monotonic() + _DELIVERY_S
    while any(queue._queue.qsize() for queue in Topic.by_name("events")._subscriptions):  # noqa: SLF001
        if time.monotonic() > deadline:
            return
        time.sleep(_PAUSE_S)


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
    for words, number in _DISK_ERRORS:
        if re.search(words, failure):
            return describe_error(home, OSError(number, "", str(home)))
    return (
        f"Prefect's server did not start: {reason}. "
        f"Delete {home} and try again: it holds nothing but Prefect's own records."
    )
