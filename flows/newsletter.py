"""Mail: what is due, or one edition that a person asks for."""

from datetime import date

from prefect import flow
from prefect.client.schemas.objects import State

from flows.engine import make_task, name_flow_run, record_run
from flows.steps import approval_letters, bounce_sync, letter_delivery, newsletter_delivery

sync_bounces = make_task(bounce_sync.sync_bounces, "read reports of failed mail")
deliver_letters = make_task(letter_delivery.deliver_letters, "send letters that wait")
notify_approver = make_task(approval_letters.notify_approver, "ask for what waits to be approved")
send_due_editions = make_task(newsletter_delivery.send_due_editions, "send what is due on {run.on}")
send_edition = make_task(newsletter_delivery.send_edition, "send {key}")


@flow(name="newsletter", flow_run_name=name_flow_run)
def newsletter(  # noqa: PLR0913  (what a person may ask for)
    edition: str | None = None,
    on: date | None = None,
    config: str = "yibao.toml",
    resend: list[str] | None = None,
    only: list[int] | None = None,
    run_id: str | None = None,
) -> State | None:
    """Send what is due; or one edition, complete or not, to every subscriber who has not got it.

    With `resend`, states such as `refused`, the edition is offered again to those whose delivery is in one of them;
    with `only` to these subscribers among them.
    """
    with record_run("newsletter", config, on, run_id) as log:
        log.add(sync_bounces(log.run))
        log.add(deliver_letters(log.run))
        if edition is None:
            log.add(send_due_editions(log.run, None, ()))
        else:
            log.add(send_edition(log.run, edition, resend, only))
        log.add(notify_approver(log.run))
        return log.end()
