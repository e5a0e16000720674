"""The one place where settings, clock, stores and senders meet. Below it nothing reads the environment."""

import copy
import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from flows.report import Report
from storage.library import connection, leases, response_log, runs
from storage.people.schema import People, open_people
from storage.responses import KeptResponse, Responses
from yibao import dates, settings
from yibao.arxiv.client import Client
from yibao.errors import ClockError, YibaoError
from yibao.newsletter.senders import Outbox, Sender, Smtp
from yibao.settings import Settings

#: The lease that allows a host to ask arXiv.
HARVEST = "harvest"
#: Whoever only looks whether a run is at work holds its lock for less.
_LOCK_PATIENCE_S = 0.5


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Returns after so many seconds."""
        time.sleep(seconds)


class Run:
    """What the steps of one run share. A plain object, so that Prefect does not look inside."""

    def __init__(self, config: Settings, flow: str, on: date, run_id: str | None = None) -> None:
        self.settings = config
        self.on = on
        self.run_id = run_id or str(uuid.uuid4())
        self.report = Report(flow, on)
        self.responses = Responses(config.paths.data / "responses")
        #: Answers that are on disk, but not yet in the library's table.
        self.kept: list[KeptResponse] = []
        #: Hosts that are not asked again in this run, each with the reason.
        self.unreachable: dict[str, str] = {}
        self.clock = SystemClock()
        #: Whether this run holds the lease to ask arXiv.
        self.is_harvester = False

    def at(self, on: date) -> "Run":
        """The same run, speaking of another date; both fill the same report."""
        other = copy.copy(self)
        other.on, other.kept = on, []
        return other

    @contextmanager
    def storing(self) -> Iterator[connection.Connection]:
        """One transaction on the library. Answers that were kept are in its table, and our lease is renewed."""
        with connection.write_library(self.library) as library:
            yield library
            response_log.record_responses(library, self.kept)
            if self.is_harvester:
                leases.take_lease(library, HARVEST, host(), self.now())
        self.kept.clear()

    @property
    def library(self) -> Path:
        """The library's file."""
        return library_path(self.settings)

    @property
    def untold(self) -> Path:
        """The list of what was published and the hub was not told of yet."""
        return self.settings.paths.data / "untold.json"

    def client(self) -> Client:
        """A connection to arXiv, to be closed."""
        return Client(self.settings.arxiv, self.clock)

    def now(self) -> datetime:
        """Our clock, UTC, whole seconds."""
        return now()

    def people(self) -> People:
        """Subscribers and deliveries."""
        return open_people(people_path(self.settings))

    def sender(self) -> Sender | None:
        """Where mail goes; None where the operator named neither a server nor a folder."""
        newsletter = self.settings.newsletter
        if newsletter.outbox:
            return Outbox(newsletter.outbox)
        url = newsletter.smtp_url
        return Smtp(url.get_secret_value(), newsletter.timeout_s) if url else None


def host() -> str:
    """This machine's name, by which the others know who harvests."""
    return socket.gethostname()


def load(config: Path) -> Settings:
    """The settings of this installation: its file, with the environment laid over it."""
    return settings.load(config, os.environ)


def now() -> datetime:
    """Our clock, UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def today() -> date:
    """The date in New York: arXiv's feeds turn over at its midnight."""
    return dates.eastern_date(datetime.now(UTC))


def check_dates(*days: date | None) -> None:
    """Refuse dates beyond tomorrow in New York and before arXiv; None passes.

    Raises:
        DateError: one of them is such a date.
    """
    for day in days:
        if day is not None:
            dates.check_date(day, today())


def library_path(config: Settings) -> Path:
    """The library's file."""
    return config.paths.data / "library.duckdb"


def search_path(config: Settings) -> Path:
    """The folder of the index that answers questions."""
    return config.paths.data / "search"


def people_path(config: Settings) -> Path:
    """The people's file."""
    return config.paths.data / "people.sqlite"


@contextmanager
def run(config: Path, flow: str, on: date | None, run_id: str | None = None) -> Iterator[Run]:
    """A run, alone on this installation, with its beginning and end on record whatever happens in between.

    Under `run_id` its caller finds its report. A run that finds the clock wrong leaves no record: it would bear the
    wrong date.

    Raises:
        YibaoError: another run is at work.
        DateError: no run can be for this date.
    """
    installation = load(config)
    check_dates(on)
    current = Run(installation, flow, on or today(), run_id)
    installation.paths.data.mkdir(parents=True, exist_ok=True)
    with hold_run_lock(installation):
        with connection.write_library(current.library) as library:
            # To the microsecond: two runs of one second are told apart by it.
            runs.begin_run(library, current.run_id, flow, current.on, datetime.now(UTC))
        try:
            yield current
        except ClockError:
            with connection.write_library(current.library) as library:
                runs.forget(library, current.run_id)
            raise
        except BaseException as error:
            current.report.fault(str(error) or type(error).__name__)
            raise
        finally:
            state = "failed" if current.report.has_failed else "completed"
            with connection.write_library(current.library) as library:
                runs.end_run(library, current.run_id, state, current.now(), current.report.as_json())


def is_run_at_work(config: Settings) -> bool:
    """Whether a run holds this installation now."""
    path = config.paths.data / "run.lock"
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


@contextmanager
def hold_run_lock(config: Settings) -> Iterator[None]:
    """Keep every other run away from this installation while the block runs.

    Raises:
        YibaoError: a run is at work.
    """
    path = config.paths.data / "run.lock"
    lock = FileLock(path)
    try:
        lock.acquire(timeout=_LOCK_PATIENCE_S)
    except Timeout:
        raise YibaoError(
            f"Another run is at work on this installation ({path} is locked). Wait until it ends."
        ) from None
    try:
        yield
    finally:
        lock.release()
