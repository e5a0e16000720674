"""The pages on which a person subscribes by mail, confirms, changes what they get, and leaves. Pure; without script.

No page says whether an address is known.
"""

from collections.abc import Mapping, Sequence
from gettext import NullTranslations
from typing import NamedTuple

from yibao import catalogues, categories
from yibao.catalogues import mark_text
from yibao.records import Language, Subscription
from yibao.settings import Site
from yibao.site.filters import label_variants, make_environment
from yibao.subscription_forms import TRAP, ZONES, SubscriptionForm

#: What a mail program posts to the address of List-Unsubscribe, and the button of our own page. Source: RFC 8058.
ONE_CLICK = ("List-Unsubscribe", "One-Click")
_LANGUAGES = {Language.CHINESE: "Chinese", Language.ENGLISH: "English", Language.BOTH: "both languages"}


class Frame(NamedTuple):
    """What all of these pages share."""

    site: Site
    #: Whether the form is open.
    has_signup: bool


class Notice(NamedTuple):
    """A page that says what happened and what to do, in texts of the catalogue."""

    status: int
    title: str
    text: str
    #: Its words; empty where the page has none.
    button: str = ""
    #: What the button sends: name and value; empty for nothing.
    field: tuple[str, str] | tuple[()] = ()
    #: Whether it shows the way to the form.
    leads_to_form: bool = False


LETTER_SENT = Notice(
    200,
    mark_text("Check your mail"),
    mark_text(
        "If this address can be subscribed, a letter is on its way. Open the link in it within three days and"
        " press “Confirm”; nothing begins before that. If it has not come in ten minutes, look among junk "
        "mail, or ask again."
    ),
)
LINKS_SENT = Notice(
    200,
    mark_text("Check your mail"),
    mark_text(
        "If this address is subscribed, a letter with its links is on its way. If it has not come in ten "
        "minutes, look among junk mail, or ask again."
    ),
)
CONFIRM = Notice(
    200,
    mark_text("Confirm your subscription"),
    mark_text("One more step: press the button to begin. If this was not you, just close this page."),
    mark_text("Confirm"),
)
CONFIRMED = Notice(
    200,
    mark_text("You are subscribed"),
    mark_text("The next edition comes by mail. The links to change or stop it are at the end of every mail."),
)
ALREADY_CONFIRMED = Notice(
    200,
    mark_text("This link was used before"),
    mark_text(
        "This subscription was confirmed before; nothing has changed. If you have unsubscribed since, subscribe again."
    ),
    leads_to_form=True,
)
EXPIRED = Notice(
    410,
    mark_text("This link has expired"),
    mark_text(
        "Such a link is valid for three days, and not after you have unsubscribed. Subscribe again: a new one"
        " will come."
    ),
    leads_to_form=True,
)
INVALID = Notice(
    404,
    mark_text("This link is not valid"),
    mark_text(
        "It was cut short or changed on its way. Copy the whole link from the mail; if that does not help, "
        "have a new one sent."
    ),
    leads_to_form=True,
)
LEAVE = Notice(
    200,
    mark_text("Unsubscribe"),
    mark_text("Press the button to get no more mail, at once."),
    mark_text("Unsubscribe"),
    ONE_CLICK,
)
LEFT = Notice(
    200,
    mark_text("You are unsubscribed"),
    mark_text(
        "No more mail will come, except what is on its way already. If you change your mind, subscribe again "
        "at any time."
    ),
    leads_to_form=True,
)
NOT_SUBSCRIBED = Notice(
    200,
    mark_text("Not subscribed"),
    mark_text(
        "No mail goes to this address: it was unsubscribed, or mail to it kept coming back. To get mail, "
        "subscribe again."
    ),
    leads_to_form=True,
)
ERASED = Notice(
    410,
    mark_text("Your data were erased"),
    mark_text("The data to which this link belonged were erased, and no mail will come. To get mail, subscribe again."),
    leads_to_form=True,
)
CLOSED = Notice(
    404,
    mark_text("No subscription by mail"),
    mark_text("This site takes no subscriptions by mail at present. Its feeds are on the page “Feeds”."),
)
NOT_FOUND = Notice(
    404,
    mark_text("Not found"),
    mark_text("There is no page here. Check the address, or go on from the links above."),
)
TOO_MANY = Notice(
    429,
    mark_text("Too many requests"),
    mark_text("Too many forms came from your network lately; nothing was changed. Please try again later."),
)
UNAVAILABLE = Notice(
    503,
    mark_text("Not available just now"),
    mark_text(
        "Subscriptions cannot be read or written just now; nothing was changed. Please try again in a few minutes."
    ),
)
FOREIGN = Notice(
    403,
    mark_text("Sent from another site"),
    mark_text("This form was sent by another site's page; nothing was changed. Please fill it in on our own page."),
    leads_to_form=True,
)
NO_FORM = Notice(
    415,
    mark_text("This cannot be read"),
    mark_text("What was sent is no form of this site; nothing was changed. Fill in the page, and press its button."),
    leads_to_form=True,
)


