"""Letters to one person who asked for them on a page: short, and saying what to do. Pure."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from typing import NamedTuple

import css_inline
from jinja2 import Environment

from yibao import addresses, templating
from yibao.newsletter.dkim import Signer
from yibao.newsletter.links import Links
from yibao.newsletter.messages import Message
from yibao.records import Language
from yibao.settings import Newsletter, Site
from yibao.text import join_lines


class Occasion(NamedTuple):
    """To whom a letter goes, as which one of all, when, and in what language."""

    #: Of all letters; trying again gives the same Message-ID.
    letter_id: int
    #: As people write it.
    email: str
    language: Language
    at: datetime


class _Link(NamedTuple):
    label: str
    address: str


class _Words(NamedTuple):
    """A letter in one language."""

    language: str
    subject: str
    opening: str
    links: Sequence[_Link]
    closing: str


def compose_confirmation(
    occasion: Occasion, link: str, site: Site, newsletter: Newsletter, signer: Signer | None = None
) -> Message:
    """Compose the letter that asks whether the owner of an address wants to be subscribed; `link` says yes."""
    chinese = _Words(
        "zh-Hans",
        f"请确认订阅{site.title}",
        f"有人（应该是你）请求把{site.title}寄到这个地址。打开下面的链接，按“确认订阅”，订阅就生效：",
        [_Link("确认订阅", link)],
        "链接三天内有效。如果不是你，不必理会这封信：不确认就不会收到订阅邮件，这个地址也会在三天内删除。",
    )
    english = _Words(
        "en",
        f"Please confirm your subscription to {site.title}",
        f"Somebody, most likely you, asked to have {site.title} sent to this address. Open this link and press "
        "“Confirm” to begin:",
        [_Link("Confirm the subscription", link)],
        "The link is valid for three days. If this was not you, ignore this letter: without your confirmation nothing "
        "is sent, and the address is deleted within three days.",
    )
    return _compose(occasion, _choose(occasion.language, chinese, english), site, newsletter, signer)


def compose_links(
    occasion: Occasion, links: Links, site: Site, newsletter: Newsletter, signer: Signer | None = None
) -> Message:
    """Compose the letter that brings subscribers the links to their own pages."""
    chinese = _Words(
        "zh-Hans",
        f"你的{site.title}订阅链接",
        f"这是更改或退订{site.title}的链接，只属于你，请勿转发：",
        [_Link("更改订阅", links.preferences), _Link("退订", links.leave)],
        "如果不是你要的，不必理会这封信：什么都不会改变。",
    )
    english = _Words(
        "en",
        f"Your links for {site.title}",
        f"These links change or end your subscription to {site.title}. They are yours alone; do not pass them on:",
        [_Link("Change the subscription", links.preferences), _Link("Unsubscribe", links.leave)],
        "If you did not ask for them, ignore this letter: nothing changes.",
    )
    return _compose(occasion, _choose(occasion.language, chinese, english), site, newsletter, signer)


def _choose(language: Language, chinese: _Words, english: _Words) -> Sequence[_Words]:
    chosen = {Language.CHINESE: [chinese], Language.ENGLISH: [english], Language.BOTH: [chinese, english]}
    return chosen[language]


def _compose(
    occasion: Occasion, parts: Sequence[_Words], site: Site, newsletter: Newsletter, signer: Signer | None
) -> Message:
    recipient = addresses.parse_address(occasion.email).wire
    sender = newsletter.sender
    mail = EmailMessage(policy=SMTP if recipient.isascii() else SMTP.clone(utf8=True))
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = join_lines(parts[0].subject)
    mail["Date"] = format_datetime(occasion.at)
    mail["Message-ID"] = message_id = _make_message_id(occasion, sender)
    if newsletter.reply_to:
        mail["Reply-To"] = newsletter.reply_to
    mail["Auto-Submitted"] = "auto-generated"
    values = {"parts": parts, "site": site, "subject": str(mail["Subject"])}
    mail.set_content(_load_templates().get_template("letter.txt").render(values))
    html = _load_templates().get_template("letter.html").render(values)
    mail.add_alternative(css_inline.CSSInliner(keep_at_rules=True, keep_style_tags=False).inline(html), subtype="html")
    # The same bytes at every try.
    mail.set_boundary(f"yibao-{hashlib.sha256(message_id.encode()).hexdigest()[:32]}")
    content = mail.as_bytes()
    return_path = newsletter.return_path or parseaddr(sender)[1]
    return Message(message_id, return_path, recipient, signer.sign_message(content) if signer else content)


def _make_message_id(occasion: Occasion, sender: str) -> str:
    digest = hashlib.sha256(f"{occasion.letter_id}\n{occasion.email.casefold()}".encode()).hexdigest()[:32]
    return f"<letter-{occasion.letter_id}.{digest}@{parseaddr(sender)[1].partition('@')[2]}>"


@cache
def _load_templates() -> Environment:
    return templating.create_environment("yibao.newsletter")
