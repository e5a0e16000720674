"""How far long work has come. Steps report it; the command line shows it to a person who watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Called with what is being done, and how much of it is done, from 0 to 1 (None: nobody knows).
Listener = Callable[[str, float | None], None]
_listeners: list[Listener] = []


def report_progress(what: str, share: float | None = None) -> None:
    """Tell whoever listens what is being done, and how much of it is done, from 0 to 1 (None: nobody knows)."""
    for listener in _listeners:
        listener(what, share)


@contextmanager
def listen(listener: Listener) -> Iterator[None]:
    """Call `listener` with all progress that this process reports while the block runs."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def is_watched() -> bool:
    """Tell whether somebody listens already."""
    return bool(_listeners)
