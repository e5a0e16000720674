"""Starts Prefect's server and runner, and watches over them until it is stopped or one of them fails."""

import hashlib
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

import click

from commands import ports
from commands.children import Child
from commands.prefect_address import find_fault, hold_schedule_lock, is_answering, write_address
from commands.prefect_server import isolate_schedule, log_to_page, serve_schedules
from commands.runner import run_schedule
from flows.steps import alarms, environment
from storage import prefect_tables
from storage.disk import make_writable_folder
from yibao.errors import YibaoError
from yibao.settings import Settings

_STARTUP_S = 90.0
#: How long a server that is not ours is asked before we begin.
_FIRST_ANSWER_S = 5.0
#: How long our own server may be silent.
_SILENCE_S = 60.0
#: How long a server that is not ours may be away: its operator may be restarting it.
_ABSENCE_S = 300.0
_ASK_EVERY_S = 5.0
#: How often it is looked whether a run did not come.
_LOOK_EVERY_S = 1800.0
_PAUSE_S = 0.5
_RESTART = "Start `yibao schedule` again; systemd does so by itself."


class _Stopped(BaseException):
    """A signal asked us to end."""


def serve(config: Path, settings: Settings) -> None:
    """Run the flows on their schedule until SIGTERM or SIGINT; a flow under way is killed then.

    Raises:
        YibaoError: a server could not be started or reached, or a process that is needed has ended.
    """
    make_writable_folder(settings.paths.data)
    try:
        with _catch_signals(), hold_schedule_lock(settings.paths.data), ExitStack() as children:
            if settings.prefect.api_url:
                _serve_on_foreign(settings.prefect.api_url, config, settings, children)
            else:
                _serve_on_own(config, settings, children)
    except _Stopped:
        click.echo("stopped")


def name_installation(config: Path, settings: Settings) -> str:
    """Return the name under which this installation's deployments are known on a Prefect server.

    `prefect.name`, or the folder's name with some figures that no other installation has: they come from the path of
    the settings and a random number in `installation.id` of the data folder, as two hosts may have the same path.
    """
    if settings.prefect.name:
        return settings.prefect.name
    seed = f"{environment.read_installation_id(settings.paths.data)} {config.resolve()}"
    figures = hashlib.sha256(seed.encode()).hexdigest()[:6]
    return f"{config.resolve().parent.name or 'yibao'}-{figures}"


def _serve_on_own(config: Path, settings: Settings, children: ExitStack) -> None:
    home, port = settings.paths.data / "prefect", settings.prefect.port
    make_writable_folder(home)
    prefect_tables.copy_tables(home)
    api_url = f"http://{ports.HOST}:{port}/api"
    isolate_schedule(home, api_url)
    # We listen ourselves, so that nobody but the child that inherits this socket can answer there.
    with ports.listen(port, "prefect.port") as listener:
        server = Child(serve_schedules, listener)
    children.callback(server.stop)
    _await_start(server, api_url)
    write_address(settings.paths.data, api_url)
    runner = _start_runner(config, settings, children)
    _watch_own(server, runner, api_url, AlarmWatch(settings))


def _serve_on_foreign(api_url: str, config: Path, settings: Settings, children: ExitStack) -> None:
    os.environ["PREFECT_API_URL"] = api_url
    deadline = time.monotonic() + _FIRST_ANSWER_S
    while not is_answering(api_url):
        if time.monotonic() > deadline:
            raise YibaoError(
                f"prefect.api_url: no Prefect server answers at {api_url}. Start it, correct the address, or leave "
                "prefect.api_url out: then `yibao schedule` starts a server of its own."
            )
        time.sleep(_PAUSE_S)
    if fault := find_fault(api_url):
        raise YibaoError(
            f"prefect.api_url: {fault}. Or leave it out: then `yibao schedule` starts a server of its own."
        )
    watch = AlarmWatch(settings)
    while True:
        _watch_foreign(_start_runner(config, settings, children), api_url, watch)


