"""`yibao schedule`: real processes, a real Prefect server, ended in every way that a host knows."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from filelock import FileLock

from flows import schedule
from flows.children import Child
from tests.conftest import MONDAY, Installation
from tests.standin.server import Fault
from yibao.errors import YibaoError

ROOT = Path(__file__).parents[2]
READY = "Prefect at http"
#: Far more than anything needs here, far less than for ever.
PATIENCE_S = 150.0

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are counted in /proc")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def wait_for(what, seconds=PATIENCE_S):
    """Return the first true answer of `what`; None when there was none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.1)
    return None


def read_stat(pid):
    """A process's state, its parent, and when it began."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "gone", 0, 0
    return fields[0], int(fields[1]), int(fields[19])


def is_alive(pid):
    return read_stat(pid)[0] not in ("gone", "Z", "X")


def find_descendants(pid):
    parents = {int(path.name): read_stat(path.name)[1] for path in Path("/proc").glob("[0-9]*")}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


class Scheduled:
    """A running `yibao schedule`, what it printed, and its Prefect server."""

    def __init__(self, installation, port):
        self.port = port
        self.output = installation.folder / "output"
        self.api = f"http://127.0.0.1:{port}/api"
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "YIBAO_"))}
        with self.output.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flows.cli", "schedule", "--config", str(installation.config)],
                env={**environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        self.seen = {self.process.pid}

    @property
    def text(self):
        return self.output.read_text(encoding="utf-8")

    def await_ready(self, times=1):
        wait_for(lambda: self.process.poll() is not None or self.text.count(READY) >= times)
        assert self.process.poll() is None, self.text
        assert self.text.count(READY) >= times, self.text

    def find_processes(self):
        self.seen |= find_descendants(self.process.pid)
        return self.seen

    def find_child(self, position):
        """Our server is the first child that is not Python's own helper, our runner the second."""
        found = find_descendants(self.process.pid) - {self.process.pid}
        children = [
            pid
            for pid in sorted(found, key=lambda pid: read_stat(pid)[2])
            if read_stat(pid)[1] == self.process.pid
            and b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        return children[position]

    def await_end(self, seconds=15):
        self.process.wait(seconds)
        wait_for(lambda: not any(map(is_alive, self.seen)), 5)
        assert [pid for pid in self.seen if is_alive(pid)] == []
        return self.process.returncode

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.api + path, data, {"Content-Type": "application/json"})
        for _ in range(20):
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code != 503:  # SQLite was locked for a moment
                    raise
                time.sleep(0.5)
        raise AssertionError(f"{path} is never answered")

    def start_run(self, on):
        deployment = next(one for one in self.ask("/deployments/filter", {}) if one["name"].startswith("daily"))
        body = {"parameters": {"on": on}, "state": {"type": "SCHEDULED"}}
        return self.ask(f"/deployments/{deployment['id']}/create_flow_run", body)["id"]

    def await_run(self, run_id):
        def find_end():
            run = self.ask(f"/flow_runs/{run_id}")
            return run if run["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") else None

        found = wait_for(find_end)
        assert found, self.text
        return found


def lay_out(folder, arxiv, port, more=""):
    made = Installation(folder)
    (folder / "translations").mkdir(parents=True)
    made.configure(arxiv, more=f"\n[prefect]\nport = {port}\n{more}")
    return made


@contextmanager
def running(installation, port):
    one = Scheduled(installation, port)
    try:
        yield one
    finally:
        one.find_processes()
        for pid in one.seen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        one.process.wait(10)


@pytest.fixture
def installed(tmp_path, arxiv, prefect_server):
    """An installation with a port of its own, and that port. Its server's tables are there: making them takes long."""
    port = free_port()
    made = lay_out(tmp_path / "yibao", arxiv, port)
    home = made.folder / "data" / "prefect"
    home.mkdir(parents=True)
    from prefect.settings import PREFECT_HOME

    source, copy = (sqlite3.connect(place / "prefect.db") for place in (PREFECT_HOME.value(), home))
    with closing(source), closing(copy):
        source.backup(copy)
    return made, port


