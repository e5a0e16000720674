"""What `yibao serve` answers below /subscribe/: the form, confirming, preferences, leaving. A GET changes nothing."""

from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes

from limits import RateLimitItemPerHour

from commands import network_limits
from commands.network_limits import NetworkLimits
from flows.steps import environment
from storage.people import letters, requests, subscribers
from storage.people.database import People
from storage.people.requests import Confirmation
from storage.people.subscribers import Subscriber, SubscriberState
from yibao import subscription_forms as forms
from yibao.catalogues import mark_text
from yibao.errors import LinkError, PeopleError
from yibao.newsletter.tokens import Purpose, read_token
from yibao.settings import Settings
from yibao.site import subscription_pages as pages
from yibao.site.subscription_pages import Frame, Notice
from yibao.subscription_forms import Fields, SubscriptionForm
from yibao.web.requests import Request
from yibao.web.responses import Page, Redirect

#: Every address that is answered begins so.
SUBSCRIBE = "/subscribe/"
_FORM_TYPE = "application/x-www-form-urlencoded"
_RETRY_S = 300


class _NoticeError(Exception):
    """The answer is this notice."""

    def __init__(self, notice: Notice, retry_after_s: int | None = None) -> None:
        super().__init__(notice.title)
        self.notice = notice
        self.retry_after_s = retry_after_s


