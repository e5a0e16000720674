"""Faults at random, as a network and a busy server have them. Seeded."""

from random import Random

from tests.standin.server import Fault, Planned

_ANYWHERE = [
    Fault.TOO_MANY,
    Fault.UNAVAILABLE,
    Fault.UNAVAILABLE,
    Fault.SILENCE,
    Fault.CUT_OFF,
    Fault.HTML,
    Fault.MALFORMED,
    Fault.EMPTY_BODY,
    Fault.NO_ITEMS,
    Fault.NO_ITEMS,
    Fault.SHORT,
    Fault.SHORT,
    Fault.MOVED,
]
_BY_ROOM = {
    "rss": [Fault.STALE, Fault.STALE_FRESH, Fault.STALE_FRESH, Fault.LAGGING, Fault.CONTROL_CHARACTER],
    "api": [Fault.ERROR_ENTRY, Fault.SHUFFLED],
    "catchup": [Fault.MISCOUNTED, Fault.MISCOUNTED, Fault.WRONG_DATE],
    "oai": [Fault.OAI_ERROR, Fault.EXPIRED, Fault.EXPIRED, Fault.WRONG_ECHO, Fault.DOUBLED, Fault.SHORT],
}
_RARE = Fault.FORBIDDEN


class Weather:
    """A fault at so many requests in a hundred; counts what it did."""

    def __init__(self, seed: int, share: float) -> None:
        self._chance = Random(seed)
        self.share = share
        self.made: dict[Fault, int] = {}
        self._decks: dict[str, list[Fault]] = {}

    def __call__(self, path: str) -> Planned | None:
        if self._chance.random() >= self.share:
            return None
        room = path.strip("/").partition("/")[0].partition("?")[0]
        fault = _RARE if self._chance.random() < 0.008 else self._deal(room)
        self.made[fault] = self.made.get(fault, 0) + 1
        return Planned(path, fault, retry_after=self._chance.choice((None, None, "0", "1")))

    def _deal(self, room: str) -> Fault:
        """From a shuffled deck, the room's own faults first, so that each comes before one comes again."""
        if not self._decks.get(room):
            own, others = list(_BY_ROOM.get(room, [])), list(_ANYWHERE)
            self._chance.shuffle(own)
            self._chance.shuffle(others)
            self._decks[room] = others + own
        return self._decks[room].pop()
