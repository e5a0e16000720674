"""Letters on their way while `yibao serve` runs: sent by one thread, right after the answer or every few minutes."""

import threading
from collections.abc import Callable

import click

from flows.steps import letter_delivery
from flows.steps.letter_delivery import LetterCount
from storage.people.database import People
from yibao.errors import YibaoError
from yibao.settings import Settings

#: After this time what could not be sent is tried again.
PAUSE_S = 180.0


class LetterPost:
    """Sends letters in a thread of its own, one at a time."""

    def __init__(self, settings: Settings, open_people: Callable[[], People]) -> None:
        self._settings = settings
        self._open_people = open_people
        self._wish = threading.Event()
        self._is_ending = False
        self._thread = threading.Thread(target=self._work, name="letters", daemon=True)
        self._last_words = ""

    def start(self) -> None:
        """Begin; nothing is done before the first letter, or the first pause, is over."""
        self._thread.start()

    def wake(self) -> None:
        """Have the queue looked at now."""
        self._wish.set()

    def stop(self, patience_s: float) -> None:
        """End after the letter that is being sent, for which so many seconds are waited."""
        self._is_ending = True
        self._wish.set()
        if self._thread.is_alive():
            self._thread.join(patience_s)

    def _work(self) -> None:
        while True:
            self._wish.wait(PAUSE_S)
            if self._is_ending:
                return
            self._wish.clear()
            self._send_all()

    def _send_all(self) -> None:
        try:
            self._report(letter_delivery.send_waiting_letters(self._settings, self._open_people()))
        except YibaoError as error:
            self._say(str(error))
        except Exception as error:  # noqa: BLE001  (whatever one letter meets, the pages stay, and the next ones go out)
            self._say(f"{type(error).__name__}; report it as a fault of the program")

    def _report(self, count: LetterCount) -> None:
        if count.waiting:
            self._say(f"{count.waiting} waiting, tried again in {PAUSE_S / 60:g} minutes: {count.words}")
        else:
            self._last_words = ""

    def _say(self, words: str) -> None:
        """Say what is wrong, once as long as it stays the same."""
        if words != self._last_words:
            click.echo(f"letters: {words}", err=True)
        self._last_words = words
