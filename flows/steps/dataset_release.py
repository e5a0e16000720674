"""Releases of the open dataset: made where something has changed, listed last, taken away when their time is over."""

from datetime import date
from importlib.metadata import version
from pathlib import Path

from flows.steps import environment
from flows.steps.progress import report_progress
from flows.steps.run_record import Run
from storage.dataset import making, shelf
from storage.dataset.making import Order
from yibao import glossary
from yibao.dataset import releases
from yibao.dataset.documents import describe_release
from yibao.dataset.manifests import Publisher
from yibao.dataset.releases import Release, ReleaseList
from yibao.dataset.schema import load_schema
from yibao.errors import DatasetError, YibaoError
from yibao.run_report import Outcome
from yibao.settings import Settings


def release_dataset(run: Run) -> Outcome:
    """Make a release of what the library says now, where it differs from the last one; a failure is reported.

    It comes last in a run: nothing that readers and subscribers wait for waits for it.
    """
    if not run.settings.dataset.releases:
        return Outcome()
    report_progress("releasing the dataset")
    try:
        return _release(run)
    except (YibaoError, OSError) as error:
        return Outcome(faults=(f"the dataset could not be released: {error}",))


def _release(run: Run) -> Outcome:
    settings, public = run.settings, run.settings.paths.public
    listed = shelf.read_list(public)
    shelf.remove_unlisted(public, listed)
    previous, troubles = _read_previous(public, listed)
    name = releases.name_release(run.on, [one.name for one in listed.releases])
    schema = load_schema()
    order = Order(
        settings.paths.library,
        shelf.prepare_folder(public),
        Release(
            name, previous[1].name if previous else None, schema.version, environment.now(), f"Yibao {version('yibao')}"
        ),
        schema,
        tuple(list_terms(settings)),
        _build_url(settings, name),
        previous,
    )
    publisher = Publisher(settings.site.title, settings.site.base_url)
    release, note = making.make_release(order, lambda made: describe_release(made, schema, publisher, order.url))
    if release:
        shelf.place_release(public, order.folder, release)
        listed = ReleaseList((releases.list_release(release), *listed.releases))
    else:
        shelf.discard_folder(public)
    _publish_list(public, listed, run.on, settings.dataset.keep_days)
    return Outcome(releases=(describe_change(release),) if release else (), troubles=(*troubles, *filter(None, [note])))


def _read_previous(public: Path, listed: ReleaseList) -> tuple[tuple[Path, Release] | None, tuple[str, ...]]:
    """Read the newest release, to which changes are told; none where there is none, or one of another schema."""
    newest = next(iter(listed.releases), None)
    if newest is None or newest.schema_version != load_schema().version:
        return None, ()
    try:
        return (shelf.find_folder(public, newest.name), shelf.read_release(public, newest.name)), ()
    except DatasetError as error:
        return None, (str(error),)


def _publish_list(public: Path, listed: ReleaseList, on: date, keep_days: int) -> None:
    """Tell readers which releases there are, without those whose time is over; these go once nobody is told of them."""
    expired = set(releases.choose_expired([one.name for one in listed.releases], on, keep_days))
    kept = tuple(one for one in listed.releases if one.name not in expired)
    if kept:
        shelf.publish_list(public, ReleaseList(kept), releases.describe_latest(kept[0]))
    shelf.remove_releases(public, expired)


def list_terms(settings: Settings) -> list[tuple[str, str, str]]:
    """List the terms by which translations are checked, with the standing of each rendering."""
    folders = [path for path in settings.translations.paths if (path / glossary.FILE_NAME).is_file()]
    terms = glossary.load_terms(folders[0] / glossary.FILE_NAME if folders else None)
    rows = {
        (term.english, rendering): standing
        for term in terms
        for standing, renderings in (
            ("forbidden", term.forbidden),
            ("allowed", term.preferred[1:]),
            ("preferred", term.preferred[:1]),
        )
        for rendering in renderings
    }
    return [(*key, standing) for key, standing in sorted(rows.items())]


def describe_change(release: Release) -> str:
    """Say in a line what a release brings."""
    counts = [table.changes for table in release.tables if table.changes]
    if not counts:
        return f"{release.name}: {sum(table.rows for table in release.tables)} rows"
    added, changed, removed = (sum(column) for column in zip(*counts, strict=True))
    return f"{release.name}: {added} rows added, {changed} changed, {removed} removed since {release.previous}"


def _build_url(settings: Settings, name: str) -> str:
    return f"{settings.site.base_url}/data/releases/{name}/"
