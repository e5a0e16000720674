"""What may be said of a day, and what may not."""

from datetime import date, timedelta

import pytest

from yibao.arxiv.announcements import LIMIT
from yibao.arxiv.completeness import judge, told
from yibao.models import Announcement, AnnounceType, BatchState, Reading

MONDAY, SATURDAY = date(2025, 1, 13), date(2025, 1, 18)


def reading(count=3, on=MONDAY, declared=None):
    lines = tuple(Announcement(f"2501.{n:05d}", 1, "cs.CL", on, AnnounceType.NEW, "rss") for n in range(count))
    return Reading((), lines, (), on, count if declared is None else declared)


def judged(found, on=MONDAY, *, was_announced=False):
    return {
        batch.announced_on: (batch.state, batch.note)
        for batch in judge(found, "cs.CL", on, "rss", was_announced=was_announced)
    }


def test_a_feed_of_the_day_with_every_item_stored_is_complete():
    assert judged(reading()) == {MONDAY: (BatchState.COMPLETE, "")}


def test_an_item_set_aside_makes_the_day_partial():
    assert judged(reading(3, declared=4)) == {MONDAY: (BatchState.PARTIAL, "1 of 4 items were set aside")}


def test_a_feed_at_its_limit_was_cut():
    assert judged(reading(LIMIT))[MONDAY][0] == BatchState.PARTIAL


@pytest.mark.parametrize("days", [-3, 3])
def test_a_feed_of_another_day_says_all_of_that_day_and_nothing_of_this(days):
    other = MONDAY + timedelta(days=days)
    found = judged(reading(on=other), MONDAY)
    assert found[other][0] == BatchState.COMPLETE
    assert found[MONDAY][0] == BatchState.UNKNOWN
    assert str(other) in found[MONDAY][1]


def test_an_empty_feed_is_quiet_at_a_weekend_and_a_doubt_on_a_working_day():
    assert judged(reading(0, SATURDAY), SATURDAY) == {SATURDAY: (BatchState.NONE_ANNOUNCED, "")}
    assert judged(reading(0))[MONDAY][0] == BatchState.UNKNOWN


def test_an_empty_feed_is_quiet_where_another_category_shows_that_arxiv_announced():
    assert judged(reading(0), was_announced=True)[MONDAY][0] == BatchState.NONE_ANNOUNCED


def test_an_empty_feed_that_bears_another_date_is_never_quiet():
    stale = reading(0, MONDAY - timedelta(days=3))
    assert judged(stale, was_announced=True)[MONDAY][0] == BatchState.UNKNOWN


def test_the_state_is_told_in_a_few_words():
    (complete,) = judge(reading(), "cs.CL", MONDAY, "rss", was_announced=True)
    (unknown,) = judge(reading(0), "cs.CL", MONDAY, "rss", was_announced=False)
    assert told(complete).startswith("complete")
    assert told(unknown).startswith("unknown: the feed is empty")
