"""The form in which a person says what mail they want: read, checked, and filled in again. Pure.

A field is a list of texts, as forms send them; several values of categories, one text with a line for each keyword or
author.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qs

from yibao import addresses, categories
from yibao.catalogues import mark_text
from yibao.records import Frequency, Language, Subscription
from yibao.text import join_lines

#: Time zones that the form offers, by their names, from west to east.
ZONES = {
    "Pacific/Honolulu": mark_text("Honolulu"),
    "America/Los_Angeles": mark_text("Los Angeles"),
    "America/Denver": mark_text("Denver"),
    "America/Chicago": mark_text("Chicago"),
    "America/New_York": mark_text("New York"),
    "America/Sao_Paulo": mark_text("São Paulo"),
    "UTC": mark_text("UTC"),
    "Europe/London": mark_text("London"),
    "Europe/Paris": mark_text("Paris"),
    "Europe/Berlin": mark_text("Berlin, Zurich"),
    "Africa/Johannesburg": mark_text("Johannesburg"),
    "Europe/Istanbul": mark_text("Istanbul"),
    "Europe/Moscow": mark_text("Moscow"),
    "Asia/Dubai": mark_text("Dubai"),
    "Asia/Kolkata": mark_text("India"),
    "Asia/Bangkok": mark_text("Bangkok"),
    "Asia/Shanghai": mark_text("Beijing"),
    "Asia/Hong_Kong": mark_text("Hong Kong"),
    "Asia/Taipei": mark_text("Taipei"),
    "Asia/Singapore": mark_text("Singapore"),
    "Asia/Seoul": mark_text("Seoul"),
    "Asia/Tokyo": mark_text("Tokyo"),
    "Australia/Sydney": mark_text("Sydney"),
    "Pacific/Auckland": mark_text("Auckland"),
}
#: Keywords, and authors, in one subscription, and characters in each.
MOST_TOPICS, LONGEST_TOPIC = 50, 100
#: Fields in a form, so that nobody keeps us busy; there are 155 categories.
_MOST_FIELDS = 400
#: People never see this field; programs that fill in every form do.
TRAP = "website"

Fields = Mapping[str, Sequence[str]]
_Choice = TypeVar("_Choice", bound=StrEnum)


class Fault(NamedTuple):
    """What is wrong with a field, and what to do: a text of the catalogue, and what stands in it."""

    message: str
    values: Mapping[str, int] = MappingProxyType({})


class SubscriptionForm(NamedTuple):
    """A form as it was sent, and what it means."""

    fields: Fields
    #: Normalised; empty where none was asked for or it is wrong.
    email: str
    subscription: Subscription
    #: By field; empty where all is well.
    faults: Mapping[str, Fault]


def read_fields(body: bytes) -> Fields:
    """Read the body of a form (application/x-www-form-urlencoded); what is no UTF-8 becomes U+FFFD.

    Raises:
        ValueError: it has far more fields than any form of ours.
    """
    return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)


def read_form(fields: Fields, offered: Sequence[str], *, has_address: bool, zone: str = "") -> SubscriptionForm:
    """Read what a person asks for; a field that is missing or wrong means the default, and a fault where it is wrong.

    `offered` are the categories to choose from; `zone` is one to choose beside ours, because the person has it.
    """
    faults: dict[str, Fault] = {}
    email = _read_email(fields, faults) if has_address else ""
    subscription = Subscription(
        frequency=_read_choice(fields, "frequency", Frequency.DAILY, faults),
        language=_read_choice(fields, "language", Language.CHINESE, faults),
        categories=tuple(code for code in offered if code in fields.get("categories", ())),
        keywords=_read_topics(fields, "keywords", faults),
        authors=_read_topics(fields, "authors", faults),
        timezone=_read_zone(fields, zone, faults),
        wants_empty="wants_empty" in fields,
    )
    return SubscriptionForm(fields, email, subscription, faults)


def fill_form(subscription: Subscription) -> Fields:
    """Fill in the form with what a person asked for."""
    return {
        "frequency": [subscription.frequency],
        "language": [subscription.language],
        "categories": list(subscription.categories),
        "keywords": ["\n".join(subscription.keywords)],
        "authors": ["\n".join(subscription.authors)],
        "timezone": [subscription.timezone],
        **({"wants_empty": ["yes"]} if subscription.wants_empty else {}),
    }


def list_offered_categories(codes: Sequence[str]) -> tuple[str, ...]:
    """List the categories to choose from where these are harvested; a whole archive is all that are in it."""
    taxonomy = categories.load_taxonomy()
    return tuple(code for code in taxonomy if code in codes or code.partition(".")[0] in codes)


def read_email(fields: Fields) -> tuple[str, Fault | None]:
    """Read the address, normalised; or what is wrong with it."""
    faults: dict[str, Fault] = {}
    return _read_email(fields, faults), faults.get("email")


def _read_email(fields: Fields, faults: dict[str, Fault]) -> str:
    typed = _first(fields, "email").strip()
    if not typed:
        faults["email"] = Fault(mark_text("Enter your e-mail address."))
        return ""
    try:
        return addresses.parse_address(typed).text
    except ValueError:
        faults["email"] = Fault(
            mark_text("Mail cannot be sent to this. Check it for typing errors; it should look like name@example.org.")
        )
        return ""


def _read_choice(fields: Fields, name: str, default: _Choice, faults: dict[str, Fault]) -> _Choice:
    value = _first(fields, name) or default
    try:
        return type(default)(value)
    except ValueError:
        faults[name] = Fault(mark_text("Choose one of the options."))
        return default


def _read_zone(fields: Fields, own: str, faults: dict[str, Fault]) -> str:
    default = own or Subscription().timezone
    value = _first(fields, "timezone") or default
    if value in ZONES or value == own:
        return value
    faults["timezone"] = Fault(mark_text("Choose one of the time zones."))
    return default


def _read_topics(fields: Fields, name: str, faults: dict[str, Fault]) -> tuple[str, ...]:
    lines = (_clean(line) for line in _first(fields, name).splitlines())
    topics = tuple(dict.fromkeys(line for line in lines if line))
    if len(topics) > MOST_TOPICS:
        faults[name] = Fault(mark_text("Give at most %(most)s lines."), {"most": MOST_TOPICS})
    elif any(len(topic) > LONGEST_TOPIC for topic in topics):
        faults[name] = Fault(mark_text("Give at most %(most)s characters a line."), {"most": LONGEST_TOPIC})
    elif any(topic.startswith("/") and topic.endswith("/") for topic in topics):
        faults[name] = Fault(mark_text("Give words or phrases: regular expressions are not understood here."))
    else:
        return topics
    return ()


def _clean(line: str) -> str:
    """Remove what nobody sees: control characters, and marks that change the direction of reading."""
    return join_lines("".join(letter for letter in line if letter.isprintable() or letter.isspace()))


def _first(fields: Fields, name: str) -> str:
    return next(iter(fields.get(name, ())), "")
