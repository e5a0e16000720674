"""The newsletter: every edition that is complete and unsent, oldest first, at most once to each subscriber."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows import publication_plan, wiring
from flows.ending import ended
from flows.newsletter import Mailer, Tally, report_doubtful
from flows.wiring import Run
from storage.library import connection, editions, ledger
from storage.people import deliveries, subscribers
from storage.people.deliveries import OPEN, DeliveryState
from storage.people.schema import People
from storage.people.subscribers import Subscriber
from yibao import dates
from yibao.errors import DeliveryError, PeopleError, YibaoError
from yibao.newsletter import due
from yibao.newsletter.compose import compose_body, compose_message, serialize_message
from yibao.newsletter.due import Decision, Verdict
from yibao.newsletter.senders import Sender
from yibao.records import Batch, Edition

#: How far back editions are looked for that nobody was offered; arXiv itself keeps its lists as long.
_LOOKED_BACK = timedelta(days=90)
_NAMED = 5


@flow(name="newsletter")
def newsletter(  # noqa: PLR0913  (what a person may ask for)
    edition: str | None = None,
    on: date | None = None,
    config: str = "yibao.toml",
    resend: list[str] | None = None,
    only: list[int] | None = None,
    run_id: str | None = None,
) -> State | None:
    """Send what is due; or one edition, complete or not, to every subscriber who has not got it.

    With `resend`, states such as `refused`, the edition is offered again to those whose delivery is in one of them;
    with `only` to these subscribers among them.
    """
    with wiring.run(Path(config), "newsletter", on, run_id) as run:
        if edition is None:
            deliver_due(run, None)
        else:
            deliver(run, edition, resend, only)
        return ended(run)


def daily_key(on: date) -> str:
    """The key of the daily edition of a date."""
    return on.isoformat()


def weekly_key(on: date) -> str:
    """The key of the weekly edition that holds a date."""
    return dates.week_of(on)


@task(name="send the newsletter", cache_policy=NO_CACHE)
def deliver_due(run: Run, own: str | None) -> None:
    """Send every edition that is due, oldest first, and say of others why they are held.

    `own` is the edition of the run's date: it and earlier ones of its kind are looked at, and those of any kind that an
    earlier run held or could not hand over. None: both kinds.
    """
    obstacle = "; ".join(run.report.faults)
    sender = _find_sender(run, own or "newsletter")
    if sender is None:
        return
    try:
        people = run.people()
        for key, count in deliveries.note_killed_deliveries(people).items():
            report_doubtful(run, key, count)
        audience = _Audience(people, run.on, own)
        with Mailer(run, people, sender) as mailer:
            for verdict in due.sort_verdicts(_decide(run, audience, obstacle)):
                _act(run, audience, mailer, verdict)
            _give_up_unoffered(run, audience, mailer)
    except (DeliveryError, PeopleError) as error:
        run.report.fault(f"The mail was not sent, or not all of it: {error}")
    if own is None and not run.report.mail:
        run.report.mail.append("nothing is due")


@task(name="send an edition", cache_policy=NO_CACHE)
def deliver(run: Run, key: str, resend: Collection[str] | None, only: Collection[int] | None) -> None:
    """Send one edition to everybody of its frequency who has not got it; or again to whom a person chose."""
    edition = find_edition(run, key)
    sender = _find_sender(run, key)
    if sender is None:
        return
    try:
        people = run.people()
        if resend is None:
            owed = _unserved(people, edition)
        else:
            owed = _reopened(run, people, key, [DeliveryState(state) for state in resend], only)
        with Mailer(run, people, sender) as mailer:
            _send(run, people, mailer, edition, owed)
    except (DeliveryError, PeopleError) as error:
        run.report.fault(f"{key}: the mail was not sent, or not all of it: {error}")


def find_edition(run: Run, key: str) -> Edition:
    """An edition as the library has it; looking at it publishes nothing.

    Raises:
        YibaoError: the key is nonsense, there is no such edition, or nothing is in it.
    """
    try:
        dates.edition_days(key)
    except ValueError as error:
        raise YibaoError(f"{error}.") from None
    with connection.read_library(run.library) as library:
        edition = publication_plan.edition_of(library, run.settings, key)
    if edition is None or not edition.entries:
        raise YibaoError(f"There is no edition {key}, or nothing is in it. `yibao status` tells what is known.")
    return edition


def compose_one(run: Run, key: str) -> bytes:
    """Compose the message that a subscriber would get, as bytes.

    Raises:
        YibaoError: the key is nonsense, there is no such edition, or nothing is in it.
    """
    parts = compose_body(find_edition(run, key), run.settings.site)
    sender = run.settings.newsletter.sender
    return serialize_message(compose_message(parts, key, "reader@example.org", sender, run.now()))


class _Audience:
    """Who may still get which edition."""

    def __init__(self, people: People, on: date, own: str | None) -> None:
        self.people = people
        self.own = own
        #: Editions that were too old, of this run's kind.
        self.late: list[str] = []
        #: Editions that somebody is still to get.
        self.open = deliveries.find_open_editions(people)
        self._all = subscribers.read_active_subscribers(people)
        first = deliveries.find_first_edition(people)
        #: Before this date the installation offered no mail to anybody.
        self._begun_on = due.find_appearance_date(first) if first else on

    def of(self, key: str) -> list[Subscriber]:
        """The subscribers of an edition's frequency."""
        frequency = "weekly" if "W" in key else "daily"
        return [one for one in self._all if one.frequency == frequency]

    def owed(self, key: str) -> list[Subscriber]:
        """To whom the edition was promised and not sent; and whom nobody offered it, if it is not older than they."""
        states = deliveries.read_states(self.people, key)
        return [
            one
            for one in self.of(key)
            if states.get(one.subscriber_id) in OPEN or (one.subscriber_id not in states and self._can_get(key, one))
        ]

    def is_of_own_kind(self, key: str) -> bool:
        """Whether the run looks after editions of this kind; a run without one of its own after all."""
        return self.own is None or ("W" in key) == ("W" in self.own)

    def _can_get(self, key: str, subscriber: Subscriber) -> bool:
        return key == self.own or due.can_get(key, subscriber.subscribed_on, self._begun_on)


