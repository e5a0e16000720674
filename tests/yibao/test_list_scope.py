"""Which lists a run looks after: nothing that may be had is left out, nothing that is lost is asked for."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from yibao import dates
from yibao.arxiv import catchup, list_scope
from yibao.arxiv.list_scope import ListKey, Scope, Span
from yibao.records import Batch, BatchState, SourceReport, UnlistedPaper
from yibao.sources import CATCHUP

MONDAY = date(2025, 1, 13)
DAY = timedelta(days=1)
SCOPE = Scope(("cs.CL", "cs.CV"), None, MONDAY)


def complete(key):
    return Batch(key.category, key.on, BatchState.COMPLETE, 1, 1, (CATCHUP,))


def test_a_new_installation_asks_for_todays_lists_alone():
    assert list_scope.find_open(SCOPE, MONDAY, {}, {}) == [(MONDAY, "cs.CL"), (MONDAY, "cs.CV")]


def test_days_that_were_missed_are_asked_for_oldest_first_and_what_is_final_is_not():
    known = [ListKey(MONDAY - 7 * DAY, "cs.CL"), ListKey(MONDAY - 4 * DAY, "cs.CL"), ListKey(MONDAY, "cs.CL")]
    batches = {key: complete(key) for key in known}
    scope = Scope(("cs.CL",), None, MONDAY)
    days = [key.on for key in list_scope.find_open(scope, MONDAY, batches, {})]
    assert days == [MONDAY - 6 * DAY, MONDAY - 5 * DAY, MONDAY - 3 * DAY]  # Tuesday, Wednesday, Friday.


def test_a_weekend_is_asked_for_only_where_the_run_is_for_it():
    sunday = MONDAY - DAY
    assert list_scope.find_reachable(Scope(("cs.CL",), sunday, sunday), sunday, set()) == {(sunday, "cs.CL")}
    assert list_scope.find_reachable(Scope(("cs.CL",), sunday, sunday), MONDAY, set()) == set()


@given(since=st.integers(0, 200), known=st.lists(st.integers(-5, 200), max_size=6), gone=st.integers(0, 10))
def test_every_day_of_the_scope_is_reachable_or_lost_or_known(since, known, gone):
    until = MONDAY - gone * DAY
    scope = Scope(("cs.CL",), min(MONDAY - since * DAY, until), until)
    keys = {ListKey(MONDAY - back * DAY, "cs.CL") for back in known}
    reachable = list_scope.find_reachable(scope, MONDAY, keys)
    assert all(catchup.is_within_reach(key.on, MONDAY) for key in reachable)
    day = scope.since
    while day <= until:
        if dates.is_announcement_day(day) and catchup.is_within_reach(day, MONDAY):
            assert (day, "cs.CL") in reachable
        day += DAY
    for span in list_scope.find_lost_spans(scope, MONDAY, keys):
        assert not catchup.is_within_reach(span.last, MONDAY)
        assert all(not span.first <= key.on <= span.last for key in keys)


def test_what_is_lost_is_said_once_for_a_span():
    scope = Scope(("cs.CL",), MONDAY - 200 * DAY, MONDAY)
    (span,) = list_scope.find_lost_spans(scope, MONDAY, {ListKey(MONDAY - 150 * DAY, "cs.CL")})
    notes = list_scope.describe_lost(scope, MONDAY, [span])
    assert "arXiv keeps its lists for 90 days" in notes[0]
    assert notes[1] == f"cs.CL: the lists of {span.first} to {span.last} are lost, arXiv keeps them no more"
    assert str(Span("cs.CL", MONDAY, MONDAY)) == "2025-01-13"


def test_a_paper_that_oai_knows_doubts_every_list_that_should_have_it_once_all_were_asked():
    submitted = datetime(2025, 1, 9, 12, tzinfo=UTC)
    paper = UnlistedPaper("2501.00001", submitted, MONDAY)
    friday, monday = ListKey(date(2025, 1, 10), "cs.CL"), ListKey(MONDAY, "cs.CL")
    assert list_scope.find_left_out({"cs.CL": [paper]}, {friday}) == {}
    assert list_scope.find_left_out({"cs.CL": [paper]}, {friday, monday}) == {friday: [paper], monday: [paper]}


def test_doubtful_and_touched_lists_are_judged_and_final_ones_are_not():
    keys = [ListKey(MONDAY - 4 * DAY, "cs.CL"), ListKey(MONDAY - 3 * DAY, "cs.CL"), ListKey(MONDAY, "cs.CL")]
    batches = {key: complete(key) for key in keys}
    scope = Scope(("cs.CL",), None, MONDAY)
    assert list_scope.find_lists_to_judge(scope, MONDAY, batches, set(), []) == []
    assert list_scope.find_lists_to_judge(scope, MONDAY, batches, {keys[1]}, []) == [keys[1]]
    report = SourceReport("cs.CL", MONDAY, CATCHUP, 1, 1, MONDAY)
    assert list_scope.name_list(report) == keys[2]
