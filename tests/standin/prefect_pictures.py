"""Pictures of Prefect's pages of a day that went well and of one whose arXiv was away."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from tests.drills.scheduled import Scheduled, free_port, lay_out, running
from tests.standin.server import Fault, Standin

CURATED = Path(__file__).parent / "week" / "curated" / "2025-01-17"
GOOD_DAY, BAD_DAY = date(2025, 1, 17), date(2025, 1, 16)
#: Prefect's page goes on asking for news: it is shown once it is still for so long.
SETTLED_MS = 4000


def take_pictures(browser: Any, folder: Path) -> list[str]:
    """Picture a flow run, a failed task with its reason, and a report, of real runs of `yibao schedule`."""
    with _schedule_up() as (schedule, arxiv):
        good, bad = _run_days(schedule, arxiv)
        schedule.api.require_readable(bad, BAD_DAY.isoformat(), went_well=False)
        failed = next(task for task in schedule.api.task_runs(bad) if task["state_type"] == "FAILED")
        report = schedule.api.artifacts(good)["daily-report"]
        pages = {
            "prefect-flow-run": f"runs/flow-run/{good}",
            "prefect-failed-task": f"runs/task-run/{failed['id']}",
            "prefect-artifact": f"artifacts/artifact/{report['id']}",
        }
        for name, path in pages.items():
            page = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light").new_page()
            page.goto(f"http://127.0.0.1:{schedule.port}/{path}")
            page.wait_for_timeout(SETTLED_MS)
            page.screenshot(path=folder / f"{name}.png")
    return list(pages)


@contextmanager
def _schedule_up() -> Iterator[tuple[Scheduled, Standin]]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="yibao-pictures-") as name, Standin(today=GOOD_DAY) as arxiv:
        installation = lay_out(Path(name) / "yibao", arxiv, port)
        shutil.copytree(CURATED, installation.folder / "translations", dirs_exist_ok=True)
        with running(installation, port) as schedule:
            schedule.await_ready()
            yield schedule, arxiv


def _run_days(schedule: Scheduled, arxiv: Standin) -> tuple[str, str]:
    """Run a day that goes well, and one on which arXiv is away; returns the ids of both flow runs."""
    good = schedule.start_run(GOOD_DAY.isoformat())
    schedule.await_run(good)
    arxiv.fail("/", Fault.UNAVAILABLE, times=1000)
    bad = schedule.start_run(BAD_DAY.isoformat())
    schedule.await_run(bad)
    return good, bad
