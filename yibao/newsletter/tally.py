"""What became of one edition's messages in a run, counted and put into words. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from threading import Lock
from typing import NamedTuple

from yibao.newsletter.due import is_alarming
from yibao.run_report import Outcome

#: After so many failures of the server in a row the rest is left to the next run.
MOST_FAILURES = 3
_NAMED = 3
#: Different answers that are counted; any further one is not quoted.
_MOST_WORDS = 1000


class Result(StrEnum):
    """What became of one message."""

    SENT = "sent"
    #: The server will never take it.
    REFUSED = "refused"
    #: The server may take it later.
    LATER = "later"
    #: Not offered, because the server failed again and again.
    LEFT = "left"
    #: The server's answer was lost: it may have the message.
    LOST = "lost"
    #: It could not be made or handed over.
    BROKEN = "broken"


class Attempt(NamedTuple):
    """One message, offered."""

    result: Result
    #: The server's reply code, or the name of the exception that broke the message; empty: no reply at all.
    code: str = ""
    #: What the server said, without addresses.
    words: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of one edition's messages in this run."""

    key: str
    #: Subscribers who had it before this run, and those who had been refused it.
    sent_before: int
    refused_before: int
    results: Mapping[Result, int]
    #: Codes of messages that may be taken later, and names of what broke others; sorted.
    codes: tuple[str, ...]
    names: tuple[str, ...]
    #: What the server said and how often, the most frequent first.
    words: tuple[tuple[str, int], ...]
    #: To be offered at a later hour, the last of them at `until`.
    waiting: int = 0
    until: datetime | None = None
    #: Messages, of this run and of earlier ones, that the server may or may not have.
    unknown: int = 0


class AttemptCounter:
    """Counts what became of an edition's messages, in an amount of memory that does not grow with their number.

    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self.results: Counter[Result] = Counter()
        self._words: Counter[str] = Counter()
        self._codes: dict[Result, set[str]] = {Result.LATER: set(), Result.BROKEN: set()}

    def add(self, attempt: Attempt) -> None:
        """Count one message."""
        with self._lock:
            self.results[attempt.result] += 1
            # Servers put numbers of their own into what they say, so that no two answers are equal.
            if attempt.words and (attempt.words in self._words or len(self._words) < _MOST_WORDS):
                self._words[attempt.words] += 1
            if attempt.result in self._codes:
                self._codes[attempt.result].add(attempt.code or "no reply")

    def make_tally(  # noqa: PLR0913  (what the ledger says beside)
        self,
        key: str,
        sent_before: int,
        refused_before: int,
        waiting: int = 0,
        until: datetime | None = None,
        unknown: int = 0,
    ) -> Tally:
        """Return what was counted."""
        later, broken = (tuple(sorted(self._codes[result])) for result in (Result.LATER, Result.BROKEN))
        words = tuple(self._words.most_common(_NAMED))
        return Tally(
            key, sent_before, refused_before, dict(self.results), later, broken, words, waiting, until, unknown
        )


def count_attempts(key: str, sent_before: int, refused_before: int, attempts: Iterable[Attempt]) -> Tally:
    """Count what became of an edition's messages; reads the attempts one by one."""
    counter = AttemptCounter()
    for attempt in attempts:
        counter.add(attempt)
    return counter.make_tally(key, sent_before, refused_before)


def describe_tally(tally: Tally, alarm_share: float) -> Outcome:
    """Say what was sent; and what fails the run, with what to do about it.

    Args:
        tally: of one edition.
        alarm_share: of messages refused for good, beyond which the run fails.
    """
    sent = tally.results.get(Result.SENT, 0)
    faults = (*_describe_failures(tally), *_describe_refusals(tally, alarm_share))
    outcome = Outcome(sent=sent, mail=(f"{tally.key}: {_describe_counts(tally)}",), faults=faults)
    lost = tally.results.get(Result.LOST, 0)
    return outcome + describe_doubtful(tally.key, lost) if lost else outcome


def describe_doubtful(key: str, count: int) -> Outcome:
    """Say that messages may have been sent; only a person can decide to send them again."""
    fault = (
        f"{key}: {count} messages may or may not have reached the mail server (their state is unknown), and are not "
        f"sent again unless you ask: `yibao newsletter resend --edition {key} --doubtful`"
    )
    return Outcome(faults=(fault,))


def _describe_counts(tally: Tally) -> str:
    count = {result: tally.results.get(result, 0) for result in Result}
    again = count[Result.LATER] + count[Result.LEFT] + count[Result.BROKEN]
    counts = (
        f"{count[Result.SENT]} sent, {tally.sent_before} had it before, "
        f"{count[Result.REFUSED] + tally.refused_before} refused for good, {again} to try again"
    )
    if tally.unknown:
        counts += f", {tally.unknown} unknown"
    if tally.until:
        until = f"{tally.until:%Y-%m-%d %H:%M}"
        counts += f", {tally.waiting} wait for their readers' morning, the last until {until} UTC"
    return f"{counts}; the server said: {_quote_server(tally)}" if tally.words else counts


def _quote_server(tally: Tally) -> str:
    return "; ".join(f"{words} ({count} times)" if count > 1 else words for words, count in tally.words)


def _describe_failures(tally: Tally) -> list[str]:
    key, count = tally.key, {result: tally.results.get(result, 0) for result in Result}
    faults = {
        Result.LATER: f"{key}: the mail server did not take {count[Result.LATER]} messages "
        f"({', '.join(tally.codes)}); the next run offers them again",
        Result.LEFT: f"{key}: {count[Result.LEFT]} messages were not offered, because the mail server failed "
        f"{MOST_FAILURES} times in a row; the next run offers them",
        Result.BROKEN: f"{key}: {count[Result.BROKEN]} messages could not be made ({', '.join(tally.names)}); "
        "the next run tries again",
    }
    return [fault for result, fault in faults.items() if count[result]]


def _describe_refusals(tally: Tally, alarm_share: float) -> list[str]:
    answered = (Result.SENT, Result.REFUSED, Result.LATER, Result.LEFT)
    offered, refused = sum(tally.results.get(one, 0) for one in answered), tally.results.get(Result.REFUSED, 0)
    if not is_alarming(refused, offered, alarm_share):
        return []
    return [
        f"{tally.key}: {refused} of {offered} messages were refused for good: {_quote_server(tally)}. "
        f"`yibao subscribers list --undelivered` shows whose; once it is mended, "
        f"`yibao newsletter resend --edition {tally.key} --refused` offers them again"
    ]
