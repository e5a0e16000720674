"""The published tree and the search index, brought up to date with what the library says."""

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from flows.steps import entry_reading, publication_plan
from flows.steps.picture_fonts import find_font
from flows.steps.progress import report_progress
from flows.steps.publication_plan import Plan
from flows.steps.run_record import Run, write_library
from storage import search, site_tree, tree_state
from storage.library import connection, pending
from storage.library.search_texts import read_search_texts
from storage.site_tree import Publication
from storage.tree_state import Tree
from yibao import catalogues, categories
from yibao.build_graph import Document, digest_inputs, digest_program
from yibao.errors import UpstreamError
from yibao.feeds import hub
from yibao.feeds.channels import list_subjects
from yibao.feeds.files import list_feed_documents
from yibao.records import PAPER
from yibao.run_report import Outcome
from yibao.settings import Settings
from yibao.site import variants
from yibao.site.pages import FeedLabel, list_pages

_LIVE_FEED = re.compile(r"feeds/[^/]+/(?:(?:zh-Hant|en)/)?(?:rss\.xml|atom\.xml|feed\.json)")


class _Planned(NamedTuple):
    """What is to be published, under which signature."""

    plan: Plan
    signature: str
    #: Whether the search index is that of the last publication.
    is_indexed: bool


def publish_changes(run: Run) -> Outcome:
    """Publish what has changed since the last publication; documents whose inputs are the same are not made again.

    Everything is looked at where program, settings or what was published are not those of then.
    """
    report_progress("publishing")
    return _publish(run, tree_state.read_tree(run.settings.paths.public), is_whole=False)


def publish_everything(run: Run) -> Outcome:
    """Publish what the library says; every published file is read, and made again where it is not what was written."""
    tree = tree_state.check_tree(tree_state.read_tree(run.settings.paths.public))
    return _publish(run, tree, is_whole=True)


def list_documents(plan: Plan, settings: Settings) -> dict[str, Document]:
    """List every document that a plan renders again, by path; nothing is rendered yet."""
    subjects = list_subjects(settings.arxiv.categories, settings.feeds.own)
    feeds = {language: [FeedLabel(*one.label(language)) for one in subjects] for language in catalogues.LANGUAGES}
    site = settings.site
    documents = {
        **list_pages(plan.contents, feeds, site, has_signup=settings.newsletter.has_signup, font=find_font(settings)),
        **list_feed_documents(subjects, plan.contents.lists, site),
    }
    return {**documents, **_list_aliases(documents, variants.list_folders(site))}


def _publish(run: Run, shown: Tree, *, is_whole: bool) -> Outcome:
    settings = run.settings
    is_damaged = search.is_damaged(settings.paths.search)
    planned = _plan(run, shown, is_whole=is_whole)
    published = _write_tree(settings, shown, planned)
    _update_index(settings, planned)
    if planned.plan.changed:
        with write_library(run) as library:
            pending.clear_pending(library, planned.signature)
    index = f"{settings.paths.search}: the search index was damaged; it is made anew"
    return Outcome(
        files_changed=published.counts.changed,
        files_unchanged=published.counts.unchanged,
        files_removed=published.counts.removed,
        stale=planned.plan.stale,
        troubles=(*((index,) if is_damaged else ()), *published.notes),
    )


def _plan(run: Run, shown: Tree, *, is_whole: bool) -> _Planned:
    """Plan the publication: of everything where library, tree and index do not bear one signature of this program."""
    settings = run.settings
    # Where the pace is kept is another matter in a service than in a shell.
    values = settings.model_dump(mode="json", include={"site", "arxiv", "feeds"}, exclude={"arxiv": {"pace_folder"}})
    program_and_settings = digest_inputs(
        digest_program().hex(), values, settings.newsletter.has_signup, find_font(settings)
    )
    with write_library(run) as library:
        last = pending.read_signature(library)
        is_indexed = last is not None and last == search.read_signature(settings.paths.search)
        is_current = is_indexed and last == shown.signature and str(last).startswith(program_and_settings)
        plan = publication_plan.plan_publication(library, settings, run.on, is_whole=is_whole or not is_current)
    signature = f"{program_and_settings}-{run.run_id}" if plan.changed else str(last)
    return _Planned(plan, signature, is_indexed)


def _write_tree(settings: Settings, shown: Tree, planned: _Planned) -> Publication:
    documents = list_documents(planned.plan, settings)
    items = planned.plan.items
    missing = {item for path in shown.find_stale(documents) for item in documents[path].needs} - items.keys()
    if missing:
        with connection.read_library(settings.paths.library) as library:
            items |= entry_reading.read_items(library, settings, missing)
    troubles: list[str] = []
    published = site_tree.publish_tree(
        shown,
        settings.paths.hub_queue,
        documents,
        lambda paths: troubles.extend(_notify_hub(settings, paths)),
        items=items,
        whole_below={
            *planned.plan.places,
            *_list_alias_places(planned.plan.places, variants.list_folders(settings.site)),
        },
        signature=planned.signature,
    )
    return published._replace(notes=(*published.notes, *troubles))


def _notify_hub(settings: Settings, paths: Collection[str]) -> tuple[str, ...]:
    """Tell the hub, where there is one, which live feeds have changed; returns why it could not be told."""
    site = settings.site
    changed = [f"{site.base_url}/{path}" for path in paths if _LIVE_FEED.fullmatch(path)]
    if site.hub_url is None or not changed:
        return ()
    try:
        hub.notify_hub(site.hub_url, changed)
    except UpstreamError as error:
        return (f"{error}; readers learn of the new feeds when they next look",)
    return ()


def _update_index(settings: Settings, planned: _Planned) -> None:
    """Bring the search index up to date; where it is not that of the last publication, it is made anew."""
    plan, folder = planned.plan, settings.paths.search
    if not planned.is_indexed:
        with connection.read_library(settings.paths.library) as library:
            search.update_index(folder, read_search_texts(library), (), planned.signature, is_whole=True)
        return
    ids = {item.removeprefix(PAPER) for item in (*plan.changed, *plan.gone) if item.startswith(PAPER)}
    texts = []
    if ids:
        with connection.read_library(settings.paths.library) as library:
            texts = list(read_search_texts(library, ids))
    gone = ids - {text.arxiv_id for text in texts}
    search.update_index(folder, texts, gone, planned.signature)


def _list_alias_places(places: Collection[str], folders: Collection[str]) -> set[str]:
    """List the pages under other names of those categories whose pages are rendered again, or go."""
    return {
        f"{folder}categories/{alias}/index.html"
        for folder in folders
        for alias, code in categories.ALIASES.items()
        if f"{folder}categories/{code}/index.html" in places
    }


def _list_aliases(documents: Mapping[str, Document], folders: Collection[str]) -> dict[str, Document]:
    """List a category's page and live feeds under its other names, too; they name the canonical one as theirs."""
    page = rf"(?:{'|'.join(folders)})categories/(?P<page>[^/]+)/index\.html"
    places = re.compile(rf"{page}|feeds/(?P<feed>[^/]+)/(?!archive/|pages/).+")
    names = {code: alias for alias, code in categories.ALIASES.items()}
    aliases = {}
    for path, document in documents.items():
        match = places.fullmatch(path)
        code = match and (match["page"] or match["feed"])
        if code in names:
            aliases[path.replace(f"/{code}/", f"/{names[code]}/", 1)] = document
    return aliases
