"""A body is as large in memory as it is told to be, whatever it claims to be packed from."""

import gzip
import subprocess
import sys
import zlib

import pytest

from flows.steps.environment import SystemClock
from tests.standin.raw import RawServer, packed, sending
from yibao.arxiv.client import Client
from yibao.errors import GarbledError
from yibao.settings import Arxiv

MOST_MEGABYTES = 300
FEED = b"<rss>" + b"a paper " * 50_000 + b"</rss>"


def ask(server, folder):
    chosen = Arxiv(rss_url=f"{server.url}/rss", pace_s=0.0, timeout_s=5.0)
    with Client(chosen, SystemClock(), folder=folder) as client:
        return client.get(f"{server.url}/rss/cs.CL").body


def answer_to(content, folder):
    with RawServer(sending(content)) as server:
        return ask(server, folder)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(FEED)),
        ("x-gzip", gzip.compress(FEED)),
        ("GZIP, identity", gzip.compress(FEED)),
        ("deflate", zlib.compress(FEED)),
        ("identity", FEED),
        ("gzip", gzip.compress(FEED[:1000]) + gzip.compress(FEED[1000:])),
        ("gzip", b""),
    ],
    ids=["gzip", "x-gzip", "identity beside it", "deflate", "identity", "two members", "nothing"],
)
def test_an_answer_is_unpacked(tmp_path, coding, body):
    assert answer_to(packed(coding, body), tmp_path) == (FEED if body else b"")


def test_only_gzip_is_asked_for(tmp_path):
    with RawServer(sending(packed("identity", FEED))) as server:
        ask(server, tmp_path)
        assert b"accept-encoding: gzip\r\n" in server.requests[0].lower()


@pytest.mark.parametrize("coding", ["gzip, gzip", "br", "zstd", "gzip, br", "gzip\r\nContent-Encoding: gzip"])
def test_a_coding_that_was_not_asked_for_is_refused(tmp_path, coding):
    with pytest.raises(GarbledError, match="not asked for"):
        answer_to(packed(coding, gzip.compress(gzip.compress(FEED))), tmp_path)


@pytest.mark.parametrize("body", [gzip.compress(FEED)[:-9], b"no gzip at all", gzip.compress(FEED) + b"rubbish"])
def test_a_packed_body_that_is_damaged_is_told_as_such(tmp_path, body):
    with pytest.raises(GarbledError, match="broke off"):
        answer_to(packed("gzip", body), tmp_path)


ASKER = """
import resource, sys
from pathlib import Path
from flows.steps.environment import SystemClock
from yibao.arxiv.client import Client
from yibao.errors import GarbledError
from yibao.settings import Arxiv
chosen = Arxiv(rss_url=sys.argv[1] + "/rss", pace_s=0.0, timeout_s=20)
try:
    with Client(chosen, SystemClock(), folder=Path(sys.argv[2])) as client:
        client.get(sys.argv[1] + "/rss/cs.CL")
except GarbledError as error:
    print(error.reason)
# Of this program alone: what `getrusage` says begins with the memory of the process that started it.
status = Path("/proc/self/status")
if status.exists():
    (peak,) = [int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")]
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**10
print(peak // 2**10)
"""


def bomb(times):
    """A gigabyte of zeros, packed so many times. It has no end: nobody should get there."""
    packer = zlib.compressobj(9, wbits=31)
    start = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    body = start + (packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)) * 2**10
    for _ in range(times - 1):
        body = gzip.compress(body)
    return body


@pytest.mark.soak
@pytest.mark.parametrize("times", [1, 2])
def test_a_bomb_costs_no_memory(tmp_path, times):
    content = packed(", ".join(["gzip"] * times), bomb(times))
    with RawServer(sending(content)) as server:
        output = subprocess.run(
            [sys.executable, "-c", ASKER, server.url, str(tmp_path)], capture_output=True, text=True, check=True
        ).stdout.splitlines()
    assert "larger than" in output[0] if times == 1 else "not asked for" in output[0]
    assert int(output[-1]) < MOST_MEGABYTES


def test_a_body_without_end_costs_no_memory(tmp_path):
    def talk(server, client):
        server.read_request(client)
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            client.sendall(bytes(2**20))

    with RawServer(talk) as server, pytest.raises(GarbledError, match="larger than"):
        ask(server, tmp_path)
