"""A release of the open dataset, by itself."""

from datetime import date

from prefect import flow
from prefect.client.schemas.objects import State

from flows.engine import make_task, name_flow_run, record_run
from flows.steps import dataset_release

release_dataset = make_task(dataset_release.release_dataset, "release the dataset of {run.on}")


@flow(name="release", flow_run_name=name_flow_run)
def release(on: date | None = None, config: str = "yibao.toml", run_id: str | None = None) -> State | None:
    """Make a release of what the library says now, where it differs from the last one."""
    with record_run("release", config, on, run_id) as log:
        log.add(release_dataset(log.run))
        return log.end()
