"""How fast personal messages are composed and signed, beside EmailMessage and dkimpy with the same texts.

    python -m benchmarks.composing [--small]

A week of papers, most of them translated; subscribers with and without topics, in three languages; RSA-2048, one
process. The peer is given the same parts, rendered already: it builds the message anew, encodes and signs it.
Seconds are a processor's, so that what else the machine does is left out.
"""

import email
import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from email import policy
from email.message import EmailMessage

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks import options
from benchmarks.made_editions import Words, make_edition, make_subscriptions
from yibao.newsletter.compose import Issue, Recipient, compose_message, prepare_issue
from yibao.newsletter.dkim import Signer
from yibao.newsletter.links import Links
from yibao.records import Edition, Language, Subscription
from yibao.settings import Newsletter, Site

AT = datetime(2025, 1, 18, 14, tzinfo=UTC)
SITE = Site.model_validate({"base_url": "https://yibao.example"})
NAMES = ("From", "Reply-To", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe")
SIGNED = [name.lower().encode() for name in NAMES]


def make_pem() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def make_issue(papers: int, pem: bytes | None) -> Issue:
    """A week's edition, prepared; with messages of about 60 KB where it has a hundred papers."""
    day = make_edition(papers, papers * 4 // 5, Words(5_000), abstract=260)
    week: Edition = replace(day, key="2025-W03", starts_on=date(2025, 1, 13), ends_on=date(2025, 1, 19))
    return prepare_issue(week, SITE, Newsletter(), Signer("example.org", "yibao", pem) if pem else None)


def make_recipients(subscriptions: Iterator[Subscription]) -> Iterator[Recipient]:
    for number, subscription in enumerate(subscriptions):
        name = f"{number:08d}.{'token' * 12}"
        links = Links(f"{SITE.base_url}/subscribe/preferences/{name}", f"{SITE.base_url}/subscribe/leave/{name}")
        yield Recipient(f"reader{number}@example.net", subscription, links, f"bounces+{number}@example.org")


def make_readers(count: int) -> dict[str, list[Recipient]]:
    everything = (Subscription(language=language) for language in itertools.cycle(Language))
    return {
        "without topics": list(make_recipients(itertools.islice(everything, count))),
        "with one to five topics each": list(make_recipients(make_subscriptions(count, Words(5_000)))),
    }


def compose_anew(parts: tuple[EmailMessage, str, str], pem: bytes) -> bytes:
    """What a script with Python's own library and dkimpy does with a message's parts."""
    before, text, html = parts
    message = EmailMessage(policy=policy.SMTP)
    for name in NAMES:
        message[name] = before[name]
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    content = message.as_bytes()
    relaxed = (b"relaxed", b"relaxed")
    return dkim.sign(content, b"yibao", b"example.org", pem, canonicalize=relaxed, include_headers=SIGNED) + content


def read_parts(content: bytes) -> tuple[EmailMessage, str, str]:
    message = email.message_from_bytes(content, policy=policy.default)
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    return message, text, html


def main() -> None:
    chosen = options.parser(__doc__).parse_args()
    papers, count, peers = (20, 20, 5) if chosen.small else (100, 5_000, 100)
    pem = make_pem()
    for name, recipients in make_readers(count).items():
        issue = make_issue(papers, pem)
        compose_message(issue, recipients[0], AT)
        before = time.process_time()
        sizes = [len(compose_message(issue, recipient, AT).content) for recipient in recipients]
        each = (time.process_time() - before) / count
        parts = [read_parts(compose_message(issue, recipient, AT).content) for recipient in recipients[:peers]]
        before = time.process_time()
        for one in parts:
            compose_anew(one, pem)
        peer = (time.process_time() - before) / peers
        print(
            f"subscribers {name}: messages of {sum(sizes) / count / 1000:.0f} KB, {1 / each:.0f} a second "
            f"({1000 * each:.2f} ms each); EmailMessage and dkimpy {1 / peer:.0f} a second; {peer / each:.1f} times"
        )


if __name__ == "__main__":
    main()
