"""Asking arXiv: one at a time, no faster than allowed, and patiently."""

import random
import subprocess
import sys
import time
from email.utils import formatdate

import pytest

from tests.standin.server import Fault, Standin
from yibao.arxiv.client import Client, build_user_agent, parse_retry_after
from yibao.arxiv.pace import find_pace_file
from yibao.errors import PATIENCE_S, GarbledError, RefusedError, UnreachableError, YibaoError
from yibao.settings import Arxiv


class FakeClock:
    """A clock that moves only when someone sleeps."""

    def __init__(self, now=None):
        self.time = time.time() if now is None else now
        self.slept = []

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds


@pytest.fixture
def ask(arxiv, tmp_path):
    clock = FakeClock()
    chosen = Arxiv(**arxiv.settings, pace_s=3.0, timeout_s=0.5, contact="me@example.org")

    def get(path="/rss/cs.CL"):
        with Client(chosen, clock, folder=tmp_path) as client:
            return client.get(arxiv.url + path)

    get.clock, get.settings, get.folder = clock, chosen, tmp_path
    return get


def test_every_request_names_the_program_and_whom_to_write_to(ask, arxiv):
    response = ask()
    assert response.status == 200
    assert arxiv.requests[0].user_agent.startswith("yibao/")
    assert "mailto:me@example.org" in arxiv.requests[0].user_agent
    assert "no contact given" in build_user_agent("")


def test_two_requests_are_three_seconds_apart_whoever_makes_them(ask):
    ask()
    ask()
    ask()
    assert ask.clock.slept == [pytest.approx(3.0, abs=0.01)] * 2


def test_the_pace_survives_a_clock_that_was_set_back(ask, arxiv):
    arxiv.clock = None
    ask()
    ask.clock.time -= 7 * 24 * 3600
    ask()
    assert sum(ask.clock.slept) < 10


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_kept_by_everyone_in_both_forms(ask, arxiv, form):
    value = "120" if form == "seconds" else formatdate(ask.clock.now() + 120, usegmt=True)
    arxiv.fail("/rss", Fault.UNAVAILABLE, retry_after=value)
    with pytest.raises(RefusedError) as error:
        ask()
    assert error.value.retry_after_s == pytest.approx(120, abs=1)
    assert error.value.is_repeatable
    ask()
    assert sum(ask.clock.slept) == pytest.approx(120, abs=1)


def test_a_server_that_asks_for_more_patience_than_a_run_has_is_not_asked_again(ask, arxiv):
    arxiv.fail("/rss", Fault.TOO_MANY, retry_after="3600")
    with pytest.raises(RefusedError) as error:
        ask()
    assert not error.value.is_repeatable
    with pytest.raises(RefusedError, match="arXiv asked us to wait"):
        ask()
    assert len(arxiv.requests) == 1
    assert sum(ask.clock.slept) <= PATIENCE_S


def test_a_redirection_is_followed_in_its_turn_and_not_for_ever(ask, arxiv):
    arxiv.fail("/rss", Fault.MOVED)
    assert ask().status == 200
    assert ask.clock.slept == [pytest.approx(3.0, abs=0.01)]
    arxiv.fail("/rss", Fault.MOVED, times=99)
    with pytest.raises(RefusedError, match="301"):
        ask()
    assert len(arxiv.requests) == 2 + 4


def test_access_denied_is_final_and_silences_everyone_for_an_hour(ask, arxiv):
    arxiv.fail("/rss", Fault.FORBIDDEN, retry_after="0")
    with pytest.raises(RefusedError, match="stop") as error:
        ask()
    assert not error.value.is_repeatable
    with pytest.raises(RefusedError, match="3600 s are left"):
        ask()
    assert len(arxiv.requests) == 1


@pytest.mark.parametrize(("fault", "seconds"), [(Fault.TOO_MANY, 60.0), (Fault.UNAVAILABLE, 15.0)])
def test_a_refusal_that_names_no_time_cools_everyone_down(ask, arxiv, fault, seconds):
    arxiv.fail("/rss", fault)
    with pytest.raises(RefusedError) as error:
        ask()
    assert error.value.is_repeatable
    ask()
    assert sum(ask.clock.slept) == pytest.approx(seconds, abs=0.1)


