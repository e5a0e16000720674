"""One edition to many people: each message by itself, so that one bad recipient costs no other."""

from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Self

from flows.wiring import Run
from storage.people import deliveries
from storage.people.deliveries import DeliveryState
from storage.people.schema import People
from storage.people.subscribers import Subscriber
from yibao import addresses
from yibao.errors import DeliveryError, PeopleError
from yibao.newsletter.compose import Body, compose_message, make_message_id
from yibao.newsletter.due import is_alarming
from yibao.newsletter.senders import Sender

#: After so many failures of the server in a row the rest is left to the next run.
_MOST_FAILURES = 3
_NAMED = 3


@dataclass
class Tally:
    """What became of one edition's messages in this run."""

    key: str
    sent: int = 0
    #: Had it before this run.
    before: int = 0
    refused_before: int = 0
    refused: int = 0
    #: Reply codes (None: no reply at all) of messages that may be taken later.
    later: list[int | None] = field(default_factory=list)
    #: Not offered, because the server failed again and again.
    left: int = 0
    #: The server's answer was lost: it may have them.
    lost: int = 0
    #: Names of exceptions that one message each met.
    broken: list[str] = field(default_factory=list)
    #: What the server said, without addresses, and how often.
    words: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        told = (
            f"{self.sent} sent, {self.before} had it before, {self.refused + self.refused_before} refused for good, "
            f"{len(self.later) + self.left + len(self.broken)} to try again"
        )
        return f"{told}; the server said: {self.said}" if self.words else told

    @property
    def said(self) -> str:
        """The server's words, the most frequent first."""
        return "; ".join(f"{words} ({n} times)" if n > 1 else words for words, n in self.words.most_common(_NAMED))


class Mailer:
    """Sends editions over one connection. Use as a context manager."""

    def __init__(self, run: Run, people: People, sender: Sender) -> None:
        self._run = run
        self._people = people
        self._sender = sender
        self._open = ExitStack()
        self._failures = 0

    def __enter__(self) -> Self:
        self._open.enter_context(self._sender)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def promise(self, key: str, owed: Collection[Subscriber], state: DeliveryState, words: str = "") -> None:
        """Put on record that these people are to get an edition, so that any later run goes on with it."""
        from_ = self._run.settings.newsletter.sender
        ids = {one.subscriber_id: make_message_id(key, one.email, from_) for one in owed}
        deliveries.open_deliveries(self._people, key, ids, self._run.now(), state, words)

    def send(self, parts: Body, owed: Sequence[Subscriber], tally: Tally) -> None:
        """Offer an edition to each of these people; what became of it is in the tally."""
        self.promise(tally.key, owed, DeliveryState.CLAIMED)
        for subscriber in owed:
            if self._failures < _MOST_FAILURES:
                self._send_one(parts, subscriber, tally)
            else:
                tally.left += 1

    def _send_one(self, parts: Body, subscriber: Subscriber, tally: Tally) -> None:
        """Offer one message, and put on record what came of it."""
        progress: list[DeliveryState] = []

        def commit() -> None:
            self._record(tally, subscriber, DeliveryState.SENDING)
            progress.append(DeliveryState.SENDING)

        try:
            to = addresses.parse_address(subscriber.email).wire
        except ValueError as error:
            self._refuse(tally, subscriber, f"not a valid e-mail address, so nothing was sent: {error}")
            return
        try:
            from_, now = self._run.settings.newsletter.sender, self._run.now()
            answer = self._sender.send(compose_message(parts, tally.key, to, from_, now), commit)
        except DeliveryError as error:
            self._note_refusal(tally, subscriber, error)
        except PeopleError:
            raise  # Without its ledger nothing may be sent at all.
        except Exception as error:  # noqa: BLE001  (whatever one message meets, the others go out)
            self._note_fault(tally, subscriber, error, is_sending=bool(progress))
        else:
            self._record(tally, subscriber, DeliveryState.SENT, answer)
            self._failures = 0
            tally.sent += 1

    def _note_refusal(self, tally: Tally, subscriber: Subscriber, error: DeliveryError) -> None:
        """The server does not have the message: for good, or until a later run."""
        self._failures = self._failures + 1 if error.is_server else 0
        if error.is_final:
            self._refuse(tally, subscriber, str(error))
            return
        self._record(tally, subscriber, DeliveryState.CLAIMED, str(error))
        tally.later.append(error.code)
        tally.words[addresses.hide_addresses(str(error), subscriber.email)] += 1

    def _note_fault(self, tally: Tally, subscriber: Subscriber, error: Exception, *, is_sending: bool) -> None:
        """The message could not be made or handed over; or, once it was being sent, its answer was lost."""
        state = DeliveryState.SENDING if is_sending else DeliveryState.CLAIMED
        self._record(tally, subscriber, state, f"{type(error).__name__}: {error}")
        if is_sending:
            self._failures += 1
            tally.lost += 1
            tally.words[addresses.hide_addresses(str(error), subscriber.email)] += 1
        else:
            tally.broken.append(type(error).__name__)

    def _refuse(self, tally: Tally, subscriber: Subscriber, words: str) -> None:
        self._record(tally, subscriber, DeliveryState.REFUSED, words)
        tally.refused += 1
        tally.words[addresses.hide_addresses(words, subscriber.email)] += 1

    def _record(self, tally: Tally, subscriber: Subscriber, state: DeliveryState, words: str = "") -> None:
        deliveries.record_delivery(self._people, subscriber.subscriber_id, tally.key, state, self._run.now(), words)

    def report(self, tally: Tally) -> None:
        """Say what was sent; and what fails the run, with what to do about it."""
        report, key = self._run.report, tally.key
        report.sent += tally.sent
        report.mail.append(f"{key}: {tally}")
        if tally.later:
            codes = ", ".join(sorted({"no reply" if code is None else str(code) for code in tally.later}))
            report.fault(
                f"{key}: the mail server did not take {len(tally.later)} messages ({codes}); "
                "the next run offers them again"
            )
        if tally.left:
            report.fault(
                f"{key}: {tally.left} messages were not offered, because the mail server failed {_MOST_FAILURES} times "
                "in a row; the next run offers them"
            )
        if tally.broken:
            names = ", ".join(sorted(set(tally.broken)))
            report.fault(f"{key}: {len(tally.broken)} messages could not be made ({names}); the next run tries again")
        self._report_refusals(tally)
        if tally.lost:
            report_doubtful(self._run, key, tally.lost)

    def _report_refusals(self, tally: Tally) -> None:
        offered = tally.sent + tally.refused + len(tally.later) + tally.left
        if is_alarming(tally.refused, offered, self._run.settings.newsletter.alarm_share):
            self._run.report.fault(
                f"{tally.key}: {tally.refused} of {offered} messages were refused for good: {tally.said}. "
                f"`yibao subscribers list --undelivered` shows whose; once it is mended, "
                f"`yibao newsletter resend --edition {tally.key} --refused` offers them again"
            )


def report_doubtful(run: Run, key: str, count: int) -> None:
    """Say that messages may have been sent; only a person can decide to send them again."""
    run.report.fault(
        f"{key}: {count} messages may or may not have reached the mail server, and are not sent again unless you ask: "
        f"`yibao newsletter resend --edition {key} --doubtful`"
    )
