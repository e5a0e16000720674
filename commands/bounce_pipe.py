"""Reports of failed mail that come one by one: from a mail server's pipe, or from files."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import click

from flows.steps import bounce_sync, environment
from flows.steps.bounce_sync import Reading
from flows.steps.people import open_people
from yibao.errors import YibaoError
from yibao.newsletter.bounces import LIMIT_BYTES

_PORTION = 1 << 16


def record_stdin(config: Path) -> bool:
    """Record the report on standard input, and say nothing. Returns whether the mail server should try again.

    Whatever an operator can mend (a busy database, a slip in the settings) is a reason to: else the report is lost.
    """
    content = _read_beginning(sys.stdin.buffer)
    try:
        people = open_people(environment.load_settings(config))
        bounce_sync.record_report(people, content)
    except YibaoError as error:
        click.echo(f"yibao: {error}", err=True)
        return True
    return False


def record_files(config: Path, files: Iterable[Path]) -> None:
    """Record the report in each file, and say what it came to.

    Raises:
        YibaoError: a file cannot be read, or the database cannot be used.
    """
    people = open_people(environment.load_settings(config))
    for path in files:
        try:
            with path.open("rb") as file:
                content = _read_beginning(file)
        except OSError as error:
            raise YibaoError(f"{path}: it cannot be read: {error.strerror}. Name a file with one message.") from None
        click.echo(f"{path}: {_describe(bounce_sync.record_report(people, content))}")


def _read_beginning(file: BinaryIO) -> bytes:
    """Read as much as a report needs, and the rest for nothing: who pipes it in must get rid of it."""
    content = file.read(LIMIT_BYTES)
    while file.read(_PORTION):
        pass
    return content


def _describe(reading: Reading) -> str:
    if reading.kind is None:
        return "is on record already"
    if reading.is_unreadable:
        return "could not be read"
    return f"{reading.kind}{', the subscriber is stopped' if reading.is_stopped else ''}"
