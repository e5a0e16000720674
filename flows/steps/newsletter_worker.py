"""A worker on the queue of mail: it claims a few messages, composes, sends and records them, until none is left.

Any number of workers, on any number of machines, may share a queue. A worker uses several connections to the mail
server at once, each in a thread that has a few claims of its own: a worker that dies leaves no more than those
*unknown*.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flows.steps import environment, people
from flows.steps.domain_pace import DomainPace
from flows.steps.mail_sender import make_sender
from flows.steps.newsletter_claims import ClaimSource, choose_count
from flows.steps.newsletter_issue import make_recipient
from flows.steps.run_record import Run
from storage.people import deliveries, delivery_queue, subscribers
from storage.people.database import People
from storage.people.deliveries import Claim, DeliveryState
from storage.people.deliveries import Result as Record
from storage.people.subscribers import Subscriber, SubscriberState
from yibao import addresses
from yibao.errors import DeliveryError
from yibao.newsletter import due, senders, tally
from yibao.newsletter.compose import Issue, compose_message, has_papers
from yibao.newsletter.messages import Message
from yibao.newsletter.senders import Sender
from yibao.newsletter.tally import MOST_FAILURES, Attempt, AttemptCounter, Result
from yibao.run_report import Outcome

_DEPARTED = "the subscriber left, or asks for other editions now"
#: A message waits no longer than a minute for its domain's pace: a portion has time for at least one such wait.
_LONGEST_WAITS = timedelta(minutes=2)


class ServerHealth:
    """How often the mail server failed in a row, over all connections."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._is_known = threading.Event()

    @property
    def is_given_up(self) -> bool:
        """Whether it failed so often that the rest is left to the next run."""
        return self._failures >= MOST_FAILURES

    def note(self, *, has_failed: bool) -> None:
        """Note what became of a message."""
        with self._lock:
            if not self.is_given_up:
                self._failures = self._failures + 1 if has_failed else 0
        if not has_failed or self.is_given_up:
            self._is_known.set()

    def wait_for_answer(self) -> None:
        """Wait until it answered once or was given up: a server that hangs is called over one connection only."""
        self._is_known.wait()

    def end_waiting(self) -> None:
        """Let nobody wait any longer."""
        self._is_known.set()


@dataclass(frozen=True, slots=True)
class Job:
    """What the threads of a worker share."""

    run: Run
    people: People
    #: By edition, in the order in which they are sent.
    issues: Mapping[str, Issue]
    worker: str
    started_at: datetime
    pace: DomainPace
    counters: Mapping[str, AttemptCounter]
    health: ServerHealth = field(default_factory=ServerHealth)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def is_over(self) -> bool:
        """Whether no further message is to be offered in this run."""
        return self.stop.is_set() or self.health.is_given_up

    @property
    def longest(self) -> timedelta:
        """How long one message may take at the very most."""
        return timedelta(seconds=senders.MOST_WAITS * self.run.settings.newsletter.timeout_s)


def work_queues(run: Run, people_store: People, issues: Mapping[str, Issue]) -> Outcome:
    """Send what is queued of these editions, oldest first, and say what became of it.

    Returns when nothing is left that may be offered in this run. What the server refused for the time being is offered
    again with growing pauses while there is other mail, and for `newsletter.retry_s` after that.

    Raises:
        PeopleError: the ledger cannot be used; without it nothing is sent.
    """
    newsletter = run.settings.newsletter
    counts = {key: deliveries.count_deliveries(people_store, key) for key in issues}
    job = Job(
        run,
        people_store,
        issues,
        people.name_worker(run),
        environment.precise_now(),
        DomainPace(newsletter.domain_pace),
        {key: AttemptCounter() for key in issues},
    )
    if any(DeliveryState.QUEUED in states for states in counts.values()):
        _work_in_threads(job, newsletter.connections)
    outcome = Outcome()
    for key, states in counts.items():
        outcome += _describe(job, key, states)
    return outcome


def _work_in_threads(job: Job, connections: int) -> None:
    """Work until nothing is left. What stops one thread stops all, each after the message that it is at."""
    source = ClaimSource(
        job.people,
        list(job.issues),
        job.worker,
        started_at=job.started_at,
        claim_for=_LONGEST_WAITS + 2 * job.longest,
        retry_s=job.run.settings.newsletter.retry_s,
        wait=job.stop.wait,
    )
    with ThreadPoolExecutor(connections, thread_name_prefix="mail") as pool:
        try:
            works = [pool.submit(_work, job, source, is_first=number == 0) for number in range(connections)]
            for work in works:
                work.result()
        finally:
            job.stop.set()
            job.health.end_waiting()


def _work(job: Job, source: ClaimSource, *, is_first: bool) -> None:
    """Send over one connection until nothing is left."""
    if not is_first:
        job.health.wait_for_answer()
    try:
        sender = make_sender(job.run.settings)
        assert sender is not None  # noqa: S101  (nothing is queued for sending without one)
        with sender:
            count = 1
            while not job.is_over and (claims := source.claim(count)):
                try:
                    seconds = _work_portion(job, sender, claims)
                finally:
                    source.finish()
                count = choose_count(len(claims), seconds)
    except BaseException:
        job.stop.set()
        raise
    finally:
        job.health.end_waiting()


