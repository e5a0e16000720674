"""Feeds and pages are what the library says."""

import gc
import re
from collections.abc import Collection, Mapping
from datetime import date
from functools import partial
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows import publication_plan, wiring
from flows.ending import ended
from flows.publication_plan import Changes
from flows.wiring import Run
from storage import search, site_tree
from storage.library import connection, pending
from yibao import categories
from yibao.build_graph import Document, digest_inputs, digest_program
from yibao.errors import UpstreamError
from yibao.feeds import hub
from yibao.feeds.channels import list_subjects
from yibao.feeds.files import list_feed_documents
from yibao.records import PAPER
from yibao.settings import Settings
from yibao.site.pages import list_pages

_LIVE_FEED = re.compile(r"feeds/[^/]+/(?:(?:zh-Hant|en)/)?(?:rss\.xml|atom\.xml|feed\.json)")


@flow(name="publish")
def publish(on: date | None = None, config: str = "yibao.toml", run_id: str | None = None) -> State | None:
    """The published tree is what the library says: everything is looked at, whether it has changed or not."""
    with wiring.run(Path(config), "publish", on, run_id) as run:
        write_tree(run, is_whole=True)
        return ended(run)


@task(name="publish feeds and pages", cache_policy=NO_CACHE)
def write_tree(run: Run, *, is_whole: bool = False) -> None:
    """Bring every feed and page up to date; files whose bytes are the same are not touched.

    What has changed since the last publication is looked at, and everything where program, settings or what was
    published are not those of then. With `is_whole` every published file is read, too, and repaired where it is not
    what was written.
    """
    # All that is read stays until the end; to look for garbage among it meanwhile takes a fifth of the time.
    gc.disable()
    try:
        _write_tree(run, is_whole=is_whole)
    finally:
        gc.enable()


def _write_tree(run: Run, *, is_whole: bool) -> None:
    settings, index = run.settings, wiring.search_path(run.settings)
    shown = site_tree.Tree(settings.paths.public)
    if is_whole:
        shown.check()
    # Where the pace is kept is another matter in a service than in a shell.
    said = settings.model_dump(mode="json", include={"site", "arxiv", "feeds"}, exclude={"arxiv": {"pace_folder"}})
    program_and_settings = digest_inputs(digest_program().hex(), said)
    if search.is_damaged(index):
        run.report.trouble(f"{index}: the search index was damaged; it is made anew")
    with connection.write_library(run.library) as library:
        last = pending.read_signature(library)
        is_indexed = last is not None and last == search.read_signature(index)
        fits = is_indexed and last == shown.signature and str(last).startswith(program_and_settings)
        changes = publication_plan.changes(library, run, is_whole=is_whole or not fits)
    signature = f"{program_and_settings}-{run.run_id}" if changes.changed else str(last)
    tree = render(changes, settings)
    at_hand = changes.contents.lists.at_hand
    needed = {item for path in shown.stale(tree) for item in tree[path].needs} - at_hand.keys()
    with connection.read_library(run.library) as library:
        at_hand.update(publication_plan.fetch(library, settings, needed))
    written = site_tree.publish_tree(
        shown, run.untold, tree, partial(tell_hub, run), told_whole=changes.places, signature=signature
    )
    for note in shown.notes:
        run.report.trouble(note)
    run.report.files_changed += written.changed
    run.report.files_unchanged += written.unchanged
    run.report.files_removed += written.removed
    entries = [one for one in changes.entries if not is_indexed or one.item in changes.changed]
    gone = [item.removeprefix(PAPER) for item in changes.gone]
    search.update_index(index, entries, gone, signature, is_whole=not is_indexed)
    with connection.write_library(run.library) as library:
        pending.clear_pending(library, signature)


def tell_hub(run: Run, paths: Collection[str]) -> None:
    """The hub, where there is one, knows which live feeds have changed; that it could not be told is on record."""
    site = run.settings.site
    changed = [f"{site.base_url}/{path}" for path in paths if _LIVE_FEED.fullmatch(path)]
    if site.hub_url is None or not changed:
        return
    try:
        hub.notify_hub(site.hub_url, changed)
    except UpstreamError as error:
        run.report.trouble(f"{error}; readers learn of the new feeds when they next look")


def render(changes: Changes, settings: Settings) -> dict[str, Document]:
    """Every document that is to be shown anew, by path; nothing is made yet."""
    found = list_subjects(settings.arxiv.categories, settings.feeds.own)
    told = [(one.name, one.title, one.description) for one in found]
    site = settings.site
    tree = {**list_pages(changes.contents, told, site), **list_feed_documents(found, changes.contents.lists, site)}
    return {**tree, **_aliases(tree)}


def _aliases(tree: Mapping[str, Document]) -> dict[str, Document]:
    """A category's page and live feeds stand under its other names, too; they name the canonical one as theirs."""
    found = {}
    for alias, code in categories.ALIASES.items():
        for path, one in tree.items():
            room, _, rest = path.partition("/")
            if room in ("feeds", "categories") and rest.startswith(f"{code}/") and "/archive/" not in rest:
                found[f"{room}/{alias}/{rest.removeprefix(f'{code}/')}"] = one
    return found