def test_what_goes_wrong_in_a_run_is_one_line_each_and_with_its_runner_killed_the_schedule_ends_with_status_1(
    installed, arxiv
):
    installation, port = installed
    with running(installation, port) as one:
        one.await_ready()
        status, output = run_to_end(installation)
        assert (status, "runs already for this installation" in output) == (1, True), output

        arxiv.fail("/", Fault.UNAVAILABLE, times=1000)
        assert one.await_run(one.start_run(MONDAY.isoformat()))["state_type"] == "FAILED"
        assert wait_for(lambda: one.text.count("daily: FAILED: cs.CL, 2025-01-13: ") == 1, 5), one.text
        with FileLock(installation.folder / "data" / "run.lock"):
            one.await_run(one.start_run(MONDAY.isoformat()))
        assert wait_for(lambda: one.text.count("daily: FAILED: Another run is at work on this installation") == 1, 5)

        os.kill(one.find_child(1), signal.SIGKILL)
        assert one.await_end() == 1
        assert one.text.splitlines()[-1].startswith("yibao: Prefect's runner has ended")
        assert "Traceback" not in one.text


def test_with_its_server_killed_the_schedule_ends_with_status_1(installed):
    with running(*installed) as one:
        one.await_ready()
        os.kill(one.find_child(0), signal.SIGKILL)
        assert one.await_end() == 1
        assert one.text.splitlines()[-1].startswith("yibao: Prefect's server has ended")
        assert "Traceback" not in one.text


def test_a_signal_ends_all_within_seconds_the_next_start_takes_up_the_run_and_sigkill_leaves_nothing_behind(
    installed, arxiv
):
    installation, port = installed
    installation.config.write_text(installation.config.read_text().replace("timeout_s = 2.0", "timeout_s = 25.0"))
    with running(installation, port) as one:
        one.await_ready()
        run_id = start_run_that_hangs(one, arxiv)
        one.process.terminate()
        assert one.await_end(10) == 0
        assert "Traceback" not in one.text
    with running(installation, port) as again:
        again.await_ready(times=2)
        run = again.await_run(run_id)
        assert (run["state_type"], run["run_count"]) == ("COMPLETED", 2), again.text
        start_run_that_hangs(again, arxiv)
        again.process.kill()
        assert again.await_end() == -signal.SIGKILL
    socket.create_server(("127.0.0.1", port)).close()


def start_run_that_hangs(one, arxiv):
    arxiv.requests.clear()
    arxiv.fail("/", Fault.SILENCE, times=1)
    run_id = one.start_run(MONDAY.isoformat())
    assert wait_for(lambda: arxiv.requests), one.text
    # Ourselves, Python's helper, server, runner, the flow's helper, the flow.
    assert len(one.find_processes()) >= 5
    return run_id


def run_to_end(installation):
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "YIBAO_"))}
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", "schedule", "--config", str(installation.config)],
        check=False,
        env={**environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=40,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


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


def test_a_server_of_the_operators_that_does_not_answer_is_an_error_within_seconds(tmp_path, arxiv):
    url = f"http://127.0.0.1:{free_port()}/api"
    status, output = run_to_end(lay_out(tmp_path / "yibao", arxiv, 4200, f'api_url = "{url}"'))
    assert (status, f"prefect.api_url: no Prefect server answers at {url}" in output) == (1, True), output


class Forwarder:
    """A port that leads to a server as long as it is open."""

    def __init__(self, target):
        self.target = target
        self.is_open = True
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.pairs = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if not self.is_open:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self.target))
            self.pairs += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source, sink):
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.is_open = False
        for one in self.pairs:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def operators(prefect_server):
    """A Prefect server that is not ours, which can go away and come back."""
    from prefect.settings import PREFECT_API_URL

    made = Forwarder(urlsplit(PREFECT_API_URL.value()).port)
    yield made
    made.close()
    made.listener.close()