def render_sign_up(frame: Frame, form: SubscriptionForm, offered: Sequence[str]) -> bytes:
    """Render the form to subscribe; `offered` are the categories to choose from."""
    values = {"form": form, "offered": offered, "zones": _list_zones(frame, form.subscription), "trap": TRAP}
    return _render(frame, "subscribe.html", "../", values)


def render_preferences(
    frame: Frame, email: str, form: SubscriptionForm, offered: Sequence[str], *, is_saved: bool
) -> bytes:
    """Render the form with what a subscriber asked for."""
    zones = _list_zones(frame, form.subscription)
    values = {"form": form, "offered": offered, "zones": zones, "address": hide_name(email), "is_saved": is_saved}
    return _render(frame, "preferences.html", "../../", values)


def render_notice(frame: Frame, notice: Notice, root: str, detail: str = "") -> bytes:
    """Render a page that says what happened. `root` leads from its address to the site's root."""
    return _render(frame, "notice.html", root, {"notice": notice, "detail": detail})


def hide_name(email: str) -> str:
    """Hide most of an address from whoever a mail is passed on to; its owner knows it all the same."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}…@{domain}"


def describe_subscription(subscription: Subscription, site: Site) -> str:
    """Describe in a line what a person asked for."""
    language = catalogues.choose_interface(site.language)
    texts = catalogues.load_texts(language)
    codes = [f"{code} {categories.name_category(code, language)}" for code in subscription.categories]
    topics = texts.gettext(", ").join([*codes, *subscription.keywords, *subscription.authors])
    about = [_say_plainly(texts, subscription.frequency), _say_plainly(texts, _LANGUAGES[subscription.language])]
    return " · ".join([*about, topics or _say_plainly(texts, mark_text("every paper"))])


def _say_plainly(texts: NullTranslations, message: str) -> str:
    """Say a text in both languages where no markup can be, in one where they are the same."""
    return " ".join(dict.fromkeys((texts.gettext(message), message)))


def _list_zones(frame: Frame, subscription: Subscription) -> list[tuple[str, str]]:
    """List the time zones to choose from, the subscriber's own among them."""
    texts = catalogues.load_texts(catalogues.choose_interface(frame.site.language))
    own = subscription.timezone
    more = [] if own in ZONES else [(own, own)]
    return [*((key, _say_plainly(texts, name)) for key, name in ZONES.items()), *more]


def _render(frame: Frame, template: str, root: str, values: Mapping[str, object]) -> bytes:
    language = catalogues.choose_interface(frame.site.language)
    shared = {
        "site": frame.site,
        "variants": label_variants(frame.site, language),
        "has_signup": frame.has_signup,
        # Of the canonical address, which names nobody.
        "path": "subscribe/",
        "root": root,
        "top": root,
    }
    return make_environment(language).get_template(template).render({**shared, **values}).encode()
