"""Letters that ask a person whether an edition's mail may go out."""

from datetime import timedelta

from flows.steps import environment
from flows.steps.mail_preview import compose_preview
from flows.steps.mail_sender import make_sender
from flows.steps.people import open_people
from flows.steps.run_record import Run
from storage.people import approvals
from storage.people.approvals import Approval
from storage.people.database import People
from yibao.errors import DeliveryError, PeopleError, YibaoError
from yibao.newsletter.approval_letters import compose_approval_letter, format_deadline
from yibao.newsletter.messages import Message
from yibao.newsletter.tokens import Purpose, make_token
from yibao.run_report import Outcome
from yibao.settings import Settings

#: Below the site's root; a token follows.
APPROVE = "approve/"
_LINK_OUTLIVES_DEADLINE = timedelta(days=1)


def notify_approver(run: Run) -> Outcome:
    """Ask the approver by mail for each edition that waits, once; the next run repeats a letter that fails."""
    newsletter = run.settings.newsletter
    if newsletter.approval == "none" or not newsletter.approver:
        return Outcome()
    outcome = Outcome()
    try:
        people = open_people(run.settings)
        for approval in approvals.read_waiting_approvals(people):
            if approval.letter_sent_at is None:
                outcome += _ask(run.settings, people, approval)
    except PeopleError as error:
        outcome += Outcome(faults=(f"The approver was not asked: {error}",))
    return outcome


def make_approval_link(settings: Settings, secret: bytes, approval: Approval) -> str:
    """Make the address of the page on which to decide; valid for a day beyond the deadline."""
    expires_at = approval.deadline_at + _LINK_OUTLIVES_DEADLINE
    return f"{settings.site.base_url}/{APPROVE}{make_token(secret, Purpose.APPROVE, approval.edition, expires_at)}"


def _ask(settings: Settings, people: People, approval: Approval) -> Outcome:
    try:
        letter = _compose(settings, people, approval)
        _hand_over(settings, letter)
    except (YibaoError, DeliveryError, OSError) as error:
        return Outcome(
            faults=(
                f"{approval.edition}: it waits, and the approver could not be asked by mail: {error}. The next run "
                f"tries again; `yibao newsletter approve --edition {approval.edition}` decides without a letter",
            )
        )
    approvals.record_letter(people, approval.edition, environment.now())
    return Outcome(mail=(f"{approval.edition}: the approver was asked by mail",))


def _compose(settings: Settings, people: People, approval: Approval) -> Message:
    return compose_approval_letter(
        approval.edition,
        make_approval_link(settings, people.secret, approval),
        format_deadline(approval.deadline_at, settings.schedule.timezone),
        compose_preview(settings, approval.edition).text,
        settings.site,
        settings.newsletter,
        environment.now(),
    )


def _hand_over(settings: Settings, letter: Message) -> None:
    sender = make_sender(settings)
    if sender is None:
        raise YibaoError("neither newsletter.smtp_url nor newsletter.outbox is set")
    with sender:
        # Asked twice, a person decides once: it does not matter whether a lost answer meant yes.
        sender.send(letter)
