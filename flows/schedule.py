"""Hands the flows to Prefect on their schedule, and runs them until stopped."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from yibao.errors import YibaoError
from yibao.settings import Settings

TIMEZONE = "America/New_York"
#: arXiv's feeds turn over at midnight in New York; 01:00 to 03:00 is left to the change of clocks.
DAILY = "30 4 * * 1-5"
#: After Friday's announcement, and after the curators have closed their week.
WEEKLY = "0 9 * * 6"
_STARTUP_S = 90.0
_PAUSE_S = 0.2


def serve(config: Path, settings: Settings) -> None:
    """Both flows are scheduled and run on time; returns when stopped.

    Raises:
        YibaoError: the Prefect server did not come up.
    """
    with _server(settings) as api_url:
        os.environ["PREFECT_API_URL"] = api_url
        from prefect import serve as prefect_serve
        from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
        from prefect.schedules import Cron

        from flows.registry import FLOWS

        # Runs that were missed while nobody served are not made up one after the other: a run that finds its
        # installation at work is cancelled, and an edition that is done says so.
        limit = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
        deployments: list[Any] = [
            FLOWS[name].to_deployment(
                name=name,
                schedule=Cron(cron, timezone=TIMEZONE),
                parameters={"config": str(config)},
                concurrency_limit=limit,
            )
            for name, cron in (("daily", DAILY), ("weekly", WEEKLY))
        ]
        click.echo(f"daily {DAILY}, weekly {WEEKLY}, {TIMEZONE}; Prefect at {api_url}")
        prefect_serve(*deployments, print_starting_message=False)


@contextmanager
def _server(settings: Settings) -> Iterator[str]:
    """The address of a Prefect API: the operator's own, or that of a server started here and stopped at the end."""
    if settings.prefect.api_url:
        yield settings.prefect.api_url
        return
    home = settings.paths.data / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment.update(
        PREFECT_HOME=str(home),
        PREFECT_PROFILES_PATH=str(home / "profiles.toml"),
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
    )
    os.environ.update(
        PREFECT_HOME=environment["PREFECT_HOME"], PREFECT_PROFILES_PATH=environment["PREFECT_PROFILES_PATH"]
    )
    port = "4200"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port, "--no-ui"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603  (our own interpreter)
    api_url = f"http://127.0.0.1:{port}/api"
    # Prefect reads its settings when it is imported, which nobody has done before this line.
    os.environ["PREFECT_API_URL"] = api_url
    try:
        _await_health(process)
        yield api_url
    finally:
        process.terminate()
        process.wait()


def _await_health(process: "subprocess.Popen[bytes]") -> None:
    from prefect.client.orchestration import get_client

    deadline = time.monotonic() + _STARTUP_S
    with get_client(sync_client=True) as client:
        while process.poll() is None and time.monotonic() < deadline:
            if client.api_healthcheck() is None:
                return
            time.sleep(_PAUSE_S)
    raise YibaoError("Prefect's server did not start; is port 4200 taken? Set prefect.api_url to use another server.")
