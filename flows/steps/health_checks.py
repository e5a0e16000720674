"""Is this installation sound, as far as this machine alone can tell? Each check looks at one part."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from flows.steps import mail_signature, people
from storage import search
from storage.disk import describe_error, make_writable_folder
from storage.library import connection
from yibao import health
from yibao.errors import LibraryBusyError, LibraryError, PeopleError, SettingsError, YibaoError
from yibao.health import HealthCheck
from yibao.settings import Settings

#: So long a check waits for a process that writes the library.
_PATIENCE_S = 1.0


def check_installation(config: Path, settings: Settings) -> Iterator[HealthCheck]:
    """Check settings, rights, disks and databases, one part after the other."""
    yield check_settings(config, settings)
    yield from check_folders(settings)
    yield check_translations(settings)
    yield check_library(settings)
    yield check_people(settings)
    yield check_search_index(settings)
    yield check_signing_key(settings)


def check_settings(config: Path, settings: Settings) -> HealthCheck:
    """Check what every installation must say of itself, and that secrets in the file are not for everybody."""
    subject = "settings"
    if "@" not in settings.arxiv.contact and "://" not in settings.arxiv.contact:
        return health.warn(subject, "arXiv is not told whom to write to", "Set arxiv.contact to an address of yours.")
    if "//127.0.0.1" in settings.site.base_url or "//localhost" in settings.site.base_url:
        remedy = "Set site.base_url to the address at which readers find the site, before the first feed is published."
        return health.warn(subject, f"links in feeds and mail lead to {settings.site.base_url}, this machine", remedy)
    if _has_secrets(settings) and config.exists() and config.stat().st_mode & 0o077:
        return health.judge_mode(subject, config, config.stat().st_mode)
    return health.pass_check(subject, str(config))


def check_folders(settings: Settings) -> Iterator[HealthCheck]:
    """Check that every folder can be written to, and how much room its disk has."""
    folders = {"paths.data": settings.paths.data, "paths.public": settings.paths.public}
    if settings.newsletter.outbox:
        folders["newsletter.outbox"] = settings.newsletter.outbox
    library = settings.paths.library.stat().st_size if settings.paths.library.exists() else 0
    for name, folder in folders.items():
        yield _check_folder(name, folder, library)


def check_translations(settings: Settings) -> HealthCheck:
    """Check that the curators' folders are there and can be read."""
    subject, files = "translations", 0
    for folder in settings.translations.paths:
        if not folder.is_dir():
            remedy = f"Make it (mkdir {folder}), or correct translations.paths."
            return health.fail_check(subject, f"{folder} is no folder", remedy)
        try:
            files += sum(1 for _ in folder.rglob("*.md"))
        except OSError as error:
            return health.fail_check(subject, describe_error(folder, error))
    return health.pass_check(subject, f"{files} files")


def check_library(settings: Settings) -> HealthCheck:
    """Check that the library can be read, and that it is not newer than this program."""
    subject, path = "library", settings.paths.library
    if not path.exists():
        return health.skip_check(subject, f"{path} is not there yet: the first run makes it")
    try:
        with connection.read_library(path, _PATIENCE_S) as library:
            version, newest = connection.read_versions(library)
    except LibraryBusyError:
        return health.pass_check(subject, f"{path} is being written just now")
    except LibraryError as error:
        return health.fail_check(subject, str(error))
    if version > newest:
        remedy = "Install the newer Yibao that wrote it."
        return health.fail_check(subject, f"{path} is of version {version}, this program knows {newest}", remedy)
    behind = "" if version == newest else f"; the next run brings it to version {newest}"
    return health.pass_check(subject, f"{path}, {path.stat().st_size / 2**20:.0f} MiB, version {version}{behind}")


def check_people(settings: Settings) -> HealthCheck:
    """Check that the database of people can be used, and that other users of this machine cannot read it."""
    subject, path = "people", settings.paths.people
    if settings.people.database is None and not path.exists():
        return health.skip_check(subject, "there are no subscribers yet")
    try:
        people.open_people(settings).dispose()
    except PeopleError as error:
        return health.fail_check(subject, str(error))
    private = [one for one in (path, settings.paths.people_secret) if one.exists()]
    open_ = next((one for one in private if one.stat().st_mode & 0o077), None)
    if open_:
        return health.judge_mode(subject, open_, open_.stat().st_mode)
    return health.pass_check(subject, "PostgreSQL" if settings.people.database else str(path))


def check_search_index(settings: Settings) -> HealthCheck:
    """Check that the search index can be read."""
    subject, folder = "search index", settings.paths.search
    if not folder.exists():
        return health.skip_check(subject, "there is none yet: the first publication makes it")
    if search.is_damaged(folder):
        return health.fail_check(subject, f"{folder} is damaged", "Type: yibao publish, which makes it anew.")
    return health.pass_check(subject, str(folder))


def check_signing_key(settings: Settings) -> HealthCheck:
    """Check that the key which signs mail can be used, and that it is its owner's alone."""
    subject, path = "signing key", settings.newsletter.dkim_key
    try:
        signer = mail_signature.make_signer(settings)
    except SettingsError as error:
        return health.fail_check(subject, str(error))
    if signer is None or path is None:
        return health.skip_check(subject, "signing mail is left to the mail server")
    return health.judge_mode(subject, path, path.stat().st_mode)


def explain_fault(subject: str, check: Callable[[], HealthCheck]) -> HealthCheck:
    """Make a check; what the world refuses is its result."""
    try:
        return check()
    except YibaoError as error:
        return health.fail_check(subject, str(error))
    except OSError as error:
        return health.fail_check(subject, describe_error(None, error))


def _check_folder(name: str, folder: Path, library: int) -> HealthCheck:
    try:
        make_writable_folder(folder, name)
        return health.judge_space(name, shutil.disk_usage(folder).free, library)
    except YibaoError as error:
        return health.fail_check(name, str(error).removeprefix(f"{name}: "))


def _has_secrets(settings: Settings) -> bool:
    newsletter, database = settings.newsletter, settings.people.database
    addresses = [one.get_secret_value() for one in (newsletter.smtp_url, newsletter.bounces, database) if one]
    return settings.people.secret is not None or any("@" in address for address in addresses)
