"""Which documents a publication renders again: all that changed since readers last saw it, and what follows from it."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

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
    list_entries,
)
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
class Plan:
    """What a publication is to do."""

    contents: Contents
    #: Every paper that is rendered again, translated or not.
    entries: Sequence[Entry]
    #: Names of all that is pending, the changed among these papers included.
    changed: Collection[str]
    #: Papers that are shown no more, by permanent name.
    gone: Collection[str]
    #: Begins every path of what is rendered again: whatever else stands there is to go. Empty: everything.
    places: Collection[str]
    #: Translations of a text that arXiv has changed since.
    stale: int = 0

    @property
    def items(self) -> dict[str, Entry | EditionSummary]:
        """The entries and editions that are rendered again, by permanent name."""
        summaries = {edition.item: summarize_edition(edition) for edition in self.contents.editions}
        return {**{entry.item: entry for entry in self.entries}, **summaries}


class Scope(NamedTuple):
    """Papers and editions that a publication renders again."""

    #: By identifier.
    papers: set[str]
    #: None: every edition.
    keys: set[str] | None

    @property
    def is_whole(self) -> bool:
        """Whether everything is rendered again."""
        return self.keys is None

    @property
    def places(self) -> set[str]:
        """Where papers and editions stand in the tree."""
        if self.keys is None:
            return {pending.EVERYTHING}
        return {*(f"papers/{one}/" for one in self.papers), *(f"editions/{key}/" for key in self.keys)}


def plan_publication(library: Connection, settings: Settings, on: date, *, is_whole: bool) -> Plan:
    """Plan a publication of what changed since the last one, or of everything; new items get their dates now.

    What changed stays pending until it is cleared: who is killed before that plans it again.
    """
    batches = ledger.read_notable_batches(library)
    if is_whole:
        pending.mark_pending(library, [pending.EVERYTHING])
    # A paper may have come, or come in other words, since the curators' files were read.
    stale = staleness.update_staleness(library, on)
    scope = _find_scope(library, batches)
    entries, composed = _compose(library, settings, on, scope, batches)
    return replace(plan_items(library, settings, scope, entries, composed, batches), stale=stale)


def plan_items(  # noqa: PLR0913  (all that is shown)
    library: Connection,
    settings: Settings,
    scope: Scope,
    entries: Sequence[Entry],
    composed: Sequence[Edition],
    batches: Sequence[Batch] = (),
) -> Plan:
    """Bring the lists up to date with these entries and editions, and plan all that is rendered again because of it."""
    editions.store_editions(library, scope.keys, composed)
    gone = _update_lists(library, settings, scope, [*entries, *composed])
    lists = _read_lists(library, settings, is_whole=scope.is_whole)
    front = _find_front(library, settings, composed)
    within = {one.item for edition in (*composed, *([front] if front else [])) for one in edition.entries}
    contents = Contents(
        [entry for entry in entries if entry.translation],
        composed,
        front,
        [row.listed for row in editions.read_editions(library).values()],
        lists,
        Digests(publications.read_digests(library, within)),
        batches,
    )
    places = set() if scope.is_whole else set(map(pages.find_folder, lists.members))
    return Plan(contents, entries, pending.read_pending(library), gone, scope.places | places)


def read_items(library: Connection, settings: Settings, items: Iterable[str]) -> dict[str, Entry | EditionSummary]:
    """Read entries and editions that have been published, by permanent name."""
    names = set(items)
    rows = editions.read_editions(library, _strip_start(names, EDITION))
    ids = _strip_start(names, PAPER) | {arxiv_id for row in rows.values() for arxiv_id in row.arxiv_ids}
    stamps = publications.read_stamps(library, names)
    entries = {one.arxiv_id: one for one in list_entries(read_holdings(library, settings, ids, ()), ids)}
    found: dict[str, Entry | EditionSummary] = {
        f"{PAPER}{arxiv_id}": replace(one, stamp=stamps.get(one.item)) for arxiv_id, one in entries.items()
    }
    for key, row in rows.items():
        first = tuple(entries[arxiv_id] for arxiv_id in row.arxiv_ids)
        found[f"{EDITION}{key}"] = EditionSummary(row.listed, first, stamps[f"{EDITION}{key}"])
    return found


def read_holdings(
    library: Connection, settings: Settings, arxiv_ids: Collection[str], batches: Sequence[Batch]
) -> Holdings:
    """Read all that is known of these papers, from which entries and editions are made."""
    return Holdings(
        papers.read_papers(library, arxiv_ids),
        announcements.read_announced_papers(library, arxiv_ids),
        translations.read_current_translations(library, arxiv_ids),
        batches,
        settings.site.language,
        staleness.read_sources(library),
        translations.read_errata(library, arxiv_ids),
    )


def read_edition(library: Connection, settings: Settings, key: str) -> Edition | None:
    """Read one edition as the library has it; None where nothing is in it."""
    ids = editions.find_candidate_papers(library, [key])
    holdings = read_holdings(library, settings, ids, ledger.read_notable_batches(library))
    return next(iter(compose_editions(holdings, settings.arxiv.categories, [key])), None)


def _strip_start(names: Iterable[str], start: str) -> set[str]:
    return {name.removeprefix(start) for name in names if name.startswith(start)}


def _find_scope(library: Connection, batches: Sequence[Batch]) -> Scope:
    """Find what is pending and the editions that follow from it, which are pending from now on."""
    names = pending.read_pending(library)
    if pending.EVERYTHING in names:
        return Scope(publications.find_readable_papers(library), None)
    touched = _strip_start(names, PAPER)
    # The ledger may say otherwise of a day or week by now; of a day it may be the first to speak.
    stored = {key: row.listed.notes for key, row in editions.read_editions(library).items()}
    incomplete = describe_incomplete_days(batches)
    days = {key for key in incomplete if "W" not in key}
    doubted = {key for key in stored.keys() | days if incomplete.get(key) != (stored.get(key) or None)}
    keys = _strip_start(names, EDITION) | editions.find_editions_of_papers(library, touched) | doubted
    pending.mark_pending(library, [f"{EDITION}{key}" for key in keys])
    return Scope(publications.find_readable_papers(library, touched), keys)


def _compose(
    library: Connection, settings: Settings, on: date, scope: Scope, batches: Sequence[Batch]
) -> tuple[list[Entry], list[Edition]]:
    """Compose entries and editions as they are now, newest first, with their dates of publication."""
    inside = editions.find_candidate_papers(library, scope.keys) if scope.keys else set()
    holdings = read_holdings(library, settings, scope.papers | inside, batches)
    entries = list_entries(holdings, scope.papers)
    composed = compose_editions(holdings, settings.arxiv.categories, scope.keys)
    items = [
        publications.Item(one.item, digest_entry(one), dates.find_eastern_midnight(find_first_date(holdings, one)))
        for one in entries
    ]
    items += [publications.Item(one.item, digest_edition(one), date_edition(one, on)) for one in composed]
    stamps = publications.stamp_items(library, items, dates.find_eastern_midnight(on))
    return (
        [replace(entry, stamp=stamps[entry.item]) for entry in entries],
        [replace(edition, stamp=stamps[edition.item]) for edition in composed],
    )


def _update_lists(
    library: Connection, settings: Settings, scope: Scope, members: Sequence[Entry | Edition]
) -> set[str]:
    """Put these into the lists as they are now; returns the papers that no list holds any more, by permanent name."""
    listed = {one.item: _list_item(one, settings) for one in members}
    # Of what a killed publication took out of the lists, the name alone is left.
    names = {name for name in pending.read_pending(library) if name.startswith((PAPER, EDITION))}
    names |= publications.read_shown_items(library) if scope.is_whole else {f"{PAPER}{one}" for one in scope.papers}
    gone = names - listed.keys()
    publications.update_lists(library, list(listed.values()), gone)
    return {item for item in gone if item.startswith(PAPER)}


def _list_item(one: Entry | Edition, settings: Settings) -> ListedItem:
    codes = settings.arxiv.categories
    lists = channels.name_feed_lists(one, codes, settings.feeds.own)
    if isinstance(one, Edition):
        return ListedItem(one.item, digest_item(one), None, tuple(lists), ends_on=one.ends_on)
    lists += pages.name_page_lists(one, codes)
    month, number = identifiers.sort_key(one.arxiv_id)
    return ListedItem(
        one.item,
        digest_item(one),
        one.translated_on,
        tuple(lists),
        identifier_month=month,
        identifier_number=number,
    )


def _read_lists(library: Connection, settings: Settings, *, is_whole: bool) -> Lists:
    """Read every list that is rendered again."""
    counts = publications.count_members(library)
    codes = settings.arxiv.categories
    names = {name for name in pending.read_pending(library) if not name.startswith((PAPER, EDITION))}
    if is_whole:
        # Feeds and categories are there before anything is in them.
        live = [one.live for one in list_subjects(codes, settings.feeds.own)]
        names = {*counts, *live, *(f"categories/{code}/" for code in codes)}
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


def _find_front(library: Connection, settings: Settings, composed: Sequence[Edition]) -> Edition | None:
    """Find the edition of the front page: the newest day, or else week."""
    known = list(editions.read_editions(library))
    newest = next((key for key in known if "W" not in key), next(iter(known), None))
    if newest is None:
        return None
    return next((one for one in composed if one.key == newest), None) or read_edition(library, settings, newest)
