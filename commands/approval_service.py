"""The page on which an edition's mail is approved, answered from an installation: a GET shows, a POST decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl

from flows.steps import environment
from flows.steps.mail_preview import compose_preview
from flows.steps.people import open_people
from storage.people import approvals, subscribers
from storage.people.approvals import Approval, ApprovalState
from storage.people.database import People
from yibao.catalogues import mark_text
from yibao.errors import LinkError, YibaoError
from yibao.newsletter.approval_letters import format_deadline
from yibao.newsletter.tokens import Purpose, read_token
from yibao.settings import Settings
from yibao.site.approval_page import CONTENT_SECURITY_POLICY, WaitingMail, render_approval, render_notice
from yibao.web.requests import Request
from yibao.web.responses import Page

_OK, _BAD_REQUEST, _FORBIDDEN, _NOT_FOUND, _GONE, _UNAVAILABLE = 200, 400, 403, 404, 410, 503
_DECISIONS = {"release": ApprovalState.RELEASED, "drop": ApprovalState.DROPPED}
_DECIDED = {
    ApprovalState.RELEASED: mark_text("%(edition)s will be sent by the next run."),
    ApprovalState.DROPPED: mark_text("%(edition)s will not be sent."),
}


#: Every address that is answered begins so.
APPROVE = "/approve/"


class Answer(NamedTuple):
    """What a browser gets."""

    status: int
    html: str


@dataclass(frozen=True)
class ApprovalService:
    """Answers for `/approve/TOKEN`."""

    settings: Settings

    def __call__(self, request: Request) -> Page:
        """Return the page for a request; a form that another site's page sent decides nothing."""
        token = request.path.removeprefix(APPROVE)
        try:
            if request.is_foreign and request.method == "POST":
                answer = self._notice(_FORBIDDEN, mark_text("Decide on the page itself."))
            else:
                answer = self.answer_approval(request.method, token, dict(parse_qsl(request.body.decode("latin-1"))))
        except YibaoError:
            answer = self._notice(_UNAVAILABLE, mark_text("This cannot be opened just now. Try again later."))
        return Page(answer.html.encode(), answer.status, policy=CONTENT_SECURITY_POLICY)

    def answer_approval(self, method: str, token: str, form: Mapping[str, str]) -> Answer:
        """Show what waits (GET, HEAD), or decide it (POST with `decision`, release or drop).

        A link that is not ours or has expired gets a page that says so. What was decided first stands; after the
        deadline a person may still decide, until a run does.

        Raises:
            YibaoError: people or library cannot be used, or the edition is gone.
        """
        people = open_people(self.settings)
        try:
            key = read_token(people.secret, Purpose.APPROVE, token, environment.now())
        except LinkError as error:
            return self._refuse(error)
        approval = approvals.find_approval(people, key)
        if approval is None:
            return self._notice(_NOT_FOUND, mark_text("This edition does not wait for anybody."))
        if method == "POST":
            return self._decide(people, approval, form.get("decision", ""))
        return self._show(people, approval)

    def _decide(self, people: People, approval: Approval, decision: str) -> Answer:
        state = _DECISIONS.get(decision)
        if state is None:
            return self._notice(_BAD_REQUEST, mark_text("Choose whether to send it."))
        by = self.settings.newsletter.approver or "the page"
        approvals.decide_approval(people, approval.edition, state, environment.now(), by)
        return self._tell(approvals.find_approval(people, approval.edition) or approval)

    def _show(self, people: People, approval: Approval) -> Answer:
        if approval.state is not ApprovalState.WAITING:
            return self._tell(approval)
        preview = compose_preview(self.settings, approval.edition)
        frequency = "weekly" if "W" in approval.edition else "daily"
        waiting = WaitingMail(
            approval.edition,
            preview.subject,
            preview.text,
            preview.html,
            sum(1 for _ in subscribers.iterate_active_subscribers(people, frequency)),
            format_deadline(approval.deadline_at, self.settings.schedule.timezone),
            self.settings.newsletter.approval,
        )
        return Answer(_OK, render_approval(waiting, self.settings.site))

    def _tell(self, approval: Approval) -> Answer:
        return self._notice(_OK, _DECIDED[approval.state], edition=approval.edition)

    def _refuse(self, error: LinkError) -> Answer:
        if error.is_expired:
            return self._notice(_GONE, mark_text("This link has expired."))
        return self._notice(_NOT_FOUND, mark_text("This link is not valid. Copy the whole link from the mail."))

    def _notice(self, status: int, notice: str, **values: str) -> Answer:
        return Answer(status, render_notice(notice, self.settings.site, **values))
