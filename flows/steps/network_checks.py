"""Do the servers that an installation needs answer? Each check asks one of them, within a bounded time."""

from collections.abc import Iterator
from email.utils import parseaddr

import dns.exception
import dns.resolver

from flows.steps import mail_sender, mail_signature
from flows.steps.environment import SystemClock
from flows.steps.health_checks import explain_fault
from yibao import health
from yibao.arxiv.client import Client
from yibao.errors import DeliveryError, MailboxError, UpstreamError
from yibao.health import HealthCheck
from yibao.newsletter import sender_domain
from yibao.newsletter.mailboxes import open_mailbox
from yibao.newsletter.senders import Smtp
from yibao.settings import Settings

#: For an answer of the DNS, all its servers together.
_DNS_S = 10.0
_NO_RECORD = (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer)


def check_servers(settings: Settings) -> Iterator[HealthCheck]:
    """Check arXiv, the mail server, what the DNS says of the sender, and the mailbox of reports."""
    yield from check_arxiv(settings)
    yield explain_fault("mail server", lambda: check_mail_server(settings))
    yield from check_sender_domain(settings)
    yield explain_fault("bounces", lambda: check_bounces(settings))


def check_arxiv(settings: Settings) -> Iterator[HealthCheck]:
    """Ask arXiv's feed, API and OAI-PMH one thing each, at arXiv's pace.

    The dates of the answers show whether our clock is right.
    """
    arxiv = settings.arxiv
    category = next((code for code in arxiv.categories if "." in code), "cs.CL")
    addresses = {
        "arXiv OAI-PMH": f"{arxiv.oai_url}?verb=Identify",
        f"arXiv {arxiv.feed} feed": f"{arxiv.feed_url}/{category}",
        "arXiv API": f"{arxiv.api_url}?search_query=cat:{category}&max_results=1",
    }
    with Client(arxiv, SystemClock()) as client:
        for subject, url in addresses.items():
            yield explain_fault(subject, lambda subject=subject, url=url: _ask(client, subject, url))  # type: ignore[misc]


def check_mail_server(settings: Settings) -> HealthCheck:
    """Connect to the mail server as for a message, log in, and take leave."""
    subject, sender = "mail server", mail_sender.make_sender(settings)
    if not isinstance(sender, Smtp):
        where = (
            f"mail is kept in {settings.newsletter.outbox}"
            if sender
            else "no mail is sent: newsletter.smtp_url is not set"
        )
        return health.skip_check(subject, where)
    try:
        return health.pass_check(subject, f"{sender.try_connection()} answers")
    except DeliveryError as error:
        return health.fail_check(subject, str(error), "Correct newsletter.smtp_url, or start the server.")


def check_sender_domain(settings: Settings) -> Iterator[HealthCheck]:
    """Check SPF, DKIM and DMARC of the sender's domain, where mail goes out into the world."""
    subject, domain = "sender", parseaddr(settings.newsletter.sender)[1].partition("@")[2]
    if settings.newsletter.smtp_url is None:
        yield health.skip_check(subject, "no mail is sent")
    elif sender_domain.is_reserved(domain):
        remedy = "Set newsletter.sender to an address of a domain of yours."
        yield health.fail_check(subject, f"{domain} is nobody's: mail in its name is refused", remedy)
    else:
        yield explain_lookup(sender_domain.SPF, domain)
        yield check_published_key(settings, domain)
        yield explain_lookup(sender_domain.DMARC, domain)


def explain_lookup(subject: str, domain: str) -> HealthCheck:
    """Look up and judge one policy of a domain; a DNS that does not answer is the result."""
    try:
        if subject == sender_domain.SPF:
            return sender_domain.judge_spf(domain, read_texts(domain))
        return sender_domain.judge_dmarc(domain, read_texts(f"_dmarc.{domain}"))
    except dns.exception.DNSException as error:
        return _fail_lookup(subject, domain, error)


def check_published_key(settings: Settings, domain: str) -> HealthCheck:
    """Check that the DNS has the key with which mail is signed."""
    selector = settings.newsletter.dkim_selector
    if not selector:
        return health.skip_check(sender_domain.DKIM, "signing mail is left to the mail server")
    name = f"{selector}._domainkey.{domain}"

    def check() -> HealthCheck:
        signer = mail_signature.make_signer(settings)
        return sender_domain.judge_dkim(name, read_texts(name), signer.dns_value if signer else "")

    try:
        return explain_fault(sender_domain.DKIM, check)
    except dns.exception.DNSException as error:
        return _fail_lookup(sender_domain.DKIM, name, error)


def check_bounces(settings: Settings) -> HealthCheck:
    """Open the mailbox to which reports of failed mail come, and mark nothing in it."""
    subject, address = "bounces", settings.newsletter.bounces
    if address is None:
        return health.skip_check(subject, "reports of failed mail are not read: newsletter.bounces is not set")
    try:
        next(open_mailbox(address.get_secret_value(), settings.newsletter.timeout_s).read_new(1, 1), None)
    except MailboxError as error:
        return health.fail_check(subject, str(error), "Correct newsletter.bounces.")
    return health.pass_check(subject, "the mailbox of reports can be read")


def read_texts(name: str) -> list[str]:
    """Read the TXT records of a name; none where there is no such name.

    Raises:
        DNSException: nobody answered.
    """
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=_DNS_S)
    except _NO_RECORD:
        return []
    return [b"".join(record.strings).decode(errors="replace") for record in answer]


def _ask(client: Client, subject: str, url: str) -> HealthCheck:
    try:
        response = client.get(url)
    except UpstreamError as error:
        return health.fail_check(subject, str(error), "Try again later; compare the addresses in [arxiv] with arXiv's.")
    return health.pass_check(subject, f"{url.partition('?')[0]} answers, {len(response.body)} bytes")


def _fail_lookup(subject: str, name: str, error: dns.exception.DNSException) -> HealthCheck:
    reason = str(error).partition(":")[0].rstrip(".") or type(error).__name__
    return health.fail_check(subject, f"the DNS says nothing of {name}: {reason}", "Look at this machine's resolver.")
