"""A WebSub hub is told of feeds that changed: a real one, over HTTP."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from tests.conftest import MONDAY, section


class Hub(ThreadingHTTPServer):
    """Keeps what it is told, and answers with a status."""

    status = 204

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/hub"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.told.append(parse_qs(body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        return


@contextmanager
def running():
    with Hub() as hub:
        thread = threading.Thread(target=hub.serve_forever, daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join(10)


@pytest.fixture
def hub():
    with running() as server:
        yield server


def with_hub(installation, url):
    settings = installation.config.read_text().replace("[site]\n", f'[site]\nhub_url = "{url}"\n')
    installation.config.write_text(settings)


def names(notified):
    return {url.split("/feeds/")[1] for one in notified for url in one["hub.url"]}


@pytest.mark.soak
def test_the_hub_is_told_of_the_live_feeds_that_changed_and_of_no_others(installation, hub):
    with_hub(installation, hub.url)
    installation.run("daily", MONDAY)
    assert {one["hub.mode"][0] for one in hub.told} == {"publish"}
    assert names(hub.told) >= {"all/atom.xml", "all/rss.xml", "all/feed.json", "cs.CL/atom.xml"}
    assert not any("archive" in name for name in names(hub.told))
    hub.told.clear()
    installation.run("daily", MONDAY)
    assert hub.told == []
    installation.write("a.md", section("2501.05727"))
    installation.run("daily", MONDAY)
    assert "translated/atom.xml" in names(hub.told)
    assert "math.NA/atom.xml" not in names(hub.told)


@pytest.mark.soak
@pytest.mark.parametrize("is_away", [False, True])
def test_a_hub_that_fails_is_told_as_trouble_and_the_day_is_published(installation, hub, is_away):
    hub.status = 503
    with_hub(installation, "http://127.0.0.1:9/hub" if is_away else hub.url)
    report = installation.run("daily", MONDAY)
    assert not report.failures
    assert any("readers learn of the new feeds when they next look" in trouble for trouble in report.troubles)
    assert (installation.public / "feeds" / "all" / "atom.xml").exists()
