"""Reports of failed mail, and mails that leave: read from the mailbox, put on record, and obeyed."""

import hashlib
from collections import Counter
from typing import NamedTuple

from flows.steps import environment
from flows.steps.people import open_people
from flows.steps.progress import report_progress
from flows.steps.run_record import Run
from storage.people import bounces
from storage.people.bounces import Addressee, Bounce
from storage.people.database import People
from yibao import addresses
from yibao.errors import MailboxError, PeopleError
from yibao.newsletter.bounce_kinds import BounceKind
from yibao.newsletter.bounces import LIMIT_BYTES, BounceReport, RecipientReport, read_report
from yibao.newsletter.mailboxes import Mailbox, open_mailbox
from yibao.run_report import Outcome

#: A run reads so many at most, so that a flood of reports holds no mail up; the next goes on.
MOST_REPORTS = 2000
#: From so many refusals of us rather than of a person on, a run fails.
_ALARMING_REFUSALS = 5
_UNREADABLE = "this report could not be read"


class Reading(NamedTuple):
    """What one report came to."""

    #: None where it was on record.
    kind: BounceKind | None
    is_stopped: bool = False
    #: What a server said that refuses us; empty where none did.
    policy: str = ""
    is_unreadable: bool = False


def sync_bounces(run: Run) -> Outcome:
    """Read what arrived in the mailbox that the settings name, and stop mail to dead addresses and to who complained.

    Whatever goes wrong here holds no mail up: it is told, and the next run reads again.
    """
    address = run.settings.newsletter.bounces
    if address is None:
        return Outcome()
    report_progress("reading reports of failed mail")
    readings: list[Reading] = []
    try:
        people = open_people(run.settings)
        mailbox = open_mailbox(address.get_secret_value(), run.settings.newsletter.timeout_s)
        _read_mailbox(people, mailbox, readings)
    except (MailboxError, PeopleError) as error:
        fault = f"the reports of failed mail were not read, or not all of them: {error}. The next run reads them"
        return _describe(readings) + Outcome(faults=(fault,))
    return _describe(readings)


def record_report(people: People, content: bytes) -> Reading:
    """Put one report on record, and stop the mail of the person it is about where it says so, or where they leave.

    It stops somebody only where it is tied to a message of ours: by the mark in a return path, or by a Message-ID and
    an address that belong to the same subscriber. One that cannot be read is put on record as such.

    Raises:
        PeopleError: the database cannot be used; the report can be recorded later.
    """
    report_hash = hashlib.sha256(content).hexdigest()
    if bounces.is_known_report(people, report_hash):
        return Reading(None)
    try:
        report = read_report(content, people.secret)
    except Exception as error:  # noqa: BLE001  (anybody may send us anything: it ends no run)
        words = f"{_UNREADABLE}: {type(error).__name__}"
        bounces.record_bounce(people, Bounce(report_hash, BounceKind.OTHER, "", None, words), environment.now())
        return Reading(BounceKind.OTHER, is_unreadable=True)
    addressee = _find_addressee(people, report)
    said = _choose(report, addressee)
    names = [*said.emails, *([addressee.email] if addressee and addressee.email else [])]
    words = addresses.hide_addresses(said.words, *names)
    bounce = Bounce(report_hash, said.kind, said.status, addressee, words)
    is_stopped = bounces.record_bounce(people, bounce, environment.now())
    return Reading(said.kind, is_stopped, words if said.is_policy and addressee else "")


def _read_mailbox(people: People, mailbox: Mailbox, readings: list[Reading]) -> None:
    for mail in mailbox.read_new(MOST_REPORTS, LIMIT_BYTES):
        reading = record_report(people, mail.content)
        readings.append(reading)
        mailbox.mark_seen(mail.name, is_flagged=reading.is_unreadable)


def _find_addressee(people: People, report: BounceReport) -> Addressee | None:
    if report.delivery_id is not None:
        return bounces.find_addressee(people, report.delivery_id)
    emails = {email for one in report.recipients for email in one.emails}
    if not emails or not report.message_ids:
        return None
    return bounces.find_addressee_by_message(people, report.message_ids, emails)


def _choose(report: BounceReport, addressee: Addressee | None) -> RecipientReport:
    """Choose what the report says of the person it is about; of somebody else where it is about none of ours."""
    return report.find_recipient(addressee.email if addressee and addressee.email else "")


def _describe(readings: list[Reading]) -> Outcome:
    """Say how many reports came, and what they led to; nothing where none came."""
    new = [one for one in readings if one.kind is not None]
    if not new:
        return Outcome()
    kinds = Counter(one.kind for one in new)
    counts = ", ".join(f"{kinds[kind]} {kind}" for kind in BounceKind if kinds[kind])
    stopped = sum(one.is_stopped and one.kind is not BounceKind.LEAVING for one in new)
    unreadable = sum(one.is_unreadable for one in new)
    line = f"reports of failed mail: {counts}; {stopped} subscribers stopped"
    line += f"; {unreadable} could not be read, and are flagged in the mailbox" if unreadable else ""
    line += "; the next run reads more" if len(readings) == MOST_REPORTS else ""
    return Outcome(mail=(line,), faults=_describe_refusals(new))


def _describe_refusals(readings: list[Reading]) -> tuple[str, ...]:
    refusals = [one.policy for one in readings if one.policy]
    if len(refusals) < _ALARMING_REFUSALS:
        return ()
    common = Counter(refusals).most_common(1)[0][0]
    return (
        f"{len(refusals)} reports say that mail servers refuse us, not the readers, for example: {common}. Compare "
        "SPF, DKIM and DMARC of the sender's domain with what they say, and look for the mail server's address on "
        "block lists",
    )
