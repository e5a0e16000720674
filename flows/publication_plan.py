"""What is to be published, as the library has it: all that changed since readers last saw it, and what follows."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from flows.wiring import Run
from storage.library import announcements, editions, ledger, papers, pending, publications, staleness, translations
from storage.library.connection import Connection
from storage.library.publications import ListedItem
from yibao import dates, identifiers
from yibao.build_graph import Digests, Lists, digest_item
from yibao.edition_summaries import EditionSummary, summarize_edition
from yibao.editions import (
    Holdings,
    compose_editions,
    date_edition,
    describe_incomplete_days,
    digest_edition,
    digest_entry,
    find_first_date,
)
from yibao.editions import list_entries as entries_of
from yibao.feeds import channels
from yibao.feeds.channels import list_subjects
from yibao.feeds.model import MOST_ITEMS
from yibao.records import EDITION, PAPER, Batch, Edition, Entry
from yibao.settings import Settings
from yibao.site import pages
from yibao.site.pages import Contents

#: These lists hold a month, and are shown whole; others are shown by their newest.
_MONTH = re.compile(r"(?:feeds/[^/]+/archive/|data/translations/|sitemap-)\d{4}-\d{2}")


@dataclass(frozen=True)
class Changes:
    """What a publication is to do."""

    contents: Contents
    #: Every paper that was looked at, translated or not.
    entries: Sequence[Entry]
    #: Names of all that is pending, the changed among these papers included.
    changed: Collection[str]
    #: Papers that are shown no more, by permanent name.
    gone: Collection[str]
    #: Begins every path of what is shown anew: whatever else stands there is to go. Empty: everything.
    places: Collection[str]

    @property
    def items(self) -> dict[str, Entry | EditionSummary]:
        """The entries and editions that were looked at, by permanent name."""
        summaries = {edition.item: summarize_edition(edition) for edition in self.contents.editions}
        return {**{entry.item: entry for entry in self.entries}, **summaries}


class Scope(NamedTuple):
    """What is looked at."""

    #: By identifier.
    papers: set[str]
    #: None: every edition.
    keys: set[str] | None

    @property
    def is_whole(self) -> bool:
        """Whether everything is looked at."""
        return self.keys is None

    @property
    def places(self) -> set[str]:
        """Where papers and editions stand in the tree."""
        if self.keys is None:
            return {pending.EVERYTHING}
        return {*(f"papers/{one}/" for one in self.papers), *(f"editions/{key}/" for key in self.keys)}


def held(library: Connection, settings: Settings, arxiv_ids: Collection[str], batches: Sequence[Batch]) -> Holdings:
    """All that is known of these papers, from which entries and editions are made."""
    return Holdings(
        papers.read_papers(library, arxiv_ids),
        announcements.read_announced_papers(library, arxiv_ids),
        translations.read_current_translations(library, arxiv_ids),
        batches,
        settings.site.language,
        staleness.read_sources(library),
        translations.read_errata(library, arxiv_ids),
    )


def edition_of(library: Connection, settings: Settings, key: str) -> Edition | None:
    """One edition as the library has it; None where nothing is in it."""
    holdings = held(
        library, settings, editions.find_candidate_papers(library, [key]), ledger.read_notable_batches(library)
    )
    return next(iter(compose_editions(holdings, settings.arxiv.categories, [key])), None)


def changes(library: Connection, run: Run, *, is_whole: bool) -> Changes:
    """What changed since readers last saw it, with its dates of publication, which new items get now.

    It stays pending until the publication is settled: who is killed before that gets it again.
    """
    batches = ledger.read_notable_batches(library)
    scope = _scope(library, run, batches, is_whole=is_whole)
    entries, issued = _issued(library, run, scope, batches)
    return gathered(library, run.settings, scope, entries, issued, batches)


def gathered(  # noqa: PLR0913  (all that is shown)
    library: Connection,
    settings: Settings,
    scope: Scope,
    entries: Sequence[Entry],
    issued: Sequence[Edition],
    batches: Sequence[Batch] = (),
) -> Changes:
    """Lists hold these entries and editions as they are now; returns all that is to be shown anew because of it."""
    editions.store_editions(library, scope.keys, issued)
    gone = _show(library, settings, scope, [*entries, *issued])
    lists = _lists(library, settings, is_whole=scope.is_whole)
    front = _front(library, settings, issued)
    within = {one.item for edition in (*issued, *([front] if front else [])) for one in edition.entries}
    contents = Contents(
        [entry for entry in entries if entry.translation],
        issued,
        front,
        [row.listed for row in editions.read_editions(library).values()],
        lists,
        Digests(publications.read_digests(library, within)),
        batches,
    )
    places = set() if scope.is_whole else set(map(pages.find_folder, lists.members))
    return Changes(contents, entries, pending.read_pending(library), gone, scope.places | places)


def fetch(library: Connection, settings: Settings, items: Iterable[str]) -> dict[str, Entry | EditionSummary]:
    """Entries and editions that have been published, by permanent name."""
    wanted = set(items)
    rows = editions.read_editions(library, _named(wanted, EDITION))
    ids = _named(wanted, PAPER) | {arxiv_id for row in rows.values() for arxiv_id in row.arxiv_ids}
    stamps = publications.read_stamps(library, wanted)
    holdings = held(library, settings, ids, ())
    entries = {one.arxiv_id: one for one in entries_of(holdings, ids)}
    found: dict[str, Entry | EditionSummary] = {
        f"{PAPER}{arxiv_id}": replace(one, stamp=stamps.get(one.item)) for arxiv_id, one in entries.items()
    }
    for key, row in rows.items():
        first = tuple(entries[arxiv_id] for arxiv_id in row.arxiv_ids)
        item = f"{EDITION}{key}"
        found[item] = EditionSummary(row.listed, first, stamps[item])
    return found


def _named(names: Iterable[str], start: str) -> set[str]:
    return {name.removeprefix(start) for name in names if name.startswith(start)}


def _scope(library: Connection, run: Run, batches: Sequence[Batch], *, is_whole: bool) -> Scope:
    """What is pending, and the editions that follow from it, which are pending from now on."""
    if is_whole:
        pending.mark_pending(library, [pending.EVERYTHING])
    # A paper may have come, or come in other words, since the curators' files were read.
    run.report.stale = staleness.update_staleness(library, run.on)
    names = pending.read_pending(library)
    if pending.EVERYTHING in names:
        return Scope(publications.find_readable_papers(library), None)
    touched = _named(names, PAPER)
    # The ledger may say otherwise of a day or week by now; of a day it may be the first to speak.
    stored = {key: row.listed.notes for key, row in editions.read_editions(library).items()}
    told = describe_incomplete_days(batches)
    days = {key for key in told if "W" not in key}
    doubted = {key for key in stored.keys() | days if told.get(key) != (stored.get(key) or None)}
    keys = _named(names, EDITION) | editions.find_editions_of_papers(library, touched) | doubted
    pending.mark_pending(library, [f"{EDITION}{key}" for key in keys])
    return Scope(publications.find_readable_papers(library, touched), keys)


def _issued(library: Connection, run: Run, scope: Scope, batches: Sequence[Batch]) -> tuple[list[Entry], list[Edition]]:
    """Entries and editions as they are now, newest first, with their dates of publication."""
    inside = editions.find_candidate_papers(library, scope.keys) if scope.keys else set()
    holdings = held(library, run.settings, scope.papers | inside, batches)
    entries = entries_of(holdings, scope.papers)
    issued = compose_editions(holdings, run.settings.arxiv.categories, scope.keys)
    items = [
        publications.Item(one.item, digest_entry(one), dates.midnight(find_first_date(holdings, one)))
        for one in entries
    ]
    items += [publications.Item(one.item, digest_edition(one), date_edition(one, run.on)) for one in issued]
    stamps = publications.stamp_items(library, items, dates.midnight(run.on))
    return (
        [replace(entry, stamp=stamps[entry.item]) for entry in entries],
        [replace(edition, stamp=stamps[edition.item]) for edition in issued],
    )


def _show(library: Connection, settings: Settings, scope: Scope, members: Sequence[Entry | Edition]) -> set[str]:
    """Lists hold these as they are now; returns the papers that they hold no more, by permanent name."""
    told = {one.item: _shown(one, settings) for one in members}
    # Of what a killed publication took out of the lists, the name alone is left.
    asked = {name for name in pending.read_pending(library) if name.startswith((PAPER, EDITION))}
    asked |= publications.read_shown_items(library) if scope.is_whole else {f"{PAPER}{one}" for one in scope.papers}
    gone = asked - told.keys()
    publications.update_lists(library, list(told.values()), gone)
    return {item for item in gone if item.startswith(PAPER)}


def _shown(one: Entry | Edition, settings: Settings) -> ListedItem:
    wanted = settings.arxiv.categories
    lists = channels.name_feed_lists(one, wanted, settings.feeds.own)
    if isinstance(one, Edition):
        return ListedItem(
            one.item, digest_item(one), None, one.ends_on.toordinal() * 2 + one.is_weekly, "", tuple(lists)
        )
    lists += pages.name_page_lists(one, wanted)
    return ListedItem(one.item, digest_item(one), one.translated_on, *identifiers.sort_key(one.arxiv_id), tuple(lists))


def _lists(library: Connection, settings: Settings, *, is_whole: bool) -> Lists:
    """Every list that is to be shown anew."""
    counts = publications.count_members(library)
    wanted = settings.arxiv.categories
    names = {name for name in pending.read_pending(library) if not name.startswith((PAPER, EDITION))}
    if is_whole:
        # Feeds and categories are there before anything is in them.
        standing = [one.live for one in list_subjects(wanted, settings.feeds.own)]
        names = {*counts, *standing, *(f"categories/{code}/" for code in wanted)}
    names |= channels.find_dependent_lists(names, counts)
    months = {name for name in names if _MONTH.fullmatch(name)}
    feeds = {name for name in names - months if name.startswith("feeds/") and name != "feeds/translated/live"}
    members = {
        **{name: [] for name in names},
        **publications.read_members(library, months),
        **publications.read_newest_members(library, feeds, MOST_ITEMS, by_translation=False),
        **publications.read_newest_members(library, names - months - feeds, MOST_ITEMS, by_translation=True),
    }
    return Lists(members, counts)


def _front(library: Connection, settings: Settings, issued: Sequence[Edition]) -> Edition | None:
    """The newest day, or else week."""
    known = list(editions.read_editions(library))
    newest = next((key for key in known if "W" not in key), next(iter(known), None))
    if newest is None:
        return None
    return next((one for one in issued if one.key == newest), None) or edition_of(library, settings, newest)
