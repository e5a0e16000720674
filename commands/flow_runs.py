"""The flows by name, and how one is run by hand."""

import traceback
import uuid
from typing import Any

import httpx
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State

from commands.prefect_server import ServerLostError
from flows.daily import daily
from flows.harvest import harvest
from flows.import_snapshot import import_snapshot
from flows.newsletter import newsletter
from flows.publish import publish
from flows.release import release
from flows.weekly import weekly

FLOWS: dict[str, Flow[Any, Any]] = {
    flow.name: flow for flow in (daily, weekly, harvest, import_snapshot, publish, newsletter, release)
}


def name_tags(flow: str) -> list[str]:
    """Return the tags by which a flow's runs are found on Prefect's page."""
    return ["yibao", flow]


def run_flow(name: str, **parameters: Any) -> str:
    """Run a flow to its end; returns the id under which the library's `run` table has its report, if it was begun.

    Raises:
        ServerLostError: Prefect's server does not answer any more, or as no server of Prefect's does.
        Exception: the flow broke off for another reason than a fault in its report.
    """
    run_id = str(uuid.uuid4())
    try:
        error = _run(FLOWS[name].with_options(on_running=[tag_run]), {**parameters, "run_id": run_id})
    except Exception as raised:
        if is_of_server(raised):
            raise ServerLostError(run_id, describe_loss(raised)) from raised
        raise
    if isinstance(error, Exception) and is_of_server(error):
        raise ServerLostError(run_id, describe_loss(error)) from error
    # A flow that ends Failed by its own report carries Prefect's exception, or none.
    if isinstance(error, Exception) and not type(error).__module__.startswith("prefect"):
        raise error
    return run_id


def _run(flow: Flow[Any, Any], parameters: dict[str, Any]) -> Any:
    """Run `flow`, and return what its state carries where it did not complete."""
    # The flows are typed by what they return; asked for their state they return that.
    state: Any = flow(**parameters, return_state=True)
    return None if state.is_completed() else state.result(raise_on_failure=False)


def is_of_server(error: Exception) -> bool:
    """Tell whether an error is Prefect's server's: Prefect's client raised it, silent or garbled as the answer was."""
    frames = traceback.walk_tb(error.__traceback__)
    return isinstance(error, httpx.HTTPError) or any(
        frame.f_globals.get("__name__", "").startswith("prefect.client.orchestration") for frame, _ in frames
    )


def describe_loss(error: Exception) -> str:
    """Say what Prefect's server did, where an error is its."""
    cause = error.__cause__ if isinstance(error, RuntimeError) else error
    if isinstance(cause, httpx.HTTPStatusError) and cause.response.status_code in (401, 403):
        return "refuses us: set PREFECT_API_KEY or PREFECT_API_AUTH_STRING"
    if isinstance(cause, httpx.HTTPError):
        return "went away"
    return f"gives answers that are not Prefect's ({type(cause).__name__})"


def tag_run(flow: Flow[Any, Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001  (Prefect names them)
    """Tag a run by hand: a hook of Prefect's for flows that begin to run.

    Not by Prefect's `tags`: every task would have them too, and ask the server for a concurrency limit of each name,
    which takes longer than most tasks.
    """
    with get_client(sync_client=True) as client:
        client.update_flow_run(flow_run.id, tags=name_tags(flow.name))
