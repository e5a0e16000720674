"""What tests share. Nothing here reaches beyond this machine's loopback."""

import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from hypothesis import HealthCheck, settings

# Before anything imports Prefect, which reads its settings then.
from commands.prefect_server import isolate_prefect, serve_api

_PREFECT_HOME = tempfile.TemporaryDirectory(prefix="yibao-prefect-")
_LISTENER = isolate_prefect(Path(_PREFECT_HOME.name))
for _name in [name for name in os.environ if name.startswith("YIBAO_")]:
    del os.environ[_name]
# The servers of tests come and go: their pace is nobody else's on this host.
os.environ["YIBAO_ARXIV__PACE_FOLDER"] = _PREFECT_HOME.name

from prefect import Task  # noqa: E402

from commands import flow_runs  # noqa: E402
from flows.steps import environment  # noqa: E402
from storage.dataset import database  # noqa: E402
from storage.library import connection, runs  # noqa: E402
from tests.standin.server import Standin  # noqa: E402
from yibao.errors import UpstreamError  # noqa: E402
from yibao.run_report import Report  # noqa: E402

# `make drills` runs the same properties with many more examples.
for _profile, _examples in (("quick", 20), ("thorough", 100)):
    settings.register_profile(
        _profile,
        max_examples=_examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize="CI" in os.environ,
    )
settings.load_profile("quick")

SHARED = Path(__file__).parents[2] / "shared"
MONDAY = date(2025, 1, 13)
FILES = connection.files
#: Columns of the library that hold our own clock: two runs of one story differ in them.
OUR_CLOCK = (
    *("known_from_at", "known_until_at", "shown_from_at", "shown_until_at"),
    *("since_at", "revised_at", "superseded_at", "freshness_at"),
)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The real arXiv answers and translations, where this machine has them."""
    if not SHARED.is_dir():
        pytest.skip("the real records in ../shared are not on this machine")
    return SHARED


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    with serve_api(_LISTENER):
        yield


@pytest.fixture(scope="session", autouse=True)
def _empty_library_is_made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Copy the empty library where a test begins one: its migrations take longer than most tests."""
    template = tmp_path_factory.mktemp("library") / "empty.duckdb"
    create = connection._create

    def copy(path: Path) -> None:
        if connection.files is not FILES or any(path.parent.glob(f"{path.name}.new*")):
            create(path)  # A test has migrations of its own, or something in the way.
            return
        if not template.exists():
            create(template)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy(template, path)
        except OSError:
            path.unlink(missing_ok=True)
            create(path)  # A full disk: what is said of it is what the test is about.

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "_create", copy)
        # DuckDB looks for it at every value that it is handed, and does without.
        patch.setitem(sys.modules, "pandas", None)
        yield


@pytest.fixture
def arxiv() -> Iterator[Standin]:
    with Standin(today=MONDAY) as standin:
        yield standin


def call_step(task: Task, *args: object, **named: object) -> object:
    """Call a task's step, again where Prefect would repeat it."""
    for _ in range(task.retries):
        try:
            return task.fn(*args, **named)
        except UpstreamError as error:
            if not error.is_repeatable:
                raise
    return task.fn(*args, **named)


