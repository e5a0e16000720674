"""What arXiv's sources let us say of one category's list for one date. Pure.

A list is complete when the catch-up page, the one source that says how long a list is, has been read whole, no other
source contradicts it, and every paper in it is described. Never calls a day quiet that may be broken; see
docs/decisions/0005-honest-days.md.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from yibao import dates, holidays
from yibao.arxiv import catchup
from yibao.arxiv.announcements import LIMIT
from yibao.records import (
    Announcement,
    AnnounceType,
    Batch,
    BatchState,
    ListEntry,
    ParsedDocument,
    SourceReport,
    UnlistedPaper,
)
from yibao.sources import CATCHUP

#: States that a run cannot be content with.
DOUBTFUL = (BatchState.PARTIAL, BatchState.UNKNOWN)
#: How often the catch-up page must say the same before it is believed against other sources; an empty page, which a
#: fault may look like, must say it more often. Where nothing contradicts an empty page, twice is enough.
_CONVINCED, _CONVINCED_BY_NOTHING, _TWICE = 3, 4, 2
_NAMED = 3
#: Of a list whose page cannot be had any more.
_BEYOND = f"reaches back {catchup.REACH.days} days only"
_SPAN = "every list of "
_REPEATED = "the feed repeats an earlier list under a new date"


@dataclass(frozen=True, slots=True)
class ListContext:
    """What is known beside the list itself."""

    #: Date of the run.
    today: date
    #: Whether another category's list of this date has entries.
    was_announced: bool
    #: Whether any list of a later date has entries.
    was_announced_later: bool
    #: Papers of this category that OAI-PMH knows and that this list may have left out.
    unlisted: tuple[UnlistedPaper, ...] = ()


def report_feed(
    reading: ParsedDocument, category: str, on: date, source: str, earlier: Collection[str]
) -> SourceReport:
    """Report what today's feed says of its date; `earlier`: papers first announced there on earlier dates.

    A feed gives no count of its own, so that it can contradict and never prove.
    """
    report = SourceReport(category, on, source, reading.declared, len(reading.announcements), on)
    aside = reading.declared - len(reading.announcements)
    if not reading.declared:
        return report
    if reading.announced_on != on:
        return replace(report, declared=None, read=0, note=_explain_other_date(reading.announced_on, on))
    if any(line.arxiv_id in earlier for line in reading.announcements if line.type.is_first):
        return replace(report, note=_REPEATED)
    if reading.declared >= LIMIT:
        return replace(report, note=f"the feed was cut at {LIMIT} items")
    return replace(report, note=f"{aside} of {reading.declared} items of the feed were set aside" if aside else "")


def is_repeated_feed(report: SourceReport) -> bool:
    """Check whether the feed is an earlier one under a new date: nothing in it is news of this date."""
    return report.note == _REPEATED


def report_pages(pages: Sequence[catchup.CatchupPage], category: str, on: date, today: date) -> SourceReport:
    """Report what the catch-up pages say of a date."""
    declared = catchup.count_declared([page.counts for page in pages])
    read = len({announcement.arxiv_id for page in pages for announcement in page.lines})
    note = "" if read == declared else f"the catch-up page says {declared} entries, {read} could be read"
    return SourceReport(category, on, CATCHUP, declared, read, today, note)


def merge_entries(
    known: Sequence[ListEntry], arrived: Sequence[Announcement], source: str, *, is_whole: bool
) -> list[ListEntry]:
    """Merge a source's announcements into a list's entries; `is_whole`: what it does not list, it takes back."""
    entries = {entry.arxiv_id: entry for entry in known}
    for announcement in arrived:
        entries[announcement.arxiv_id] = _merge_entry(entries.get(announcement.arxiv_id), announcement, source)
    if is_whole:
        listed_ids = {announcement.arxiv_id for announcement in arrived}
        for entry in known:
            if entry.arxiv_id not in listed_ids and source in entry.sources:
                others = tuple(name for name in entry.sources if name != source)
                entries[entry.arxiv_id] = replace(entry, sources=others)
    return [entry for entry in entries.values() if entry.sources]


def _merge_entry(known: ListEntry | None, announcement: Announcement, source: str) -> ListEntry:
    """Merge one announcement: a feed names version and type, but may be yesterday's under today's date.

    So where it disagrees with the catch-up page on whether readers meet the paper for the first time, the page counts.
    """
    if known is None:
        return ListEntry(announcement.arxiv_id, announcement.version, announcement.type, (source,))
    sources = tuple(sorted({*known.sources, source}))
    is_disputed = known.type.is_first != announcement.type.is_first
    if is_disputed and source == CATCHUP:
        return ListEntry(known.arxiv_id, announcement.version, announcement.type, sources)
    if (is_disputed and CATCHUP in known.sources) or (source == CATCHUP and known.sources != (CATCHUP,)):
        return replace(known, sources=sources)
    return ListEntry(known.arxiv_id, announcement.version or known.version, announcement.type, sources)


def select_official(
    entries: Sequence[ListEntry], reports: Mapping[str, SourceReport], category: str, earlier: Collection[str]
) -> list[ListEntry]:
    """Select the entries that readers are shown: without those that only a feed lists, by its own error.

    It is where the paper was first announced on an earlier date (`earlier`), or the catch-up page left it out again
    and again.
    """
    page = reports.get(CATCHUP)
    is_convinced = page is not None and page.declared is not None and not page.note and _is_convincing(page)
    return [
        entry
        for entry in entries
        if not _is_contradicted(entry, category)
        or not (is_convinced or (entry.type.is_first and entry.arxiv_id in earlier))
    ]


def _is_convincing(page: SourceReport) -> bool:
    return page.confirmed >= (_CONVINCED if page.declared else _CONVINCED_BY_NOTHING)


def judge_list(
    category: str, on: date, reports: Mapping[str, SourceReport], entries: Sequence[ListEntry], context: ListContext
) -> Batch:
    """Judge how complete a list is; `reports` by source, `entries` the official ones."""
    page = reports.get(CATCHUP)
    stored = sum(entry.is_described for entry in entries)
    answering_sources = tuple(sorted(source for source, report in reports.items() if report.declared is not None))
    state, note = _judge_state(category, on, reports, entries, context)
    return Batch(category, on, state, page.declared if page else None, stored, answering_sources, note)


def list_expected_dates(paper: UnlistedPaper) -> list[date]:
    """List the dates of which one should list the paper: after its submission, until the day on which we knew it."""
    day = dates.find_eastern_date(paper.submitted_at)
    expected = []
    while day < paper.known_from:
        day += timedelta(days=1)
        if dates.is_announcement_day(day):
            expected.append(day)
    return expected


def is_request_due(batch: Batch | None, page: SourceReport | None, on: date, today: date) -> bool:
    """Check whether the catch-up page of this date should be asked.

    What is final is not asked again; a quiet working day is, once, on a later day: two sources may be wrong together.
    """
    if not catchup.is_within_reach(on, today):
        return False
    if batch is None or batch.state in DOUBTFUL:
        return True
    is_quiet = batch.state == BatchState.NONE_ANNOUNCED and dates.is_announcement_day(on)
    return is_quiet and (page is None or page.looked_on <= on) and today > on


def is_lost(batch: Batch) -> bool:
    """Check whether nobody will ever know what the list held: nothing is known of it, and arXiv keeps it no more."""
    return batch.state == BatchState.UNKNOWN and _BEYOND in batch.note


def mark_span(batch: Batch, first: date) -> Batch:
    """Mark one batch as speaking for all lists of a span that are lost; `batch` is that of its last day."""
    if first == batch.announced_on:
        return batch
    return replace(batch, note=f"{_SPAN}{first} to {batch.announced_on}: {batch.note}")


def describe_days(batch: Batch) -> str:
    """Describe the day that a batch speaks of, or the span."""
    is_span = batch.note.startswith(_SPAN)
    return batch.note.removeprefix(_SPAN).partition(":")[0] if is_span else str(batch.announced_on)


def describe_batch(batch: Batch) -> str:
    """Describe a list's state in a few words."""
    if batch.state in DOUBTFUL:
        return f"{batch.state}: {batch.note}"
    if batch.state == BatchState.COMPLETE:
        return f"{batch.state}, {batch.stored} announced"
    return f"{batch.state} ({batch.note})" if batch.note else str(batch.state)


