"""Which editions are to be mailed now and to whom, put on record before anything is sent.

Planning twice, or on several machines at once, changes nothing: a subscriber has one delivery of an edition.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flows.steps import environment
from flows.steps.edition_approval import check_approval
from flows.steps.newsletter_issue import read_issue
from flows.steps.run_record import Run
from storage.library import connection, editions, ledger
from storage.people import deliveries, delivery_queue
from storage.people.approvals import ApprovalState
from storage.people.database import People
from storage.people.deliveries import OPEN, DeliveryState
from storage.people.subscribers import Subscriber
from yibao import addresses, dates
from yibao.newsletter import due
from yibao.newsletter.compose import Issue, has_papers, make_message_id
from yibao.newsletter.due import Decision, Verdict
from yibao.records import Batch
from yibao.run_report import Outcome

#: How far back editions are looked for that nobody was offered; arXiv itself keeps its lists as long.
_LOOK_BACK = timedelta(days=90)
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be sent, and what is to be said of the rest."""

    #: By edition, oldest first.
    issues: dict[str, Issue]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class _Scope:
    """Of which editions a run decides."""

    people: People
    own: str | None
    #: Editions that somebody is still to get.
    open: frozenset[str]
    #: Before this date the installation offered no mail to anybody.
    begun_on: date

    def is_of_own_kind(self, key: str) -> bool:
        """Tell whether the run looks after editions of this kind; a run without one of its own after all."""
        return self.own is None or ("W" in key) == ("W" in self.own)


def plan_mail(run: Run, people: People, own: str | None, obstacle: str) -> Plan:
    """Decide what becomes of each edition that somebody may still get, and put it on record.

    Args:
        run: the run.
        people: who gets mail.
        own: the edition of the run's date, as in `send_due_editions`.
        obstacle: why nothing can be sent in this run; empty where nothing stands in the way.
    """
    scope = _read_scope(people, run.on, own)
    verdicts = due.sort_verdicts(_decide(run, scope, obstacle))
    issues: dict[str, Issue] = {}
    outcome = Outcome()
    for verdict in verdicts:
        issue, done = _act(run, scope, verdict)
        outcome += done
        if issue:
            issues[verdict.key] = issue
    return Plan(issues, outcome + _give_up_unoffered(run, scope, verdicts))


def queue_edition(run: Run, people: People, issue: Issue) -> None:
    """Queue an edition for every subscriber of its frequency who has not got it, whatever stood in the way before."""
    again = (DeliveryState.GIVEN_UP, DeliveryState.DROPPED, DeliveryState.QUEUED)
    deliveries.reopen_deliveries(people, issue.edition.key, again, None, environment.precise_now())
    _queue(run, people, issue, subscribed_before=None, earliest_hour=0)


def _read_scope(people: People, on: date, own: str | None) -> _Scope:
    first = deliveries.find_first_edition(people)
    still_open = frozenset(deliveries.find_open_editions(people))
    return _Scope(people, own, still_open, due.find_appearance_date(first) if first else on)


def _decide(run: Run, scope: _Scope, obstacle: str) -> list[Verdict]:
    """Decide what becomes of each edition that somebody may still get."""
    most = run.settings.newsletter.max_age_days
    first = run.on - timedelta(days=most) - _LOOK_BACK
    with connection.read_library(run.settings.paths.library) as library:
        sizes = editions.count_papers(library, first)
        begun = ledger.read_first_dates(library)
        by_day: dict[date, list[Batch]] = defaultdict(list)
        for batch in ledger.read_batches_between(library, first, run.on):
            by_day[batch.announced_on].append(batch)
    verdicts = []
    for key in _find_keys(run.on, scope, sizes):
        start, end = dates.parse_edition_key(key)
        batches = [batch for day in by_day if start <= day <= end for batch in by_day[day]]
        doubts = due.find_doubts(key, batches, run.settings.arxiv.categories, begun, run.on)
        size = sizes.get(key, 0)
        verdicts.append(
            due.decide_mail(key, doubts, size, on=run.on, own=scope.own, max_age_days=most, obstacle=obstacle)
        )
    return verdicts


