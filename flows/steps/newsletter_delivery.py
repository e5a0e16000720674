"""The newsletter: every edition that is complete and unsent, oldest first, at most once to each subscriber."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flows.steps import environment, publication_plan
from flows.steps.progress import report_progress
from flows.steps.run_record import Run
from storage.library import connection, editions, ledger
from storage.people import deliveries, subscribers
from storage.people.deliveries import OPEN, DeliveryState
from storage.people.schema import People, open_people
from storage.people.subscribers import Subscriber
from yibao import addresses, dates
from yibao.errors import DeliveryError, PeopleError, YibaoError
from yibao.newsletter import due, tally
from yibao.newsletter.compose import Body, compose_body, compose_message, make_message_id, serialize_message
from yibao.newsletter.due import Decision, Verdict
from yibao.newsletter.senders import Outbox, Sender, Smtp
from yibao.newsletter.tally import MOST_FAILURES, Attempt, Result
from yibao.records import Batch, Edition
from yibao.run_report import Outcome
from yibao.settings import Settings

#: How far back editions are looked for that nobody was offered; arXiv itself keeps its lists as long.
_LOOK_BACK = timedelta(days=90)
_NAMED = 5


def send_due_editions(run: Run, own: str | None, faults: Sequence[str]) -> Outcome:
    """Send every edition that is due, oldest first, and say of others why they are held.

    Args:
        run: the run.
        own: the edition of the run's date. It and earlier ones of its kind are looked at, and those of any kind that an
            earlier run held or could not hand over. None: both kinds.
        faults: what went wrong in the run so far; while there is something, all mail is held.
    """
    report_progress("sending mail")
    sender = make_sender(run.settings)
    if sender is None:
        return _describe_no_sender(own or "newsletter")
    outcome = Outcome()
    try:
        people = open_people(run.settings.paths.people)
        for key, count in deliveries.note_killed_deliveries(people).items():
            outcome += tally.describe_doubtful(key, count)
        audience = _read_audience(people, run.on, own)
        verdicts = due.sort_verdicts(_decide(run, audience, "; ".join(faults)))
        with sender:
            failures = 0
            for verdict in verdicts:
                done, failures = _act(run, audience, sender, verdict, failures)
                outcome += done
        outcome += _give_up_unoffered(run, audience, verdicts)
    except (DeliveryError, PeopleError) as error:
        outcome += Outcome(faults=(f"The mail was not sent, or not all of it: {error}",))
    is_silent = own is None and not outcome.mail
    return outcome + Outcome(mail=("nothing is due",)) if is_silent else outcome


def send_edition(run: Run, key: str, resend: Sequence[str] | None, only: Sequence[int] | None) -> Outcome:
    """Send one edition to everybody of its frequency who has not got it; or again to whom a person chose.

    Args:
        run: the run.
        key: of the edition.
        resend: states such as `refused`: it is offered again to those whose delivery is in one of them.
        only: numbers of the subscribers among them to whom it is offered.
    """
    edition = find_edition(run.settings, key)
    sender = make_sender(run.settings)
    if sender is None:
        return _describe_no_sender(key)
    try:
        people = open_people(run.settings.paths.people)
        if resend is None:
            recipients, outcome = _find_unserved(people, edition), Outcome()
        else:
            recipients, outcome = _reopen(people, key, resend, only)
        with sender:
            return outcome + _send(run, people, sender, edition, recipients, failures=0)[0]
    except (DeliveryError, PeopleError) as error:
        return Outcome(faults=(f"{key}: the mail was not sent, or not all of it: {error}",))


def find_edition(settings: Settings, key: str) -> Edition:
    """Return an edition as the library has it; looking at it publishes nothing.

    Raises:
        YibaoError: the key is nonsense, there is no such edition, or nothing is in it.
    """
    try:
        dates.parse_edition_key(key)
    except ValueError as error:
        raise YibaoError(f"{error}.") from None
    with connection.read_library(settings.paths.library) as library:
        edition = publication_plan.read_edition(library, settings, key)
    if edition is None or not edition.entries:
        raise YibaoError(f"There is no edition {key}, or nothing is in it. `yibao status` tells what is known.")
    return edition


def compose_preview(settings: Settings, key: str) -> bytes:
    """Compose the message that a subscriber would get, as bytes.

    Raises:
        YibaoError: the key is nonsense, there is no such edition, or nothing is in it.
    """
    body = compose_body(find_edition(settings, key), settings.site)
    sender = settings.newsletter.sender
    return serialize_message(compose_message(body, key, "reader@example.org", sender, environment.now()))


def make_sender(settings: Settings) -> Sender | None:
    """Make what hands mail over; None where the operator named neither a server nor a folder."""
    newsletter = settings.newsletter
    if newsletter.outbox:
        return Outbox(newsletter.outbox)
    url = newsletter.smtp_url
    return Smtp(url.get_secret_value(), newsletter.timeout_s) if url else None


@dataclass(frozen=True, slots=True)
class _Audience:
    """Who may still get which edition."""

    people: People
    own: str | None
    #: Editions that somebody is still to get.
    open: frozenset[str]
    subscribers: tuple[Subscriber, ...]
    #: Before this date the installation offered no mail to anybody.
    begun_on: date

    def is_of_own_kind(self, key: str) -> bool:
        """Tell whether the run looks after editions of this kind; a run without one of its own after all."""
        return self.own is None or ("W" in key) == ("W" in self.own)


def _read_audience(people: People, on: date, own: str | None) -> _Audience:
    first = deliveries.find_first_edition(people)
    return _Audience(
        people,
        own,
        frozenset(deliveries.find_open_editions(people)),
        tuple(subscribers.read_active_subscribers(people)),
        due.find_appearance_date(first) if first else on,
    )


def _find_recipients(audience: _Audience, key: str) -> list[Subscriber]:
    """Find to whom the edition was promised and not sent; and whom nobody offered it, if it is not older than they."""
    states = deliveries.read_states(audience.people, key)
    frequency = "weekly" if "W" in key else "daily"
    return [
        one
        for one in audience.subscribers
        if one.frequency == frequency
        and (
            states.get(one.subscriber_id) in OPEN or (one.subscriber_id not in states and _can_get(audience, key, one))
        )
    ]


def _can_get(audience: _Audience, key: str, subscriber: Subscriber) -> bool:
    return key == audience.own or due.can_get(key, subscriber.subscribed_on, audience.begun_on)


def _describe_no_sender(what: str) -> Outcome:
    return Outcome(mail=(f"{what}: no mail, neither newsletter.smtp_url nor newsletter.outbox is set",))


def _decide(run: Run, audience: _Audience, obstacle: str) -> list[Verdict]:
    """Decide what becomes of each edition that somebody may still get."""
    most = run.settings.newsletter.max_age_days
    first = run.on - timedelta(days=most) - _LOOK_BACK
    with connection.read_library(run.settings.paths.library) as library:
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
        start, end = dates.parse_edition_key(key)
        batches = [batch for day in by_day if start <= day <= end for batch in by_day[day]]
        doubts = due.find_doubts(key, batches, run.settings.arxiv.categories, begun, run.on)
        verdicts.append(
            due.decide_mail(
                key, doubts, sizes.get(key, 0), on=run.on, own=audience.own, max_age_days=most, obstacle=obstacle
            )
        )
    return verdicts


def _act(run: Run, audience: _Audience, sender: Sender, verdict: Verdict, failures: int) -> tuple[Outcome, int]:
    """Do with an edition what was decided; says nothing of one that nobody is to get.

    `failures` of the mail server in a row come in, and go out again.
    """
    key, is_own = verdict.key, verdict.key == audience.own
    if verdict.decision is Decision.LATE:
        return _give_up(run, audience, verdict), failures
    if verdict.decision is Decision.EMPTY:
        return _withdraw(audience, key), failures
    recipients = _find_recipients(audience, key)
    if not recipients and not is_own:
        return Outcome(), failures
    if verdict.decision is Decision.HOLD:
        _promise(run, audience.people, key, recipients, DeliveryState.HELD, verdict.why)
        return Outcome(mail=(f"{key}: held back, {verdict.why}",)), failures
    return _send(run, audience.people, sender, find_edition(run.settings, key), recipients, failures)


def _send(  # noqa: PLR0913  (what to whom through what)
    run: Run, people: People, sender: Sender, edition: Edition, recipients: Sequence[Subscriber], failures: int
) -> tuple[Outcome, int]:
    """Offer an edition to these people; returns what became of it, and the server's failures in a row."""
    states = Counter(deliveries.read_states(people, edition.key).values())
    attempts: list[Attempt] = []
    if recipients:
        _promise(run, people, edition.key, recipients, DeliveryState.CLAIMED)
        body = compose_body(edition, run.settings.site)
        attempts = list(_offer_all(run, people, sender, edition.key, body, recipients, failures))
    counts = tally.count_attempts(edition.key, states[DeliveryState.SENT], states[DeliveryState.REFUSED], attempts)
    return (
        tally.describe_tally(counts, run.settings.newsletter.alarm_share),
        attempts[-1].failures if attempts else failures,
    )