def _judge_state(
    category: str, on: date, reports: Mapping[str, SourceReport], entries: Sequence[ListEntry], context: ListContext
) -> tuple[BatchState, str]:
    page = reports.get(CATCHUP)
    if page is None or page.declared is None:
        return _judge_without_page(on, reports, entries, context)
    doubt = page.note or _find_doubt(page, category, entries, context)
    if doubt:
        return BatchState.PARTIAL, doubt
    return (BatchState.COMPLETE, "") if page.declared else _judge_empty_page(on, reports, context)


def _find_doubt(page: SourceReport, category: str, entries: Sequence[ListEntry], context: ListContext) -> str:
    """Find what speaks against a page that is sound by itself; empty where nothing does."""
    contradicted = [entry for entry in entries if _is_contradicted(entry, category)]
    if contradicted:
        return f"the feed lists what the catch-up page does not: {_name_first(contradicted)}"
    if context.unlisted and page.confirmed < _CONVINCED:
        return f"OAI-PMH knows papers of it that no list has: {_name_first(context.unlisted)}"
    undescribed = [entry for entry in entries if not entry.is_described]
    if undescribed:
        return f"{len(undescribed)} of {len(entries)} papers are not described yet: {_name_first(undescribed)}"
    return ""


def _judge_without_page(
    on: date, reports: Mapping[str, SourceReport], entries: Sequence[ListEntry], context: ListContext
) -> tuple[BatchState, str]:
    feeds = [report for source, report in reports.items() if source != CATCHUP]
    is_empty = bool(feeds) and all(report.declared == 0 and not report.note for report in feeds)
    if is_empty and not dates.is_announcement_day(on):
        return BatchState.NONE_ANNOUNCED, ""
    page = reports.get(CATCHUP)
    page_note = page.note if page and page.note else "it was not asked"
    if not catchup.is_within_reach(on, context.today):
        page_note = f"{page_note}, and {_BEYOND}"
    doubts = "; ".join(report.note for report in feeds if report.note)
    feed_note = (
        f"only the feed speaks of it{f' ({doubts})' if doubts else ''}" if entries else doubts or "no list was had"
    )
    if is_empty:
        feed_note = "the feed is empty on a working day"
    return BatchState.PARTIAL if entries else BatchState.UNKNOWN, f"{feed_note}; the catch-up page: {page_note}"