def _find_keys(on: date, scope: _Scope, stored: Iterable[str]) -> set[str]:
    """Find the editions to decide of: what is stored or still open has appeared by this date; and the run's own."""
    keys = {key for key in stored if scope.is_of_own_kind(key)} | scope.open
    own = {scope.own} if scope.own else set()
    return {key for key in keys if due.find_appearance_date(key) <= on} | own


def _act(run: Run, scope: _Scope, verdict: Verdict) -> tuple[Issue | None, Outcome]:
    """Put on record what was decided of an edition; returns what is to be sent of it.

    Nothing is said of an edition that nobody is to get, unless it is the run's own.
    """
    key = verdict.key
    if verdict.decision is Decision.LATE:
        return None, _give_up(run, scope, verdict)
    if verdict.decision is Decision.EMPTY:
        return None, _withdraw(scope, key)
    if key in scope.open:
        delivery_queue.drop_departed_deliveries(scope.people, key, _find_frequency(key), environment.now())
    if not _has_readers(scope, key) and key != scope.own:
        return None, Outcome()
    if verdict.decision is Decision.HOLD:
        return None, _hold(run, scope, key, verdict.why)
    return _release(run, scope, key)


def _release(run: Run, scope: _Scope, key: str) -> tuple[Issue | None, Outcome]:
    """Queue an edition that is complete, unless a person is to decide first."""
    state, why = check_approval(run, scope.people, key)
    if state is ApprovalState.WAITING:
        return None, _hold(run, scope, key, why)
    if state is ApprovalState.DROPPED:
        _put_on_record(run, scope, key, DeliveryState.DROPPED, why)
        deliveries.drop_deliveries(scope.people, key, environment.now())
        return None, Outcome(mail=(f"{key}: not sent, it was dropped: {why}",))
    issue = read_issue(run.settings, key)
    _queue(run, scope.people, issue, _find_bound(scope, key), run.settings.newsletter.earliest_hour)
    return issue, Outcome()


def _queue(run: Run, people: People, issue: Issue, subscribed_before: datetime | None, earliest_hour: int) -> None:
    """Queue an edition for whoever has no delivery of it, or a held one; for whom nothing is in it, it is empty."""
    key = issue.edition.key
    for portion in delivery_queue.iterate_unserved(people, key, _find_frequency(key), subscribed_before):
        at = environment.precise_now()
        readers: list[Subscriber] = []
        others: list[Subscriber] = []
        for one in portion:
            is_for_them = one.subscription.wants_empty or has_papers(issue, one.subscription)
            (readers if is_for_them else others).append(one)
        hours = {
            one.subscriber_id: due.find_offer_time(at, one.subscription.timezone, earliest_hour) for one in readers
        }
        later = {subscriber_id: hour for subscriber_id, hour in hours.items() if hour}
        queued, empty = (make_message_ids(run.settings.newsletter.sender, key, some) for some in (readers, others))
        deliveries.open_deliveries(people, key, queued, at, DeliveryState.QUEUED, not_before=later)
        deliveries.open_deliveries(people, key, empty, at, DeliveryState.EMPTY)


def _hold(run: Run, scope: _Scope, key: str, why: str) -> Outcome:
    """Promise an edition to its readers, so that any later run goes on with it."""
    _put_on_record(run, scope, key, DeliveryState.HELD, why)
    return Outcome(mail=(f"{key}: held back, {why}",))


def _put_on_record(run: Run, scope: _Scope, key: str, state: DeliveryState, words: str) -> int:
    """Put on record how far an edition came for whoever has no delivery of it, or a held one; returns for how many."""
    count = 0
    for portion in _iterate_unserved(scope, key, words):
        message_ids = make_message_ids(run.settings.newsletter.sender, key, portion)
        deliveries.open_deliveries(scope.people, key, message_ids, environment.now(), state, words)
        count += len(portion)
    return count


