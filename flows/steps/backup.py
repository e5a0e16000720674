"""Both stores and the kept responses, copied while runs go on; and put back into an empty installation."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

from flows.steps import environment
from flows.steps.mail_hold import hold_restored_mail
from flows.steps.people import open_people
from flows.steps.progress import report_progress
from flows.steps.run_record import hold_run_lock
from storage import backup as backups
from storage.backup import Backup
from storage.library import connection
from storage.library.library_copy import copy_library
from storage.people.database import People
from storage.people.database import open_people as open_database
from storage.people.people_copy import copy_people, count_rows
from yibao import __version__
from yibao.errors import BackupError
from yibao.settings import Settings

_LIBRARY, _PEOPLE, _RESPONSES = "library.duckdb", "people.sqlite", "responses"
#: Is there while a restore is under way, or was killed.
_BEGUN = "restore.begun"
#: Small files of the data folder, each as it is.
_SMALL = ("people.key", "installation.id", "untold.json")


class Restored(NamedTuple):
    """What a restore did."""

    backup: Backup
    #: Rows by table of people; empty where the backup has none.
    people: dict[str, int]
    #: Messages that may have been sent since the backup was made.
    unknown: int
    #: No edition that appeared before is sent unasked.
    mail_from: date


def make_backup(settings: Settings, folder: Path) -> Backup:
    """Copy library, people and kept responses of an installation into a new folder; runs may go on meanwhile.

    Each store is as of one moment. People come after the library: what was mailed of its editions is on record.

    Raises:
        BackupError: something is in the folder already.
        YibaoError: a store cannot be read, or the folder not written.
    """
    backups.begin_backup(folder)
    paths = settings.paths
    made_at = environment.now()
    if paths.library.exists():
        report_progress("copying the library")
        copy_library(paths.library, folder / _LIBRARY)
    if settings.people.database or paths.people.exists():
        report_progress("copying people")
        with _use(open_people(settings)) as source, _use(open_database(folder / _PEOPLE, b"")) as target:
            copy_people(source, target)
    for name in _SMALL:
        if (paths.data / name).exists():
            backups.copy_file(paths.data / name, folder / name)
    _copy_responses(paths.responses, folder / _RESPONSES)
    report_progress("checking the copies")
    return backups.seal_backup(folder, made_at, __version__)


def restore_backup(settings: Settings, folder: Path, mail_from: date | None = None) -> Restored:
    """Put a backup into an installation that has neither library nor people yet.

    What was mailed after the backup is on no record: no edition that appeared before `mail_from` (tomorrow by default,
    in New York) is sent unasked, and messages that were under way are *unknown*.

    Raises:
        BackupError: it is none, or damaged; or there is a library or there are people already.
        YibaoError: another run is at work, or a disk is full.
    """
    report_progress("checking the backup")
    backup = backups.read_backup(folder)
    first = mail_from or date.fromordinal(environment.today().toordinal() + 1)
    with hold_run_lock(settings):
        begun = settings.paths.data / _BEGUN
        _require_empty_place(settings, begun)
        begun.write_text(f"{folder}\n", encoding="utf-8")
        _restore_files(settings, folder, backup)
        counts, unknown = _restore_people(settings, folder, backup, first)
        begun.unlink()
    return Restored(backup, counts, unknown, first)


def _require_empty_place(settings: Settings, begun: Path) -> None:
    """Refuse to overwrite anything, apart from what a restore left that was killed."""
    taken = [path for path in (settings.paths.library, settings.paths.people) if path.exists()]
    if taken and not begun.exists():
        raise BackupError(f"{taken[0]} is there already: a restore overwrites nothing. Move it away, and run again.")


def _restore_files(settings: Settings, folder: Path, backup: Backup) -> None:
    report_progress("copying files")
    for name in backup.files:
        if name != _PEOPLE:
            backups.copy_file(folder / name, settings.paths.data / name)
    if _LIBRARY in backup.files:
        with connection.open_library(settings.paths.library):
            pass  # Brought up to date where an older program made the backup.


def _restore_people(settings: Settings, folder: Path, backup: Backup, mail_from: date) -> tuple[dict[str, int], int]:
    """Put people back, in one step and with their mail held: nobody can send in between."""
    if _PEOPLE not in backup.files:
        return {}, 0
    report_progress("copying people")
    copy = settings.paths.data / f"{_PEOPLE}.restoring"
    _remove_database(copy)
    backups.copy_file(folder / _PEOPLE, copy)
    with _use(open_database(copy, b"")) as source:  # Brought up to date where an older program made the backup.
        unknown = hold_restored_mail(source, settings.newsletter, backup.made_at, mail_from)
        with source.connect() as reader:
            counts = count_rows(reader)
        if settings.people.database:
            with _use(open_people(settings)) as target:
                copy_people(source, target)
    if settings.people.database:
        _remove_database(copy)
    else:
        # What SQLite keeps beside a file is gone once the last connection is closed.
        copy.replace(settings.paths.people)
    return counts, unknown


def _remove_database(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def _copy_responses(source: Path, target: Path) -> None:
    """Copy kept answers; the journal first, so that every answer that it names is among them."""
    if not source.is_dir():
        return
    journal = source / "journal.jsonl"
    if journal.exists():
        backups.copy_file(journal, target / journal.name)
    files = [path for path in sorted(source.rglob("*")) if path.is_file() and path != journal]
    for number, path in enumerate(files):
        report_progress("copying kept responses", number / len(files))
        if not path.name.endswith(".part"):
            backups.copy_file(path, target / path.relative_to(source))


@contextmanager
def _use(people: People) -> Iterator[People]:
    try:
        yield people
    finally:
        people.dispose()
