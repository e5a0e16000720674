"""The library made again from kept answers and curators' files, and compared with the one that is there."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from flows.steps import environment, run_record, translation_sync
from flows.steps.progress import report_progress
from flows.steps.replay import replay_days
from flows.steps.run_record import Run, hold_run_lock
from storage.disk import explain_disk_errors
from storage.library import rebuilding
from storage.library.rebuilding import Difference
from yibao.errors import LibraryError
from yibao.run_report import Outcome, Report
from yibao.settings import Settings


class Rebuilt(NamedTuple):
    """What became of a rebuilding."""

    outcome: Outcome
    #: None where there was no library that could be read.
    differences: list[Difference] | None
    #: Why the library that was there could not be read; empty where it could, or where there was none.
    why_unread: str
    #: Where the library that was there is now; None where it stayed.
    aside: Path | None


def rebuild_library(settings: Settings, *, is_replaced: bool) -> Rebuilt:
    """Make the library again beside the one that is there, and compare the two.

    With `is_replaced` the new one takes its place, with all the history that can be read of the old one, which stays
    beside it. What was imported from a snapshot is in neither kept answers nor files: import it again.

    Raises:
        YibaoError: another run is at work, or a disk is full.
    """
    with hold_run_lock(settings), _make_place(settings) as place:
        outcome = _replay(place)
        differences, why = _compare(settings.paths.library, place.paths.library)
        aside = _replace(settings.paths.library, place.paths.library, why) if is_replaced else None
    return Rebuilt(outcome, differences, why, aside)


@contextmanager
def _make_place(settings: Settings) -> Iterator[Settings]:
    """Make a folder of data with the same kept answers; yields the settings that name it."""
    folder = settings.paths.data / "rebuild"
    shutil.rmtree(folder, ignore_errors=True)
    with explain_disk_errors(folder):
        folder.mkdir(parents=True)
        (folder / settings.paths.responses.name).symlink_to(settings.paths.responses.resolve())
    try:
        yield settings.model_copy(update={"paths": settings.paths.model_copy(update={"data": folder})})
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _replay(place: Settings) -> Outcome:
    run = Run(place, str(uuid.uuid4()), "harvest", environment.today())
    run_record.begin_run(run)
    outcome = Outcome()
    for day in replay_days(run):
        report_progress("reading kept answers")
        outcome += day
    outcome += translation_sync.sync_translations(run)
    run_record.end_run(run, Report(flow=run.flow, on=run.on) + outcome)
    return outcome


def _compare(before: Path, rebuilt: Path) -> tuple[list[Difference] | None, str]:
    if not before.exists():
        return None, ""
    try:
        return rebuilding.compare_libraries(before, rebuilt), ""
    except LibraryError as error:
        return None, str(error)


def _replace(path: Path, rebuilt: Path, why_unread: str) -> Path | None:
    """Put the rebuilt library in its place, the old one beside it; a kill between leaves one of the two there."""
    if path.exists() and not why_unread:
        rebuilding.adopt_history(path, rebuilt)
    aside = path.with_name(f"{path.name}.before") if path.exists() else None
    with explain_disk_errors(path):
        if aside:
            for file in path.parent.glob(f"{path.name}*"):
                if file.name in (path.name, f"{path.name}.wal"):
                    file.replace(aside.with_name(aside.name + file.name.removeprefix(path.name)))
        rebuilt.replace(path)
    return aside
