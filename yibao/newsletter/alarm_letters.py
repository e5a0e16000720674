"""The letter that tells an operator what needs a person. Pure."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from yibao.newsletter.messages import Message
from yibao.settings import Site


def compose_alarm_letter(lines: Sequence[str], recipient: str, sender: str, site: Site, at: datetime) -> Message:
    """Compose the letter: each alarm in a line with what to type, or, without any, that nothing needs a person.

    Args:
        lines: what is wrong, the newest first.
        recipient: the operator's address.
        sender: name and address that mail of this installation comes from.
        site: whose it is.
        at: when it is handed over.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = f"{site.title}：{len(lines)} 项需要处理" if lines else f"{site.title}：已恢复正常"
    mail["Date"] = format_datetime(at)
    digest = hashlib.sha256(f"{at.isoformat()}\n{recipient}".encode()).hexdigest()[:32]
    mail["Message-ID"] = f"<alarm.{digest}@{parseaddr(sender)[1].partition('@')[2] or 'localhost'}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    body = "\n\n".join(lines) if lines else "Everything that needed a person is done. 先前的问题均已解决。"
    mail.set_content(f"{body}\n\n{site.base_url}/status/\n", cte="base64")
    return Message(str(mail["Message-ID"]), parseaddr(sender)[1], recipient, mail.as_bytes())
