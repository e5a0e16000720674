"""How far long work has come, shown to a person who watches."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from flows.steps import progress


@contextmanager
def show_bar(is_shown: bool) -> Iterator[None]:  # noqa: FBT001
    """While the block runs, show its progress as a bar on stderr."""
    if not is_shown:
        yield
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        work = bar.add_task("", total=None)

        def update(what: str, share: float | None) -> None:
            bar.update(work, description=what, completed=share or 0.0, total=None if share is None else 1.0)

        with progress.listen(update):
            yield


@contextmanager
def show_steps(is_shown: bool) -> Iterator[None]:  # noqa: FBT001
    """While the block runs, write each step as a line with the time on stderr; nothing where a bar is shown."""
    if not is_shown or progress.is_watched():
        yield
        return
    last = ""

    def write(what: str, _share: float | None) -> None:
        nonlocal last
        if what != last:
            click.echo(f"{time.strftime('%H:%M:%S')} {what}", err=True)
        last = what

    with progress.listen(write):
        yield
