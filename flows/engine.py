"""How our flows use Prefect: names, retries, logs, and how a run begins and ends on Prefect's pages."""

import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from prefect import Task, runtime
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.states import Failed

from flows.steps import alarms, environment, requests, run_record
from flows.steps.run_record import Run
from yibao.errors import ClockError, UpstreamError, YibaoError
from yibao.run_report import Outcome, Report, render_line, render_markdown, render_table

P = ParamSpec("P")
R = TypeVar("R")

#: A request waits its turn among all processes of this host, and then as long as a slow server may take.
_LONGEST_REQUEST_S = 1800.0
_JITTER = 0.5
#: Prefect sends what is logged here and in the steps to the page of the run (`PREFECT_LOGGING_EXTRA_LOGGERS`), and
#: leaves it to us from which level on.
_log = logging.getLogger(__name__)
logging.getLogger("flows").setLevel(logging.INFO)


class ExactResults(dict[int, Any]):
    """Results of tasks as Prefect looks them up to draw its lines, by their identity in memory, with no false match.

    Prefect checks by a weak reference that an argument is the very object that a task made. What has none, it takes for
    another object that had the same place in memory, or is shared, as the empty tuple is. Such values are not kept:
    what one task makes and another takes is a dataclass with a `weakref_slot`.
    """

    def __setitem__(self, key: int, result: tuple[Any, Any, Any]) -> None:
        """Keep a state, its kind of run and a weak reference to the result; without the last, keep nothing."""
        if result[2] is not None:
            super().__setitem__(key, result)


class RunLog:
    """A run as its flow sees it: adds up what its tasks return. No task gets it."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.report = Report(flow=run.flow, on=run.on)

    @property
    def given_up(self) -> dict[str, str]:
        """Hosts that are not asked again in this run, with the reason."""
        return self.report.given_up

    def add(self, outcome: Outcome) -> None:
        """Add what a task did to the report, and log it in one line."""
        self.report += outcome
        if line := render_line(outcome):
            _log.log(logging.WARNING if outcome.troubles or outcome.has_failed else logging.INFO, line)

    def end(self) -> State[Any] | None:
        """Show the report on the run's page; returns the state in which the flow is to end (None: completed)."""
        if runtime.flow_run.id:
            self._show_report()
        return Failed(message="; ".join(self.report.failures)) if self.report.has_failed else None

    def _show_report(self) -> None:
        name = f"{self.report.flow} {self.report.on}"
        create_markdown_artifact(render_markdown(self.report), key=f"{self.report.flow}-report", description=name)
        if self.report.announced:
            create_table_artifact(render_table(self.report), key="completeness", description=name)


@contextmanager
def record_run(flow: str, config: str, on: date | None, run_id: str | None) -> Iterator[RunLog]:
    """Begin a run, alone on its installation, and put its report on record however the block ends.

    Under `run_id` its caller finds the report. A run that finds the clock wrong leaves no record: it would bear the
    wrong date.

    Raises:
        YibaoError: another run is at work.
        DateError: no run can be for this date.
    """
    settings = environment.load_settings(Path(config))
    environment.check_dates(on)
    if context := FlowRunContext.get():
        context.run_results = ExactResults()
    log = RunLog(Run(settings, run_id or str(uuid.uuid4()), flow, on or environment.today()))
    with run_record.hold_run_lock(settings):
        run_record.begin_run(log.run)
        try:
            yield log
        except ClockError:
            run_record.forget_run(log.run)
            raise
        except BaseException as error:
            log.report += Outcome(faults=(str(error) or type(error).__name__,))
            run_record.end_run(log.run, log.report)
            if isinstance(error, Exception):  # Who stops a run knows of it.
                alarms.report_run(settings, log.report)
            raise
        run_record.end_run(log.run, log.report)
        alarms.report_run(settings, log.report)


@contextmanager
def hold_lease(log: RunLog) -> Iterator[None]:
    """Hold the lease to ask arXiv, and one connection to it, while the block runs.

    Where another host holds the lease, say so: this one asks nothing.
    """
    holder = run_record.take_lease(log.run)
    if holder:
        log.add(Outcome(troubles=(f"{holder} harvests; this host asks arXiv nothing",)))
        yield
        return
    log.run = replace(log.run, is_harvester=True)
    try:
        with requests.keep_connection(log.run.settings.arxiv):
            yield
    finally:
        log.run = replace(log.run, is_harvester=False)
        run_record.return_lease(log.run)


def name_flow_run() -> str:
    """Name a flow run by its flow and date."""
    on = runtime.flow_run.parameters.get("on")
    return f"{runtime.flow_run.flow_name} {on or environment.today()}"


def make_task(step: Callable[P, R], name: str) -> Task[P, R]:
    """Make a task of a plain step; `name` says what one run of it does, with the step's arguments in braces."""
    return Task(step, name=step.__name__, task_run_name=name, cache_policy=NO_CACHE)


def repeat(request: Task[P, R], run: Run) -> Task[P, R]:
    """Repeat a request with growing pauses where the fault may pass, each at random a little shorter or longer."""
    arxiv = run.settings.arxiv
    return request.with_options(
        retries=arxiv.retries,
        retry_delay_seconds=[arxiv.pace_s * 2**number for number in range(arxiv.retries)],
        retry_jitter_factor=_JITTER,
        retry_condition_fn=_is_repeatable,
        timeout_seconds=_LONGEST_REQUEST_S,
    )


def _is_repeatable(_task: Any, _run: Any, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, UpstreamError) and error.is_repeatable


def _drop_traceback(record: logging.LogRecord) -> bool:
    """Leave a failure that a person can act on one line, wherever it is read; Prefect would add its traceback."""
    if record.exc_info and isinstance(record.exc_info[1], YibaoError):
        record.exc_info = None
    return True


for _name in ("prefect.flow_runs", "prefect.task_runs"):
    logging.getLogger(_name).addFilter(_drop_traceback)