def _offer_all(  # noqa: PLR0913  (likewise)
    run: Run,
    people: People,
    sender: Sender,
    key: str,
    body: Body,
    recipients: Sequence[Subscriber],
    failures: int,
) -> Iterator[Attempt]:
    """Offer each message by itself, so that one bad recipient costs no other."""
    for subscriber in recipients:
        if failures >= MOST_FAILURES:
            yield Attempt(Result.LEFT, failures=failures)
            continue
        attempt = _offer(run, people, sender, key, body, subscriber, failures)
        failures = attempt.failures
        yield attempt


def _offer(  # noqa: PLR0913  (likewise)
    run: Run, people: People, sender: Sender, key: str, body: Body, subscriber: Subscriber, failures: int
) -> Attempt:
    """Offer one message, and put on record what came of it."""
    is_sending = False

    def record(state: DeliveryState, words: str = "") -> None:
        deliveries.record_delivery(people, subscriber.subscriber_id, key, state, environment.now(), words)

    def commit() -> None:
        nonlocal is_sending
        record(DeliveryState.SENDING)
        is_sending = True

    try:
        to = addresses.parse_address(subscriber.email).wire
    except ValueError as error:
        words = f"not a valid e-mail address, so nothing was sent: {error}"
        record(DeliveryState.REFUSED, words)
        return Attempt(Result.REFUSED, "", addresses.hide_addresses(words, subscriber.email), failures)
    try:
        mail = compose_message(body, key, to, run.settings.newsletter.sender, environment.now())
        answer = sender.send(mail, commit)
    except DeliveryError as error:
        failures = failures + 1 if error.is_server else 0
        state, result = _classify(error)
        record(state, str(error))
        code = "" if error.code is None else str(error.code)
        return Attempt(result, code, addresses.hide_addresses(str(error), subscriber.email), failures)
    except PeopleError:
        raise  # Without its ledger nothing may be sent at all.
    except Exception as error:  # noqa: BLE001  (whatever one message meets, the others go out)
        record(DeliveryState.SENDING if is_sending else DeliveryState.CLAIMED, f"{type(error).__name__}: {error}")
        if is_sending:
            return Attempt(Result.LOST, "", addresses.hide_addresses(str(error), subscriber.email), failures + 1)
        return Attempt(Result.BROKEN, type(error).__name__, "", failures)
    record(DeliveryState.SENT, answer)
    return Attempt(Result.SENT)


