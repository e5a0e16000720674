"""Which messages a worker takes next, from the queues of several editions."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from flows.steps import environment
from storage.people import deliveries, delivery_queue
from storage.people.database import People
from storage.people.deliveries import Claim

#: A connection claims at once what it sends in so many seconds, and never more than so many messages: where its worker
#: dies, they are *unknown*. Claims and results are written to disk, which takes as long as sending to a fast server.
_SECONDS, _MOST = 0.05, 16
_LONGEST_PAUSE_S = 1.0
_SHORT_PAUSE_S = 0.01


def choose_count(count: int, seconds: float) -> int:
    """Choose how many messages to claim after so many took so many seconds; begin with one."""
    return max(1, min(_MOST, 2 * count, int(count * _SECONDS / max(seconds, 1e-6))))


class ClaimSource:
    """Hands out claims to the threads of one worker, an edition at a time: nobody gets the newer one of two first."""

    def __init__(  # noqa: PLR0913  (whose, of what, as whom, and how long)
        self,
        people: People,
        keys: Sequence[str],
        worker: str,
        *,
        started_at: datetime,
        claim_for: timedelta,
        retry_s: float,
        wait: Callable[[float], bool],
    ) -> None:
        """Take the queues of `keys`. What this run, begun at `started_at`, queued again for the next is left alone.

        A claim is ours for so long (`claim_for`). What may be offered again within `retry_s` after nothing else is left
        is waited for by `wait`, which takes seconds, and returns whether to end at once.
        """
        self._people, self._keys, self._worker = people, keys, worker
        self._started_at, self._claim_for, self._retry_s, self._wait = started_at, claim_for, retry_s, wait
        self._lock = threading.Lock()
        #: How many portions were handed out and are not finished, all of this edition.
        self._unfinished, self._current = 0, ""
        self._begin_round()
        self._waits_until: datetime | None = None

    def claim(self, count: int) -> list[Claim]:
        """Claim so many messages, to be followed by `finish`; empty when nothing is left to be offered in this run.

        A message that is offered again after a refusal may come after one of a newer edition.
        """
        while True:
            with self._lock:
                claims = self._claim_next(count)
                pause_s = None if claims else self._find_pause()
            if pause_s is None or self._wait(pause_s):
                return claims

    def finish(self) -> None:
        """Tell that what became of one portion of claims is on record."""
        with self._lock:
            self._unfinished -= 1

    def _begin_round(self) -> None:
        """Look at all queues from their beginning: others may have given something back, or its hour has come."""
        #: The last subscriber whose delivery was claimed, by edition that is not looked through.
        self._cursors = dict.fromkeys(self._keys, 0)
        self._has_claimed = False

    def _claim_next(self, count: int) -> list[Claim]:
        """Claim the next few of the first edition of which any are left."""
        for key in list(self._cursors):
            if self._unfinished and key != self._current:
                return []
            at, after = environment.precise_now(), self._cursors[key]
            claims = deliveries.claim_deliveries(
                self._people, key, self._worker, count, at, at + self._claim_for, since=self._started_at, after=after
            )
            if claims:
                self._cursors[key], self._has_claimed, self._waits_until = claims[-1].subscriber_id, True, None
                self._unfinished, self._current = self._unfinished + 1, key
                return claims
            del self._cursors[key]
        return []

    def _find_pause(self) -> float | None:
        """Find for how many seconds to wait before the next round; None: nothing comes in this run any more."""
        if self._cursors:
            return _SHORT_PAUSE_S  # The next edition begins when others are done with this one.
        pause_s: float | None = 0.0 if self._has_claimed else self._find_wait()
        if pause_s is not None:
            self._begin_round()
        return pause_s

    def _find_wait(self) -> float | None:
        at = environment.precise_now()
        self._waits_until = self._waits_until or at + timedelta(seconds=self._retry_s)
        next_offer = delivery_queue.find_next_offer(self._people, self._keys, at)
        if next_offer is None or next_offer > self._waits_until:
            return None
        return min(_LONGEST_PAUSE_S, (next_offer - at).total_seconds())
