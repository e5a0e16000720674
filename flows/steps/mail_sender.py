"""What hands mail over, as an installation's settings say."""

import time

from yibao.newsletter.senders import Outbox, Sender, Smtp
from yibao.settings import Settings


def make_sender(settings: Settings) -> Sender | None:
    """Make what hands mail over; None where the operator named neither a server nor a folder."""
    newsletter = settings.newsletter
    if newsletter.outbox:
        return Outbox(newsletter.outbox)
    url = newsletter.smtp_url
    return Smtp(url.get_secret_value(), newsletter.timeout_s, time.monotonic) if url else None
