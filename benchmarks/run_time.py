"""A run's wall time without network waits, split into Prefect's share and ours.

    python -m benchmarks.run_time [--small]

The same day is run against the local arXiv with no pause between requests: first through Prefect's flows and tasks,
then through the same functions, called as the plain functions that they are. Both must publish the same files. Best
of several; ratios within this one run.
"""

import os
import shutil
import tempfile
import time
from datetime import date
from pathlib import Path

from benchmarks import options
from commands.prefect_server import start_own_server
from tests.standin.server import Standin

ROUNDS = 5
ON = date(2025, 1, 17)
CURATED = Path(__file__).parents[1] / "tests" / "standin" / "week" / "curated" / "2025-01-17"


def main() -> None:
    rounds = 1 if options.parser(__doc__).parse_args().small else ROUNDS
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as name, Standin(today=ON) as arxiv:
        folder = Path(name)
        os.environ.update(arxiv.environ | {"YIBAO_ARXIV__PACE_S": "0"})
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


def run_day(home: Path) -> float:
    """Seconds that one day takes in a new installation."""
    from commands import flow_runs  # noqa: PLC0415  (after start_own_server)

    shutil.copytree(CURATED, home / "translations")
    config = home / "yibao.toml"
    config.write_text('[arxiv]\ncategories = ["cs.CL", "cs.CV", "cs.NA"]\n[newsletter]\noutbox = "outbox"\n')
    began = time.perf_counter()
    flow_runs.run_flow("daily", on=ON, config=str(config))
    return time.perf_counter() - began


def published(home: Path) -> list[str]:
    """What a day published, by path."""
    return sorted(str(path.relative_to(home)) for path in (home / "public").rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