def test_two_installations_on_an_operators_server_have_deployments_of_their_own(tmp_path, arxiv, operators):
    url = f"http://127.0.0.1:{operators.port}/api"
    installations = [lay_out(tmp_path / host / "srv", arxiv, 4200, f'api_url = "{url}"') for host in ("a", "b")]
    with running(installations[0], operators.port) as one, running(installations[1], operators.port) as other:
        one.await_ready()
        other.await_ready()
        ours = [found for found in one.ask("/deployments/filter", {}) if "-srv-" in found["name"]]
        assert len(ours) == len({found["name"] for found in ours}) == 4
        configs = {found["name"]: found["parameters"]["config"] for found in ours}
        assert set(configs.values()) == {str(installation.config) for installation in installations}
        assert all(re.fullmatch(r"(daily|weekly)-srv-[0-9a-f]{6}", name) for name in configs)


def test_an_operators_server_that_goes_away_is_waited_for(tmp_path, arxiv, operators):
    url = f"http://127.0.0.1:{operators.port}/api"
    with running(lay_out(tmp_path / "srv", arxiv, 4200, f'api_url = "{url}"'), operators.port) as one:
        one.await_ready()
        operators.close()
        assert wait_for(lambda: "does not answer; we go on trying" in one.text, 30), one.text
        operators.is_open = True
        assert wait_for(lambda: "answers again" in one.text, 30), one.text
        assert one.process.poll() is None
        one.find_processes()
        one.process.send_signal(signal.SIGINT)
        assert one.await_end(10) == 0


def test_a_server_that_is_silent_for_too_long_ends_the_schedule():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        health = schedule.Health(f"http://127.0.0.1:{silent.getsockname()[1]}/api", patience_s=1.0)
        with pytest.raises(YibaoError, match="has not answered for 1 seconds, so nothing runs"):
            wait_for(lambda: health.check(every_s=0), 30)


def test_a_name_on_prefects_server_is_the_operators_or_the_folders_with_figures_that_stay(tmp_path, arxiv):
    from flows import wiring

    made = lay_out(tmp_path / "srv", arxiv, 4200)
    (made.folder / "data").mkdir()
    first = schedule.name_installation(made.config, wiring.load(made.config))
    assert re.fullmatch(r"srv-[0-9a-f]{6}", first)
    assert schedule.name_installation(made.config, wiring.load(made.config)) == first
    # Another host with the same path has another data folder.
    shutil.rmtree(made.folder / "data")
    (made.folder / "data").mkdir()
    assert schedule.name_installation(made.config, wiring.load(made.config)) != first
    made.configure(arxiv, more='\n[prefect]\nname = "gazette"')
    assert schedule.name_installation(made.config, wiring.load(made.config)) == "gazette"


def test_of_runs_that_were_missed_the_newest_is_kept_and_one_that_is_broken_off_again_and_again_is_given_up(
    prefect_server,
):
    from datetime import UTC, datetime, timedelta

    from prefect.client.orchestration import get_client
    from prefect.states import Running, Scheduled

    from flows.registry import FLOWS
    from flows.runner import settle_earlier_runs

    deployment = FLOWS["daily"].to_deployment(name="missed").apply()
    now = datetime.now(UTC)

    with get_client(sync_client=True) as client:

        def create(state):
            return client.create_flow_run_from_deployment(deployment, state=state).id

        missed = [create(Scheduled(scheduled_time=now - timedelta(days=days))) for days in (3, 1, 2)]
        coming = create(Scheduled(scheduled_time=now + timedelta(days=1)))
        dead = create(Scheduled(scheduled_time=now + timedelta(days=2)))
        # Each time it is running counts.
        for expected in ("SCHEDULED", "SCHEDULED", "CRASHED"):
            client.set_flow_run_state(dead, Running(), force=True)
            settle_earlier_runs(client, [deployment])
            assert client.read_flow_run(dead).state_type.value == expected
        states = [client.read_flow_run(one).state_type.value for one in [*missed, coming]]
        assert states == ["CANCELLED", "SCHEDULED", "CANCELLED", "SCHEDULED"]


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
