"""`deployments/prefect.yaml` on an empty Prefect server with a process worker, as its README tells operators to."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import MONDAY
from tests.drills.scheduled import ROOT, PrefectApi, free_port, lay_out, wait_for

PREFECT = [sys.executable, "-m", "prefect", "--no-prompt"]


@contextmanager
def running(command, log, **options):
    """A process with all that it starts, which are stopped at the end of the block."""
    with log.open("ab") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True, **options)
    try:
        yield process
    finally:
        # PostgreSQL's fast end. Prefect's processes take their time; nothing of theirs is worth it.
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(2)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


def postgres_folder():
    """Where PostgreSQL's programs are; Debian has them outside of the PATH."""
    programs = [*Path("/usr/lib/postgresql").glob("*/bin/initdb"), *filter(None, [shutil.which("initdb")])]
    return Path(programs[0]).parent if programs else pytest.skip("PostgreSQL is not installed on this machine")


@contextmanager
def postgres_server():
    """A PostgreSQL cluster of our own, gone with the block; yields the address of its database."""
    programs, port = postgres_folder(), free_port()
    # It refuses to run as root.
    user = {"user": "nobody"} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="yibao-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, "nobody")
        data = str(folder / "data")
        initdb = [programs / "initdb", "-D", data, "-U", "yibao", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        subprocess.run(initdb, check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=60, **user)
        command = [programs / "postgres", "-D", data, "-p", str(port), "-k", name, "-c", "fsync=off"]
        with running([*command, "-c", "listen_addresses=127.0.0.1"], folder / "log", cwd=folder, **user):
            is_ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
            assert wait_for(lambda: subprocess.run(is_ready, check=False).returncode == 0, 30)
            yield f"postgresql+asyncpg://yibao@127.0.0.1:{port}/postgres"


@contextmanager
def sqlite_file():
    with tempfile.TemporaryDirectory(prefix="yibao-sqlite-") as name:
        yield f"sqlite+aiosqlite:///{name}/prefect.db"


DATABASES = {"sqlite": sqlite_file, "postgresql": postgres_server}


class Operator:
    """A Prefect server and a worker, as an operator starts them by typing what the README says."""

    def __init__(self, folder, database_url, stack):
        self.folder, self.stack = folder, stack
        port = free_port()
        self.api = PrefectApi(f"http://127.0.0.1:{port}/api")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        self.environ = {
            **inherited,
            "PYTHONPATH": str(ROOT),
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": self.api.url,
            "PREFECT_API_DATABASE_CONNECTION_URL": database_url,
            "PREFECT_UI_STATIC_DIRECTORY": str(folder / "page"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "DO_NOT_TRACK": "1",
        }
        self.start("server", "start", "--host", "127.0.0.1", "--port", str(port))
        assert wait_for(self.api.is_up, 90), self.output

    @property
    def output(self):
        return (self.folder / "output").read_text(encoding="utf-8")

    def start(self, *words):
        self.stack.enter_context(running([*PREFECT, *words], self.folder / "output", env=self.environ, cwd=ROOT))

    def type(self, *words):
        done = subprocess.run(
            [*PREFECT, *words], check=False, capture_output=True, text=True, env=self.environ, cwd=ROOT, timeout=90
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def operator(tmp_path, database):
    with ExitStack() as stack:
        yield Operator(tmp_path, stack.enter_context(DATABASES[database]()), stack)


def test_the_readme_tells_the_commands_of_this_drill():
    readme = (ROOT / "deployments" / "README.md").read_text(encoding="utf-8")
    for line in (
        "prefect work-pool create yibao --type process",
        "prefect deploy --prefect-file deployments/prefect.yaml --all",
        "prefect worker start --pool yibao",
    ):
        assert line in readme


@pytest.mark.parametrize("database", DATABASES)
def test_a_day_runs_on_an_operators_server_and_worker_and_their_page_tells_what_happened(tmp_path, arxiv, operator):
    installation = lay_out(tmp_path / "yibao", arxiv, 4200)
    plan = (ROOT / "deployments" / "prefect.yaml").read_text(encoding="utf-8")
    (tmp_path / "prefect.yaml").write_text(plan.replace("/srv/yibao/", f"{installation.folder}/"), encoding="utf-8")

    operator.type("work-pool", "create", "yibao", "--type", "process")
    operator.type("deploy", "--prefect-file", str(tmp_path / "prefect.yaml"), "--all")
    operator.start("worker", "start", "--pool", "yibao")

    deployments = operator.api.deployments()
    assert deployments.keys() == {"daily-srv-yibao", "weekly-srv-yibao"}
    run_id = operator.api.start_run(deployments["daily-srv-yibao"], MONDAY.isoformat())
    run = wait_for(lambda: operator.api.find_end(run_id), 90)
    assert run, operator.output
    assert run["state_type"] == "COMPLETED", operator.output
    operator.api.require_readable(run_id, MONDAY.isoformat())
    assert (installation.public / "index.html").exists()
