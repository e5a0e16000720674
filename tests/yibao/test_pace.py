"""All processes of a host share one pace, wherever they run, and a person learns how to end a silence."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from tests.standin.server import Fault, Standin
from yibao.arxiv.client import Client, parse_retry_after
from yibao.arxiv.pace import LONGEST_S, find_pace_file, find_shared_folder
from yibao.errors import RefusedError, YibaoError
from yibao.settings import Arxiv, load

NOW = float(int(time.time()))


class FakeClock:
    """A clock that moves only when someone sleeps."""

    def __init__(self, now=NOW):
        self.time = now
        self.slept = 0.0

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.slept += seconds
        self.time += seconds


def ask(arxiv, folder, clock, path="/rss/cs.CL"):
    with Client(Arxiv(**arxiv.settings, pace_s=3.0, timeout_s=2.0), clock, folder=folder) as client:
        return client.get(arxiv.url + path)


# Where it is kept

ASKER = """
import sys
import time
from flows.steps.environment import SystemClock
from yibao.arxiv.client import Client
from yibao.settings import Arxiv
urls = {name: sys.argv[1] for name in ("rss_url", "atom_url", "api_url", "oai_url", "catchup_url")}
with Client(Arxiv(**urls, pace_s=0.3), SystemClock()) as client:
    for _ in range(5):
        client.get(sys.argv[1] + "/rss/cs.CL")
"""


@pytest.mark.soak
def test_processes_with_temporary_folders_of_their_own_share_the_pace(tmp_path):
    with Standin(pace_s=0.3) as arxiv:  # Which watches gaps and connections.
        askers = []
        for name in ("service", "shell"):
            (tmp_path / name).mkdir()
            environ = {**os.environ, "TMPDIR": str(tmp_path / name)}
            askers.append(subprocess.Popen([sys.executable, "-c", ASKER, arxiv.url], env=environ))
        codes = [asker.wait(60) for asker in askers]
        shared = find_pace_file(Arxiv(**dict.fromkeys(arxiv.settings, arxiv.url)))
    for file in shared.parent.glob(f"{shared.name}*"):
        file.unlink()
    assert codes == [0, 0]
    assert len(arxiv.requests) == 10


def test_the_shared_folder_is_one_in_which_everybody_may_write():
    assert find_shared_folder().stat().st_mode & 0o1002 == 0o1002


def test_the_folder_is_a_setting(tmp_path):
    (tmp_path / "yibao.toml").write_text('[arxiv]\npace_folder = "locks"\n')
    arxiv = load(tmp_path / "yibao.toml", {}).arxiv
    assert find_pace_file(arxiv).parent == tmp_path / "locks"
    with Standin() as server:
        chosen = Arxiv(**server.settings, pace_folder=tmp_path / "locks", pace_s=0.0)
        with Client(chosen, FakeClock()) as client:
            client.get(f"{server.url}/rss/cs.CL")
    assert find_pace_file(chosen).exists()


def test_a_folder_that_cannot_be_written_is_told_and_no_pace_of_our_own_is_kept(arxiv, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(YibaoError, match=r"cannot be written.*ReadWritePaths=.*arxiv\.pace_folder"):
        ask(arxiv, tmp_path / "file", FakeClock())
    assert arxiv.requests == []


def test_nobody_elses_file_is_written_through_a_link(arxiv, tmp_path):
    (tmp_path / "precious").write_text("precious")
    find_pace_file(Arxiv(**arxiv.settings), tmp_path).symlink_to(tmp_path / "precious")
    with pytest.raises(YibaoError, match="cannot be written"):
        ask(arxiv, tmp_path, FakeClock())
    assert (tmp_path / "precious").read_text() == "precious"


# What it says

ABSURD = [b"", b"nan", b"inf", b"-inf", b"-1", b"1e300", b"99999999999999.999", b"\xff\xfe\x00", b"half a line\n" * 9]


@pytest.mark.parametrize("stamp", ABSURD)
def test_an_absurd_stamp_costs_a_pace_at_most_and_is_gone_afterwards(arxiv, tmp_path, stamp):
    file = find_pace_file(Arxiv(**arxiv.settings), tmp_path)
    file.write_bytes(stamp)
    clock = FakeClock()
    ask(arxiv, tmp_path, clock)
    assert clock.slept == (3.0 if stamp else 0.0)
    assert clock.now() <= float(file.read_bytes()) <= clock.now() + 3.0


HUGE = ["86400", "999999999999", "9" * 500, "Fri, 31 Dec 9999 23:59:59 GMT"]


@pytest.mark.parametrize("value", HUGE)
def test_a_huge_retry_after_is_told_with_the_moment_and_the_file_to_remove(arxiv, tmp_path, value):
    file, clock = find_pace_file(Arxiv(**arxiv.settings), tmp_path), FakeClock()
    until = datetime.fromtimestamp(NOW + LONGEST_S, UTC).strftime("%Y-%m-%d %H:%M UTC")
    arxiv.fail("/rss", Fault.TOO_MANY, retry_after=value)
    for reason in ("HTTP 429", "arXiv asked us to wait"):
        with pytest.raises(RefusedError, match=reason) as error:
            ask(arxiv, tmp_path, clock)
        assert f"before {until}" in str(error.value)
        assert f"remove {file}" in str(error.value)
        assert error.value.retry_after_s <= LONGEST_S
    assert len(arxiv.requests) == 1
    file.unlink()
    assert ask(arxiv, tmp_path, clock).status == 200
    assert clock.slept == 0


def test_a_short_wait_names_no_file(arxiv, tmp_path):
    arxiv.fail("/rss", Fault.UNAVAILABLE, retry_after="120")
    with pytest.raises(RefusedError) as error:
        ask(arxiv, tmp_path, FakeClock())
    assert "remove" not in str(error.value)


def test_one_pages_404_silences_nobody_whatever_it_asks(tmp_path):
    clock = FakeClock()
    with Standin() as arxiv:
        arxiv.fail("/rss/cs.CL", Fault.NOT_FOUND, retry_after="86400")
        with pytest.raises(RefusedError, match="HTTP 404"):
            ask(arxiv, tmp_path, clock)
        assert ask(arxiv, tmp_path, clock, "/rss/cs.CV").status == 200
    assert clock.slept <= 3.0


STRANGE = [
    "",
    " ",
    "soon",
    "1e9",
    "٣",
    "-1",
    "Mon, 01 Jan 0001 00:00:00 +2359",
    "Mon, 99 Jan 2025 99:99:99 GMT",
    ",;=" * 99,
]


@pytest.mark.parametrize("value", STRANGE)
def test_a_strange_retry_after_raises_nothing(value):
    assert parse_retry_after(value, NOW) in (None, 0.0)