def _classify(error: DeliveryError) -> tuple[DeliveryState, Result]:
    """Tell from a refusal whether the server will never take the message, or may in a later run."""
    if error.is_final:
        return DeliveryState.REFUSED, Result.REFUSED
    return DeliveryState.CLAIMED, Result.LATER


def _promise(  # noqa: PLR0913  (what to whom, and how far)
    run: Run, people: People, key: str, recipients: Collection[Subscriber], state: DeliveryState, words: str = ""
) -> None:
    """Put on record that these people are to get an edition, so that any later run goes on with it."""
    sender = run.settings.newsletter.sender
    ids = {one.subscriber_id: make_message_id(key, one.email, sender) for one in recipients}
    deliveries.open_deliveries(people, key, ids, environment.now(), state, words)


def _find_unserved(people: People, edition: Edition) -> list[Subscriber]:
    """Find the subscribers of an edition's frequency who have not got it, and were not refused it."""
    states = deliveries.read_states(people, edition.key)
    done = (DeliveryState.SENT, DeliveryState.SENDING, DeliveryState.REFUSED)
    active = subscribers.read_active_subscribers(people, "weekly" if edition.is_weekly else "daily")
    return [one for one in active if states.get(one.subscriber_id) not in done]


def _reopen(
    people: People, key: str, states: Sequence[str], only: Sequence[int] | None
) -> tuple[list[Subscriber], Outcome]:
    """Claim anew the deliveries of these states; returns to whom the edition is offered again."""
    active = {one.subscriber_id: one for one in subscribers.read_active_subscribers(people)}
    ids = active.keys() if only is None else active.keys() & set(only)
    of = [DeliveryState(state) for state in states]
    chosen = deliveries.reopen_deliveries(people, key, of, ids, environment.now())
    nobody = f"{key}: nobody whose message is {' or '.join(states)}; nothing is sent again"
    return [active[one] for one in sorted(chosen)], Outcome(mail=() if chosen else (nobody,))


