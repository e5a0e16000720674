"""A run's wall time without network waits, split into Prefect's share and ours.

    python -m benchmarks.run_time [--small]

First a run by hand is typed, in a process of its own: how long until its first step, beside a flow of Prefect's with
one task under the same settings, likewise in a process of its own. Then the same day is run against the local arXiv
with no pause between requests: first through Prefect's flows and tasks, then through the same functions, called as the
plain functions that they are. Both must publish the same files. Best of several; ratios within this one run.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from benchmarks import options
from commands.prefect_server import start_own_server
from tests.standin.server import Standin

ROUNDS = 5
ON = date(2025, 1, 17)
ROOT = Path(__file__).parents[1]
CURATED = ROOT / "tests" / "standin" / "week" / "curated" / "2025-01-17"

#: One flow with one task, under the settings of a run by hand.
BARE = """
import sys
from pathlib import Path
from commands.prefect_server import start_own_server
with start_own_server(Path(sys.argv[1])):
    from prefect import flow, task
    @task
    def step(): pass
    @flow
    def bare(): step()
    bare()
    print("done", file=sys.stderr, flush=True)
"""


def main() -> None:
    is_small = options.parser(__doc__).parse_args().small
    rounds = 1 if is_small else ROUNDS
    with tempfile.TemporaryDirectory() as name, Standin(today=ON) as arxiv:
        folder = Path(name)
        os.environ.update(arxiv.environ | {"YIBAO_ARXIV__PACE_S": "0"})
        measure_beginning(folder, 0 if is_small else rounds)
        began = time.perf_counter()
        with start_own_server(folder / "prefect"):
            import commands.flow_runs  # noqa: F401, PLC0415  (after start_own_server)

            started = time.perf_counter() - began
            first = run_day(folder / "first")
            with_prefect = min(run_day(folder / f"with-{n}") for n in range(rounds))
            options.without_prefect()
            without = min(run_day(folder / f"bare-{n}") for n in range(rounds))
        assert published(folder / "bare-0") == published(folder / "with-0") != []
    print(f"start of Prefect (import, server)   {started:6.2f} s, once a process")
    print(f"first run of the process            {first:6.2f} s")
    print(f"a day with Prefect                  {with_prefect:6.2f} s   1.00")
    print(f"  ours                              {without:6.2f} s   {without / with_prefect:.2f}")
    print(f"  Prefect's                         {with_prefect - without:6.2f} s   {1 - without / with_prefect:.2f}")


def measure_beginning(folder: Path, rounds: int) -> None:
    """Print how long a run by hand takes until its first step, and a bare flow of Prefect's as a whole.

    In turns, so that what else the machine does concerns both; the first pair only fills caches.
    """
    pairs = []
    for number in range(rounds + 1):
        home = folder / f"typed-{number}"
        config = lay_out(home)
        typed = ["-m", "commands.main", "run", "--verbose", "--on", ON.isoformat(), "--config", str(config)]
        pairs.append((time_first_line(typed), time_first_line(["-c", BARE, str(home / "bare")])))
    ours, bare = (statistics.median(times) for times in zip(*(pairs[1:] or pairs), strict=True))
    print(f"a run by hand until its first step  {ours:6.2f} s   {ours / bare:.2f}")
    print(f"  a bare flow with one task         {bare:6.2f} s   1.00", flush=True)


def time_first_line(words: list[str]) -> float:
    """Seconds until a Python process says something on stderr, once it has ended well."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "YIBAO_ARXIV__CONTACT": "bench@example.org"}
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *words], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        first = process.stderr.readline()
        passed = time.perf_counter() - began
        rest = process.stderr.read()
    assert process.returncode == 0, first + rest
    return passed


def lay_out(home: Path) -> Path:
    """A new installation's settings, beside the day's translations."""
    shutil.copytree(CURATED, home / "translations")
    config = home / "yibao.toml"
    config.write_text('[arxiv]\ncategories = ["cs.CL", "cs.CV", "cs.NA"]\n[newsletter]\noutbox = "outbox"\n')
    return config


def run_day(home: Path) -> float:
    """Seconds that one day takes in a new installation."""
    from commands import flow_runs  # noqa: PLC0415  (after start_own_server)

    config = lay_out(home)
    began = time.perf_counter()
    flow_runs.run_flow("daily", on=ON, config=str(config))
    return time.perf_counter() - began


def published(home: Path) -> list[str]:
    """What a day published, by path."""
    return sorted(str(path.relative_to(home)) for path in (home / "public").rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