@contextmanager
def keep_library_open(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep DuckDB's instance from the first opening on: each of two dozen openings takes as long as a step."""
    connect_writer = connection._connect_writer
    kept: dict[Path, connection.Connection] = {}

    def connect(path: Path) -> connection.Connection:
        # A connection of its own: whoever closes one closes its cursors, too.
        if path not in kept:
            kept[path] = connect_writer(path)
            # For a handful of rows, a second thread costs more than it does.
            kept[path].execute("SET threads = 1")
        return connect_writer(path)

    def attach(target: connection.Connection, path: Path, name: str) -> None:
        # A process attaches a file once.
        if path in kept:
            kept.pop(path).close()
        connection.attach_library(target, path, name)

    patch.setattr(database, "attach_library", attach)
    patch.setattr(connection, "_connect_writer", connect)
    patch.setattr(connection, "_connect_reader", lambda path, _patience_s: connect(path))
    try:
        yield
    finally:
        for one in kept.values():
            one.close()


@dataclass
class Installation:
    """A yibao.toml and all that it leads to, in a folder of its own."""

    folder: Path
    #: Whether runs make releases of the dataset, which takes longer than all else in them.
    has_releases: bool = False

    @property
    def config(self) -> Path:
        return self.folder / "yibao.toml"

    @property
    def public(self) -> Path:
        return self.folder / "public"

    @property
    def outbox(self) -> Path:
        return self.folder / "outbox"

    def run(self, flow: str, on: date, **more: object) -> Report:
        """Run a flow as it is written, without Prefect's engine around it and its tasks."""
        run_id = str(uuid.uuid4())
        with pytest.MonkeyPatch.context() as patch, keep_library_open(patch):
            patch.setattr(Task, "__call__", call_step)
            flow_runs.FLOWS[flow].fn(on=on, config=str(self.config), run_id=run_id, **more)
        return self.report_of(run_id)

    def run_on_prefect(self, flow: str, on: date, **more: object) -> Report:
        """Run a flow as people do. Needs `prefect_server`."""
        return self.report_of(flow_runs.run_flow(flow, on=on, config=str(self.config), **more))

    def report_of(self, run_id: str) -> Report:
        with self.library() as library:
            return Report.from_json(runs.find_run(library, run_id).report)

    @contextmanager
    def library(self) -> Iterator[connection.Connection]:
        with connection.read_library(environment.load_settings(self.config).paths.library) as library:
            yield library

    def ask(self, query: str) -> list[tuple]:
        with self.library() as library:
            return connection.run_query(library, query)[1]

    def rows(self, table: str) -> list[str]:
        """All rows of a table, our own clock apart, in an order of their own."""
        query = f"SELECT COLUMNS(lambda name: name NOT IN {OUR_CLOCK}) FROM {table}"
        return sorted(map(str, self.ask(query)))

    def write(self, path: str, content: str | bytes) -> None:
        """A curator's file says this."""
        file = self.folder / "translations" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def configure(self, standin: Standin, more: str = "", translations: str = "translations") -> None:
        addresses = "\n".join(f'{name} = "{url}"' for name, url in standin.settings.items())
        self.config.write_text(
            '[site]\nbase_url = "https://yibao.example"\npictures = false\n\n'
            f'[arxiv]\ncategories = ["cs.CL", "cs.CV", "cs.NA"]\n'
            f'contact = "test@example.org"\npace_s = 0.0\ntimeout_s = 2.0\nretries = 1\n{addresses}\n\n'
            f"[dataset]\nreleases = {str(self.has_releases).lower()}\n\n"
            f'[translations]\npaths = ["{translations}"]\n\n[newsletter]\nretry_s = 0.0\noutbox = "outbox"\n{more}\n',
            encoding="utf-8",
        )


def lay_out(folder: Path, arxiv: Standin) -> Installation:
    """Make an installation that asks this arXiv."""
    installation = Installation(folder)
    (folder / "translations").mkdir()
    installation.configure(arxiv)
    return installation


@pytest.fixture
def installation(tmp_path: Path, arxiv: Standin) -> Installation:
    return lay_out(tmp_path, arxiv)


@pytest.fixture(scope="session")
def _data_of_monday(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with Standin(today=MONDAY) as arxiv:
        installation = lay_out(tmp_path_factory.mktemp("monday"), arxiv)
        assert not installation.run("harvest", MONDAY).failures
    return installation.folder / "data"


@pytest.fixture
def harvested(installation: Installation, _data_of_monday: Path) -> Installation:
    """An installation that harvested on Monday. That was done once, and is copied."""
    shutil.copytree(_data_of_monday, installation.folder / "data")
    return installation


def further_values(*values: object) -> list[ParameterSet]:
    """Further values of a test's parameter, which only `make soak` tries."""
    return [
        pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=pytest.mark.soak) for value in values
    ]


def tree_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes; compressed twins, and what we note of the tree, apart."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".gz", ".zst") and path.name != ".yibao.json"
    }


def section(arxiv_id: str, title: str = "A title", zh: str = "标题", abstract: str = "摘要。") -> str:
    """One entry of a curator's file."""
    return f"## {title}\n[{zh}](https://arxiv.org/abs/{arxiv_id})\n\n{abstract}\n\n"


_LONGEST = ("test_quarter", "test_benchmarks", "test_pages_judged", "test_incremental", "test_faults", "test_sql_page")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark drills and properties, and begin with the longest, so that workers end together.

    Everything in the folders of drills and judges is a drill, and so is what is longer still; what hypothesis makes
    examples for is a property.
    """
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("property")
        if {"drills", "judges"} & set(item.path.relative_to(Path(__file__).parent).parts):
            item.add_marker("drill")
        if item.get_closest_marker("soak"):
            item.add_marker("drill")
    items.sort(key=lambda item: _LONGEST.index(item.path.stem) if item.path.stem in _LONGEST else len(_LONGEST))
