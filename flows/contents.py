"""What is to be published, as the library has it: all that changed since readers last saw it, and what follows."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from flows.wiring import Run
from storage.library import announcements, bindings, editions, ledger, papers, pending, publications, translations
from storage.library.connection import Connection
from storage.library.publications import Shown
from yibao import dates, identifiers
from yibao.editions import Holdings, appeared_on, compose, content_of, content_of_edition, notes, published_at
from yibao.editions import entries as entries_of
from yibao.feeds import channels
from yibao.feeds.channels import subjects
from yibao.feeds.model import MOST_ITEMS
from yibao.models import EDITION, PAPER, Batch, Edition, Entry
from yibao.outlines import Outline, outline_of
from yibao.rendering import Digests, Lists, digest_of
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
        papers.by_id(library, arxiv_ids),
        announcements.listings(library, arxiv_ids),
        translations.current(library, arxiv_ids),
        batches,
        settings.site.language,
        bindings.sources(library),
        translations.errata(library, arxiv_ids),
    )


def edition_of(library: Connection, settings: Settings, key: str) -> Edition | None:
    """One edition as the library has it; None where nothing is in it."""
    holdings = held(library, settings, editions.candidates(library, [key]), ledger.telling(library))
    return next(iter(compose(holdings, settings.arxiv.categories, [key])), None)


def changes(library: Connection, run: Run, *, is_whole: bool) -> Changes:
    """What changed since readers last saw it, with its dates of publication, which new items get now.

    It stays pending until the publication is settled: who is killed before that gets it again.
    """
    batches = ledger.telling(library)
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
    editions.store(library, scope.keys, issued)
    gone = _show(library, settings, scope, [*entries, *issued])
    lists = _lists(library, settings, is_whole=scope.is_whole)
    lists.at_hand.update({one.item: one for one in entries} | {one.item: outline_of(one) for one in issued})
    front = _front(library, settings, issued)
    within = {one.item for edition in (*issued, *([front] if front else [])) for one in edition.entries}
    contents = Contents(
        [entry for entry in entries if entry.translation],
        issued,
        front,
        [row.listed for row in editions.rows(library).values()],
        lists,
        Digests(publications.digests(library, within)),
        batches,
    )
    places = set() if scope.is_whole else set(map(pages.place_of, lists.members))
    return Changes(contents, entries, pending.names(library), gone, scope.places | places)


def fetch(library: Connection, settings: Settings, items: Iterable[str]) -> dict[str, Entry | Outline]:
    """Entries and editions that have been published, by permanent name."""
    wanted = set(items)
    rows = editions.rows(library, _named(wanted, EDITION))
    ids = _named(wanted, PAPER) | {arxiv_id for row in rows.values() for arxiv_id in row.arxiv_ids}
    stamps = publications.stamps(library, wanted)
    holdings = held(library, settings, ids, ())
    entries = {one.arxiv_id: one for one in entries_of(holdings, ids)}
    found: dict[str, Entry | Outline] = {
        f"{PAPER}{arxiv_id}": replace(one, stamp=stamps.get(one.item)) for arxiv_id, one in entries.items()
    }
    for key, row in rows.items():
        first = tuple(entries[arxiv_id] for arxiv_id in row.arxiv_ids)
        item = f"{EDITION}{key}"
        found[item] = Outline(row.listed, first, stamps[item])
    return found


def _named(names: Iterable[str], start: str) -> set[str]:
    return {name.removeprefix(start) for name in names if name.startswith(start)}


def _scope(library: Connection, run: Run, batches: Sequence[Batch], *, is_whole: bool) -> Scope:
    """What is pending, and the editions that follow from it, which are pending from now on."""
    if is_whole:
        pending.note(library, [pending.EVERYTHING])
    # A paper may have come, or come in other words, since the curators' files were read.
    run.report.stale = bindings.bind(library, run.on)
    names = pending.names(library)
    if pending.EVERYTHING in names:
        return Scope(publications.readable(library), None)
    touched = _named(names, PAPER)
    # The ledger may say otherwise of a day or week by now; of a day it may be the first to speak.
    stored = {key: row.listed.notes for key, row in editions.rows(library).items()}
    told = notes(batches)
    days = {key for key in told if "W" not in key}
    doubted = {key for key in stored.keys() | days if told.get(key) != (stored.get(key) or None)}
    keys = _named(names, EDITION) | editions.of_papers(library, touched) | doubted
    pending.note(library, [f"{EDITION}{key}" for key in keys])
    return Scope(publications.readable(library, touched), keys)


def _issued(library: Connection, run: Run, scope: Scope, batches: Sequence[Batch]) -> tuple[list[Entry], list[Edition]]:
    """Entries and editions as they are now, newest first, with their dates of publication."""
    inside = editions.candidates(library, scope.keys) if scope.keys else set()
    holdings = held(library, run.settings, scope.papers | inside, batches)
    entries = entries_of(holdings, scope.papers)
    issued = compose(holdings, run.settings.arxiv.categories, scope.keys)
    items = [
        publications.Item(one.item, content_of(one), dates.midnight(appeared_on(holdings, one))) for one in entries
    ]
    items += [publications.Item(one.item, content_of_edition(one), published_at(one, run.on)) for one in issued]
    stamps = publications.stamp(library, items, dates.midnight(run.on))
    return (
        [replace(entry, stamp=stamps[entry.item]) for entry in entries],
        [replace(edition, stamp=stamps[edition.item]) for edition in issued],
    )


def _show(library: Connection, settings: Settings, scope: Scope, members: Sequence[Entry | Edition]) -> set[str]:
    """Lists hold these as they are now; returns the papers that they hold no more, by permanent name."""
    told = {one.item: _shown(one, settings) for one in members}
    # Of what a killed publication took out of the lists, the name alone is left.
    asked = {name for name in pending.names(library) if name.startswith((PAPER, EDITION))}
    asked |= publications.shown(library) if scope.is_whole else {f"{PAPER}{one}" for one in scope.papers}
    gone = asked - told.keys()
    publications.show(library, list(told.values()), gone)
    return {item for item in gone if item.startswith(PAPER)}


def _shown(one: Entry | Edition, settings: Settings) -> Shown:
    wanted = settings.arxiv.categories
    lists = channels.lists_of(one, wanted, settings.feeds.own)
    if isinstance(one, Edition):
        return Shown(one.item, digest_of(one), None, one.ends_on.toordinal() * 2 + one.is_weekly, "", tuple(lists))
    lists += pages.lists_of(one, wanted)
    return Shown(one.item, digest_of(one), one.translated_on, *identifiers.sort_key(one.arxiv_id), tuple(lists))


def _lists(library: Connection, settings: Settings, *, is_whole: bool) -> Lists:
    """Every list that is to be shown anew."""
    counts = publications.counts(library)
    wanted = settings.arxiv.categories
    names = {name for name in pending.names(library) if not name.startswith((PAPER, EDITION))}
    if is_whole:
        # Feeds and categories are there before anything is in them.
        standing = [one.live for one in subjects(wanted, settings.feeds.own)]
        names = {*counts, *standing, *(f"categories/{code}/" for code in wanted)}
    names |= channels.beside(names, counts)
    months = {name for name in names if _MONTH.fullmatch(name)}
    feeds = {name for name in names - months if name.startswith("feeds/") and name != "feeds/translated/live"}
    members = {
        **{name: [] for name in names},
        **publications.members(library, months),
        **publications.newest(library, feeds, MOST_ITEMS, by_translation=False),
        **publications.newest(library, names - months - feeds, MOST_ITEMS, by_translation=True),
    }
    return Lists(members, counts)


def _front(library: Connection, settings: Settings, issued: Sequence[Edition]) -> Edition | None:
    """The newest day, or else week."""
    known = list(editions.rows(library))
    newest = next((key for key in known if "W" not in key), next(iter(known), None))
    if newest is None:
        return None
    return next((one for one in issued if one.key == newest), None) or edition_of(library, settings, newest)