def _withdraw(audience: _Audience, key: str) -> Outcome:
    """Take back what was promised of an edition in which nothing is."""
    if key in audience.open:
        deliveries.withdraw_deliveries(audience.people, key)
    is_expected = key == audience.own or key in audience.open
    return Outcome(mail=(f"{key}: nothing to send, the edition is empty",) if is_expected else ())


def _give_up(run: Run, audience: _Audience, verdict: Verdict) -> Outcome:
    """End what was promised of an edition that is too old by now, and say so."""
    key, most = verdict.key, run.settings.newsletter.max_age_days
    count = deliveries.give_up_deliveries(audience.people, key, environment.now()) if key in audience.open else 0
    if not count:
        return Outcome()
    reason = f" ({verdict.why})" if verdict.why else ""
    fault = (
        f"{key}: given up, it could not be sent to {count} subscribers within {most} days{reason}; "
        f"`yibao newsletter send --edition {key}` sends it as it is"
    )
    return Outcome(faults=(fault,))


def _give_up_unoffered(run: Run, audience: _Audience, verdicts: Sequence[Verdict]) -> Outcome:
    """Say once of editions that were never offered to anybody that they are too old by now."""
    late = [one.key for one in verdicts if one.decision is Decision.LATE and audience.is_of_own_kind(one.key)]
    known = deliveries.find_known_editions(audience.people, late)
    missed = {key: to for key in late if key not in known and (to := _find_recipients(audience, key))}
    for key, recipients in missed.items():
        words = "no run could send it in time"
        _promise(run, audience.people, key, recipients, DeliveryState.GIVEN_UP, words)
    if not missed:
        return Outcome()
    named = ", ".join(list(missed)[:_NAMED]) + (f" and {len(missed) - _NAMED} more" if len(missed) > _NAMED else "")
    line = (
        f"{named}: never sent, and older than {run.settings.newsletter.max_age_days} days by now; "
        "`yibao newsletter send --edition EDITION` sends one"
    )
    return Outcome(mail=(line,))
