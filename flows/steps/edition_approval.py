"""Whether an edition's mail waits for a person, and what happens when nobody decides."""

from datetime import timedelta

from flows.steps import environment
from flows.steps.run_record import Run
from storage.people import approvals
from storage.people.approvals import Approval, ApprovalState
from storage.people.database import People
from yibao.newsletter.approval_letters import format_deadline
from yibao.settings import Settings


def check_approval(run: Run, people: People, key: str) -> tuple[ApprovalState, str]:
    """Find whether an edition may go out: released, dropped, or waiting; and why. Asks a person where nobody was asked.

    An edition that nobody decided by its deadline is released or dropped, as the settings say. What was decided first
    stands, whoever decides again.
    """
    newsletter, at = run.settings.newsletter, environment.now()
    if newsletter.approval == "none":
        return ApprovalState.RELEASED, ""
    approvals.ask_approval(people, key, at, at + timedelta(hours=newsletter.approval_hours))
    approval = _find_decided(people, key, run.settings)
    if approval.state is ApprovalState.WAITING:
        until = format_deadline(approval.deadline_at, run.settings.schedule.timezone)
        return approval.state, f"it waits for a person until {until}: `yibao newsletter approve --edition {key}`"
    if approval.decided_by == "deadline":
        return approval.state, "nobody decided by the deadline"
    return approval.state, f"decided by {approval.decided_by}"


def _find_decided(people: People, key: str, settings: Settings) -> Approval:
    """Find an edition's approval; one whose deadline is over is decided now."""
    approval = approvals.find_approval(people, key)
    at = environment.now()
    if approval and approval.state is ApprovalState.WAITING and approval.deadline_at <= at:
        is_released = settings.newsletter.approval == "release"
        state = ApprovalState.RELEASED if is_released else ApprovalState.DROPPED
        approvals.decide_approval(people, key, state, at, "deadline")
        # A person may have been quicker.
        approval = approvals.find_approval(people, key)
    assert approval is not None  # noqa: S101  (it was put on record right before; rows are never deleted)
    return approval
