"""`deployments/prefect.yaml` on an empty Prefect server with a process worker, as its README tells operators to."""

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager

import pytest

from tests.conftest import MONDAY
from tests.drills.postgres import postgres_server, running
from tests.drills.scheduled import ROOT, PrefectApi, free_port, lay_out, wait_for

PREFECT = [sys.executable, "-m", "prefect", "--no-prompt"]


@contextmanager
def sqlite_file():
    with tempfile.TemporaryDirectory(prefix="yibao-sqlite-") as name:
        yield f"sqlite+aiosqlite:///{name}/prefect.db"


@contextmanager
def postgres_database():
    with postgres_server() as address:
        yield address.replace("postgresql://", "postgresql+asyncpg://")


DATABASES = {"sqlite": sqlite_file, "postgresql": postgres_database}


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
    assert deployments.keys() == {"daily-srv-yibao", "weekly-srv-yibao", "newsletter-srv-yibao"}
    run_id = operator.api.start_run(deployments["daily-srv-yibao"], MONDAY.isoformat())
    run = wait_for(lambda: operator.api.find_end(run_id), 90)
    assert run, operator.output
    assert run["state_type"] == "COMPLETED", operator.output
    operator.api.require_readable(run_id, MONDAY.isoformat())
    assert (installation.public / "index.html").exists()
