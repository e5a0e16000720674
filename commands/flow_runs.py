"""The flows by name, and how one is run by hand."""

import uuid
from typing import Any

from prefect import Flow

from flows.daily import daily
from flows.harvest import harvest
from flows.import_snapshot import import_snapshot
from flows.newsletter import newsletter
from flows.publish import publish
from flows.weekly import weekly

FLOWS: dict[str, Flow[Any, Any]] = {
    flow.name: flow for flow in (daily, weekly, harvest, import_snapshot, publish, newsletter)
}


def run_flow(name: str, **parameters: Any) -> str:
    """Run a flow to its end; returns the id under which the library's `run` table has its report, if it was begun.

    Raises:
        Exception: the flow broke off for another reason than a fault in its report.
    """
    run_id = str(uuid.uuid4())
    # The flows are typed by what they return; asked for their state they return that.
    state: Any = FLOWS[name](**parameters, run_id=run_id, return_state=True)
    if state.is_completed():
        return run_id
    error = state.result(raise_on_failure=False)
    # A flow that ends Failed by its own report carries Prefect's exception, or none.
    if isinstance(error, Exception) and not type(error).__module__.startswith("prefect"):
        raise error
    return run_id
