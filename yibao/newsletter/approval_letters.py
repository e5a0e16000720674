"""The letter that asks a person whether an edition's mail may go out. Pure."""

import hashlib
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from zoneinfo import ZoneInfo

from yibao.catalogues import load_texts
from yibao.edition_summaries import name_edition
from yibao.newsletter.messages import Message
from yibao.settings import Newsletter, Site

_AFTERWARDS = {"release": "将自动发送", "drop": "将不发送"}
_AFTERWARDS_ENGLISH = {"release": "it is sent", "drop": "it is not sent"}


def compose_approval_letter(  # noqa: PLR0913  (what waits until when, what it looks like, and when it is said)
    edition: str, link: str, until: str, preview: str, site: Site, newsletter: Newsletter, at: datetime
) -> Message:
    """Compose the letter with the address of the page on which to decide, and the mail's text below it.

    Args:
        edition: its key.
        link: address of the page, signed.
        until: when it is decided without a person, as `format_deadline` writes it.
        preview: text of the mail that waits.
        site: of the edition.
        newsletter: its settings; the letter goes to `approver`.
        at: when it is handed over.
    """
    name = f"{site.title} {name_edition(edition, load_texts('zh-Hans'))}"
    mail = EmailMessage(policy=SMTP)
    mail["From"] = newsletter.sender
    mail["To"] = newsletter.approver
    mail["Subject"] = f"请审阅：{name}（{until} 前）"
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = _make_message_id(edition, newsletter)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(
        f"{name}的邮件正在等待审阅。\n发送或不发送，请在此页决定：\n\n{link}\n\n"
        f"截止 {until}；届时若无人决定，{_AFTERWARDS.get(newsletter.approval, '')}。\n\n"
        f"The mail of {edition} waits for you; the page above asks whether to send it. If nobody decides by then, "
        f"{_AFTERWARDS_ENGLISH.get(newsletter.approval, '')}.\nOr: yibao newsletter approve --edition {edition}\n\n"
        f"{'-' * 60}\n\n{preview}",
        cte="base64",
    )
    return Message(str(mail["Message-ID"]), parseaddr(newsletter.sender)[1], newsletter.approver, mail.as_bytes())


def format_deadline(deadline_at: datetime, timezone: str) -> str:
    """Write a deadline as the clock on the wall of a zone shows it, with the zone's offset on that day."""
    local = deadline_at.astimezone(ZoneInfo(timezone))
    return f"{local:%Y-%m-%d %H:%M} (UTC{local:%z})"


def _make_message_id(edition: str, newsletter: Newsletter) -> str:
    digest = hashlib.sha256(f"{edition}\n{newsletter.approver}".encode()).hexdigest()[:32]
    domain = parseaddr(newsletter.sender)[1].partition("@")[2] or "localhost"
    return f"<approve.{edition}.{digest}@{domain}>"