def _judge_empty_page(on: date, reports: Mapping[str, SourceReport], context: ListContext) -> tuple[BatchState, str]:
    """Judge a catch-up page that lists nothing: true, or a fault that looks like it."""
    if not dates.is_announcement_day(on):
        return BatchState.NONE_ANNOUNCED, ""
    feeds = [report for source, report in reports.items() if source != CATCHUP]
    page = reports[CATCHUP]
    agrees = all(report.declared == 0 and not report.note for report in feeds) and bool(feeds)
    if context.was_announced and (agrees or page.confirmed >= _TWICE):
        return BatchState.NONE_ANNOUNCED, ""
    if context.was_announced_later and page.looked_on > on and page.confirmed >= _TWICE:
        return BatchState.NONE_ANNOUNCED, holidays.find_holiday(
            on
        ) or "arXiv has announced since, and nothing for this date"
    holiday = holidays.find_holiday(on)
    if holiday and agrees and not context.was_announced:
        return BatchState.NONE_ANNOUNCED, holiday
    return BatchState.UNKNOWN, "the catch-up page is empty on a working day, and nothing explains it yet"


def _is_contradicted(entry: ListEntry, category: str) -> bool:
    """Check whether a feed lists it and the catch-up page does not.

    Apart from what is no contradiction: the page of a whole archive leaves out cross-lists within it, its feed does
    not. Source: https://github.com/arXiv/arxiv-browse (listings), https://github.com/arXiv/arxiv-feed (database).
    """
    is_cross = entry.type in (AnnounceType.CROSS, AnnounceType.REPLACE_CROSS)
    is_within = is_cross and (entry.primary_category or "").partition(".")[0] == category
    return CATCHUP not in entry.sources and not is_within


def _explain_other_date(feed_date: date | None, on: date) -> str:
    if feed_date is None:
        return "the feed bears no date"
    if feed_date < on:
        return f"the feed still speaks of {feed_date}"
    return f"the feed speaks of {feed_date} by now, and cannot be asked about earlier dates"


def _name_first(papers: Sequence[ListEntry] | Sequence[UnlistedPaper]) -> str:
    named = ", ".join(paper.arxiv_id for paper in papers[:_NAMED])
    return named if len(papers) <= _NAMED else f"{named} and {len(papers) - _NAMED} more"
