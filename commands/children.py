"""Child processes that end when this process ends, whatever ends it."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

#: What a child calls with its last words, before it ends.
Tell = Callable[[str], None]
_REAP_S = 2.0


class Child:
    """A process, in a process group of its own, that calls `target(tell, *arguments)`.

    The group, with all that the process starts, is killed by `stop`, and also when the process that made this object
    ends without calling it: a thread in the child waits for that.
    """

    def __init__(self, target: Callable[..., None], *arguments: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self._words, ours = context.Pipe(duplex=False)
        self._process = context.Process(target=_call, args=(target, ours, arguments))
        self._process.start()
        ours.close()

    @property
    def pid(self) -> int:
        """The number of the process, and of its group."""
        return self._process.pid or 0

    @property
    def exit_status(self) -> int | None:
        """None while the process is alive; negative where a signal ended it."""
        return self._process.exitcode

    def last_words(self) -> str:
        """Why the process ended, in its own words; empty where it gave no reason."""
        try:
            return str(self._words.recv()) if self._words.poll() else ""
        except EOFError:
            return ""

    def stop(self) -> None:
        """Kill the process and everything that it started."""
        _kill_group(self.pid)
        # Before its first line of code the process is not in a group of its own.
        self._process.kill()
        self._process.join(_REAP_S)


def _call(target: Callable[..., None], words: Any, arguments: tuple[Any, ...]) -> None:
    os.setsid()
    threading.Thread(target=_follow_parent, daemon=True, name="follow-parent").start()
    target(words.send, *arguments)


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        _kill_group(os.getpid())


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