def test_a_stamp_that_cannot_be_read_costs_a_pace_and_never_a_breach(ask):
    ask()
    find_pace_file(ask.settings, ask.folder).write_text("half a li")
    ask()
    assert ask.clock.slept == [pytest.approx(3.0, abs=0.01)]


def test_silence_and_a_broken_body_are_told_apart(ask, arxiv):
    arxiv.fail("/rss", Fault.SILENCE)
    with pytest.raises(UnreachableError, match="no answer in time"):
        ask()
    arxiv.fail("/rss", Fault.CUT_OFF)
    with pytest.raises(GarbledError, match="broke off"):
        ask()


def test_a_server_that_is_not_there_is_unreachable(tmp_path):
    nobody = Arxiv(rss_url="http://127.0.0.1:9/rss", timeout_s=1.0, pace_s=0.0)
    with (
        Client(nobody, FakeClock(), folder=tmp_path) as client,
        pytest.raises(UnreachableError, match="cannot be reached"),
    ):
        client.get("http://127.0.0.1:9/rss/cs.CL")


@pytest.mark.parametrize(("value", "seconds"), [(None, None), ("7", 7.0), ("soon", None), ("-3", None), ("", None)])
def test_a_retry_after_that_makes_no_sense_is_none(value, seconds):
    assert parse_retry_after(value, 0.0) == seconds


def test_all_installations_that_ask_the_same_servers_share_one_pace(arxiv):
    first = Arxiv(**arxiv.settings, contact="a@example.org")
    second = Arxiv(**arxiv.settings, contact="b@example.org")
    assert find_pace_file(first) == find_pace_file(second)
    assert find_pace_file(first) != find_pace_file(Arxiv())


def test_another_users_pace_is_not_broken_but_told(ask, monkeypatch):
    def refuse(self, *_args, **_more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    with pytest.raises(YibaoError, match="run Yibao as one user"):
        ask()


ASKER = """
import sys, time
from pathlib import Path
from flows.steps.environment import SystemClock
from yibao.arxiv.client import Client
from yibao.settings import Arxiv
chosen = Arxiv(rss_url=sys.argv[1] + "/rss", pace_s=0.3, contact="x@example.org")
with Client(chosen, SystemClock(), folder=Path(sys.argv[2])) as client:
    for _ in range(int(sys.argv[3])):
        client.get(sys.argv[1] + "/rss/cs.CL")
"""


@pytest.mark.soak
def test_no_kill_at_any_moment_makes_the_next_request_come_too_early(tmp_path):
    chance = random.Random(1)
    with Standin(pace_s=0.15) as arxiv:
        command = [sys.executable, "-c", ASKER.replace("0.3", "0.15"), arxiv.url, str(tmp_path), "500"]
        steady = subprocess.Popen(command)
        for _ in range(6):
            asked = len(arxiv.requests)
            victim = subprocess.Popen(command)
            while len(arxiv.requests) < asked + 8:
                time.sleep(0.005)
            time.sleep(chance.random() * 0.3)
            victim.kill()
            victim.wait()
        steady.kill()
        steady.wait()
        assert len(arxiv.requests) > 48  # And the stand-in has watched every gap.


@pytest.mark.soak
def test_three_processes_keep_one_connection_and_one_pace_even_when_one_is_killed(arxiv, tmp_path):
    command = [sys.executable, "-c", ASKER, arxiv.url, str(tmp_path)]
    victim = subprocess.Popen([*command, "100"])
    others = [subprocess.Popen([*command, "4"]) for _ in range(2)]
    while len(arxiv.requests) < 3:
        time.sleep(0.01)
    victim.kill()
    victim.wait()
    assert [other.wait(timeout=60) for other in others] == [0, 0]
    gaps = [b.at - a.at for a, b in zip(arxiv.requests, arxiv.requests[1:], strict=False)]
    assert min(gaps) >= 0.29
    assert all(request.others == 0 for request in arxiv.requests)