def _iterate_unserved(scope: _Scope, key: str, held: str | None = None) -> Iterator[list[Subscriber]]:
    """Read who is to get an edition and has no delivery of it, or a held one; a portion at a time."""
    if key != scope.own and key not in scope.open and due.find_appearance_date(key) < scope.begun_on:
        return iter(())  # Without a look at every subscriber.
    return delivery_queue.iterate_unserved(scope.people, key, _find_frequency(key), _find_bound(scope, key), held)


def _find_bound(scope: _Scope, key: str) -> datetime | None:
    """Find before when somebody must have subscribed to get an edition unasked; None for the run's own.

    What appeared before this installation first offered mail to anybody is for reading on the site.
    """
    if key == scope.own:
        return None
    appeared = due.find_appearance_date(key)
    last = appeared if appeared >= scope.begun_on else dates.FIRST_LIST
    return dates.find_eastern_midnight(last + timedelta(days=1))


def _has_readers(scope: _Scope, key: str) -> bool:
    """Tell whether anybody is still to get an edition."""
    states = deliveries.count_deliveries(scope.people, key) if key in scope.open else {}
    return any(state in states for state in OPEN) or next(_iterate_unserved(scope, key), None) is not None


def make_message_ids(sender: str, key: str, readers: Iterable[Subscriber]) -> dict[int, str]:
    """Make the Message-ID of an edition's mail to each of these subscribers, by their number; always the same."""
    return {one.subscriber_id: make_message_id(key, _find_wire(one.email), sender) for one in readers}


def _find_wire(email: str) -> str:
    """Find the form of an address that its message names; an invalid one stays as it is."""
    try:
        return email if email.isascii() else addresses.parse_address(email).wire
    except ValueError:
        return email


def _find_frequency(key: str) -> str:
    return "weekly" if "W" in key else "daily"


def _withdraw(scope: _Scope, key: str) -> Outcome:
    """Take back what was promised of an edition in which nothing is."""
    if key in scope.open:
        deliveries.withdraw_deliveries(scope.people, key)
    is_expected = key == scope.own or key in scope.open
    return Outcome(mail=(f"{key}: nothing to send, the edition is empty",) if is_expected else ())


def _give_up(run: Run, scope: _Scope, verdict: Verdict) -> Outcome:
    """End what was promised of an edition that is too old by now, and say so."""
    key, most = verdict.key, run.settings.newsletter.max_age_days
    count = deliveries.give_up_deliveries(scope.people, key, environment.now()) if key in scope.open else 0
    if not count:
        return Outcome()
    reason = f" ({verdict.why})" if verdict.why else ""
    fault = (
        f"{key}: given up, it could not be sent to {count} subscribers within {most} days{reason}; "
        f"`yibao newsletter send --edition {key}` sends it as it is"
    )
    return Outcome(faults=(fault,))


def _give_up_unoffered(run: Run, scope: _Scope, verdicts: Sequence[Verdict]) -> Outcome:
    """Say once of editions that were never offered to anybody that they are too old by now."""
    late = [one.key for one in verdicts if one.decision is Decision.LATE and scope.is_of_own_kind(one.key)]
    known = deliveries.find_known_editions(scope.people, late)
    words = "no run could send it in time"
    missed = [
        key for key in late if key not in known and _put_on_record(run, scope, key, DeliveryState.GIVEN_UP, words)
    ]
    if not missed:
        return Outcome()
    named = ", ".join(missed[:_NAMED]) + (f" and {len(missed) - _NAMED} more" if len(missed) > _NAMED else "")
    line = (
        f"{named}: never sent, and older than {run.settings.newsletter.max_age_days} days by now; "
        "`yibao newsletter send --edition EDITION` sends one"
    )
    return Outcome(mail=(line,))
