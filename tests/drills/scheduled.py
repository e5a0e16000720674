"""A running `yibao schedule`, as tests start, look at and end it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import Installation

ROOT = Path(__file__).parents[2]
READY = "Prefect at http"
#: Far more than anything needs here, far less than for ever.
PATIENCE_S = 150.0
#: States in which a run stays.
ENDS = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}

in_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are counted in /proc")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def wait_for(what, seconds=PATIENCE_S):
    """Return the first true answer of `what`; None when there was none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := what():
            return answer
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
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return family


class PrefectApi:
    """A Prefect server, asked over HTTP for what its page shows."""

    def __init__(self, url):
        self.url = url

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        for _ in range(20):
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code != 503:  # SQLite was locked for a moment
                    raise
                time.sleep(0.5)
        raise AssertionError(f"{path} is never answered")

    def is_up(self):
        try:
            return self.ask("/health")
        except OSError:
            return False

    def deployments(self):
        return {deployment["name"]: deployment for deployment in self.ask("/deployments/filter", {})}

    def start_run(self, deployment, on):
        body = {"parameters": {"on": on}, "state": {"type": "SCHEDULED"}}
        return self.ask(f"/deployments/{deployment['id']}/create_flow_run", body)["id"]

    def find_end(self, run_id):
        """The flow run, once it has ended."""
        run = self.ask(f"/flow_runs/{run_id}")
        return run if run["state_type"] in ENDS else None

    def runs(self, flow):
        return self.ask("/flow_runs/filter", {"flows": {"name": {"any_": [flow]}}})

    def task_runs(self, run_id):
        """Every task run of a flow run; the server gives them by 200."""
        runs, body = [], {"flow_runs": {"id": {"any_": [run_id]}}}
        while batch := self.ask("/task_runs/filter", {**body, "offset": len(runs)}):
            runs += batch
        return runs

    def ended_task_runs(self, run_id, last):
        """Every task run of a flow run, once they have ended, `last` (a name's beginning) too: states come late."""
        tasks = []

        def have_ended():
            tasks[:] = self.task_runs(run_id)
            has_last = any(task["name"].startswith(last) for task in tasks)
            return has_last and {task["state_type"] for task in tasks} <= ENDS

        assert wait_for(have_ended, 60), [(task["name"], task["state_type"]) for task in tasks]
        return tasks

    def logs(self, run_id):
        return self.ask("/logs/filter", {"logs": {"flow_run_id": {"any_": [run_id]}}, "sort": "TIMESTAMP_ASC"})

    def artifacts(self, run_id):
        shown = self.ask("/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run_id]}}})
        return {artifact["key"]: artifact for artifact in shown}

    def require_readable(self, run_id, on, *, went_well=True):
        """The page of a daily run says what happened without our files."""
        run = self.ask(f"/flow_runs/{run_id}")
        assert (run["name"], set(run["tags"])) == (f"daily {on}", {"yibao", "daily"})
        names = {task["name"] for task in self.ended_task_runs(run_id, "send what is due")}
        stored = {f"store the list of cs.CL, {on}"} if went_well else set()
        assert {f"fetch the feed of cs.CL, {on}", "read translations", *stored} <= names
        # What was fetched, by a step; what a task did, by the flow; how the run ended, by Prefect. Lines come late.
        for words in ("/rss/cs.CL: ", " papers new" if went_well else "HTTP 503", "Finished in state"):
            assert wait_for(lambda said=words: any(said in line["message"] for line in self.logs(run_id)), 15), words
        report = self.artifacts(run_id)["daily-report"]
        assert report["type"] == "markdown"
        assert on in report["data"]
        table = self.artifacts(run_id)["completeness"]
        assert (table["type"], f"cs.CL, {on}" in table["data"]) == ("table", True)
        return run


class Scheduled:
    """A running `yibao schedule`, what it printed, and its Prefect server."""

    def __init__(self, installation, port):
        self.port = port
        self.output = installation.folder / "output"
        self.api = PrefectApi(f"http://127.0.0.1:{port}/api")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "YIBAO_"))}
        with self.output.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "commands.main", "schedule", "--config", str(installation.config)],
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
        descendants = find_descendants(self.process.pid) - {self.process.pid}
        children = [
            pid
            for pid in sorted(descendants, key=lambda pid: read_stat(pid)[2])
            if read_stat(pid)[1] == self.process.pid
            and b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        return children[position]

    def await_end(self, seconds=15):
        self.process.wait(seconds)
        wait_for(lambda: not any(map(is_alive, self.seen)), 5)
        assert [pid for pid in self.seen if is_alive(pid)] == []
        return self.process.returncode

    def start_run(self, on):
        daily = next(deployment for name, deployment in self.api.deployments().items() if name.startswith("daily"))
        return self.api.start_run(daily, on)

    def await_run(self, run_id):
        ended = wait_for(lambda: self.api.find_end(run_id))
        assert ended, self.text
        return ended


def lay_out(folder, arxiv, port, more=""):
    installation = Installation(folder)
    (folder / "translations").mkdir(parents=True)
    installation.configure(arxiv, more=f"\n[prefect]\nport = {port}\n{more}")
    return installation


@contextmanager
def running(installation, port):
    schedule = Scheduled(installation, port)
    try:
        yield schedule
    finally:
        schedule.find_processes()
        for pid in schedule.seen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        schedule.process.wait(10)


def run_to_end(installation):
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "YIBAO_"))}
    done = subprocess.run(
        [sys.executable, "-m", "commands.main", "schedule", "--config", str(installation.config)],
        check=False,
        env={**environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=40,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr
