"""Feeds and pages are what the library says."""

import gc
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows import wiring
from flows.ending import ended
from flows.wiring import Run
from storage import published, search
from storage.library import announcements, bindings, connection, ledger, papers, publications, translations
from yibao import categories, dates, editions
from yibao.editions import Holdings
from yibao.errors import UpstreamError
from yibao.feeds import hub
from yibao.feeds.channels import feeds
from yibao.feeds.files import files
from yibao.models import Batch, Edition, Entry
from yibao.rendering import Digests, Rendering
from yibao.settings import Settings
from yibao.site.pages import pages

_LIVE_FEED = re.compile(r"feeds/[^/]+/(?:(?:zh-Hant|en)/)?(?:rss\.xml|atom\.xml|feed\.json)")


@flow(name="publish")
def publish(on: date | None = None, config: str = "yibao.toml") -> State | None:
    """The published tree is what the library says."""
    with wiring.run(Path(config), "publish", on) as run:
        write_tree(run)
        return ended(run)


@task(name="publish feeds and pages", cache_policy=NO_CACHE)
def write_tree(run: Run) -> None:
    """Every feed and page is up to date; files whose bytes are the same were not touched."""
    # All that is read stays until the end; to look for garbage among it meanwhile takes a fifth of the time.
    gc.disable()
    try:
        _write_tree(run)
    finally:
        gc.enable()


def _write_tree(run: Run) -> None:
    entries, issued, batches = issue(run)
    digests = Digests(entries, issued)
    tree = render(entries, issued, batches, run.settings, digests)
    written = published.write(run.settings.paths.public, run.untold, tree, partial(tell_hub, run))
    run.report.files_changed += written.changed
    run.report.files_unchanged += written.unchanged
    run.report.files_removed += written.removed
    search.bring_up_to_date(
        wiring.search_path(run.settings), {entry.arxiv_id: (digests.of(entry), entry) for entry in entries}
    )


def tell_hub(run: Run, paths: Collection[str]) -> None:
    """The hub, where there is one, knows which live feeds have changed; that it could not be told is on record."""
    site = run.settings.site
    changed = [f"{site.base_url}/{path}" for path in paths if _LIVE_FEED.fullmatch(path)]
    if site.hub_url is None or not changed:
        return
    try:
        hub.announce(site.hub_url, changed)
    except UpstreamError as error:
        run.report.trouble(f"{error}; readers learn of the new feeds when they next look")


def held(library: connection.Connection, settings: Settings) -> Holdings:
    """All that editions and feeds are made of, at this moment."""
    return Holdings(
        papers.shown(library),
        announcements.listings(library),
        translations.current(library),
        ledger.batches(library),
        settings.site.language,
        bindings.sources(library),
        translations.errata(library),
    )


def issue(run: Run) -> tuple[list[Entry], list[Edition], Sequence[Batch]]:
    """Entries and editions, newest first, with their dates of publication, which new ones get now; and the ledger."""
    with connection.writing(run.library) as library:
        # A paper may have come, or come in other words, since the curators' files were read.
        run.report.stale = bindings.bind(library, run.on)
        holdings = held(library, run.settings)
        entries = editions.entries(holdings)
        issued = editions.compose(holdings, run.settings.arxiv.categories)
        items = [
            publications.Item(
                entry.item, editions.content_of(entry), dates.midnight(editions.appeared_on(holdings, entry))
            )
            for entry in entries
        ]
        items += [
            publications.Item(
                edition.item, editions.content_of_edition(edition), editions.published_at(edition, run.on)
            )
            for edition in issued
        ]
        stamps = publications.stamp(library, items, dates.midnight(run.on))
        publications.store_editions(library, issued)
    return (*editions.stamped(entries, issued, stamps), holdings.batches)


def render(
    entries: list[Entry],
    issued: list[Edition],
    batches: Sequence[Batch],
    settings: Settings,
    digests: Digests,
) -> dict[str, Rendering]:
    """The whole published tree by path; `digests` of all entries and editions."""
    site = settings.site
    channels = feeds(entries, issued, settings.arxiv.categories, site, settings.feeds.own)
    told = [(one.about.name, one.about.title, one.about.description) for one in channels if not one.variant]
    tree = {**pages(issued, entries, told, site, batches, digests), **files(channels, site, digests)}
    return {**tree, **_aliases(tree)}


def _aliases(tree: Mapping[str, Rendering]) -> dict[str, Rendering]:
    """A category's page and live feeds stand under its other names, too; they name the canonical one as theirs."""
    found = {}
    for alias, code in categories.ALIASES.items():
        for path, one in tree.items():
            room, _, rest = path.partition("/")
            if room in ("feeds", "categories") and rest.startswith(f"{code}/") and "/archive/" not in rest:
                found[f"{room}/{alias}/{rest.removeprefix(f'{code}/')}"] = one
    return found
