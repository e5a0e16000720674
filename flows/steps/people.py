"""The database of people of an installation."""

from collections.abc import Callable
from threading import Lock

from flows.steps import environment
from flows.steps.run_record import Run
from storage.people import database, secret
from storage.people.database import People
from yibao.settings import Settings


def open_people(settings: Settings) -> People:
    """Open an installation's database of people: its own file, or the PostgreSQL that its settings name.

    Raises:
        PeopleError: it cannot be used; the message says why, and what to do.
    """
    address = settings.people.database
    signing = settings.people.secret
    return database.open_people(
        address.get_secret_value() if address else settings.paths.people,
        signing.get_secret_value().encode() if signing else secret.read_secret(settings.paths.people_secret),
    )


def share_people(settings: Settings) -> Callable[[], People]:
    """Make a function that opens the database at its first call, and returns the same one to every thread after that.

    It raises PeopleError where the database cannot be used, and tries again at the next call.
    """
    lock = Lock()
    opened: list[People] = []

    def open_shared() -> People:
        with lock:
            if not opened:
                opened.append(open_people(settings))
        return opened[0]

    return open_shared


def name_host(settings: Settings) -> str:
    """Name this installation on this machine, as other machines that share the database of people know its workers."""
    return f"{environment.host_name()}-{environment.read_installation_id(settings.paths.data)}"


def name_worker(run: Run) -> str:
    """Name the run as a worker on the queue of mail."""
    return f"{name_host(run.settings)}/{run.run_id}"
