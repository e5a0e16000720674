"""Prefect for a run by hand: a server of our own inside this process, deaf to any other Prefect of this machine.

The server is a thread, not Prefect's subprocess: it dies with us when we are killed, and it is up in two thirds of
the time. Nobody relies on its memory: what happened is told from the library's `run` table.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from yibao.errors import YibaoError

_STARTUP_S = 90.0
_SHUTDOWN_S = 5.0
_PAUSE_S = 0.02


@contextmanager
def own_server(home: Path) -> Iterator[None]:
    """Flows called inside run against a server of our own; no Prefect variable or profile of the user counts.

    To be entered before anything imports Prefect.

    Raises:
        YibaoError: the server did not come up within a minute and a half.
    """
    with serving(isolated(home)):
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


def _isolate(home: Path, port: int) -> None:
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        del os.environ[name]
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


def _start(listener: socket.socket) -> tuple[uvicorn.Server, threading.Thread]:
    from prefect.server.api.server import create_app

    server = uvicorn.Server(uvicorn.Config(create_app(ephemeral=True), log_level="critical", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True, name="prefect-server")
    thread.start()
    deadline = time.monotonic() + _STARTUP_S
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise YibaoError(
                "Prefect's server did not start. Delete the `prefect` folder below paths.data and try again."
            )
        time.sleep(_PAUSE_S)
    return server, thread
