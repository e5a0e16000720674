"""`yibao schedule`: real processes, a real Prefect server, ended in every way that a host knows."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from filelock import FileLock

from commands.children import Child
from tests.conftest import MONDAY
from tests.drills.scheduled import (
    find_descendants,
    free_port,
    in_proc,
    is_alive,
    lay_out,
    run_to_end,
    running,
    wait_for,
)
from tests.standin.server import Fault

pytestmark = in_proc


@pytest.fixture
def installed(tmp_path, arxiv, prefect_server):
    """An installation with a port of its own, and that port. Its server's tables are there: making them takes long."""
    port = free_port()
    installation = lay_out(tmp_path / "yibao", arxiv, port)
    home = installation.folder / "data" / "prefect"
    home.mkdir(parents=True)
    from prefect.settings import PREFECT_HOME

    source, copy = (sqlite3.connect(place / "prefect.db") for place in (PREFECT_HOME.value(), home))
    with closing(source), closing(copy):
        source.backup(copy)
        for table in ("flow_run", "deployment"):
            copy.execute(f"DELETE FROM {table}")
        copy.commit()
    return installation, port


def require_page(port):
    """Prefect's page is up, its scripts included."""
    url = f"http://127.0.0.1:{port}"
    page = httpx.get(url, headers={"Accept": "text/html"}, follow_redirects=True)
    assert page.headers["content-type"].startswith("text/html")
    script = re.search(r'src="([^"]+\.js)"', page.text).group(1)
    assert "javascript" in httpx.get(url + script).headers["content-type"]


def test_what_goes_wrong_in_a_run_is_one_line_each_and_with_its_runner_killed_the_schedule_ends_with_status_1(
    installed, arxiv
):
    installation, port = installed
    with running(installation, port) as scheduled:
        scheduled.await_ready()
        status, output = run_to_end(installation)
        assert (status, "runs already for this installation" in output) == (1, True), output

        arxiv.fail("/", Fault.UNAVAILABLE, times=1000)
        failed = scheduled.await_run(scheduled.start_run(MONDAY.isoformat()))
        assert failed["state_type"] == "FAILED"
        assert wait_for(lambda: scheduled.text.count("daily: FAILED: cs.CL, 2025-01-13: ") == 1, 5), scheduled.text
        require_page(port)
        assert "cs.CL, 2025-01-13: " in failed["state"]["message"]
        scheduled.api.require_readable(failed["id"], MONDAY.isoformat(), went_well=False)
        lines = [line["message"] for line in scheduled.api.logs(failed["id"])]
        assert any("503" in line for line in lines)
        assert not any("Traceback" in line for line in lines)
        with FileLock(installation.folder / "data" / "run.lock"):
            scheduled.await_run(scheduled.start_run(MONDAY.isoformat()))
        assert wait_for(
            lambda: scheduled.text.count("daily: FAILED: Another run is at work on this installation") == 1, 5
        )

        os.kill(scheduled.find_child(1), signal.SIGKILL)
        assert scheduled.await_end() == 1
        assert scheduled.text.splitlines()[-1].startswith("yibao: Prefect's runner has ended")
        assert "Traceback" not in scheduled.text


def test_with_its_server_killed_the_schedule_ends_with_status_1(installed):
    with running(*installed) as scheduled:
        scheduled.await_ready()
        os.kill(scheduled.find_child(0), signal.SIGKILL)
        assert scheduled.await_end() == 1
        assert scheduled.text.splitlines()[-1].startswith("yibao: Prefect's server has ended")
        assert "Traceback" not in scheduled.text


def test_a_signal_ends_all_within_seconds_the_next_start_takes_up_the_run_and_sigkill_leaves_nothing_behind(
    installed, arxiv
):
    installation, port = installed
    installation.config.write_text(installation.config.read_text().replace("timeout_s = 2.0", "timeout_s = 25.0"))
    with running(installation, port) as scheduled:
        scheduled.await_ready()
        run_id = start_run_that_hangs(scheduled, arxiv)
        scheduled.process.terminate()
        assert scheduled.await_end(10) == 0
        assert "Traceback" not in scheduled.text
    with running(installation, port) as again:
        again.await_ready(times=2)
        run = again.await_run(run_id)
        assert (run["state_type"], run["run_count"]) == ("COMPLETED", 2), again.text
        start_run_that_hangs(again, arxiv)
        again.process.kill()
        assert again.await_end() == -signal.SIGKILL
    socket.create_server(("127.0.0.1", port)).close()


def start_run_that_hangs(scheduled, arxiv):
    arxiv.requests.clear()
    arxiv.fail("/", Fault.SILENCE, times=1)
    run_id = scheduled.start_run(MONDAY.isoformat())
    assert wait_for(lambda: arxiv.requests), scheduled.text
    # Ourselves, Python's helper, server, runner, the flow's helper, the flow.
    assert len(scheduled.find_processes()) >= 5
    return run_id


class _Anyone(BaseHTTPRequestHandler):
    """A server that says it is well, whatever it is asked."""

    asked: list[str] = []  # noqa: RUF012

    def do_GET(self):
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"true")

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_):
        pass


@contextmanager
def anyone():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Anyone)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def test_a_port_that_is_taken_is_an_error_that_names_setting_and_holder_and_nobody_joins_who_answers_there(
    tmp_path, arxiv
):
    with anyone() as port:
        status, output = run_to_end(lay_out(tmp_path / "yibao", arxiv, port))
        assert status == 1
        assert f"prefect.port: port {port} is taken by process {os.getpid()} (" in output
        assert _Anyone.asked == []


def _sleep_with_children(tell):
    subprocess.Popen(["sleep", "60"])
    tell("asleep")
    time.sleep(60)


def test_a_child_is_stopped_with_all_that_it_started():
    child = Child(_sleep_with_children)
    assert wait_for(child.last_words) == "asleep"
    family = find_descendants(child.pid)
    assert len(family) == 2
    child.stop()
    assert wait_for(lambda: not any(map(is_alive, family)), 5)


def test_mail_runs_by_itself_while_a_setting_lets_it_wait_and_is_off_the_schedule_afterwards(installed):
    installation, port = installed
    for line, names in [
        ("earliest_hour = 7\n", {"daily", "weekly", "newsletter"}),
        ("", {"daily", "weekly"}),
    ]:
        text = installation.config.read_text(encoding="utf-8").replace("earliest_hour = 7\n", "")
        installation.config.write_text(text.replace("retry_s", f"{line}retry_s"), encoding="utf-8")
        with running(installation, port) as one:
            one.await_ready(times=1)
            assert {name.partition("-")[0] for name in one.api.deployments()} == names
            one.process.terminate()
            assert one.await_end() == 0
        one.output.unlink()
