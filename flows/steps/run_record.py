"""A run on record: alone on its installation, with its beginning and its end in the library whatever happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from flows.steps import environment
from storage import file_locks
from storage.library import connection, leases, responses, runs
from storage.library.connection import Connection
from storage.responses import Responses
from yibao.run_report import Report
from yibao.settings import Settings

#: The lease that allows a host to ask arXiv.
HARVEST = "harvest"


@dataclass(frozen=True, slots=True)
class Run:
    """What every step of a run is told. Frozen and small: it may be sent to another worker."""

    settings: Settings
    run_id: str
    flow: str
    #: The date that the run is for, New York's.
    on: date
    #: Whether this run holds the lease to ask arXiv; each of its writes renews it.
    is_harvester: bool = False


def begin_run(run: Run) -> None:
    """Record that the run has begun."""
    with connection.write_library(run.settings.paths.library) as library:
        runs.begin_run(library, run.run_id, run.flow, run.on, environment.precise_now())


def end_run(run: Run, report: Report) -> None:
    """Record how the run ended, with its report, and list in the library what arXiv answered meanwhile."""
    state = "failed" if report.has_failed else "completed"
    journal = Responses(run.settings.paths.responses).journal_path
    with connection.write_library(run.settings.paths.library) as library:
        responses.sync_responses(library, journal)
        runs.end_run(library, run.run_id, state, environment.now(), report.as_json())


def forget_run(run: Run) -> None:
    """Take a run off the record: one that found the clock wrong would bear the wrong date."""
    with connection.write_library(run.settings.paths.library) as library:
        runs.forget_run(library, run.run_id)


@contextmanager
def write_library(run: Run) -> Iterator[Connection]:
    """Open the library for one transaction, which renews our lease if we hold it."""
    with connection.write_library(run.settings.paths.library) as library:
        yield library
        if run.is_harvester:
            leases.take_lease(library, HARVEST, environment.host_name(), environment.now())


def take_lease(run: Run) -> str | None:
    """Take the lease to ask arXiv; returns the host that holds it, if another does."""
    with connection.write_library(run.settings.paths.library) as library:
        return leases.take_lease(library, HARVEST, environment.host_name(), environment.now())


def return_lease(run: Run) -> None:
    """Let other hosts ask arXiv."""
    with connection.write_library(run.settings.paths.library) as library:
        leases.return_lease(library, HARVEST, environment.host_name())


@contextmanager
def hold_run_lock(settings: Settings) -> Iterator[None]:
    """Keep every other run away from this installation while the block runs.

    Raises:
        YibaoError: a run is at work.
    """
    path = settings.paths.run_lock
    refusal = f"Another run is at work on this installation ({path} is locked). Wait until it ends."
    with file_locks.hold_lock(path, refusal):
        yield


def is_run_at_work(settings: Settings) -> bool:
    """Tell whether a run holds this installation now."""
    return file_locks.is_lock_held(settings.paths.run_lock)
