"""One week, as its curators put it together, to the readers."""

from datetime import date

from prefect import flow
from prefect.client.schemas.objects import State

from flows.daily import sync_translations
from flows.engine import hold_lease, name_flow_run, record_run
from flows.harvest import check_clock, complete_metadata
from flows.newsletter import send_due_editions
from flows.publish import publish_changes
from yibao import dates


@flow(name="weekly", flow_run_name=name_flow_run)
def weekly(on: date | None = None, config: str = "yibao.toml", run_id: str | None = None) -> State | None:
    """Publish the edition of the week that holds a date, and send it to weekly subscribers.

    It waits while a list of the week is not complete, or the week is not over.
    """
    with record_run("weekly", config, on, run_id) as log:
        with hold_lease(log):
            if log.run.is_harvester:
                check_clock(log.run)
            log.add(sync_translations(log.run))
            complete_metadata(log)
        log.add(publish_changes(log.run))
        log.add(send_due_editions(log.run, dates.format_week(log.run.on), log.report.faults))
        return log.end()
