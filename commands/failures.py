"""The command line's last resort: what the world does ends in one sentence and an exit status, never in a traceback."""

import contextlib
import errno
import io
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from storage.disk import REMEDIES, describe_error, make_writable_folder
from storage.failures import explain_database_error
from yibao.errors import DateError, SettingsError, YibaoError

FAILED = 1
WRONG_USAGE = 2
#: As the shell says it of a program that SIGINT or SIGPIPE ended.
INTERRUPTED = 130
CLOSED_PIPE = 141


class OutputError(OSError):
    """Stdout could not be written."""


class _Output(io.FileIO):
    """Stdout, whose faults are told apart from those of all other files."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OutputError(error.errno, error.strerror) from None


def run_command(command: Callable[[], Any]) -> int:
    """Run a command, say in one sentence what went wrong with it, and return the exit status.

    A fault of the program itself keeps its traceback.
    """
    _prepare_streams()
    try:
        status = _status_of(command())
        sys.stdout.flush()
    except SystemExit as done:
        # Click ends quietly on a broken pipe, whether it was stdout's or a server's.
        cause = done.__context__
        is_pipe = isinstance(cause, OSError) and cause.errno == errno.EPIPE
        status = _tell(cause) if is_pipe and cause else _flush(_status_of(done.code))
    except BaseException as error:  # noqa: BLE001  (the last resort)
        status = _tell(error)
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    return status


def require_writable(folders: Iterable[tuple[str, Path]]) -> None:
    """Make these folders where need be, and try whether there is room and files can be written; each with its setting.

    Raises:
        YibaoError: a folder cannot be made or written, or its disk is as good as full. The message names setting,
            folder and remedy.
    """
    for name, folder in folders:
        make_writable_folder(folder, name)


def _prepare_streams() -> None:
    """Make every character writable to every terminal, and keep the numbers of closed streams from our files."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = io.TextIOWrapper(io.FileIO(os.open(os.devnull, os.O_WRONLY), "w"), write_through=True)
    number = os.open(os.devnull, os.O_WRONLY) if sys.stdout is None else sys.stdout.fileno()
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Output(number, "w", closefd=False)),
        encoding="utf-8" if sys.stdout is None else sys.stdout.encoding,
        errors="backslashreplace",
        line_buffering=os.isatty(number),
    )


def _status_of(code: Any) -> int:
    if code is None or isinstance(code, int):
        return code or 0
    _say(str(code))
    return FAILED


def _tell(error: BaseException) -> int:
    if isinstance(error, click.ClickException):
        with contextlib.suppress(OSError):
            error.show()
        return error.exit_code
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        _say("stopped. What was stored stays; the same command goes on from there.")
        return INTERRUPTED
    if isinstance(error, (SettingsError, DateError)):
        _say(str(error))
        return WRONG_USAGE
    if isinstance(error, OutputError):
        return _tell_output(error)
    message = _describe(error)
    if message is None:
        with contextlib.suppress(OSError):
            traceback.print_exception(error)
    else:
        _say(message)
    return FAILED


def _describe(error: BaseException) -> str | None:
    """Say in one sentence what the world did; None for a fault of the program."""
    if isinstance(error, YibaoError):
        return str(error)
    if isinstance(error, OSError):
        return describe_error(None, error)
    if isinstance(error, MemoryError):
        return f"There is not enough memory. {REMEDIES[errno.ENOMEM]}"
    if isinstance(error, UnicodeEncodeError) and "surrogates" in error.reason:
        return f"{error.object!r} is no text in UTF-8. Type it again, or set a UTF-8 locale (LC_ALL=C.UTF-8)."
    return explain_database_error(error)


def _tell_output(error: OSError) -> int:
    if error.errno == errno.EPIPE:
        return CLOSED_PIPE
    _say(f"the output could not be written: {error.strerror}. {REMEDIES.get(error.errno or 0, '')}")
    return FAILED


def _flush(status: int) -> int:
    try:
        sys.stdout.flush()
    except OSError as error:
        return _tell_output(error)
    return status


def _say(message: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        click.echo(f"yibao: {message}", err=True)
