"""How far long work has come, for a person who watches. Flows tell it; the command line shows it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

_listeners: list[Callable[[str, float | None], None]] = []


def tell(what: str, share: float | None) -> None:
    """Whoever watches knows what is being done, and how much of it is done, from 0 to 1 (None: nobody knows)."""
    for listener in _listeners:
        listener(what, share)


@contextmanager
def shown(is_watched: bool) -> Iterator[None]:  # noqa: FBT001
    """While the block runs, progress is on stderr, if a person watches."""
    if not is_watched:
        yield
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        work = bar.add_task("", total=None)

        def listen(what: str, share: float | None) -> None:
            bar.update(work, description=what, completed=share or 0.0, total=None if share is None else 1.0)

        _listeners.append(listen)
        try:
            yield
        finally:
            _listeners.remove(listen)


@contextmanager
def show_steps(is_shown: bool) -> Iterator[None]:  # noqa: FBT001
    """While the block runs, each step is a line on stderr with the time; nothing where another display is on."""
    if not is_shown or _listeners:
        yield
        return
    last = ""

    def listen(what: str, _share: float | None) -> None:
        nonlocal last
        if what != last:
            click.echo(f"{time.strftime('%H:%M:%S')} {what}", err=True)
        last = what

    _listeners.append(listen)
    try:
        yield
    finally:
        _listeners.remove(listen)
