"""Feeds and pages, made from what the library says."""

from datetime import date

from prefect import flow
from prefect.client.schemas.objects import State

from flows.engine import make_task, name_flow_run, record_run
from flows.steps import publication

publish_changes = make_task(publication.publish_changes, "publish what changed until {run.on}")
publish_everything = make_task(publication.publish_everything, "publish everything")


@flow(name="publish", flow_run_name=name_flow_run)
def publish(on: date | None = None, config: str = "yibao.toml", run_id: str | None = None) -> State | None:
    """Make the published tree what the library says: everything is looked at, whether it has changed or not."""
    with record_run("publish", config, on, run_id) as log:
        log.add(publish_everything(log.run))
        return log.end()
