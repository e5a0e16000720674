"""The one place that reads the clock, the machine's name and the environment. Whoever needs them asks here."""

import getpass
import os
import secrets
import socket
import time
from datetime import UTC, date, datetime
from pathlib import Path

from yibao import dates, settings
from yibao.settings import Settings


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def load_settings(config: Path) -> Settings:
    """Read an installation's settings: its file, with the environment laid over it.

    Raises:
        SettingsError: as `yibao.settings.load`.
    """
    return settings.load(config, os.environ)


def now() -> datetime:
    """Return our clock's time, UTC, in whole seconds."""
    return precise_now().replace(microsecond=0)


def precise_now() -> datetime:
    """Return our clock's time, UTC, to the microsecond: two runs of one second are told apart by it."""
    return datetime.now(UTC)


def today() -> date:
    """Return the date in New York: arXiv's feeds turn over at its midnight."""
    return dates.find_eastern_date(precise_now())


def host_name() -> str:
    """Return the name by which other machines know who harvests."""
    return socket.gethostname()


def user_name() -> str:
    """Return the name of the user who runs this program; their number where the system knows no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def read_installation_id(data: Path) -> str:
    """Read the random number that tells this installation from others, in its data folder; make it where none is."""
    path = data / "installation.id"
    if not path.exists():
        path.write_text(secrets.token_hex(8), encoding="ascii")
    return path.read_text(encoding="ascii")


def check_dates(*days: date | None) -> None:
    """Refuse dates beyond tomorrow in New York and before arXiv; None passes.

    Raises:
        DateError: one of them is such a date.
    """
    for day in days:
        if day is not None:
            dates.check_date(day, today())
