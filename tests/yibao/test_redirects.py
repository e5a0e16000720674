"""Redirects lead to arXiv's own servers, never to others with the operator's address, never out of https."""

import httpx
import pytest

from flows.steps.environment import SystemClock
from tests.standin.raw import RawServer, sending
from yibao.arxiv.client import Client
from yibao.errors import GarbledError, RefusedError
from yibao.settings import Arxiv

FOUND = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def moved(location):
    head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    return sending(head.encode())


def ask(server, folder, **more):
    settings = Arxiv(rss_url=f"{server.url}/rss", pace_s=0.0, timeout_s=2.0, contact="me@example.org", **more)
    with Client(settings, SystemClock(), folder=folder) as client:
        return client.get(f"{server.url}/rss/cs.CL")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_another_server_never_learns_the_contact_address(tmp_path, host):
    with RawServer(sending(FOUND)) as other, RawServer(moved(f"http://{host}:{other.port}/steal")) as server:
        with pytest.raises(RefusedError, match="is no server of arXiv's that the settings name") as error:
            ask(server, tmp_path)
        assert f"{host}:{other.port}/steal" in str(error.value)
        assert error.value.status == 302
        assert not error.value.is_repeatable
        assert not error.value.is_of_whole_host
        assert other.requests == []


def test_a_server_that_the_settings_name_may_be_led_to(tmp_path):
    with RawServer(sending(FOUND)) as other, RawServer(moved(f"{other.url}/new")) as server:
        assert ask(server, tmp_path, oai_url=f"{other.url}/oai").body == b"ok"
        assert b"mailto:me@example.org" in other.requests[0]


STRANGE = [
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "http://[::1",
    "http://127.0.0.1:99999/",
    "//evil.example/",
    "http://127.0.0.1@evil.example/",
    "http://evil.example\\@127.0.0.1/",
    "https://" + "x" * 5000 + "/",
]


@pytest.mark.parametrize("location", STRANGE)
def test_a_redirect_to_nowhere_is_one_pages_fault(tmp_path, location):
    with RawServer(moved(location)) as server, pytest.raises((RefusedError, GarbledError)) as error:
        ask(server, tmp_path)
    assert "not followed" in str(error.value) or "Invalid URL in location header" in str(error.value)
    assert len(str(error.value)) < 500
    assert len(server.requests) == 1


@pytest.fixture
def wire(monkeypatch):
    """The one thing that cannot be real, arXiv itself: its first answer leads elsewhere, its second is whole."""
    asked = []

    def lead_to(target):
        async def answer(_transport, request):
            asked.append(str(request.url))
            return (
                httpx.Response(200, stream=httpx.ByteStream(b"ok"))
                if asked[1:]
                else httpx.Response(301, headers={"Location": target})
            )

        monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", answer)

    lead_to.asked = asked
    return lead_to


ARXIV = "https://arxiv.org/catchup/cs.CL/2025-01-13"


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (ARXIV, "https://export.arxiv.org/catchup/cs.CL/2025-01-13"),
        (ARXIV, "https://www.arxiv.org/"),
        ("https://export.arxiv.org/api/query", "https://arxiv.org/api/query"),
        ("https://rss.arxiv.org/rss/cs.CL", "/rss/cs.LG"),
        ("http://arxiv.org/catchup", "https://arxiv.org/catchup"),
    ],
)
def test_arxivs_own_servers_may_lead_to_one_another(wire, tmp_path, source, target):
    wire(target)
    with Client(Arxiv(pace_s=0.0), SystemClock(), folder=tmp_path) as client:
        assert client.get(source).body == b"ok"
    assert wire.asked[0] == source
    assert wire.asked[1].endswith(target)


@pytest.mark.parametrize(
    "target",
    ["http://arxiv.org/", "https://arxiv.org.evil.example/", "https://notarxiv.org/", "https://arxiv.org:8443/"],
)
def test_nobody_is_led_out_of_https_or_to_a_name_that_only_looks_like_arxivs(wire, tmp_path, target):
    wire(target)
    with Client(Arxiv(pace_s=0.0), SystemClock(), folder=tmp_path) as client:
        with pytest.raises(RefusedError, match="not followed") as error:
            client.get(ARXIV)
        assert target in str(error.value)
    assert wire.asked == [ARXIV]
