"""One week, as its curators put it together, to the readers."""

from datetime import date

from prefect import flow
from prefect.client.schemas.objects import State

from flows.daily import sync_translations
from flows.engine import hold_lease, name_flow_run, record_run
from flows.harvest import compare_clocks, complete_metadata
from flows.newsletter import notify_approver, send_due_editions, sync_bounces
from flows.publish import publish_changes
from flows.release import release_dataset
from yibao import dates


@flow(name="weekly", flow_run_name=name_flow_run)
def weekly(on: date | None = None, config: str = "yibao.toml", run_id: str | None = None) -> State | None:
    """Publish the edition of the week that holds a date, and send it to weekly subscribers.

    It waits while a list of the week is not complete, or the week is not over.
    """
    with record_run("weekly", config, on, run_id) as log:
        with hold_lease(log):
            compare_clocks(log)
            log.add(sync_translations(log.run))
            complete_metadata(log)
        log.add(publish_changes(log.run))
        # What goes wrong with reports or letters holds no mail.
        faults = log.report.faults
        log.add(sync_bounces(log.run))
        log.add(send_due_editions(log.run, dates.format_week(log.run.on), faults))
        log.add(notify_approver(log.run))
        log.add(release_dataset(log.run))
        return log.end()
