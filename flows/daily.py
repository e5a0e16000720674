"""One day, from arXiv and the curators' files to the readers."""

from datetime import date

from prefect import flow
from prefect.client.schemas.objects import State

from flows.engine import hold_lease, make_task, name_flow_run, record_run
from flows.harvest import compare_clocks, harvest_arxiv
from flows.newsletter import notify_approver, send_due_editions, sync_bounces
from flows.publish import publish_changes
from flows.release import release_dataset
from flows.steps import translation_sync
from yibao.arxiv.list_scope import Scope

sync_translations = make_task(translation_sync.sync_translations, "read translations")


@flow(name="daily", flow_run_name=name_flow_run)
def daily(on: date | None = None, config: str = "yibao.toml", run_id: str | None = None) -> State | None:
    """Merge what arXiv announced on a date with the translations, publish it, and send it to daily subscribers.

    Gaps of earlier days are filled on the way, each under its own date. While a day is not complete, everything is
    published all the same, and its mail waits: whichever run finds the day complete sends it.
    """
    with record_run("daily", config, on, run_id) as log:
        with hold_lease(log):
            compare_clocks(log)
            # Before anything of arXiv's is stored: a translation belongs to the text known before.
            log.add(sync_translations(log.run))
            harvest_arxiv(log, Scope(log.run.settings.arxiv.categories, None, log.run.on))
        log.add(publish_changes(log.run))
        # What goes wrong with reports or letters holds no mail.
        faults = log.report.faults
        log.add(sync_bounces(log.run))
        log.add(send_due_editions(log.run, log.run.on.isoformat(), faults))
        log.add(notify_approver(log.run))
        log.add(release_dataset(log.run))
        return log.end()