def _work_portion(job: Job, sender: Sender, claims: Sequence[Claim]) -> float:
    """Offer what was claimed, and put on record what came of it; what was not offered goes back on the queue.

    Returns the seconds that offering took. Writing to disk is left out: the longer it takes, the more is to share it.
    """
    until = environment.precise_now() + _LONGEST_WAITS + job.longest
    records: list[Record] = []
    try:
        readers = subscribers.read_subscribers(job.people, [claim.subscriber_id for claim in claims])
        started = time.monotonic()
        for claim in claims:
            reader = readers.get(claim.subscriber_id)
            if job.is_over or not _wait_for_pace(job, reader, until):
                break
            records.append(_offer(job, sender, claim, reader))
        seconds = time.monotonic() - started
    finally:
        at = environment.precise_now()
        deliveries.record_results(job.people, job.worker, records, at)
        offered = {record.delivery_id for record in records}
        unoffered = {claim.delivery_id for claim in claims} - offered
        if unoffered:
            deliveries.give_back_claims(job.people, job.worker, unoffered, at)
    return seconds


def _wait_for_pace(job: Job, reader: Subscriber | None, until: datetime) -> bool:
    """Wait until a message to this reader's domain may go; returns whether that, and the message, can be in time."""
    while wait_s := job.pace.find_wait(reader.email) if reader else 0.0:
        if environment.precise_now() + timedelta(seconds=wait_s) > until or job.stop.wait(wait_s):
            return False
    return environment.precise_now() <= until


def _offer(job: Job, sender: Sender, claim: Claim, reader: Subscriber | None) -> Record:
    """Offer one message by itself, so that whatever it meets costs no other; returns what is to be put on record."""
    issue = job.issues[claim.edition]
    if reader is None or not _is_reader(reader, issue):
        return Record(claim.delivery_id, DeliveryState.DROPPED, _DEPARTED)
    if not (reader.subscription.wants_empty or has_papers(issue, reader.subscription)):
        return Record(claim.delivery_id, DeliveryState.EMPTY, "")
    try:
        wire = addresses.parse_address(reader.email).wire
    except ValueError as error:
        words = f"not a valid e-mail address, so nothing was sent: {error}"
        return _record(job, claim, reader, DeliveryState.REFUSED, words, Attempt(Result.REFUSED))
    try:
        recipient = make_recipient(job.run.settings, job.people.secret, reader, wire, claim.delivery_id)
        message = compose_message(issue, recipient, environment.now())
    except Exception as error:  # noqa: BLE001  (whatever one message meets, the others go out)
        words = f"{type(error).__name__}: {error}"
        attempt = Attempt(Result.BROKEN, type(error).__name__)
        return _record(job, claim, reader, DeliveryState.QUEUED, words, attempt, is_quoted=False)
    return _send(job, sender, claim, reader, message)


def _send(job: Job, sender: Sender, claim: Claim, reader: Subscriber, message: Message) -> Record:
    """Hand one message over."""
    try:
        answer = sender.send(message)
    except DeliveryError as error:
        job.health.note(has_failed=error.is_server)
        code = "" if error.code is None else str(error.code)
        if error.is_final:
            return _record(job, claim, reader, DeliveryState.REFUSED, str(error), Attempt(Result.REFUSED, code))
        return _record(job, claim, reader, DeliveryState.QUEUED, str(error), Attempt(Result.LATER, code))
    except Exception as error:  # noqa: BLE001  (likewise; and the server may have the message)
        job.health.note(has_failed=True)
        return _record(job, claim, reader, DeliveryState.UNKNOWN, str(error), Attempt(Result.LOST))
    job.health.note(has_failed=False)
    job.counters[claim.edition].add(Attempt(Result.SENT))
    return Record(claim.delivery_id, DeliveryState.SENT, answer)


def _record(  # noqa: PLR0913  (what became of whose message)
    job: Job,
    claim: Claim,
    reader: Subscriber,
    state: DeliveryState,
    words: str,
    attempt: Attempt,
    *,
    is_quoted: bool = True,
) -> Record:
    """Count what became of a message, and quote the server's words without addresses; returns the row's new state."""
    quoted = addresses.hide_addresses(words, reader.email) if is_quoted else ""
    job.counters[claim.edition].add(attempt._replace(words=quoted))
    not_before = None
    if attempt.result is Result.LATER:
        not_before = due.find_retry_time(environment.precise_now(), claim.tries, job.run.settings.newsletter.retry_s)
    return Record(claim.delivery_id, state, words, not_before)


def _is_reader(reader: Subscriber, issue: Issue) -> bool:
    frequency = "weekly" if issue.edition.is_weekly else "daily"
    return reader.state is SubscriberState.ACTIVE and reader.frequency == frequency


def _describe(job: Job, key: str, states: Mapping[DeliveryState, int]) -> Outcome:
    """Say what became of an edition's messages, from what was counted and from what is queued now."""
    queue = delivery_queue.measure_queue(job.people, key, environment.precise_now(), job.started_at)
    results = job.counters[key].results
    # One that was taken at a later try was sent; another worker's are in its own report.
    results[Result.LATER] = min(results[Result.LATER], max(0, queue.tried - results[Result.BROKEN]))
    results[Result.LEFT] = queue.ready if job.health.is_given_up else 0
    sent, refused = (states.get(state, 0) for state in (DeliveryState.SENT, DeliveryState.REFUSED))
    unknown = deliveries.count_deliveries(job.people, key).get(DeliveryState.UNKNOWN, 0)
    counted = job.counters[key].make_tally(key, sent, refused, queue.later, queue.until, unknown)
    return tally.describe_tally(counted, job.run.settings.newsletter.alarm_share)