def _start_runner(config: Path, settings: Settings, children: ExitStack) -> Child:
    name = name_installation(config, settings)
    log_to_page(least_on_stderr="ERROR")
    runner = Child(run_schedule, str(config), name, settings.cron_lines, settings.schedule.timezone)
    children.callback(runner.stop)
    return runner


def _await_start(server: Child, api_url: str) -> None:
    deadline = time.monotonic() + _STARTUP_S
    while not is_answering(api_url):
        if server.exit_status is not None:
            raise YibaoError(
                server.last_words() or f"Prefect's server ended as it started (status {server.exit_status}). {_RESTART}"
            )
        if time.monotonic() > deadline:
            raise YibaoError(f"Prefect's server did not answer within {_STARTUP_S:.0f} seconds. Try again.")
        time.sleep(_PAUSE_S)


class Health:
    """Asks a server now and then whether it answers, and loses patience when it has been silent for long."""

    def __init__(self, api_url: str, patience_s: float) -> None:
        self._api_url = api_url
        self._patience_s = patience_s
        self._last_asked = self._last_answer = time.monotonic()
        self.is_away = False

    def check(self, every_s: float = _ASK_EVERY_S) -> bool:
        """Return whether the server answered, asking again if the last answer is older than `every_s`.

        Raises:
            YibaoError: it has been silent for longer than our patience.
        """
        if time.monotonic() - self._last_asked >= every_s:
            self._note(is_answering(self._api_url))
        return not self.is_away

    def _note(self, has_answered: bool) -> None:  # noqa: FBT001  (the one thing to note)
        now = self._last_asked = time.monotonic()
        if has_answered:
            self._last_answer = now
        elif now - self._last_answer > self._patience_s:
            raise YibaoError(
                f"Prefect's server at {self._api_url} has not answered for {self._patience_s:.0f} seconds, so nothing "
                f"runs. {_RESTART}"
            )
        if has_answered == self.is_away:
            change = "answers again" if has_answered else "does not answer; we go on trying"
            click.echo(f"Prefect's server at {self._api_url} {change}", err=True)
            self.is_away = not has_answered


class AlarmWatch:
    """Looks now and then whether something needs a person, such as a run that did not come."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._looked_at = time.monotonic()

    def look(self) -> None:
        """Tell who wants to know, once in half an hour."""
        if time.monotonic() - self._looked_at >= _LOOK_EVERY_S:
            self._looked_at = time.monotonic()
            alarms.raise_alarms(self._settings)


def _watch_own(server: Child, runner: Child, api_url: str, watch: AlarmWatch) -> NoReturn:
    health = Health(api_url, _SILENCE_S)
    while True:
        watch.look()
        _require_alive("Prefect's server", server)
        _require_alive("Prefect's runner", runner)
        health.check()
        time.sleep(_PAUSE_S)


def _watch_foreign(runner: Child, api_url: str, watch: AlarmWatch) -> None:
    """Return when the runner is to be started again: it ended because its server was away, and the server is back."""
    health = Health(api_url, _ABSENCE_S)
    while runner.exit_status is None:
        watch.look()
        health.check()
        time.sleep(_PAUSE_S)
    if not health.is_away and health.check(every_s=0):
        _require_alive("Prefect's runner", runner)
    while not health.check():
        time.sleep(_PAUSE_S)


def _require_alive(name: str, process: Child) -> None:
    if process.exit_status is not None:
        reason = process.last_words() or f"status {process.exit_status}"
        raise YibaoError(f"{name} has ended ({reason}), so nothing runs any more. {_RESTART}")


@contextmanager
def _catch_signals() -> Iterator[None]:
    """SIGTERM and SIGINT end what is inside, once; those that follow are ignored while we clean up."""

    def stop(_number: int, _frame: object) -> NoReturn:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        raise _Stopped

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    yield
