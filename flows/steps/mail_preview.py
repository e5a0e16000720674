"""What a subscriber would get: one edition's message, composed and not sent."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import NamedTuple

from flows.steps import environment, newsletter_issue
from yibao.newsletter.compose import Recipient, compose_message
from yibao.newsletter.links import SUBSCRIBE, Links
from yibao.records import Subscription
from yibao.settings import Settings

#: To whom a preview is addressed that is for nobody.
READER = "reader@example.org"


class Preview(NamedTuple):
    """A message as it would be sent, and its parts as people see them."""

    subject: str
    text: str
    html: str
    #: Headers and body, as the mail server would get them.
    message: bytes


def compose_preview(
    settings: Settings, key: str, email: str = READER, subscription: Subscription | None = None
) -> Preview:
    """Compose an edition's message for somebody with this subscription; by default for one who asks for everything.

    Raises:
        YibaoError: the key is nonsense, there is no such edition, or nothing is in it.
    """
    content = _compose(settings, key, email, subscription or Subscription())
    mail = message_from_bytes(content, policy=policy.default)
    return Preview(str(mail["Subject"]), _read_part(mail, "plain"), _read_part(mail, "html"), content)


def _compose(settings: Settings, key: str, email: str, subscription: Subscription) -> bytes:
    page = f"{settings.site.base_url}/{SUBSCRIBE}"
    reader = Recipient(email, subscription, Links(page, page), "")
    return compose_message(newsletter_issue.read_issue(settings, key), reader, environment.now()).content


def _read_part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""
