"""What arXiv's sources let us say of one category's list for one date. Pure.

A list is complete when the catch-up page, the one source that says how long a list is, has been read whole, no other
source contradicts it, and every paper in it is described. Never calls a day quiet that may be broken; see
docs/decisions/0005-honest-days.md.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from yibao import dates
from yibao.arxiv import catchup, holidays
from yibao.arxiv.announcements import LIMIT
from yibao.records import Announcement, AnnounceType, Batch, BatchState, ListEntry, Reading, SourceReport, UnlistedPaper
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


def report_feed(reading: Reading, category: str, on: date, source: str, earlier: Collection[str]) -> SourceReport:
    """What today's feed says of its date; `earlier` are the papers that were first announced there on earlier dates.

    A feed gives no count of its own, so that it can contradict and never prove.
    """
    look = SourceReport(category, on, source, reading.declared, len(reading.announcements), on)
    aside = reading.declared - len(reading.announcements)
    if not reading.declared:
        return look
    if reading.announced_on != on:
        return replace(look, declared=None, read=0, note=_explain_other_date(reading.announced_on, on))
    if any(line.arxiv_id in earlier for line in reading.announcements if line.type.is_first):
        return replace(look, note=_REPEATED)
    if reading.declared >= LIMIT:
        return replace(look, note=f"the feed was cut at {LIMIT} items")
    return replace(look, note=f"{aside} of {reading.declared} items of the feed were set aside" if aside else "")


def is_repeated_feed(look: SourceReport) -> bool:
    """Whether the feed is an earlier one under a new date: nothing in it is news of this date."""
    return look.note == _REPEATED


def report_pages(pages: Sequence[catchup.CatchupPage], category: str, on: date, today: date) -> SourceReport:
    """What the catch-up pages say of a date."""
    declared, read = catchup.count_declared(pages), len({line.arxiv_id for page in pages for line in page.lines})
    note = "" if read == declared else f"the catch-up page says {declared} entries, {read} could be read"
    return SourceReport(category, on, CATCHUP, declared, read, today, note)


def merge_entries(
    known: Sequence[ListEntry], arrived: Sequence[Announcement], source: str, *, is_whole: bool
) -> list[ListEntry]:
    """The lines of one list once a source has told its own; `is_whole`: what it does not list, it takes back.

    A feed tells the version, a catch-up page does not; otherwise the last word counts.
    """
    lines = {line.arxiv_id: line for line in known}
    for one in arrived:
        old = lines.get(one.arxiv_id)
        sources = tuple(sorted({*(old.sources if old else ()), source}))
        version = one.version or (old.version if old else None)
        kind = old.type if old and source == CATCHUP and old.sources != (CATCHUP,) else one.type
        lines[one.arxiv_id] = ListEntry(one.arxiv_id, version, kind, sources)
    if is_whole:
        told = {one.arxiv_id for one in arrived}
        for line in known:
            if line.arxiv_id not in told and source in line.sources:
                lines[line.arxiv_id] = replace(line, sources=tuple(one for one in line.sources if one != source))
    return [line for line in lines.values() if line.sources]


def select_official(
    lines: Sequence[ListEntry], looks: Mapping[str, SourceReport], category: str, earlier: Collection[str]
) -> list[ListEntry]:
    """The lines that readers are shown: without what only a feed lists, where that is known to be the feed's error.

    It is where the paper was first announced on an earlier date (`earlier`), or the catch-up page left it out again
    and again.
    """
    page = looks.get(CATCHUP)
    is_convinced = page is not None and page.declared is not None and not page.note and _is_convincing(page)
    return [
        line
        for line in lines
        if not _is_contradicted(line, category)
        or not (is_convinced or (line.type.is_first and line.arxiv_id in earlier))
    ]


def _is_convincing(page: SourceReport) -> bool:
    return page.confirmed >= (_CONVINCED if page.declared else _CONVINCED_BY_NOTHING)


def judge_list(
    category: str, on: date, looks: Mapping[str, SourceReport], lines: Sequence[ListEntry], context: ListContext
) -> Batch:
    """What may be said of the list; `looks` by source, `lines` the official ones."""
    page = looks.get(CATCHUP)
    held = sum(line.is_described for line in lines)
    spoken = tuple(sorted(source for source, look in looks.items() if look.declared is not None))
    state, note = _judge_state(category, on, looks, lines, context)
    return Batch(category, on, state, page.declared if page else None, held, spoken, note)


def list_expected_dates(paper: UnlistedPaper) -> list[date]:
    """The dates of which one should list the paper: after its submission, until the day on which we knew it."""
    day = dates.find_eastern_date(paper.submitted_at)
    found = []
    while day < paper.known_from:
        day += timedelta(days=1)
        if dates.is_announcement_day(day):
            found.append(day)
    return found


def is_request_due(batch: Batch | None, page: SourceReport | None, on: date, today: date) -> bool:
    """Whether the catch-up page of this date should be asked.

    What is final is not asked again; a quiet working day is, once, on a later day: two sources may be wrong together.
    """
    if not catchup.is_within_reach(on, today):
        return False
    if batch is None or batch.state in DOUBTFUL:
        return True
    is_quiet = batch.state == BatchState.NONE_ANNOUNCED and dates.is_announcement_day(on)
    return is_quiet and (page is None or page.looked_on <= on) and today > on


def is_lost(batch: Batch) -> bool:
    """Whether nobody will ever know what the list held: nothing is known of it, and arXiv keeps it no more."""
    return batch.state == BatchState.UNKNOWN and _BEYOND in batch.note


def mark_span(batch: Batch, first: date) -> Batch:
    """One line of the ledger for all lists of a span that are lost; `batch` is that of its last day."""
    if first == batch.announced_on:
        return batch
    return replace(batch, note=f"{_SPAN}{first} to {batch.announced_on}: {batch.note}")


def describe_days(batch: Batch) -> str:
    """The day of which a line of the ledger speaks, or the span."""
    is_span = batch.note.startswith(_SPAN)
    return batch.note.removeprefix(_SPAN).partition(":")[0] if is_span else str(batch.announced_on)


def describe_batch(batch: Batch) -> str:
    """The list's state in a few words."""
    if batch.state in DOUBTFUL:
        return f"{batch.state}: {batch.note}"
    if batch.state == BatchState.COMPLETE:
        return f"{batch.state}, {batch.stored} announced"
    return f"{batch.state} ({batch.note})" if batch.note else str(batch.state)