def _find_sender(run: Run, what: str) -> Sender | None:
    sender = run.sender()
    if sender is None:
        run.report.mail.append(f"{what}: no mail, neither newsletter.smtp_url nor newsletter.outbox is set")
    return sender


def _decide(run: Run, audience: _Audience, obstacle: str) -> list[Verdict]:
    """What becomes of each edition that somebody may still get."""
    most = run.settings.newsletter.max_age_days
    first = run.on - timedelta(days=most) - _LOOKED_BACK
    with connection.read_library(run.library) as library:
        sizes = editions.sizes(library, first)
        begun = ledger.beginnings(library)
        by_day: dict[date, list[Batch]] = defaultdict(list)
        for batch in ledger.between(library, first, run.on):
            by_day[batch.announced_on].append(batch)
    keys = {key for key in sizes if audience.is_of_own_kind(key)} | audience.open
    keys = {key for key in keys if due.find_appearance_date(key) <= run.on} | (
        {audience.own} if audience.own else set()
    )
    verdicts = []
    for key in keys:
        start, end = dates.edition_days(key)
        batches = [batch for day in by_day if start <= day <= end for batch in by_day[day]]
        doubts = due.find_doubts(key, batches, run.settings.arxiv.categories, begun, run.on)
        verdicts.append(
            due.decide_mail(
                key, doubts, sizes.get(key, 0), on=run.on, own=audience.own, max_age_days=most, obstacle=obstacle
            )
        )
    return verdicts


def _act(run: Run, audience: _Audience, mailer: Mailer, verdict: Verdict) -> None:
    """Do with an edition what was decided; says nothing of one that nobody is to get."""
    key, is_own = verdict.key, verdict.key == audience.own
    if verdict.decision is Decision.LATE:
        _give_up(run, audience, verdict)
    elif verdict.decision is Decision.EMPTY:
        if key in audience.open:
            deliveries.withdraw_deliveries(audience.people, key)
        if is_own or key in audience.open:
            run.report.mail.append(f"{key}: nothing to send, the edition is empty")
    elif (owed := audience.owed(key)) or is_own:
        if verdict.decision is Decision.HOLD:
            mailer.promise(key, owed, DeliveryState.HELD, verdict.why)
            run.report.mail.append(f"{key}: held back, {verdict.why}")
        else:
            _send(run, audience.people, mailer, find_edition(run, key), owed)


def _send(run: Run, people: People, mailer: Mailer, edition: Edition, owed: Sequence[Subscriber]) -> None:
    states = Counter(deliveries.read_states(people, edition.key).values())
    tally = Tally(edition.key, before=states[DeliveryState.SENT], refused_before=states[DeliveryState.REFUSED])
    if owed:
        mailer.send(compose_body(edition, run.settings.site), owed, tally)
    mailer.report(tally)


def _unserved(people: People, edition: Edition) -> list[Subscriber]:
    states = deliveries.read_states(people, edition.key)
    done = (DeliveryState.SENT, DeliveryState.SENDING, DeliveryState.REFUSED)
    wanted = subscribers.read_active_subscribers(people, "weekly" if edition.is_weekly else "daily")
    return [one for one in wanted if states.get(one.subscriber_id) not in done]


def _reopened(
    run: Run, people: People, key: str, of: Collection[DeliveryState], only: Collection[int] | None
) -> list[Subscriber]:
    """Those whom the edition is offered again."""
    active = {one.subscriber_id: one for one in subscribers.read_active_subscribers(people)}
    wanted = active.keys() if only is None else active.keys() & set(only)
    chosen = deliveries.reopen_deliveries(people, key, of, wanted, run.now())
    if not chosen:
        run.report.mail.append(f"{key}: nobody whose message is {' or '.join(of)}; nothing is sent again")
    return [active[subscriber_id] for subscriber_id in sorted(chosen)]


def _give_up(run: Run, audience: _Audience, verdict: Verdict) -> None:
    """End what was promised of an edition that is too old by now, and say so."""
    key, most = verdict.key, run.settings.newsletter.max_age_days
    count = deliveries.give_up_deliveries(audience.people, key, run.now()) if key in audience.open else 0
    if count:
        reason = f" ({verdict.why})" if verdict.why else ""
        run.report.fault(
            f"{key}: given up, it could not be sent to {count} subscribers within {most} days{reason}; "
            f"`yibao newsletter send --edition {key}` sends it as it is"
        )
    elif audience.is_of_own_kind(key):
        audience.late.append(key)


def _give_up_unoffered(run: Run, audience: _Audience, mailer: Mailer) -> None:
    """Say once of editions that were never offered to anybody that they are too old by now."""
    known = deliveries.find_known_editions(audience.people, audience.late)
    missed = {key: owed for key in audience.late if key not in known and (owed := audience.owed(key))}
    for key, owed in missed.items():
        mailer.promise(key, owed, DeliveryState.GIVEN_UP, "no run could send it in time")
    if missed:
        named = ", ".join(list(missed)[:_NAMED]) + (f" and {len(missed) - _NAMED} more" if len(missed) > _NAMED else "")
        run.report.mail.append(
            f"{named}: never sent, and older than {run.settings.newsletter.max_age_days} days by now; "
            "`yibao newsletter send --edition EDITION` sends one"
        )
