"""How every flow ends: its report on show, and Failed in Prefect's eyes when something was not done."""

import logging
from typing import Any

import click
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Failed

from flows.report import as_markdown
from flows.wiring import Run
from yibao.errors import YibaoError


def ended(run: Run) -> State | None:
    """The report is an artifact; returns the state that the flow is to end in (None: completed)."""
    create_markdown_artifact(
        as_markdown(run.report), key=f"{run.report.flow}-report", description=f"{run.report.flow} {run.on}"
    )
    return Failed(message="; ".join(run.report.failures)) if run.report.has_failed else None


def tell_end(flow: Any, flow_run: FlowRun, state: State) -> None:  # noqa: ARG001  (Prefect names it)
    """Print one line on how a scheduled flow ended: a hook of Prefect's for flows that completed or failed."""
    message = (state.message or "no reason given").removeprefix("Flow run encountered an exception: ")
    reason = " ".join(message.removeprefix("YibaoError: ").split())
    click.echo(f"{flow.name}: FAILED: {reason}" if state.is_failed() else f"{flow.name}: completed")


def _drop_traceback(record: logging.LogRecord) -> bool:
    """Leave a failure that a person can act on one line, wherever it is read; Prefect would add its traceback."""
    if record.exc_info and isinstance(record.exc_info[1], YibaoError):
        record.exc_info = None
    return True


for _name in ("prefect.flow_runs", "prefect.task_runs"):
    logging.getLogger(_name).addFilter(_drop_traceback)