def _judge_state(
    category: str, on: date, looks: Mapping[str, SourceReport], lines: Sequence[ListEntry], context: ListContext
) -> tuple[BatchState, str]:
    page = looks.get(CATCHUP)
    if page is None or page.declared is None:
        return _judge_without_page(on, looks, lines, context)
    doubt = page.note or _find_doubt(page, category, lines, context)
    if doubt:
        return BatchState.PARTIAL, doubt
    return (BatchState.COMPLETE, "") if page.declared else _judge_empty_page(on, looks, context)


def _find_doubt(page: SourceReport, category: str, lines: Sequence[ListEntry], context: ListContext) -> str:
    """What speaks against a page that is sound by itself; empty where nothing does."""
    against = [line for line in lines if _is_contradicted(line, category)]
    if against:
        return f"the feed lists what the catch-up page does not: {_name_first(against)}"
    if context.unlisted and page.confirmed < _CONVINCED:
        return f"OAI-PMH knows papers of it that no list has: {_name_first(context.unlisted)}"
    bare = [line for line in lines if not line.is_described]
    return f"{len(bare)} of {len(lines)} papers are not described yet: {_name_first(bare)}" if bare else ""


def _judge_without_page(
    on: date, looks: Mapping[str, SourceReport], lines: Sequence[ListEntry], context: ListContext
) -> tuple[BatchState, str]:
    feeds = [look for source, look in looks.items() if source != CATCHUP]
    is_empty = bool(feeds) and all(look.declared == 0 and not look.note for look in feeds)
    if is_empty and not dates.is_announcement_day(on):
        return BatchState.NONE_ANNOUNCED, ""
    page = looks.get(CATCHUP)
    why = page.note if page and page.note else "it was not asked"
    if not catchup.is_within_reach(on, context.today):
        why = f"{why}, and {_BEYOND}"
    doubts = "; ".join(look.note for look in feeds if look.note)
    spoken = f"only the feed speaks of it{f' ({doubts})' if doubts else ''}" if lines else doubts or "no list was had"
    if is_empty:
        spoken = "the feed is empty on a working day"
    return BatchState.PARTIAL if lines else BatchState.UNKNOWN, f"{spoken}; the catch-up page: {why}"


def _judge_empty_page(on: date, looks: Mapping[str, SourceReport], context: ListContext) -> tuple[BatchState, str]:
    """The catch-up page says that nothing was announced: true, or a fault that looks like it."""
    if not dates.is_announcement_day(on):
        return BatchState.NONE_ANNOUNCED, ""
    feeds = [look for source, look in looks.items() if source != CATCHUP]
    page = looks[CATCHUP]
    agrees = all(look.declared == 0 and not look.note for look in feeds) and bool(feeds)
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


def _is_contradicted(line: ListEntry, category: str) -> bool:
    """Whether a feed lists it and the catch-up page does not.

    Apart from what is no contradiction: the page of a whole archive leaves out cross-lists within it, its feed does
    not. Source: https://github.com/arXiv/arxiv-browse (listings), https://github.com/arXiv/arxiv-feed (database).
    """
    is_cross = line.type in (AnnounceType.CROSS, AnnounceType.REPLACE_CROSS)
    is_within = is_cross and (line.primary_category or "").partition(".")[0] == category
    return CATCHUP not in line.sources and not is_within


def _explain_other_date(spoken: date | None, on: date) -> str:
    if spoken is None:
        return "the feed bears no date"
    if spoken < on:
        return f"the feed still speaks of {spoken}"
    return f"the feed speaks of {spoken} by now, and cannot be asked about earlier dates"


def _name_first(lines: Sequence[ListEntry] | Sequence[UnlistedPaper]) -> str:
    named = ", ".join(line.arxiv_id for line in lines[:_NAMED])
    return named if len(lines) <= _NAMED else f"{named} and {len(lines) - _NAMED} more"
