"""E-mail addresses: which may get mail, how they go over the wire, and how they are kept out of reports. Pure."""

import re
from email.headerregistry import HeaderRegistry
from typing import Any, NamedTuple

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, ValidatedEmail, validate_email

from yibao.text import join_lines

#: Whatever may be an address in a server's words.
_LIKE_AN_ADDRESS = re.compile(r"""[^\s<>()\[\]"',;:]+@[^\s<>()\[\]"',;:]+""")
_HIDDEN = "(address)"
_LONGEST_WORDS = 200
_HEADERS = HeaderRegistry()

# Mail servers of private networks bear such names. Source: the library's README, "Special-use domain names".
for _name in ("local", "localhost", "test"):
    if _name in SPECIAL_USE_DOMAIN_NAMES:
        SPECIAL_USE_DOMAIN_NAMES.remove(_name)

#: What most addresses look like: nothing in them is normalised, and they need no parser of three hundred microseconds.
_PLAIN = re.compile(r"[a-z0-9]+(?:[._+-][a-z0-9]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,24}", re.ASCII)
#: No part of so short an address is too long.
_SHORT = 64
_SPECIAL_ENDINGS = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)


class Address(NamedTuple):
    """An e-mail address in the forms for people and for mail servers."""

    #: Normalised: Unicode composed, domain in small letters and as people write it.
    text: str
    #: With an internationalised domain in punycode. Not ASCII only where the part before the @ is not.
    wire: str


def parse_address(text: str) -> Address:
    """Validate and normalise one address, without asking the network.

    A domain without a dot is accepted: it may be a mail server of the operator's own network.

    Raises:
        ValueError: it is not an address; the message says why, and does not repeat the address.
    """
    if len(text) <= _SHORT and _PLAIN.fullmatch(text) and text.rpartition(".")[2] not in _SPECIAL_ENDINGS:
        return Address(text, text)
    return _validate(text)


def _validate(text: str) -> Address:
    try:
        validated: ValidatedEmail = validate_email(
            text.strip(), check_deliverability=False, globally_deliverable=False, allow_smtputf8=True
        )
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
    return Address(validated.normalized, validated.ascii_email or f"{validated.local_part}@{validated.ascii_domain}")


def parse_sender(text: str) -> str:
    """Validate a sender such as `译报 <digest@example.org>`, and give its address the form that goes over the wire.

    Raises:
        ValueError: it is not one address with or without a name, or its address is not ASCII before the @.
    """
    if any(not letter.isprintable() for letter in text):
        raise ValueError("a sender is one line, such as '译报 <digest@example.org>'")
    header: Any = _HEADERS("From", text)
    if len(header.addresses) != 1:
        raise ValueError("a sender is one name and one address, such as '译报 <digest@example.org>'")
    name, plain = header.addresses[0].display_name, header.addresses[0].addr_spec
    try:
        address = parse_address(plain)
    except ValueError as error:
        raise ValueError(f"the sender's address is not valid: {error}") from None
    if not address.wire.isascii():
        raise ValueError("the sender's address must be ASCII before the @: many servers take no other")
    return text.replace(plain, address.wire) if name and plain in text else address.wire


def hide_addresses(words: str, *addresses: str) -> str:
    """Rewrite a server's words for a report: one line of bounded length that names no person."""
    report = _LIKE_AN_ADDRESS.sub(_HIDDEN, words)
    for name in {address.partition("@")[0] for address in addresses} - {""}:
        report = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", _HIDDEN, report, flags=re.IGNORECASE)
    report = join_lines("".join(letter if letter.isprintable() else " " for letter in report))
    return report if len(report) <= _LONGEST_WORDS else f"{report[: _LONGEST_WORDS - 1]}…"
