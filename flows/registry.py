"""The flows by name, and how one is run by hand."""

from typing import Any

from prefect import Flow

from flows.bulk import import_
from flows.daily import daily
from flows.harvest import harvest
from flows.post import newsletter
from flows.publish import publish
from flows.weekly import weekly

FLOWS: dict[str, Flow[Any, Any]] = {flow.name: flow for flow in (daily, weekly, harvest, import_, publish, newsletter)}


def run(name: str, **parameters: Any) -> None:
    """The flow has run; whether its work was done is told by its report, in the library's `run` table.

    Raises:
        Exception: the flow broke off for another reason than a fault in its report.
    """
    # The flows are typed by what they return; asked for their state they return that.
    state: Any = FLOWS[name](**parameters, return_state=True)
    if not state.is_failed():
        return
    error = state.result(raise_on_failure=False)
    # A flow that ends Failed by its own report carries Prefect's exception, or none.
    if isinstance(error, Exception) and not type(error).__module__.startswith("prefect"):
        raise error
