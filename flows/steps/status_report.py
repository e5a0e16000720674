"""The status report: how each category stands, and what a monitor is to alarm for."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from flows.steps import environment, run_record
from storage.library import connection, ledger, papers, problems, runs
from storage.library.runs import RunRow
from yibao import dates, holidays
from yibao.arxiv import catchup, completeness
from yibao.arxiv.completeness import DOUBTFUL
from yibao.records import Batch, BatchState, Problem
from yibao.settings import Settings

_SHOWN = 3
#: So many announcement days without a list are no alarm: a run comes a day late, arXiv defers an announcement.
_TOLERATED_DAYS = 1
#: Longer than a weekend and a holiday without any run.
_SILENCE = timedelta(days=4)
#: A run whose date is later than this is a mistake: today is the evening before for a person in Beijing.
_AHEAD = timedelta(days=1)
#: The flows by which an installation lives, each with those that make good what failed in it.
_REGULAR = {"daily": ("daily", "harvest"), "weekly": ("weekly",)}
_COMMANDS = {"daily": "yibao run", "weekly": "yibao run --weekly", "harvest": "yibao harvest"}


class StatusRow(NamedTuple):
    """One line of `yibao status`."""

    category: str
    announced_on: str
    state: str
    #: Since when, by the date of the run that found it so.
    since: str
    #: `stored/declared`; a question mark where nobody could say how many there are.
    stored: str
    sources: str
    #: What is doubtful about the newest list, and which earlier ones are not complete or lost.
    note: str
    #: What to type; empty where everything is complete or cannot be had any more.
    repair: str


class Finding(NamedTuple):
    """What a monitor is told."""

    #: incomplete, late, failed, interrupted, silent or future.
    kind: str
    #: What is wrong.
    message: str
    #: What to type.
    repair: str
    #: Whether `yibao status` exits 1 for it.
    is_alarm: bool = True

    def __str__(self) -> str:
        return f"{'ALARM' if self.is_alarm else 'note'}: {self.message}. Type: {self.repair}"


NAMES = StatusRow._fields


class Status(NamedTuple):
    """How an installation stands, as its library says."""

    rows: list[StatusRow]
    findings: list[Finding]
    last: RunRow
    #: Translated papers that await metadata.
    waiting: list[str]
    problems: list[Problem]


def read_status(settings: Settings, patience_s: float | None = None) -> Status:
    """Read how the installation stands today; a process that writes the library is waited for as readers do.

    Raises:
        LibraryError: there is no library, or it cannot be read.
    """
    with connection.read_library(settings.paths.library, patience_s) as library:
        batches = ledger.read_batches(library)
        last, history = runs.read_last_run(library), runs.read_history(library)
        waiting, open_ = papers.find_waiting_papers(library), problems.read_problems(library)
    today = environment.today()
    rows = [summarize_category(category, batches, today) for category in settings.arxiv.categories]
    is_at_work = last.state == "running" and run_record.is_run_at_work(settings)
    return Status(rows, find_findings(rows, history, today, is_at_work=is_at_work), last, waiting, open_)


def summarize_category(category: str, batches: Iterable[Batch], today: date) -> StatusRow:
    """Summarize a category in one line; `batches` newest first."""
    own = [batch for batch in batches if batch.category == category]
    if not own:
        return StatusRow(category, "", BatchState.UNKNOWN, "", "", "", "never fetched", "yibao run")
    newest = own[0]
    doubtful = [batch for batch in own if batch.state in DOUBTFUL]
    open_ = [batch for batch in doubtful if catchup.is_within_reach(batch.announced_on, today)]
    lost = [batch for batch in doubtful if batch.announced_on < today - catchup.REACH]
    notes = [
        newest.note if newest not in lost else "",
        _describe_days("not complete", [batch for batch in open_ if batch is not newest]),
        _describe_days("lost", lost, f" (older than {catchup.REACH.days} days: arXiv keeps no list of them)"),
    ]
    declared = "?" if newest.declared is None else newest.declared
    return StatusRow(
        category,
        str(newest.announced_on),
        newest.state,
        str(newest.since_on or ""),
        f"{newest.stored}/{declared}",
        "+".join(newest.sources),
        "; ".join(filter(None, notes)),
        _suggest_repair(category, [batch.announced_on for batch in open_]),
    )


def find_findings(
    rows: Iterable[StatusRow], history: Sequence[RunRow], today: date, *, is_at_work: bool
) -> list[Finding]:
    """Find everything that a monitor is to know; `history` holds runs, the last recorded first."""
    categories = list(rows)
    incomplete = [
        Finding("incomplete", f"{one.category}: {one.note or one.state}", one.repair)
        for one in categories
        if one.repair
    ]
    findings = [
        *incomplete,
        *_find_late(categories, today),
        *_find_silence(history, today),
        *_find_future(history, today),
    ]
    for flow, healers in _REGULAR.items():
        findings += _find_failure(flow, healers, history, is_at_work=is_at_work)
    return findings


def _describe_days(what: str, batches: Sequence[Batch], why: str = "") -> str:
    if not batches:
        return ""
    named = ", ".join(completeness.describe_days(batch) for batch in batches[:_SHOWN])
    more = f" and {len(batches) - _SHOWN} more" if len(batches) > _SHOWN else ""
    return f"{what}: {named}{more}{why}"


def _suggest_repair(category: str, days: Sequence[date]) -> str:
    return f"yibao harvest --from {min(days)} --until {max(days)} --category {category}" if days else ""


def _find_late(rows: Iterable[StatusRow], today: date) -> list[Finding]:
    """Find the categories whose newest list is older than the tolerance allows, together where it is of one date."""
    by_day: dict[str, list[str]] = {}
    for one in rows:
        if one.announced_on and _count_missed(date.fromisoformat(one.announced_on), today) > _TOLERATED_DAYS:
            by_day.setdefault(one.announced_on, []).append(one.category)
    return [
        Finding(
            "late",
            f"The newest list of {', '.join(named[:_SHOWN])}"
            f"{f' and {len(named) - _SHOWN} more' if len(named) > _SHOWN else ''} is of {day}, and today is {today}",
            "yibao run",
        )
        for day, named in by_day.items()
    ]


def _count_missed(newest: date, today: date) -> int:
    """Count how many announcement days lie between two dates, holidays apart; counted no further than is needed."""
    day, missed = newest + timedelta(days=1), 0
    while day < today and missed <= _TOLERATED_DAYS:
        missed += dates.is_announcement_day(day) and not holidays.find_holiday(day)
        day += timedelta(days=1)
    return missed


def _find_silence(history: Iterable[RunRow], today: date) -> list[Finding]:
    days = [run.on for run in history if run.flow in _COMMANDS and run.on <= today + _AHEAD]
    if days and today - max(days) <= _SILENCE:
        return []
    since = f"since the one for {max(days)}" if days else "yet"
    return [Finding("silent", f"There was no run {since}: look whether the schedule is at work", "yibao run")]


def _find_future(history: Iterable[RunRow], today: date) -> list[Finding]:
    days = [run.on for run in history if run.on > today]
    if not days:
        return []
    message = (
        f"{len(days)} runs bear dates after today, {today}, until {max(days)}: a mistake, or a clock that was wrong"
    )
    return [Finding("future", message, f"yibao revert --after {today}", is_alarm=max(days) > today + _AHEAD)]


def _find_failure(flow: str, healers: Sequence[str], history: Iterable[RunRow], *, is_at_work: bool) -> list[Finding]:
    """Find the last run of this flow, where it was not done and nothing has made it good since."""
    ended = [run for run in history if not (run.state == "running" and is_at_work)]
    last = next((run for run in ended if run.flow in healers), None)
    own = next((run for run in ended if run.flow == flow), None)
    unhealed = own if last and last.state == "completed" and own and _needs_itself(own) else last
    if unhealed is None or unhealed.state == "completed":
        return []
    reasons = [
        *unhealed.report.get("faults", []),
        *unhealed.report.get("incomplete", []),
        *unhealed.report.get("gaps", []),
    ]
    why = f": {reasons[0]}" if reasons else ""
    more = f" (and {len(reasons) - 1} more reasons)" if len(reasons) > 1 else ""
    kind, words = ("failed", "failed") if unhealed.state == "failed" else ("interrupted", "was interrupted")
    message = f"The last run, {unhealed.flow} {unhealed.on}, {words}{why}{more}"
    return [Finding(kind, message, f"{_COMMANDS[unhealed.flow]} --on {unhealed.on}")]


def _needs_itself(run: RunRow) -> bool:
    """Tell whether a harvest leaves something of it undone: mail, files, the curators' folder."""
    return run.state != "completed" and (bool(run.report.get("faults")) or run.state != "failed")
