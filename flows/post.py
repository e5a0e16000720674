"""The newsletter goes out: at most one message for each subscriber and edition."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows import contents, wiring
from flows.ending import ended
from flows.wiring import Run
from storage.library import connection
from storage.people import deliveries, subscribers
from storage.people.deliveries import DeliveryState
from storage.people.schema import People
from storage.people.subscribers import Subscriber
from yibao import dates
from yibao.errors import DeliveryError, YibaoError
from yibao.models import Edition
from yibao.newsletter.compose import POLICY, Body, body, message, message_id
from yibao.newsletter.senders import Sender


@flow(name="newsletter")
def newsletter(
    edition: str, on: date | None = None, config: str = "yibao.toml", run_id: str | None = None
) -> State | None:
    """One edition is with every subscriber who had not got it."""
    with wiring.run(Path(config), "newsletter", on, run_id) as run:
        deliver(run, edition)
        return ended(run)


def daily_key(on: date) -> str:
    """The key of the daily edition of a date."""
    return on.isoformat()


def weekly_key(on: date) -> str:
    """The key of the weekly edition that holds a date."""
    return dates.week_of(on)


@task(name="send the newsletter", cache_policy=NO_CACHE)
def deliver(run: Run, key: str) -> None:
    """Every subscriber of this edition's rhythm has it, or the reason why not is in the report."""
    edition = _edition(run, key)
    if edition is None or not edition.entries:
        run.report.mail.append(f"{key}: nothing to send, the edition is empty")
        return
    people = run.people()
    wanted = subscribers.active(people, "weekly" if edition.is_weekly else "daily")
    sender = run.sender()
    if sender is None:
        run.report.mail.append(f"{key}: no mail, neither newsletter.smtp_url nor newsletter.outbox is set")
        return
    parts = body(edition, run.settings.site)
    tally = _Tally()
    with sender:
        for subscriber in wanted:
            _deliver_one(run, people, sender, parts, edition, subscriber, tally)
    run.report.sent += tally.sent
    run.report.mail.append(f"{key}: {tally}")
    _tell_faults(run, people, key, tally)


def compose_one(run: Run, key: str) -> bytes:
    """The message that a subscriber would get, as bytes.

    Raises:
        YibaoError: there is no such edition.
    """
    edition = _edition(run, key)
    if edition is None:
        raise YibaoError(f"There is no edition {key}, or nothing is in it.")
    sender = run.settings.newsletter.sender
    return message(body(edition, run.settings.site), key, "reader@example.org", sender, run.now()).as_bytes(
        policy=POLICY
    )


def _edition(run: Run, key: str) -> Edition | None:
    """The edition as the library has it; looking at it publishes nothing."""
    with connection.reading(run.library) as library:
        return contents.edition_of(library, run.settings, key)


@dataclass
class _Tally:
    sent: int = 0
    before: int = 0
    refused: int = 0
    #: Reply codes (None: no reply at all) of messages that may be taken later.
    later: list[int | None] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.sent} sent, {self.before} had it before, {self.refused} refused for good, "
            f"{len(self.later)} to try again"
        )


def _deliver_one(  # noqa: PLR0913  (one message, and all that it touches)
    run: Run, people: People, sender: Sender, parts: Body, edition: Edition, subscriber: Subscriber, tally: _Tally
) -> None:
    who, key, from_ = subscriber.subscriber_id, edition.key, run.settings.newsletter.sender
    if not deliveries.claim(people, who, key, message_id(key, subscriber.email, from_), run.now()):
        state = deliveries.state_of(people, who, key)
        tally.before += state == DeliveryState.SENT
        tally.refused += state == DeliveryState.REFUSED
        return
    mail = message(parts, key, subscriber.email, from_, run.now())
    try:
        answer = sender.send(mail, lambda: deliveries.record(people, who, key, DeliveryState.SENDING, run.now()))
    except DeliveryError as error:
        # The server does not have it. What it said may name the person: that is for the ledger, not for the report.
        state = DeliveryState.REFUSED if error.is_final else DeliveryState.CLAIMED
        deliveries.record(people, who, key, state, run.now(), str(error))
        tally.refused += error.is_final
        tally.later += [] if error.is_final else [error.code]
    except OSError:
        return  # It stays *sending*, and is told among the doubtful.
    else:
        deliveries.record(people, who, key, DeliveryState.SENT, run.now(), answer)
        tally.sent += 1


def _tell_faults(run: Run, people: People, key: str, tally: _Tally) -> None:
    if tally.later:
        codes = ", ".join(sorted({"no reply" if code is None else str(code) for code in tally.later}))
        run.report.fault(
            f"{key}: the mail server did not take {len(tally.later)} messages ({codes}); the next run offers them again"
        )
    doubtful = deliveries.counts(people, key).get(DeliveryState.SENDING, 0)
    if doubtful:
        run.report.fault(
            f"{key}: {doubtful} messages may or may not have reached the mail server, and are not sent again"
        )
