"""The site that is judged, in a folder and over HTTP."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import uvicorn

from commands.query_feeds import Answers
from tests.judges.site import Published, entries
from yibao.settings import Settings
from yibao.web.application import make_application

HERE = Path(__file__).parent
NODE = HERE / "node_modules"


def program(name: str) -> str:
    """Where a program is; the test is skipped, and says so, where this machine has none."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed on this machine")
    return found


def node_package(name: str) -> Path:
    """Where a package of the npm registry is, with Node to run it."""
    program("node")
    if not (NODE / name).exists():
        pytest.skip(f"{name} is not installed: run `npm install --no-package-lock --prefix tests/judges`")
    return NODE / name


@contextmanager
def serving(settings: Settings, listener: socket.socket) -> Iterator[None]:
    app = make_application(settings.paths.public, Answers(settings))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Iterator[Published]:
    """The site, served at its own address while the tests last."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Published(tmp_path_factory.mktemp("judged"), f"http://127.0.0.1:{listener.getsockname()[1]}")
        made.show(entries())
        with serving(made.settings, listener):
            yield made


@pytest.fixture(scope="session")
def url(site: Published) -> str:
    return site.settings.site.base_url


@pytest.fixture
def folder_url(tmp_path: Path) -> Iterator[str]:
    """The address of the test's own folder."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join(10)
