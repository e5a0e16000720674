"""A bulk metadata snapshot, imported."""

from datetime import date
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State

from flows.engine import make_task, name_flow_run, record_run
from flows.steps import snapshot_import

import_file = make_task(snapshot_import.import_snapshot, "import {path.name}")


@flow(name="import", flow_run_name=name_flow_run)
def import_snapshot(
    file: str, on: date | None = None, config: str = "yibao.toml", run_id: str | None = None
) -> State | None:
    """Import every record of a snapshot, unless the library knows it so or better; nothing is published.

    Killed at any moment and run again it goes on where it was: what is stored is not stored twice.
    """
    with record_run("import", config, on, run_id) as log:
        log.add(import_file(log.run, Path(file).resolve()))
        return log.end()
