"""Which papers make up which edition. Pure.

A daily edition holds what arXiv announced on its date, and the translations that arrived on that date for the
week it lies in. A weekly edition holds the translations of its week (the week in their file's name, else the week
in which they arrived) and what arXiv announced on its days. A file of years ago so fills its own week, and never
floods today's readers.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from yibao import categories, dates, identifiers
from yibao.records import (
    AnnouncedPaper,
    AnnounceType,
    Batch,
    BatchState,
    CurrentTranslation,
    Edition,
    Entry,
    Erratum,
    Pages,
    Paper,
    SourceText,
    Translation,
    TranslationState,
)

_NOTHING: Mapping[Any, Any] = MappingProxyType({})
_DOUBTFUL = (BatchState.PARTIAL, BatchState.UNKNOWN)


class Holdings:
    """All that editions and feeds are made of, read from the library at one moment."""

    def __init__(  # noqa: PLR0913  (all that the library holds)
        self,
        papers: Mapping[str, Paper],
        listings: Sequence[AnnouncedPaper],
        arrivals: Sequence[CurrentTranslation],
        batches: Sequence[Batch],
        language: str,
        sources: Mapping[str, SourceText] = _NOTHING,
        errata: Mapping[tuple[str, str], Sequence[Erratum]] = _NOTHING,
        pages: Pages = _NOTHING,
    ) -> None:
        """Keep what the library gives; `sources` by SHA-256, `errata` by identifier and language."""
        self.papers = papers
        self.listings = listings
        self.batches = batches
        self._sources = sources
        self._errata = errata
        self._pages = pages
        self._entries: dict[tuple[str, date | None, AnnounceType | None], Entry] = {}
        # A paper translated into several languages is shown in the site's own; its page has the others, too.
        self.arrivals: dict[str, CurrentTranslation] = {}
        self._translations: dict[str, list[Translation]] = defaultdict(list)
        for arrival in arrivals:
            arxiv_id = arrival.translation.arxiv_id
            self._translations[arxiv_id].append(arrival.translation)
            if arxiv_id not in self.arrivals or arrival.translation.language == language:
                self.arrivals[arxiv_id] = arrival

    def entry(self, arxiv_id: str, listing: AnnouncedPaper | None = None) -> Entry:
        """Compose the paper as readers meet it, announced as the listing says; one record for all that show it so."""
        key = (arxiv_id, listing.announced_on, listing.type) if listing else (arxiv_id, None, None)
        if key not in self._entries:
            self._entries[key] = self._made(*key)
        return self._entries[key]

    def _made(self, arxiv_id: str, announced_on: date | None, type_: AnnounceType | None) -> Entry:
        paper, arrival = self.papers.get(arxiv_id), self.arrivals.get(arxiv_id)
        if arrival is None:
            page = self._pages.get((str(announced_on), arxiv_id))
            return Entry(arxiv_id, paper, None, announced_on, type_, page=page)
        is_stale = arrival.state is TranslationState.STALE
        return Entry(
            arxiv_id,
            paper,
            arrival.translation,
            announced_on,
            type_,
            _find_translation_date(arrival),
            state=arrival.state,
            source_version=arrival.source_version,
            source=self._sources.get(arrival.source_sha256 or "") if is_stale else None,
            errata=tuple(self._errata.get((arxiv_id, arrival.translation.language), ())),
            others=tuple(
                translation for translation in self._translations[arxiv_id] if translation != arrival.translation
            ),
        )


def list_entries(holdings: Holdings, arxiv_ids: Collection[str] | None = None) -> list[Entry]:
    """List what is news, of all papers or of these: announced as new or cross-listed, or translated; newest first.

    A paper counts from its first announcement. A replacement alone is no news: readers have met the paper.
    """
    first: dict[str, AnnouncedPaper] = {}
    for listing in holdings.listings:
        if listing.type.is_first:
            first.setdefault(listing.arxiv_id, listing)
    news = first.keys() | holdings.arrivals.keys()
    chosen = news if arxiv_ids is None else news & set(arxiv_ids)
    entries = [holdings.entry(arxiv_id, first.get(arxiv_id)) for arxiv_id in chosen]
    return sorted(entries, key=lambda entry: identifiers.sort_key(entry.arxiv_id), reverse=True)


def find_first_date(holdings: Holdings, entry: Entry) -> date:
    """Find the date of first publication: when it was announced, else when its translation came to readers.

    A translation from a file of an earlier week counts as of that week's last announcement day.
    """
    if entry.announced_on:
        return entry.announced_on
    return _find_translation_date(holdings.arrivals[entry.arxiv_id])


def compose_editions(
    holdings: Holdings, wanted_categories: Iterable[str], keys: Collection[str] | None = None
) -> list[Edition]:
    """Compose editions, daily and weekly, newest first; `wanted_categories` are the configured ones.

    There is one for each date or week that holds anything, and for each date whose lists are not complete; of these
    all, or those that `keys` names. The holdings must have everything that is in them.
    """
    members: dict[str, dict[str, AnnouncedPaper | None]] = defaultdict(dict)
    for listing in holdings.listings:
        for key in (listing.announced_on.isoformat(), dates.format_week(listing.announced_on)):
            known = members[key].get(listing.arxiv_id)
            if known is None or (listing.type.is_first and not known.type.is_first):
                members[key][listing.arxiv_id] = listing
    for arxiv_id, arrival in holdings.arrivals.items():
        members[arrival.week].setdefault(arxiv_id, None)
        if dates.format_week(arrival.arrived_on) == arrival.week:
            members[arrival.arrived_on.isoformat()].setdefault(arxiv_id, None)
    notes = describe_incomplete_days(holdings.batches)
    for key in notes:
        if "W" not in key:
            # A day of which nobody knows what it holds has its page, which says so: it is no quiet day.
            members.setdefault(key, {})
    chosen = members.keys() if keys is None else members.keys() & keys
    configured = list(wanted_categories)
    editions = [_compose_edition(holdings, key, members[key], configured, notes.get(key, ())) for key in chosen]
    return sorted(editions, key=lambda edition: (edition.ends_on, edition.is_weekly, edition.key), reverse=True)


def place_entry(entry: Entry, pages: Pages) -> Entry:
    """Say of a paper without translation on which page of its day's edition it stands, where `pages` knows."""
    page = None if entry.translation else pages.get((str(entry.announced_on), entry.arxiv_id), entry.page)
    return entry if page == entry.page else replace(entry, page=page)


