"""Runs by hand: which Prefect server they join, and what they do when it goes away."""

import os
import subprocess
import sys

import pytest
from filelock import FileLock

from commands import prefect_address
from tests.conftest import MONDAY
from tests.drills.scheduled import ROOT, free_port, in_proc, lay_out, running, wait_for
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
    assert f"no Prefect server answers at {url} (prefect.api_url); this run starts its own" in err


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
