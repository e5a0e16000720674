"""Entries and editions as the library has them, with all that readers are shown of them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from storage.library import announcements, editions, ledger, papers, publications, staleness, translations
from storage.library.connection import Connection
from yibao.edition_summaries import EditionSummary
from yibao.editions import Holdings, compose_editions, list_entries
from yibao.records import EDITION, PAPER, Batch, Edition, Entry
from yibao.settings import Settings


def read_items(library: Connection, settings: Settings, items: Iterable[str]) -> dict[str, Entry | EditionSummary]:
    """Read entries and editions that have been published, by permanent name."""
    names = set(items)
    if not names:
        return {}
    keys = strip_start(names, EDITION)
    rows = editions.read_editions(library, keys) if keys else {}
    ids = strip_start(names, PAPER) | {arxiv_id for row in rows.values() for arxiv_id in row.arxiv_ids}
    stamps = publications.read_stamps(library, names)
    entries = {one.arxiv_id: one for one in list_entries(read_holdings(library, settings, ids, ()), ids)}
    # Not those that editions alone were read for: what is known of them elsewhere says more.
    published: dict[str, Entry | EditionSummary] = {
        one.item: replace(one, stamp=stamps.get(one.item)) for one in entries.values() if one.item in names
    }
    for key, row in rows.items():
        first = tuple(entries[arxiv_id] for arxiv_id in row.arxiv_ids)
        published[f"{EDITION}{key}"] = EditionSummary(row.listed, first, stamps[f"{EDITION}{key}"])
    return published


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
        editions.read_pages(library, arxiv_ids),
    )


def read_edition(library: Connection, settings: Settings, key: str) -> Edition | None:
    """Read one edition as the library has it; None where nothing is in it."""
    ids = editions.find_candidate_papers(library, [key])
    holdings = read_holdings(library, settings, ids, ledger.read_notable_batches(library))
    numbers = publications.read_edition_numbers(library, [f"{EDITION}{key}"])
    composed = compose_editions(holdings, settings.arxiv.categories, [key])
    return next((replace(one, number=numbers.get(one.item)) for one in composed), None)


def strip_start(names: Iterable[str], start: str) -> set[str]:
    """Strip the start of those of these names that begin so, such as of the permanent names of papers."""
    return {name.removeprefix(start) for name in names if name.startswith(start)}
