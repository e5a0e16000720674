"""Kept answers, read again in the order in which they came, into a library that was lost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from flows.steps import announcement_sync, metadata_completion, oai_sync, requests
from flows.steps.announcement_sync import Fault, FetchedPage
from flows.steps.run_record import Run, write_library
from storage.library import connection, oai_cursor, problems
from storage.library.oai_cursor import OaiCursor
from storage.responses import DamagedLine, DamagedResponseError, KeptResponse, Responses
from yibao.arxiv import announcements, api, catchup, oai
from yibao.arxiv.list_scope import ListKey, Scope
from yibao.errors import UpstreamError
from yibao.records import Problem, Severity
from yibao.run_report import Outcome
from yibao.sources import CATCHUP

_DAMAGED = "the kept response is damaged"


@dataclass(frozen=True)
class _Day:
    """What one day's answers have come to so far."""

    outcome: Outcome = field(default_factory=Outcome)
    #: Of lists of several pages, those that have come.
    pages: dict[ListKey, tuple[FetchedPage, ...]] = field(default_factory=dict)
    categories: frozenset[str] = frozenset()

    def add(self, outcome: Outcome, key: ListKey | None = None, pages: Sequence[FetchedPage] = ()) -> "_Day":
        if key is None:
            return replace(self, outcome=self.outcome + outcome)
        others = {other: fetched for other, fetched in self.pages.items() if other != key}
        open_pages = {**others, key: tuple(pages)} if pages else others
        return _Day(self.outcome + outcome, open_pages, self.categories | {key.category})


def replay_days(run: Run) -> Iterator[Outcome]:
    """Store what the kept answers say, as of the days on which they came; yields what each day came to."""
    journal = Responses(run.settings.paths.responses)
    unreadable = tuple(_describe_line(str(journal.journal_path), line) for line in journal.find_damaged_lines())
    is_empty = True
    for on, responses in groupby(journal.read_journal(), key=lambda kept: kept.on):
        is_empty = False
        outcome = replay_day(replace(run, on=on), list(responses))
        unreadable += tuple(one for one in outcome.problems if one.rule == "damaged-response")
        yield outcome
    if is_empty:
        yield Outcome(faults=(f"{journal.journal_path}: there are no kept responses to read.",))
    yield _store_damage(run, unreadable)


def replay_day(run: Run, responses: Sequence[KeptResponse]) -> Outcome:
    """Store what one day's answers say, and judge the lists that they speak of."""
    day = _Day()
    for kept in responses:
        try:
            requests.read_body(run, kept)
        except DamagedResponseError as error:
            day = _note_damage(run, kept, day.add(Outcome(problems=(_describe_body(error, kept),))))
        else:
            day = _replay_one(run, kept, day)
    scope = Scope(tuple(sorted(day.categories)), None, run.on)
    return day.outcome + announcement_sync.judge_lists(run, scope)


def _replay_one(run: Run, kept: KeptResponse, day: _Day) -> _Day:
    if api.is_query_url(kept.url) or oai.is_query_url(kept.url):
        try:
            return day.add(_replay_records(run, kept))
        except UpstreamError:
            return day  # Nothing was stored of it when it came, either.
    key, source = _subject_of(run, kept)
    try:
        if source == CATCHUP:
            return _replay_page(run, kept, key, day)
        return day.add(announcement_sync.store_feed(run, key.category, kept), key)
    except UpstreamError as error:
        announcement_sync.store_fault(run, Fault(key, source, error.reason))
        return day.add(Outcome(), key, day.pages.get(key, ()))


def _replay_records(run: Run, kept: KeptResponse) -> Outcome:
    if not oai.is_list_url(kept.url):
        return metadata_completion.store_papers(run, kept).outcome
    with connection.read_library(run.settings.paths.library) as library:
        cursor = oai_cursor.read_cursor(library, oai.PREFIX)
    if cursor is None or not oai.is_continued_url(kept.url):
        cursor = OaiCursor(oai.PREFIX, oai.parse_start_date(kept.url) or (cursor.from_on if cursor else run.on))
    return oai_sync.store_changes(run, cursor, kept).outcome


def _replay_page(run: Run, kept: KeptResponse, key: ListKey, day: _Day) -> _Day:
    page = catchup.parse_page(requests.read_body(run, kept), kept.url)
    pages = (*day.pages.get(key, ()), FetchedPage(kept, page.counts))
    if announcement_sync.needs_next_page(pages):
        return day.add(Outcome(), key, pages)
    return day.add(announcement_sync.store_list(run, key, pages).outcome, key)


def _note_damage(run: Run, kept: KeptResponse, day: _Day) -> _Day:
    """Put on record that a list lacks an answer: it is not taken for complete."""
    if api.is_query_url(kept.url) or oai.is_query_url(kept.url):
        return day
    key, source = _subject_of(run, kept)
    announcement_sync.store_fault(run, Fault(key, source, _DAMAGED))
    return day.add(Outcome(), key)


def _subject_of(run: Run, kept: KeptResponse) -> tuple[ListKey, str]:
    """Return the list that an answer speaks of, and its source."""
    if catchup.is_page_url(kept.url):
        category, on = catchup.parse_page_url(kept.url)
        return ListKey(on, category), CATCHUP
    source, category = announcements.parse_feed_url(kept.url)
    return ListKey(run.on, category), source


def _store_damage(run: Run, unreadable: Sequence[Problem]) -> Outcome:
    """Put on record what could not be read; it fails the run where something is missing for it."""
    with write_library(run) as library:
        problems.replace_problems(library, "kept", unreadable)
    lost = sum(problem.severity == Severity.ERROR for problem in unreadable)
    fault = (
        f"{lost} kept responses could not be read; the others were. `yibao status` names them: restore them from a "
        "backup and run `yibao harvest --kept` again, or `yibao harvest --from DATE`, which asks arXiv."
    )
    return Outcome(problems=tuple(unreadable), faults=(fault,) if lost else ())


def _describe_line(path: str, damaged: DamagedLine) -> Problem:
    severity = Severity.WARNING if damaged.is_cut_off else Severity.ERROR
    remedy = "Nothing to do." if damaged.is_cut_off else "The others were read; restore the journal from a backup."
    return Problem(path, damaged.line, 1, "damaged-response", severity, damaged.reason, remedy)


def _describe_body(error: DamagedResponseError, kept: KeptResponse) -> Problem:
    message = f"The response to {kept.url} of {kept.on} cannot be read: {error.reason}."
    remedy = "The others were read; restore this file from a backup, or ask arXiv again."
    return Problem(str(error.path), 1, 1, "damaged-response", Severity.ERROR, message, remedy)
