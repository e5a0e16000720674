"""Which documents a publication renders again: all that changed since readers last saw it, and what follows from it."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from flows.steps.entry_reading import read_edition, read_holdings, read_items, strip_start
from flows.steps.paper_surroundings import read_surroundings
from storage.library import (
    editions,
    feed_windows,
    ledger,
    pending,
    publications,
    related_papers,
    staleness,
)
from storage.library.connection import Connection
from storage.library.publications import ListedItem
from yibao import dates, identifiers
from yibao.build_graph import Digests, Lists, WindowRef, digest_item
from yibao.dataset.cookbook import read_questions
from yibao.dataset.schema import load_schema
from yibao.edition_summaries import EditionSummary, find_neighbours, summarize_edition
from yibao.editions import (
    compose_editions,
    date_edition,
    describe_incomplete_days,
    digest_edition,
    digest_entry,
    find_first_date,
    list_entries,
    place_edition,
    place_entry,
)
from yibao.feeds import channels, windows
from yibao.feeds.channels import list_subjects
from yibao.feeds.model import MOST_ITEMS
from yibao.records import EDITION, PAPER, Batch, Edition, Entry
from yibao.settings import Settings
from yibao.site import pages, paper_lists, parts, variants
from yibao.site.contents import Contents
from yibao.site.paper_lists import AUTHOR
from yibao.title_words import find_title_words

#: Papers for which related ones are found at once.
_RELATED_AT_ONCE = 1000
#: Authors with most translated papers, whom one page lists.
_MOST_AUTHORS = 300
#: These lists hold a month, and are shown whole; others are shown by their newest.
_MONTH = re.compile(r"(?:feeds/[^/]+/archive/|data/translations/|search/index/|sitemap-)\d{4}-\d{2}")


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
    scope, composed = _add_neighbours(library, settings, on, scope, composed, batches)
    return replace(plan_items(library, settings, on, scope, entries, composed, batches), stale=stale)


def plan_items(  # noqa: PLR0913  (all that is shown)
    library: Connection,
    settings: Settings,
    on: date,
    scope: Scope,
    entries: Sequence[Entry],
    composed: Sequence[Edition],
    batches: Sequence[Batch] = (),
) -> Plan:
    """Bring the lists up to date with these entries and editions, and plan all that is rendered again because of it.

    What is new to a list stands in it since the run of this date.
    """
    pages_of_papers = _locate_papers(composed)
    entries = [place_entry(one, pages_of_papers) for one in entries]
    composed = [place_edition(one, pages_of_papers) for one in composed]
    editions.store_editions(library, scope.keys, composed, pages_of_papers)
    gone = _update_lists(library, settings, on, scope, [*entries, *composed])
    lists = _read_lists(library, settings, is_whole=scope.is_whole)
    calendar = [row.listed for row in editions.read_editions(library).values()]
    front = _find_front(library, settings, [one.key for one in calendar], composed)
    within = {one.item for edition in (*composed, *([front] if front else [])) for one in edition.entries}
    shown = _choose_papers(library, settings, entries, composed, gone)
    surroundings = read_surroundings(library, [entry.arxiv_id for entry in shown])
    within |= {f"{PAPER}{arxiv_id}" for around in surroundings.values() for arxiv_id in around.arxiv_ids}
    contents = Contents(
        shown,
        composed,
        front,
        calendar,
        lists,
        Digests(publications.read_digests(library, within)),
        batches,
        [(name.removeprefix(AUTHOR), count) for name, count in _find_first_authors(library).items()],
        surroundings,
        load_schema().tables,
        read_questions(),
    )
    of_lists = {*map(paper_lists.find_folder, lists.members), *map(windows.find_pages, lists.windows)}
    places = set() if scope.is_whole else of_lists
    # Each place is in the folder of every language, too; what begins every path is not.
    folders = variants.list_folders(settings.site)
    whole_below = {f"{folder}{place}" if place else place for place in scope.places | places for folder in folders}
    return Plan(contents, entries, pending.read_pending(library), gone, whole_below)


def order_reading(entry: Entry) -> tuple[bool, int, str]:
    """Order papers of one day as feeds show them: translated ones first, then those of the latest month, by number."""
    month, number = identifiers.sort_key(entry.arxiv_id)
    return entry.translation is None, -month, number


def _find_scope(library: Connection, batches: Sequence[Batch]) -> Scope:
    """Find what is pending and the editions that follow from it, which are pending from now on."""
    names = pending.read_pending(library)
    if pending.EVERYTHING in names:
        return Scope(publications.find_readable_papers(library), None)
    touched = strip_start(names, PAPER)
    # The ledger may say otherwise of a day or week by now; of a day it may be the first to speak.
    stored = {key: row.listed.notes for key, row in editions.read_editions(library).items()}
    incomplete = describe_incomplete_days(batches)
    days = {key for key in incomplete if "W" not in key}
    doubted = {key for key in stored.keys() | days if incomplete.get(key) != (stored.get(key) or None)}
    keys = strip_start(names, EDITION) | editions.find_editions_of_papers(library, touched) | doubted
    pending.mark_pending(library, [f"{EDITION}{key}" for key in keys])
    return Scope(publications.find_readable_papers(library, touched), keys)


def _compose(
    library: Connection, settings: Settings, on: date, scope: Scope, batches: Sequence[Batch]
) -> tuple[list[Entry], list[Edition]]:
    """Compose entries and editions as they are now, newest first, with their dates of publication."""
    if not scope.papers and scope.keys == set():
        return [], []
    inside = editions.find_candidate_papers(library, scope.keys) if scope.keys else set()
    holdings = read_holdings(library, settings, scope.papers | inside, batches)
    composed = compose_editions(holdings, settings.arxiv.categories, scope.keys)
    entries = list_entries(holdings, scope.papers | _find_moved_papers(library, composed))
    items = [
        publications.Item(one.item, digest_entry(one), dates.find_eastern_midnight(find_first_date(holdings, one)))
        for one in sorted(entries, key=order_reading)
    ]
    items += [publications.Item(one.item, digest_edition(one), date_edition(one, on)) for one in composed]
    stamps = publications.stamp_items(library, items, dates.find_eastern_midnight(on))
    # An edition of a day counts from the day on which it holds something.
    days = [one.item for one in composed if one.entries and not one.is_weekly]
    numbers = publications.number_editions(library, days)
    return (
        [replace(entry, stamp=stamps[entry.item]) for entry in entries],
        [replace(one, stamp=stamps[one.item], number=numbers.get(one.item)) for one in composed],
    )


def _add_neighbours(  # noqa: PLR0913  (all that editions are composed from)
    library: Connection,
    settings: Settings,
    on: date,
    scope: Scope,
    composed: list[Edition],
    batches: Sequence[Batch],
) -> tuple[Scope, list[Edition]]:
    """Add the editions beside those that appeared or went, whose pages lead to them."""
    if scope.keys is None:
        return scope, composed
    before = editions.read_keys(library)
    changed = before ^ (before - scope.keys | {one.key for one in composed})
    neighbours = find_neighbours(before | changed)
    beside = {key for one in changed for key in neighbours[one] if key} - scope.keys
    pending.mark_pending(library, [f"{EDITION}{key}" for key in beside])
    _, more = _compose(library, settings, on, Scope(set(), beside), batches)
    return Scope(scope.papers, scope.keys | beside), [*composed, *more]


def _locate_papers(composed: Iterable[Edition]) -> dict[tuple[str, str], int]:
    """Tell on which page of each edition each of its papers stands."""
    return {
        (edition.key, arxiv_id): page
        for edition in composed
        for arxiv_id, page in parts.locate_entries(edition).items()
    }


def _find_moved_papers(library: Connection, composed: Sequence[Edition]) -> set[str]:
    """Find papers that stand on another page of their edition than before: lists that lead there change, too."""
    located = _locate_papers(composed)
    before = editions.read_pages(library, {arxiv_id for _, arxiv_id in located})
    return {place[1] for place, page in located.items() if before.get(place, page) != page}


def _update_lists(
    library: Connection, settings: Settings, on: date, scope: Scope, members: Sequence[Entry | Edition]
) -> set[str]:
    """Put these into the lists as they are now; returns the papers that no list holds any more, by permanent name."""
    listed = {one.item: _list_item(one, settings) for one in members}
    # Of what a killed publication took out of the lists, the name alone is left.
    names = {name for name in pending.read_pending(library) if name.startswith((PAPER, EDITION))}
    names |= publications.read_shown_items(library) if scope.is_whole else {f"{PAPER}{one}" for one in scope.papers}
    gone = names - listed.keys()
    publications.update_lists(library, list(listed.values()), gone, on)
    return {item for item in gone if item.startswith(PAPER)}


def _list_item(member: Entry | Edition, settings: Settings) -> ListedItem:
    codes = settings.arxiv.categories
    lists = channels.name_feed_lists(member, codes, settings.feeds.own)
    if isinstance(member, Edition):
        return ListedItem(member.item, digest_item(member), None, tuple(lists), ends_on=member.ends_on)
    lists += pages.name_page_lists(member)
    month, number = identifiers.sort_key(member.arxiv_id)
    return ListedItem(
        member.item,
        digest_item(member),
        member.translated_on,
        tuple(lists),
        identifier_month=month,
        identifier_number=number,
        words=tuple(find_title_words(member.title_en)),
    )


def _choose_papers(
    library: Connection, settings: Settings, entries: Sequence[Entry], composed: Iterable[Edition], gone: Iterable[str]
) -> list[Entry]:
    """Choose the translated papers whose pages are rendered again, and find anew what is related to changed ones.

    They have changed, are in an edition that was composed again, or are related to a paper that changed or went.
    """
    names = pending.read_pending(library)
    changed = strip_start(names, PAPER) | {entry.arxiv_id for entry in entries} | strip_start(gone, PAPER)
    if not changed and not composed:
        return []
    partners = related_papers.find_partners(library, changed)
    translated = {entry.arxiv_id: entry for entry in entries if entry.translation}
    anew = sorted(arxiv_id for arxiv_id, entry in translated.items() if entry.item in names)
    for start in range(0, len(anew), _RELATED_AT_ONCE):
        related_papers.update_related_papers(library, anew[start : start + _RELATED_AT_ONCE])
    partners |= related_papers.find_partners(library, changed)
    partners |= {entry.arxiv_id for edition in composed for entry in edition.translated}
    more = read_items(library, settings, [f"{PAPER}{arxiv_id}" for arxiv_id in sorted(partners - translated.keys())])
    return [
        *translated.values(),
        *(one for one in more.values() if isinstance(one, Entry) and one.translation and one.stamp),
    ]


def _read_lists(library: Connection, settings: Settings, *, is_whole: bool) -> Lists:
    """Read every list that is rendered again."""
    counts = publications.count_members(library, AUTHOR)
    codes = settings.arxiv.categories
    names = {name for name in pending.read_pending(library) if not name.startswith((PAPER, EDITION))}
    if is_whole:
        # Feeds and categories are there before anything is in them.
        feeds = [one.live for one in list_subjects(codes, settings.feeds.own)]
        names = {*counts, *feeds, *(f"categories/{code}/" for code in codes)}
        names |= publications.find_translated_lists(library, AUTHOR).keys()
    names |= channels.find_dependent_lists(names, counts) | paper_lists.find_page_mates(names)
    # Only authors who have a translated paper have a page; the pages of others go.
    whole = {name for name in names if _MONTH.fullmatch(name) or paper_lists.is_paged(name)}
    authors = {name for name in whole if name.startswith(AUTHOR)}
    untranslated = authors - publications.find_translated_lists(library, AUTHOR, names=authors).keys()
    live = {name for name in names - whole if name.startswith("feeds/")}
    newest = {name for name in names - whole - live if not name.endswith("/translated/")}
    members = {
        **{name: [] for name in names - live},
        **publications.read_members(library, whole - untranslated),
        **publications.read_newest_members(library, newest, MOST_ITEMS, by_translation=False),
        **publications.read_newest_members(library, names - whole - live - newest, MOST_ITEMS, by_translation=True),
    }
    return Lists(members, counts, _read_windows(library, live))


def _read_windows(library: Connection, live: Collection[str]) -> dict[str, list[WindowRef]]:
    """Read what these live feeds are made from; those of editions and of translations have an order of their own."""
    special = {windows.EDITIONS, windows.TRANSLATED}
    read: dict[str, list[WindowRef]] = {name: [] for name in live}
    for names, window, by_translation in (
        ({windows.EDITIONS}, windows.OF_EDITIONS, False),
        ({windows.TRANSLATED}, windows.OF_PAPERS, True),
        (set(live) - special, windows.OF_PAPERS, False),
    ):
        wanted = names & set(live)
        read |= feed_windows.read_windows(library, wanted, window, by_translation=by_translation) if wanted else {}
    return read


def _find_first_authors(library: Connection) -> dict[str, int]:
    return publications.find_translated_lists(library, AUTHOR, _MOST_AUTHORS)


def _find_front(
    library: Connection, settings: Settings, known: Sequence[str], composed: Sequence[Edition]
) -> Edition | None:
    """Find the edition of the front page among those that are known, newest first: the newest day, or else week."""
    newest = next((key for key in known if "W" not in key), next(iter(known), None))
    if newest is None:
        return None
    return next((one for one in composed if one.key == newest), None) or read_edition(library, settings, newest)
