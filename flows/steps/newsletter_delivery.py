"""The newsletter: every edition that is complete and unsent, oldest first, at most once to each subscriber."""

from collections.abc import Sequence

from flows.steps import environment
from flows.steps.mail_sender import make_sender
from flows.steps.newsletter_issue import read_issue
from flows.steps.newsletter_plan import plan_mail, queue_edition
from flows.steps.newsletter_worker import work_queues
from flows.steps.people import name_host, name_worker, open_people
from flows.steps.progress import report_progress
from flows.steps.run_record import Run
from storage.people import deliveries
from storage.people.database import People
from storage.people.deliveries import DeliveryState
from yibao.errors import DeliveryError, PeopleError
from yibao.newsletter import tally
from yibao.run_report import Outcome


def send_due_editions(run: Run, own: str | None, faults: Sequence[str]) -> Outcome:
    """Send every edition that is due, oldest first, and say of others why they are held.

    Args:
        run: the run, which is alone on this installation.
        own: the edition of the run's date. It and earlier ones of its kind are looked at, and those of any kind that an
            earlier run held or could not hand over. None: both kinds.
        faults: what went wrong in the run so far; while there is something, all mail is held.
    """
    report_progress("sending mail")
    if make_sender(run.settings) is None:
        return _describe_no_sender(own or "newsletter")
    outcome = Outcome()
    try:
        people = open_people(run.settings)
        outcome += end_dead_claims(run, people)
        plan = plan_mail(run, people, own, "; ".join(faults))
        outcome += plan.outcome
        outcome += work_queues(run, people, plan.issues)
    except (DeliveryError, PeopleError) as error:
        outcome += Outcome(faults=(f"The mail was not sent, or not all of it: {error}",))
    is_silent = own is None and not outcome.mail
    return outcome + Outcome(mail=("nothing is due",)) if is_silent else outcome


def send_edition(run: Run, key: str, resend: Sequence[str] | None, only: Sequence[int] | None) -> Outcome:
    """Send one edition to everybody of its frequency who has not got it; or again to whom a person chose.

    Args:
        run: the run, which is alone on this installation.
        key: of the edition.
        resend: states such as `refused`: it is offered again to those whose delivery is in one of them.
        only: numbers of the subscribers among them to whom it is offered.
    """
    issue = read_issue(run.settings, key)
    if make_sender(run.settings) is None:
        return _describe_no_sender(key)
    outcome = Outcome()
    try:
        people = open_people(run.settings)
        outcome += end_dead_claims(run, people)
        if resend is None:
            queue_edition(run, people, issue)
        else:
            outcome += _reopen(people, key, resend, only)
        return outcome + work_queues(run, people, {key: issue})
    except (DeliveryError, PeopleError) as error:
        return outcome + Outcome(faults=(f"{key}: the mail was not sent, or not all of it: {error}",))


def end_dead_claims(run: Run, people: People) -> Outcome:
    """Find messages of workers that died, and report each edition's once: they are *unknown* from now on.

    Of this installation that is every worker but this run's, as the run is alone on it; of others, whose time is over.
    """
    dead = deliveries.end_dead_claims(people, environment.precise_now(), name_host(run.settings), name_worker(run))
    outcome = Outcome()
    for key, count in dead.items():
        outcome += tally.describe_doubtful(key, count)
    return outcome


def _describe_no_sender(what: str) -> Outcome:
    return Outcome(mail=(f"{what}: no mail, neither newsletter.smtp_url nor newsletter.outbox is set",))


def _reopen(people: People, key: str, states: Sequence[str], only: Sequence[int] | None) -> Outcome:
    """Queue the deliveries of these states again; says so where there is none."""
    of = [DeliveryState(state) for state in states]
    chosen = deliveries.reopen_deliveries(people, key, of, only, environment.precise_now())
    nobody = f"{key}: nobody whose message is {' or '.join(states)}; nothing is sent again"
    return Outcome(mail=() if chosen else (nobody,))
