"""The process that Prefect's runner lives in: registers our deployments, and starts their flows when they are due."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from commands.children import Tell

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun, State

#: How often a flow run that was broken off is taken up again.
_ATTEMPTS = 3


def run_schedule(tell: Tell, config: str, installation: str, cron_lines: Mapping[str, str], timezone: str) -> None:
    """Register the flows of `cron_lines` with the Prefect server of the environment, and run them until killed.

    Deployments are named by flow and `installation`. Why the process ended is told through `tell`.
    """
    from prefect.runner import Runner

    from commands.prefect_server import log_to_page

    # Of the runs that it starts. How they end is told in one line each, and why on their pages.
    log_to_page()
    # One run at a time. A limit of Prefect's would stay taken by a run that was killed, and cancel all that come after.
    runner = Runner(name=installation, limit=1, pause_on_shutdown=False)
    try:
        _register(runner, config, installation, cron_lines, timezone)
        lines = ", ".join(f"{name} {cron}" for name, cron in cron_lines.items())
        click.echo(f"{lines}, {timezone}; {installation} on Prefect at {os.environ['PREFECT_API_URL']}")
        asyncio.run(runner.start())
    except Exception as error:  # noqa: BLE001  (whatever it is, the process that watches us is to say it)
        tell(str(error) or type(error).__name__)


def _register(runner: Any, config: str, installation: str, cron_lines: Mapping[str, str], timezone: str) -> None:
    from prefect.client.orchestration import get_client
    from prefect.schedules import Cron
    from prefect.types.entrypoint import EntrypointType

    from commands.flow_runs import FLOWS, name_tags

    deployments = [
        runner.add_flow(
            FLOWS[name].with_options(on_completion=[print_end], on_failure=[print_end]),
            name=f"{name}-{installation}",
            schedule=Cron(cron, timezone=timezone),
            parameters={"config": config},
            entrypoint_type=EntrypointType.MODULE_PATH,
            tags=name_tags(name),
        )
        for name, cron in cron_lines.items()
    ]
    with get_client(sync_client=True) as client:
        for name in FLOWS.keys() - cron_lines.keys():
            _remove_deployment(client, f"{name}/{name}-{installation}")
        settle_earlier_runs(client, deployments)


def _remove_deployment(client: "SyncPrefectClient", name: str) -> None:
    """Remove a deployment that the settings do not ask for any more: nobody would run what it schedules."""
    from prefect.exceptions import ObjectNotFound

    with suppress(ObjectNotFound):
        client.delete_deployment(client.read_deployment_by_name(name).id)


def print_end(flow: Any, flow_run: "FlowRun", state: "State[Any]") -> None:  # noqa: ARG001  (Prefect names it)
    """Print one line on how a scheduled flow ended: a hook of Prefect's for flows that completed or failed."""
    message = (state.message or "no reason given").removeprefix("Flow run encountered an exception: ")
    reason = " ".join(message.removeprefix("YibaoError: ").split())
    click.echo(f"{flow.name}: FAILED: {reason}" if state.is_failed() else f"{flow.name}: completed")


def settle_earlier_runs(client: "SyncPrefectClient", deployments: list[Any]) -> None:
    """Settle what an earlier process left: take up runs that were broken off, and of missed runs keep the newest."""
    from prefect.client.schemas.filters import DeploymentFilter, FlowRunFilter
    from prefect.states import Cancelled, Crashed, Scheduled

    runs = client.read_flow_runs(
        deployment_filter=DeploymentFilter.model_validate({"id": {"any_": deployments}}),
        flow_run_filter=FlowRunFilter.model_validate(
            {"state": {"type": {"any_": ["RUNNING", "PENDING", "CANCELLING", "SCHEDULED"]}}}
        ),
    )
    for run in runs:
        if run.state_type is None or run.state_type.value == "SCHEDULED":
            continue
        again: State[Any] = Scheduled() if run.run_count < _ATTEMPTS else Crashed(message="broken off too often")
        client.set_flow_run_state(run.id, again, force=True)
    for missed in _older_missed(runs):
        client.set_flow_run_state(missed.id, Cancelled(message="missed; a later run makes up for it"), force=True)


def _older_missed(runs: "list[FlowRun]") -> "list[FlowRun]":
    """Return runs that were due before now and have a later one of the same deployment that was due, too."""
    now = datetime.now(UTC)
    due = [
        run
        for run in runs
        if run.state_type
        and run.state_type.value == "SCHEDULED"
        and run.expected_start_time
        and run.expected_start_time < now
    ]
    due.sort(key=lambda run: (str(run.deployment_id), run.expected_start_time))
    return [run for _, group in groupby(due, key=lambda run: run.deployment_id) for run in list(group)[:-1]]
