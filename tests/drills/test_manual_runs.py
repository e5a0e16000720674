"""Runs by hand: which Prefect server they join, and what they do when it goes away."""

import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata

import pytest
from filelock import FileLock

from commands import prefect_address
from commands.prefect_address import find_fault
from tests.conftest import MONDAY, further_values
from tests.drills.scheduled import ROOT, free_port, in_proc, lay_out, run_to_end, running, wait_for
from tests.drills.test_operators_server import operators
from tests.drills.test_schedule import _Anyone, anyone, installed
from tests.standin.server import Fault

__all__ = ["installed", "operators"]

pytestmark = in_proc


def start(installation, flow="run"):
    """`yibao run` or another flow, as a person types it."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    words = [flow, "--on", MONDAY.isoformat(), "--config", str(installation.config)]
    return subprocess.Popen(
        [sys.executable, "-m", "commands.main", *words],
        env={**environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    try:
        out, err = process.communicate(timeout=150)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(process.communicate()) from None
    assert "Traceback" not in err
    return process.returncode, out, err


def test_a_run_by_hand_joins_the_schedules_server_where_its_page_shows_it(installed):
    installation, port = installed
    with running(installation, port) as schedule:
        schedule.await_ready()
        status, out, err = finish(start(installation))
        assert (status, "papers: " in out) == (0, True), out + err
        (run,) = (run for run in schedule.api.runs("daily") if not run["deployment_id"])
        assert run["state_type"] == "COMPLETED"
        schedule.api.require_readable(run["id"], MONDAY.isoformat())


def test_a_run_by_hand_asks_nobody_who_listens_where_an_ended_schedule_did(installed):
    installation, _port = installed
    with anyone() as port:
        prefect_address.write_address(installation.folder / "data", f"http://127.0.0.1:{port}/api")
        status, out, err = finish(start(installation, "harvest"))
    assert (status, _Anyone.asked) == (0, []), out + err


def test_a_run_by_hand_starts_its_own_server_where_the_schedules_does_not_answer(installed):
    installation, _port = installed
    data = installation.folder / "data"
    with FileLock(data / "schedule.lock"):
        prefect_address.write_address(data, f"http://127.0.0.1:{free_port()}/api")
        status, out, err = finish(start(installation, "harvest"))
    assert status == 0, out + err


def test_a_run_by_hand_says_that_the_operators_server_does_not_answer_and_starts_its_own(tmp_path, arxiv):
    url = f"http://127.0.0.1:{free_port()}/api"
    installation = lay_out(tmp_path / "yibao", arxiv, 4200, f'api_url = "{url}"')
    status, out, err = finish(start(installation, "harvest"))
    assert status == 0, out + err
    assert f"prefect.api_url: no Prefect server answers at {url}. This run starts a server of its own." in err


class Stranger(BaseHTTPRequestHandler):
    """A program that is not Prefect: `answers` has status and body by how the path ends, the last one for all else."""

    answers: tuple[tuple[str, int, bytes], ...] = ()
    is_silent = False

    def do_GET(self):
        if self.is_silent:
            time.sleep(20)
        status, body = next((status, body) for end, status, body in self.answers if self.path.endswith(end))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815

    def log_message(self, *_):
        pass


@contextmanager
def stranger(*answers, is_silent=False):
    handler = type("Answering", (Stranger,), {"answers": answers, "is_silent": is_silent})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api"
    finally:
        server.shutdown()
        server.socket.close()


OURS = f'"{metadata.version("prefect")}"'.encode()
PAGE = b"<!DOCTYPE html><title>A page</title>"
#: Answers of programs that are not Prefect, and what is said of them.
STRANGERS = {
    "nothing there": ([("", 404, PAGE)], "is not Prefect's API (HTTP 404 for admin/version)"),
    "a page for everything": ([("", 200, PAGE)], "is not Prefect's API (no version of Prefect for admin/version)"),
    "garbled JSON": ([("", 200, b'{"a": [')], "is not Prefect's API (no version of Prefect for admin/version)"),
    "true for everything": ([("", 200, b"true")], "is not Prefect's API (no version of Prefect for admin/version)"),
    "broken": ([("", 500, b"")], "is not Prefect's API (HTTP 500 for admin/version)"),
    "another Prefect": ([("", 200, b'"2.20.1"')], "is Prefect 2.20.1, and ours is 3."),
    "Prefect at first, then pages": ([("version", 200, OURS), ("", 200, PAGE)], "gives answers that are not Prefect's"),
    "Prefect at first, then JSON": ([("version", 200, OURS), ("", 200, b"[1]")], "gives answers that are not Prefect"),
    "locked": ([("", 401, b"{}")], "refuses us: set PREFECT_API_KEY or PREFECT_API_AUTH_STRING"),
}


#: Those who are found out by a run's own requests only, and one who is found out before.
IN_A_RUN = ("broken", "Prefect at first, then pages", "Prefect at first, then JSON", "locked")


@pytest.mark.parametrize("kind", [kind for kind in STRANGERS if kind not in IN_A_RUN[1:]])
def test_what_answers_in_place_of_prefect_is_named(kind):
    answers, words = STRANGERS[kind]
    with stranger(*answers) as url:
        fault = find_fault(url)
    assert fault is not None
    assert url in fault
    assert words in fault


@pytest.mark.parametrize("kind", [IN_A_RUN[0], *further_values(*IN_A_RUN[1:])])
def test_a_program_that_is_not_prefect_is_named_and_the_run_is_done_on_a_server_of_its_own(tmp_path, arxiv, kind):
    answers, words = STRANGERS[kind]
    with stranger(*answers) as url:
        installation = lay_out(tmp_path / "yibao", arxiv, 4200, f'api_url = "{url}"')
        status, out, err = finish(start(installation, "harvest"))
    assert (status, "papers: " in out) == (0, True), out + err
    assert url in err
    assert words in err
    assert "server of its own" in err


def test_a_program_that_never_answers_is_named_and_the_run_is_done_on_a_server_of_its_own(tmp_path, arxiv):
    with stranger(is_silent=True) as url:
        installation = lay_out(tmp_path / "yibao", arxiv, 4200, f'api_url = "{url}"')
        status, out, err = finish(start(installation, "harvest"))
    assert (status, "papers: " in out) == (0, True), out + err
    assert f"prefect.api_url: no Prefect server answers at {url}. This run starts a server of its own." in err


def test_a_schedule_on_a_program_that_is_not_prefect_is_refused_with_a_remedy(tmp_path, arxiv):
    with stranger(("", 404, PAGE)) as url:
        status, output = run_to_end(lay_out(tmp_path / "yibao", arxiv, 4200, f'api_url = "{url}"'))
    assert status == 1
    assert f"what answers at {url} is not Prefect's API (HTTP 404 for admin/version). Correct the address" in output


@pytest.mark.timeout(290)
def test_a_run_whose_server_goes_away_goes_on_with_one_of_its_own_and_says_so(tmp_path, arxiv, operators):
    url = f"http://127.0.0.1:{operators.port}/api"
    installation = lay_out(tmp_path / "yibao", arxiv, 4200, f'api_url = "{url}"')
    arxiv.fail("/", Fault.SILENCE, times=1)
    process = start(installation)
    assert wait_for(lambda: arxiv.requests)
    operators.close()
    status, out, err = finish(process)
    assert (status, "papers: " in out) == (0, True), out + err
    assert f"Prefect's server at {url} went away; the run goes on with a server of its own." in err
    assert (installation.public / "index.html").exists()
