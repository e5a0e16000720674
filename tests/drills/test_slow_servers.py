"""A server that sends a byte now and then keeps neither a run nor the host's pace."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from flows.steps.environment import SystemClock
from tests.standin.raw import RawServer, dripping, sending
from yibao.arxiv.client import Client
from yibao.errors import RefusedError, UnreachableError, UpstreamError
from yibao.feeds import hub
from yibao.settings import Arxiv

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
#: Tells a request that ends from one that hangs: drips go on for a minute.
SOON_S = 20.0


def settings_for(server, **more):
    return Arxiv(rss_url=f"{server.url}/rss", pace_s=0.0, **{"timeout_s": 0.3, **more})


def ask(server, folder, url=None, **more):
    with Client(settings_for(server, **more), SystemClock(), folder=folder) as client:
        return client.get(url or f"{server.url}/rss/cs.CL")


DRIPS = {
    "a status line": (b"", b"H"),
    "headers": (OK, b"X-Drip: 1\r\n"),
    "one header": (OK + b"X-Drip: ", b"x"),
    "informational answers": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "a body": (OK + b"Content-Length: 1000000\r\n\r\n", b"x"),
    "a body without end": (OK + b"\r\n", b"x"),
    "chunks": (CHUNKED, b"1\r\nx\r\n"),
    "a chunk's length": (CHUNKED, b"0"),
    "trailers": (CHUNKED + b"1\r\nx\r\n0\r\n", b"X-Drip: 1\r\n"),
}


@pytest.mark.parametrize("kind", DRIPS)
def test_an_answer_that_drips_ends_in_time_and_lets_go_of_the_pace(tmp_path, kind):
    started = time.monotonic()
    with RawServer(dripping(*DRIPS[kind])) as server:
        with pytest.raises(UpstreamError) as error:
            ask(server, tmp_path)
        if kind != "a status line":  # Which no server's begins with; httpx sees that at once.
            assert isinstance(error.value, UnreachableError)
            assert "no answer in time" in str(error.value)
        # Another one's turn comes at once: the lock is free.
        with pytest.raises(UpstreamError):
            ask(server, tmp_path)
    assert time.monotonic() - started < SOON_S


def test_a_handshake_that_drips_ends_in_time(tmp_path):
    def shake_hands(server, client):
        client.recv(65536)
        client.sendall(b"\x16\x03\x03\x40\x00")
        server.drip(client, b"\x02")

    started = time.monotonic()
    with RawServer(shake_hands) as server, pytest.raises(UnreachableError, match="no answer in time"):
        ask(server, tmp_path, url=f"https://127.0.0.1:{server.port}/rss/cs.CL")
    assert time.monotonic() - started < SOON_S


def test_a_server_that_never_takes_the_connection_ends_in_time(tmp_path):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]  # Its queue is full.
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        started = time.monotonic()
        chosen = Arxiv(rss_url=f"http://127.0.0.1:{port}/rss", pace_s=0.0, timeout_s=0.3)
        with Client(chosen, SystemClock(), folder=tmp_path) as client, pytest.raises(UnreachableError):
            client.get(f"http://127.0.0.1:{port}/rss/cs.CL")
        for one in waiting:
            one.close()
    assert time.monotonic() - started < SOON_S


def test_a_slow_answer_that_is_whole_before_the_deadline_is_taken(tmp_path):
    def answer(server, client):
        server.read_request(client)
        client.sendall(OK + b"Content-Length: 8\r\nConnection: close\r\n\r\n")
        for _ in range(8):
            time.sleep(0.05)
            client.sendall(b"x")

    with RawServer(answer) as server:
        assert ask(server, tmp_path, timeout_s=2.0).body == b"xxxxxxxx"


def test_a_refusal_counts_although_its_body_drips(tmp_path):
    start = b"HTTP/1.1 429 No\r\nRetry-After: 120\r\nContent-Length: 1000\r\n\r\n"
    with RawServer(dripping(start, b"x")) as server, pytest.raises(RefusedError) as error:
        ask(server, tmp_path)
    assert (error.value.status, error.value.retry_after_s) == (429, 120)


ASKER = """
import sys
from pathlib import Path
from flows.steps.environment import SystemClock
from yibao.arxiv.client import Client
from yibao.settings import Arxiv
chosen = Arxiv(rss_url=sys.argv[1] + "/rss", pace_s=0.0, timeout_s=60)
try:
    with Client(chosen, SystemClock(), folder=Path(sys.argv[2])) as client:
        client.get(sys.argv[1] + "/rss/cs.CL")
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_a_person_who_interrupts_a_request_need_not_wait_for_its_server(tmp_path):
    with RawServer(dripping(OK, b"X-Drip: 1\r\n")) as server:
        asker = subprocess.Popen(
            [sys.executable, "-c", ASKER, server.url, str(tmp_path)],
            # Whoever starts the tests in the background has a shell that lets them ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        )
        until = time.monotonic() + 60
        while not server.requests and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(asker.pid, signal.SIGINT)
        assert asker.wait(SOON_S) == 130


# The hub


@pytest.mark.parametrize("kind", [kind for kind in DRIPS if kind in ("headers", "one header", "informational answers")])
def test_a_hub_that_drips_is_given_up_in_time(kind):
    started = time.monotonic()
    with RawServer(dripping(*DRIPS[kind])) as server, pytest.raises(UpstreamError, match="the hub: no answer in time"):
        hub.notify_hub(f"{server.url}/hub", ["https://yibao.example/feeds/all/atom.xml"], timeout_s=0.3)
    assert time.monotonic() - started < SOON_S


def test_a_hub_whose_answer_has_no_end_has_been_told():
    def talk(server, client):
        server.read_request(client)
        client.sendall(OK + b"\r\n")
        while True:
            client.sendall(b"x" * 65536)

    started = time.monotonic()
    with RawServer(talk) as server:
        hub.notify_hub(f"{server.url}/hub", ["https://yibao.example/feeds/all/atom.xml"])
    assert time.monotonic() - started < SOON_S


def test_a_hub_that_leads_elsewhere_is_not_followed():
    moved = b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
    with RawServer(sending(moved)) as server, pytest.raises(UpstreamError, match="the hub answers 307"):
        hub.notify_hub(f"{server.url}/hub", ["https://yibao.example/feeds/all/atom.xml"])


@pytest.mark.parametrize("kind", ["headers", "a body", "nothing", "a refusal"])
def test_one_client_goes_on_after_a_request_that_had_no_end(tmp_path, kind):
    refusal = (b"HTTP/1.1 404 No\r\nContent-Length: 1000\r\n\r\n", b"x")
    start, piece = {**DRIPS, "nothing": (b"", b""), "a refusal": refusal}[kind]

    def answer(server, client):
        server.read_request(client)
        if len(server.requests) > 1:
            client.sendall(OK + b"Content-Length: 2\r\nConnection: close\r\n\r\nok")
            return
        client.sendall(start)
        server.drip(client, piece)

    with RawServer(answer) as server, Client(settings_for(server), SystemClock(), folder=tmp_path) as client:
        with pytest.raises(UpstreamError):
            client.get(f"{server.url}/rss/cs.CL")
        assert client.get(f"{server.url}/rss/cs.CL").body == b"ok"