def place_edition(edition: Edition, pages: Pages) -> Edition:
    """Say so of every paper of an edition."""
    return replace(
        edition,
        by_category=_place_sections(edition.by_category, pages),
        announced=_place_sections(edition.announced, pages),
        replaced=tuple(place_entry(entry, pages) for entry in edition.replaced),
    )


def _place_sections(
    sections: Iterable[tuple[str, tuple[Entry, ...]]], pages: Pages
) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
    return tuple((code, tuple(place_entry(entry, pages) for entry in entries)) for code, entries in sections)


def describe_incomplete_days(batches: Iterable[Batch]) -> dict[str, tuple[str, ...]]:
    """Describe what is not complete about each day and week, by the edition's key."""
    notes: dict[str, tuple[str, ...]] = {}
    for batch in batches:
        if batch.state in _DOUBTFUL:
            for key in (batch.announced_on.isoformat(), dates.format_week(batch.announced_on)):
                notes[key] = (*notes.get(key, ()), f"{batch.category}, {batch.announced_on}: {batch.note}")
    return notes


def digest_entry(entry: Entry) -> str:
    """Digest what a reader would notice of an entry (SHA-256): a change of it is an update, nothing else is."""
    paper, translation = entry.paper, entry.translation
    parts = [entry.title_en, *(author.name for author in (paper.authors if paper else ()))]
    parts += [
        paper.abstract if paper else "",
        *((translation.title or "", translation.abstract) if translation else ()),
        *(("withdrawn",) if entry.is_withdrawn else ()),
    ]
    return _hash_parts(parts)


def digest_edition(edition: Edition) -> str:
    """Digest what a reader would notice of an edition (SHA-256): which papers it holds, under which titles."""
    return _hash_parts([f"{entry.arxiv_id} {entry.title}" for entry in edition.entries])


def date_edition(edition: Edition, on: date) -> datetime:
    """Date an edition that is new in the run of this date: published at its end, or now if that is earlier."""
    return dates.find_eastern_midnight(max(edition.starts_on, min(edition.ends_on, on)))


def _find_translation_date(arrival: CurrentTranslation) -> date:
    friday = dates.parse_week(arrival.week)[0] + timedelta(days=4)
    return min(arrival.arrived_on, friday)


def _hash_parts(parts: Iterable[str]) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _compose_edition(
    holdings: Holdings,
    key: str,
    members: Mapping[str, AnnouncedPaper | None],
    configured: list[str],
    notes: tuple[str, ...],
) -> Edition:
    starts_on, ends_on = dates.parse_week(key) if "W" in key else (date.fromisoformat(key),) * 2
    translated, replaced = [], []
    announced: dict[str, list[Entry]] = defaultdict(list)
    for arxiv_id, listing in members.items():
        entry = holdings.entry(arxiv_id, listing)
        is_first = listing is not None and listing.type.is_first
        if listing and is_first:
            announced[_choose_category(entry, listing, configured)].append(entry)
        if entry.translation:
            translated.append(entry)
        elif not is_first:
            replaced.append(entry)
    order = list(categories.load_taxonomy())
    listed = tuple(
        (code, tuple(sorted(announced[code], key=_identifier_position)))
        for code in sorted(announced, key=lambda code: order.index(code) if code in order else len(order))
    )
    untranslated = ((code, tuple(entry for entry in entries if not entry.translation)) for code, entries in listed)
    return Edition(
        key=key,
        starts_on=starts_on,
        ends_on=ends_on,
        translated=tuple(sorted(translated, key=_curated_position)),
        by_category=tuple((code, entries) for code, entries in untranslated if entries),
        replaced=tuple(sorted(replaced, key=_identifier_position)),
        notes=notes,
        announced=listed,
    )


def _curated_position(entry: Entry) -> tuple[bool, str, int]:
    # What is to lead, and then the order that the curator chose.
    translation = entry.translation
    return (not translation.is_lead, translation.path, translation.line) if translation else (True, "", 0)


def _identifier_position(entry: Entry) -> tuple[int, str]:
    return identifiers.sort_key(entry.arxiv_id)


def _choose_category(entry: Entry, listing: AnnouncedPaper, configured: list[str]) -> str:
    """Choose where a paper is listed: its primary category if that is configured, else the first list it stood in."""
    primary = entry.paper.primary_category if entry.paper else None
    return primary if primary in configured and primary else listing.categories[0]
