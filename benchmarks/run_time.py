"""A run's wall time without network waits, split into Prefect's share and ours.

    make bench

The same day is run against the local arXiv with no pause between requests: once through Prefect's flows and tasks,
once through the same functions without Prefect. Both end in the same library and files. Best of several; ratios
within this one run.
"""

import os
import shutil
import tempfile
import time
from datetime import date
from pathlib import Path

from flows.prefect_server import own_server
from tests.standin.server import Standin

ROUNDS = 5
ON = date(2025, 1, 17)
CURATED = Path("tests/standin/week/curated/2025-01-17").resolve()


def main() -> None:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as name, Standin(today=ON) as arxiv:
        folder = Path(name)
        os.environ.update(arxiv.environ | {"YIBAO_ARXIV__PACE_S": "0"})
        with own_server(folder / "prefect"):
            from flows import registry  # noqa: PLC0415  (after own_server)

            started = time.perf_counter() - began
            began = time.perf_counter()
            registry.run("daily", on=ON, config=str(lay_out(folder, "first")))
            first = time.perf_counter() - began
            with_prefect = min(timed(registry.run, "daily", lay_out(folder, f"with-{n}")) for n in range(ROUNDS))
            without = min(timed(run_bare, "daily", lay_out(folder, f"bare-{n}")) for n in range(ROUNDS))
    print(f"start of Prefect (import, server)   {started:6.2f} s, once a process")
    print(f"first run of the process            {first:6.2f} s")
    print(f"a day with Prefect                  {with_prefect:6.2f} s   1.00")
    print(f"  ours                              {without:6.2f} s   {without / with_prefect:.2f}")
    print(f"  Prefect's                         {with_prefect - without:6.2f} s   {1 - without / with_prefect:.2f}")


def lay_out(folder: Path, name: str) -> Path:
    home = folder / name
    shutil.copytree(CURATED, home / "translations")
    (home / "yibao.toml").write_text(
        '[arxiv]\ncategories = ["cs.CL", "cs.CV", "cs.NA"]\n[newsletter]\noutbox = "outbox"\n'
    )
    return home / "yibao.toml"


def timed(run, name: str, config: Path) -> float:
    began = time.perf_counter()
    run(name, on=ON, config=str(config))
    return time.perf_counter() - began


def run_bare(name: str, on: date, config: str) -> None:
    """The same steps, each task called as the plain function that it wraps."""
    from flows import harvest, post, publish, translate, wiring  # noqa: PLC0415  (after own_server)

    plain = {"fetch_list", "fetch_papers", "store_list", "store_unknown", "store_papers", "store_unknown_papers"}
    tasks = {step: getattr(harvest, step) for step in plain}
    patient = harvest._patient  # noqa: SLF001  (the retries are Prefect's part)
    try:
        for step, task in tasks.items():
            setattr(harvest, step, task.fn)
        harvest._patient = lambda _run, step: step  # noqa: SLF001
        with wiring.run(Path(config), name, on) as run:
            harvest.announced(run)
            translate.translate.fn(run)
            harvest.described(run)
            publish.write_tree.fn(run)
            post.deliver.fn(run, post.daily_key(run.on))
    finally:
        harvest._patient = patient  # noqa: SLF001
        for step, task in tasks.items():
            setattr(harvest, step, task)


if __name__ == "__main__":
    main()