class SubscriptionService:
    """Answers for one installation. Called from several threads."""

    def __init__(
        self,
        settings: Settings,
        open_people: Callable[[], People],
        wake_post: Callable[[], None] = lambda: None,
        now: Callable[[], datetime] = environment.now,
    ) -> None:
        """`wake_post` is called after each answer that queued a letter."""
        self._open_people = open_people
        self._wake_post = wake_post
        self._now = now
        self._frame = Frame(settings.site, settings.newsletter.has_signup)
        self._offered = forms.list_offered_categories(settings.arxiv.categories)
        self._limits = NetworkLimits()
        self._pages = {
            "": self._answer_sign_up,
            "link": self._answer_link,
            "confirm": self._answer_confirmation,
            "preferences": self._answer_preferences,
            "leave": self._answer_leaving,
        }

    def __call__(self, request: Request) -> Page | Redirect:
        """Return the page for a request."""
        name, _, token = request.path.removeprefix(SUBSCRIBE).partition("/")
        is_page = name in self._pages and bool(token) == (name in list(Purpose)) and "/" not in token
        try:
            return self._pages[name](request, token) if is_page else self._notify(request, pages.NOT_FOUND)
        except _NoticeError as error:
            return self._notify(request, error.notice)._replace(retry_after_s=error.retry_after_s)
        except PeopleError:
            return self._notify(request, pages.UNAVAILABLE)._replace(retry_after_s=_RETRY_S)

    def _answer_sign_up(self, request: Request, _token: str) -> Page:
        """Show the form; or store the request and queue the letter, and say the same of every address."""
        self._require_signup()
        if request.method == "GET":
            return self._show_form(forms.read_form({}, self._offered, has_address=True)._replace(faults={}))
        fields = self._read_fields(request)
        form = forms.read_form(fields, self._offered, has_address=True)
        if form.faults:
            return self._show_form(form)
        self._limit(network_limits.SIGN_UPS, request)
        if not any(fields.get(forms.TRAP, ())):
            requests.ask_subscription(self._open_people(), form.email, form.subscription, self._now(), request.client)
        return self._notify(request, pages.LETTER_SENT)._replace(then=self._wake_post)

    def _answer_link(self, request: Request, _token: str) -> Page | Redirect:
        """Queue the letter with a subscriber's links, and say the same of every address."""
        self._require_signup()
        if request.method == "GET":
            return Redirect("./#link")
        email, fault = forms.read_email(self._read_fields(request))
        if fault:
            raise _NoticeError(Notice(422, mark_text("Check the address"), fault.message, leads_to_form=True))
        self._limit(network_limits.SIGN_UPS, request)
        letters.ask_links(self._open_people(), email, self._now())
        return self._notify(request, pages.LINKS_SENT)._replace(then=self._wake_post)

    def _answer_confirmation(self, request: Request, token: str) -> Page:
        """Show what was asked for and a button; or subscribe."""
        people = self._open_people()
        request_id = self._read_token(people, Purpose.CONFIRM, token)
        if request.method == "POST":
            self._read_fields(request)
            done = requests.confirm_request(people, request_id, self._now(), request.client)
            return self._notify(request, _CONFIRMATIONS[done])
        waiting = requests.find_request(people, request_id)
        if waiting is None:
            raise _NoticeError(pages.EXPIRED)
        if waiting.used_at:
            raise _NoticeError(pages.ALREADY_CONFIRMED)
        detail = f"{waiting.email}：{pages.describe_subscription(waiting.subscription, self._frame.site)}"
        return self._notify(request, pages.CONFIRM, detail)

    def _answer_preferences(self, request: Request, token: str) -> Page:
        """Show the form as the subscriber filled it in last; or store it; or leave."""
        people = self._open_people()
        subscriber = self._find_subscriber(people, Purpose.PREFERENCES, token)
        if request.method == "POST":
            fields = self._read_fields(request)
            if fields.get("action") == ["leave"]:
                return self._leave(request, people, subscriber)
        if subscriber.state is not SubscriberState.ACTIVE:
            raise _NoticeError(pages.NOT_SUBSCRIBED)
        zone, offered = subscriber.subscription.timezone, self._offer(subscriber)
        if request.method == "GET":
            fields = forms.fill_form(subscriber.subscription)
        form = forms.read_form(fields, offered, has_address=False, zone=zone)
        is_saved = request.method == "POST" and not form.faults
        if is_saved:
            number = subscriber.subscriber_id
            subscribers.change_subscription(people, number, form.subscription, self._now(), request.client)
        status = 422 if form.faults and request.method == "POST" else 200
        content = pages.render_preferences(self._frame, subscriber.email, form, offered, is_saved=is_saved)
        return Page(content, status)

    def _answer_leaving(self, request: Request, token: str) -> Page:
        """Show a button; or leave, as a person or a mail program asks: from anywhere, and however often."""
        people = self._open_people()
        subscriber = self._find_subscriber(people, Purpose.LEAVE, token)
        if request.method == "POST":
            if not is_one_click(request):
                raise _NoticeError(pages.LEAVE._replace(status=400))
            return self._leave(request, people, subscriber)
        notice = pages.LEAVE if subscriber.state is SubscriberState.ACTIVE else pages.NOT_SUBSCRIBED
        return self._notify(request, notice, pages.hide_name(subscriber.email))

    def _leave(self, request: Request, people: People, subscriber: Subscriber) -> Page:
        has_left = subscribers.end_subscription(
            people, subscriber.subscriber_id, SubscriberState.LEFT, self._now(), request.client
        )
        notice = pages.LEFT if has_left else pages.NOT_SUBSCRIBED
        return self._notify(request, notice, pages.hide_name(subscriber.email))

    def _offer(self, subscriber: Subscriber) -> tuple[str, ...]:
        """Offer what this installation harvests, and what the subscriber has all the same."""
        return tuple(dict.fromkeys([*self._offered, *subscriber.subscription.categories]))

    def _find_subscriber(self, people: People, purpose: Purpose, token: str) -> Subscriber:
        subscriber = subscribers.find_subscriber_by_token(people, self._read_token(people, purpose, token))
        if subscriber is None:
            raise _NoticeError(pages.ERASED)
        return subscriber

    def _read_token(self, people: People, purpose: Purpose, token: str) -> str:
        try:
            return read_token(people.secret, purpose, token, self._now())
        except LinkError as error:
            raise _NoticeError(pages.EXPIRED if error.is_expired else pages.INVALID) from None

    def _read_fields(self, request: Request) -> Fields:
        """Read a form that a page of ours sent, if its network has not sent too many."""
        if request.is_foreign:
            raise _NoticeError(pages.FOREIGN)
        self._limit(network_limits.FORMS, request)
        if request.media_type.partition(";")[0].strip().lower() != _FORM_TYPE:
            raise _NoticeError(pages.NO_FORM)
        try:
            return forms.read_fields(request.body)
        except ValueError:
            raise _NoticeError(pages.NO_FORM) from None

    def _limit(self, limit: RateLimitItemPerHour, request: Request) -> None:
        wait_s = self._limits.count(limit, request.client)
        if wait_s is not None:
            raise _NoticeError(pages.TOO_MANY, wait_s)

    def _require_signup(self) -> None:
        if not self._frame.has_signup:
            raise _NoticeError(pages.CLOSED)

    def _show_form(self, form: SubscriptionForm) -> Page:
        content = pages.render_sign_up(self._frame, form, self._offered)
        return Page(content, 422 if form.faults else 200, is_listed=not form.faults)

    def _notify(self, request: Request, notice: Notice, detail: str = "") -> Page:
        root = "../" * (request.path.count("/") - 1)
        return Page(pages.render_notice(self._frame, notice, root, detail), notice.status)


_CONFIRMATIONS = {
    Confirmation.DONE: pages.CONFIRMED,
    Confirmation.USED: pages.ALREADY_CONFIRMED,
    Confirmation.GONE: pages.EXPIRED,
}


def is_one_click(request: Request) -> bool:
    """Tell whether a body says to leave, as our button and mail programs do, in either type that RFC 8058 allows."""
    name, value = pages.ONE_CLICK
    if request.media_type.lower().startswith("multipart/form-data"):
        head = f"Content-Type: {request.media_type}\r\n\r\n".encode("latin-1", "replace")
        parts = message_from_bytes(head + request.body).walk()
        said = [
            str(part.get_payload())
            for part in parts
            if part.get_param("name", header="content-disposition") == name and not part.is_multipart()
        ]
    else:
        try:
            said = list(forms.read_fields(request.body).get(name, ()))
        except ValueError:
            said = []
    return value in (one.strip() for one in said)
