"""How every flow ends: its report on show, and Failed in Prefect's eyes when something was not done."""

from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Failed

from flows.report import as_markdown
from flows.wiring import Run


def ended(run: Run) -> State | None:
    """The report is an artifact; returns the state that the flow is to end in (None: completed)."""
    create_markdown_artifact(
        as_markdown(run.report), key=f"{run.report.flow}-report", description=f"{run.report.flow} {run.on}"
    )
    return Failed(message="; ".join(run.report.failures)) if run.report.has_failed else None
