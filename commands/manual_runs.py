"""Run a flow by hand: on the Prefect server of this installation's schedule where one is up, else on one of its own."""

from pathlib import Path
from typing import Any

import click

from commands.prefect_address import find_server
from commands.prefect_server import ServerLostError, join_server, start_own_server
from storage.library import connection, runs
from yibao.settings import Settings


def run_by_hand(settings: Settings, library: Path, name: str, **parameters: Any) -> runs.RunRow | None:
    """Run a flow to its end, and return its row of the `run` table; None where it broke off before it had one.

    A server that goes away meanwhile, or turns out not to be Prefect's, costs the run nothing but its page: it goes on
    with a server of its own.
    """
    home = settings.paths.data / "prefect"
    api_url = find_server(settings)
    if api_url:
        try:
            with join_server(home, api_url):
                return _find_row(library, _run_flow(name, parameters))
        except ServerLostError as lost:
            row = _find_row(library, lost.run_id)
            if row and row.state == "completed":
                return row
            message = f"Prefect's server at {api_url} {lost.reason}; the run goes on with a server of its own."
        click.echo(message, err=True)
    with start_own_server(home):
        return _find_row(library, _run_flow(name, parameters))


def _run_flow(name: str, parameters: dict[str, Any]) -> str:
    # Prefect reads its settings when it is imported.
    from commands import flow_runs

    return flow_runs.run_flow(name, **parameters)


def _find_row(path: Path, run_id: str) -> runs.RunRow | None:
    """Find the run's row; None where it broke off before it had one, or before there was a library."""
    if not path.exists():
        return None
    with connection.read_library(path) as library:
        return runs.find_run(library, run_id)
