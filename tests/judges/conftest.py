"""The site that is judged, in a folder and over HTTP."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import uvicorn
from playwright import sync_api
from starlette.types import ASGIApp

from commands.query_feeds import Answers
from tests.judges.site import Published, entries
from yibao.settings import Settings
from yibao.web.application import make_application

HERE = Path(__file__).parent
NODE = HERE / "node_modules"
#: Where `make judges` installs programs of Python packages.
JUDGES = HERE.parents[1] / ".judges"


def program(name: str) -> str:
    """Where a program is; the test is skipped, and says so, where this machine has none."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed on this machine")
    return path


def node_package(name: str) -> Path:
    """Where a package of the npm registry is, with Node to run it."""
    program("node")
    if not (NODE / name).exists():
        pytest.skip(f"{name} is not installed: run `npm install --no-package-lock --prefix tests/judges`")
    return NODE / name


def python_program(name: str) -> Path:
    """Where a program of a Python package is that judges our files, and is not part of us."""
    path = JUDGES / "bin" / name
    if not path.exists():
        pytest.skip(f"{name} is not installed: run `make judges`")
    return path


def serving(settings: Settings, listener: socket.socket) -> AbstractContextManager[None]:
    return serving_app(make_application(settings.paths.public, Answers(settings)), listener)


@contextmanager
def serving_app(app: ASGIApp, listener: socket.socket) -> Iterator[None]:
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
        published = Published(tmp_path_factory.mktemp("judged"), f"http://127.0.0.1:{listener.getsockname()[1]}")
        published.show(entries())
        with serving(published.settings, listener):
            yield published


@pytest.fixture(scope="session")
def url(site: Published) -> str:
    return site.settings.site.base_url


@pytest.fixture
def folder_url(tmp_path: Path) -> Iterator[str]:
    """The address of the test's own folder."""
    with serving_folder(tmp_path) as url:
        yield url


@contextmanager
def serving_folder(folder: Path) -> Iterator[str]:
    """Serve a folder's files, which may change places with another's; yields its address."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join(10)


@contextmanager
def running_chromium():
    """Debian's Chromium, which asks nobody but the servers of the tests."""
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")  # Not longer: its event loop runs in the tests' own thread.
def browser():
    with running_chromium() as chromium:
        yield chromium


@pytest.fixture
def page(browser):
    """A page that fails the test where a script fails or the browser refuses something."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(20_000)
    tab, faults = context.new_page(), []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    yield tab
    context.close()
    assert not faults
