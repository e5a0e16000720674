"""`yibao serve` in a process of its own, asked over raw sockets by clients that mean no good."""

import contextlib
import os
import re
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from storage import site_tree, tree_state
from yibao.build_graph import wrap_content

ROOT = Path(__file__).parents[2]
PAGE = b"<!doctype html><title>x</title>" + b"<p>text</p>" * 100


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def start(folder, *arguments):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "YIBAO_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "commands.main", "serve", *arguments],
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


class Server:
    def __init__(self, process, port):
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def connect(self, timeout=60):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def ask(self, raw):
        """What is answered to these bytes until the connection ends, or a whole answer is there."""
        with self.connect() as one:
            with contextlib.suppress(ConnectionError):
                one.sendall(raw)
            return receive(one)

    def memory_mib(self):
        told = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", told)[1]) / 1024


def receive(one):
    answer = b""
    with contextlib.suppress(ConnectionError):
        while part := one.recv(65536):
            answer += part
    return answer


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    (folder / "yibao.toml").write_text("")
    site_tree.publish_tree(
        tree_state.read_tree(folder / "public"), folder / "untold.json", {"index.html": wrap_content(PAGE)}
    )
    port = free_port()
    process = start(folder, "--port", str(port))
    try:
        assert b"shows" in process.stdout.readline()
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait(30)


def is_cut_off(one, drop):
    """Whether the connection ends within a minute of dripping."""
    end = time.monotonic() + 60
    try:
        while time.monotonic() < end:
            one.sendall(drop)
            time.sleep(0.2)
    except ConnectionError:
        return True
    return False


def is_well(server):
    answer = httpx.get(f"{server.url}/", timeout=10)
    return answer.status_code == 200 and answer.content == PAGE


def test_once_it_says_that_it_shows_the_tree_it_does(server):
    assert is_well(server)


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 40_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 40_000,
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: 1\r\n" * 8_000,
        b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /" + b"a" * 40_000,
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a" * 40_000,
    ],
    ids=["one line", "one line without end", "many lines", "address", "address without end", "name without end"],
)
def test_a_header_that_is_too_long_is_refused(server, head):
    answer = server.ask(head)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"connection: close" in answer
    assert is_well(server)


def test_a_header_as_browsers_send_it_is_fine(server):
    for size in (100, 8_000, 30_000):
        assert httpx.get(f"{server.url}/", headers={"Cookie": "a" * size}).status_code == 200


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_header_without_end_costs_no_memory(server):
    before = server.memory_mib()
    sent = 0
    with server.connect() as one, contextlib.suppress(ConnectionError):
        one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
        while sent < 600_000_000:
            sent += one.send(b"a" * 1_000_000)
    assert sent < 600_000_000
    assert server.memory_mib() < before + 30
    assert is_well(server)


def test_a_header_that_drips_is_cut_off_and_an_idle_connection_is_closed(server):
    with server.connect() as dripping, server.connect() as silent, server.connect() as idle:
        begin = time.monotonic()
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        dripping.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
        assert is_cut_off(dripping, b"a")
        assert receive(silent) == b""
        assert receive(idle).startswith(b"HTTP/1.1 200 ")
        assert time.monotonic() < begin + 60
    # The second request over one connection has the same time as the first.
    with server.connect() as second:
        second.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n")
        assert is_cut_off(second, b"X: 1\r\n")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_many_half_open_connections_keep_nobody_waiting(server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 1_700
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip("this system allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    before = server.memory_mib()
    try:
        with contextlib.ExitStack() as stack:
            for number in range(1_500):
                one = stack.enter_context(server.connect())
                with contextlib.suppress(ConnectionError):
                    one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: 1\r\n" * 1000)
                if number % 250 == 249:
                    assert is_well(server)
            for _ in range(20):
                assert is_well(server)
            assert server.memory_mib() < before + 200
            assert len(os.listdir(f"/proc/{server.process.pid}/fd")) < 600  # noqa: PTH208
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert is_well(server)


def test_the_body_of_a_request_is_not_read(server):
    begin = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 600000000\r\n\r\n"
    chunked = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    for head, body in ((begin, b"a" * 1_000_000), (chunked, b"X: 1\r\n" * 100_000)):
        sent = 0
        with server.connect() as one, contextlib.suppress(ConnectionError):
            one.sendall(head)
            while sent < 600_000_000:
                sent += one.send(body)
        assert sent < 600_000_000
    answer = server.ask(begin)
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"connection: close" in answer.lower()
    answer = server.ask(b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert (answer.startswith(b"HTTP/1.1 200 "), b"connection: close" in answer.lower()) == (True, True)
    assert is_well(server)


def test_an_upgrade_to_a_websocket_is_refused_and_other_upgrades_are_ignored(server):
    asked = (
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade%s\r\nUpgrade: %s\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    answer = server.ask(asked % (b"", b"websocket"))
    assert answer.startswith(b"HTTP/1.1 426 ")
    assert server.ask(asked % (b", HTTP2-Settings", b"h2c")).startswith(b"HTTP/1.1 200 ")
    assert is_well(server)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_nothing_is_said_of_it_at_length(server, raw):
    assert re.match(rb"HTTP/1\.1 [24]\d\d ", server.ask(raw))
    assert is_well(server)


FAR_OFF = [
    "Fri, 31 Dec 9999999 23:59:59 GMT",
    "Sat, 01 Jan 0000 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Mon, 01 Jan 0001 00:00:00 +2359",
    "Mon, 01 Jan 2024 00:00:00 +999999999999",
    "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
    "Mon, 99 Jan 2024 99:99:99 GMT",
]


@pytest.mark.parametrize("date", FAR_OFF)
def test_a_date_beyond_all_calendars_is_ignored(server, date):
    answer = httpx.get(f"{server.url}/", headers={"If-Modified-Since": date})
    # The last moment of the last year is a date like any other: nothing has changed since.
    assert answer.status_code in ((200, 304) if " 9999 " in date else (200,))
    for header in ("If-Range", "Range"):
        assert httpx.get(f"{server.url}/", headers={header: date}).status_code < 500


def test_a_taken_port_is_told_and_nothing_is_said_to_be_shown(server, tmp_path):
    (tmp_path / "yibao.toml").write_text("")
    for arguments, words in (
        (["--port", str(server.port)], "another program listens there"),
        (["--host", "192.0.2.1", "--port", str(free_port())], "no such address"),
        (["--host", "nowhere.invalid"], "no such host"),
        (["--host", "a" * 80], "no such host"),
    ):
        process = start(tmp_path, *arguments)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (1, b"")
        lines = err.decode().splitlines()
        assert (len(lines), words in lines[0], "Choose" in lines[0] or "choose" in lines[0]) == (1, True, True), lines


def test_ctrl_c_ends_it_in_silence(tmp_path):
    import signal

    (tmp_path / "yibao.toml").write_text("")
    process = start(tmp_path, "--host", "localhost", "--port", str(free_port()))
    assert b"shows" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, b"", b"")
