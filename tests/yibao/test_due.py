"""Which editions are mailed in a run, and what is said of the others."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao.newsletter.due import (
    Decision,
    can_get,
    decide_mail,
    find_appearance_date,
    find_doubts,
    find_offer_time,
    find_retry_time,
    is_alarming,
    sort_verdicts,
)
from yibao.records import Batch, BatchState

MONDAY = date(2025, 1, 13)
BEGUN = {"cs.CL": MONDAY, "cs.CV": MONDAY}
DOUBT = ("cs.CL (HTTP 429)",)


def days(count):
    return MONDAY + timedelta(days=count)


def batch(category, on, state=BatchState.COMPLETE, note=""):
    return Batch(category, on, state, 1, 1, ("catchup",), note)


@pytest.mark.parametrize(
    ("what", "key", "doubts", "size", "on", "own", "decision", "why"),
    [
        ("a complete day of today", "2025-01-13", (), 3, 0, "2025-01-13", Decision.SEND, ""),
        ("a day that lacks a list", "2025-01-13", DOUBT, 3, 0, "2025-01-13", Decision.HOLD, "cs.CL (HTTP 429)"),
        ("a day that may hold something", "2025-01-13", DOUBT, 0, 0, "2025-01-13", Decision.HOLD, "cs.CL"),
        ("a quiet day", "2025-01-18", (), 0, 5, "2025-01-18", Decision.EMPTY, ""),
        ("an earlier day that is complete by now", "2025-01-13", (), 3, 3, "2025-01-16", Decision.SEND, ""),
        ("one on its last day", "2025-01-13", (), 3, 14, "2025-01-27", Decision.SEND, ""),
        ("one a day later", "2025-01-13", (), 3, 15, "2025-01-28", Decision.LATE, ""),
        ("one that was never complete", "2025-01-13", DOUBT, 3, 15, "2025-01-28", Decision.LATE, "cs.CL (HTTP 429)"),
        ("an old one that a run is asked for", "2025-01-13", (), 3, 0, "2025-01-13", Decision.SEND, ""),
        ("an old quiet day", "2025-01-18", (), 0, 99, "2025-04-22", Decision.EMPTY, ""),
        ("the week of a run on Wednesday", "2025-W03", (), 3, 2, "2025-W03", Decision.HOLD, "from 2025-01-18"),
        ("the week of a run on Friday", "2025-W03", (), 3, 4, "2025-W03", Decision.SEND, ""),
        ("a week, in a daily run on Friday", "2025-W03", (), 3, 4, "2025-01-17", Decision.HOLD, "from 2025-01-18"),
        ("a week, in a daily run on Monday", "2025-W03", (), 3, 7, "2025-01-20", Decision.SEND, ""),
        ("a week that lacks a list", "2025-W03", DOUBT, 3, 5, "2025-W03", Decision.HOLD, "the week is not complete"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) and " " in value else "",
)
def test_what_becomes_of_an_edition(what, key, doubts, size, on, own, decision, why):
    verdict = decide_mail(key, doubts, size, on=days(on), own=own, max_age_days=14)
    assert (verdict.decision, why in verdict.why) == (decision, True), what


def test_what_stands_in_the_way_of_a_run_holds_what_would_go_out():
    verdict = decide_mail("2025-01-13", (), 3, on=MONDAY, own=None, max_age_days=14, obstacle="a.md cannot be read")
    assert (verdict.decision, verdict.why) == (Decision.HOLD, "a.md cannot be read")


def test_a_list_is_doubtful_when_it_is_partial_unknown_or_was_never_asked_for():
    partial = batch("cs.CV", MONDAY, BatchState.PARTIAL, "one line of four")
    lists = ["cs.CL", "cs.CV"]
    assert find_doubts("2025-01-13", [batch("cs.CL", MONDAY), partial], lists, BEGUN, MONDAY) == (
        "cs.CV (one line of four)",
    )
    assert find_doubts("2025-01-14", [batch("cs.CL", days(1))], lists, BEGUN, days(1)) == (
        "cs.CV (nobody has asked arXiv for it)",
    )
    assert find_doubts("2025-01-10", [], lists, BEGUN, MONDAY) == ()  # Before the first list that we know of.
    assert find_doubts("2025-01-18", [], lists, BEGUN, days(5)) == ()  # Nothing is announced on a Saturday.
    assert find_doubts("2025-01-13", [partial], ["cs.LG"], BEGUN, MONDAY) == ()  # No configured category.


def test_a_week_is_as_complete_as_the_lists_of_its_days():
    lists = [batch("cs.CL", days(n)) for n in range(5)]
    assert find_doubts("2025-W03", lists, ["cs.CL"], BEGUN, days(5)) == ()
    (doubt,) = find_doubts("2025-W03", lists[:4], ["cs.CL"], BEGUN, days(5))
    assert doubt.startswith("cs.CL of 2025-01-17")
    assert find_doubts("2025-W03", lists[:4], ["cs.CL"], BEGUN, days(3)) == ()  # Friday is still to come.


def test_many_lists_that_are_missing_are_told_in_one_line():
    doubts = [f"cs.{n:02d} (HTTP 503)" for n in range(40)]
    verdict = decide_mail("2025-01-13", doubts, 0, on=MONDAY, own="2025-01-13", max_age_days=14)
    assert verdict.why.endswith("cs.02 (HTTP 503); and 37 more")


def test_nobody_gets_what_appeared_before_they_subscribed_or_the_installation_first_mailed():
    assert can_get("2025-01-14", MONDAY, MONDAY)
    assert not can_get("2025-01-10", MONDAY, date(2024, 1, 1))
    assert not can_get("2025-01-10", date(2024, 1, 1), MONDAY)
    assert can_get("2025-W03", days(4), MONDAY)
    assert not can_get("2025-W03", days(5), MONDAY)


@pytest.mark.parametrize(
    ("refused", "offered", "is_alarm"),
    [(0, 9, False), (1, 1, True), (3, 3, True), (1, 3, False), (4, 10, False), (5, 10, True), (5, 100, False)],
)
def test_all_refused_or_a_great_share_is_alarming_and_a_dead_address_is_not(refused, offered, is_alarm):
    assert is_alarming(refused, offered, 0.2) is is_alarm


KEYS = st.dates(date(2024, 12, 1), date(2025, 3, 1)).map(date.isoformat) | st.integers(1, 9).map(
    lambda week: f"2025-W{week:02d}"
)


@given(KEYS, st.booleans(), st.integers(0, 2), st.dates(date(2025, 1, 1), date(2025, 3, 1)), st.integers(0, 30))
def test_only_what_is_complete_over_and_young_enough_is_sent(key, has_doubts, size, on, most):
    verdict = decide_mail(key, DOUBT if has_doubts else (), size, on=on, own=None, max_age_days=most)
    age = (on - find_appearance_date(key)).days
    if verdict.decision is Decision.SEND:
        assert not has_doubts
        assert size
        assert 0 <= age <= most
    if verdict.decision in (Decision.HOLD, Decision.LATE) and has_doubts and age > most:
        assert verdict.decision is Decision.LATE  # Nothing is held for ever.
        assert "HTTP 429" in verdict.why


@given(st.lists(KEYS, unique=True))
def test_mail_goes_out_oldest_first_and_a_week_after_its_days(keys):
    sent = [
        one.key for one in sort_verdicts(decide_mail(key, (), 1, on=MONDAY, own=None, max_age_days=9) for key in keys)
    ]
    assert sorted(sent) == sorted(keys)
    assert [find_appearance_date(key) for key in sent] == sorted(map(find_appearance_date, keys))
    for before, after in pairwise(sent):
        assert not ("W" in before and after == find_appearance_date(before).isoformat())


ZONES = sorted(available_timezones() - {"localtime", "Factory"})
#: Nights in which clocks are changed somewhere, some by half an hour and some by two, and one that is skipped (Samoa).
NIGHTS = [datetime(2025, 3, 30), datetime(2025, 11, 2), datetime(2025, 4, 5), datetime(2011, 12, 29)]  # noqa: DTZ001


@given(
    st.sampled_from(ZONES),
    st.integers(0, 23),
    st.one_of(st.sampled_from(NIGHTS), st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1))),  # noqa: DTZ001
    st.integers(0, 48 * 60),
)
def test_mail_is_offered_at_the_first_moment_of_the_readers_day_whose_clock_shows_the_hour(zone, hour, day, minutes):
    at = (day + timedelta(minutes=minutes)).replace(tzinfo=UTC)
    clock = ZoneInfo(zone)
    found = find_offer_time(at, zone, hour)
    if found is None:
        assert at.astimezone(clock).hour >= hour
        return
    assert at.astimezone(clock).hour < hour
    assert at < found <= at + timedelta(hours=26)
    assert found.astimezone(clock).hour >= hour or found.astimezone(clock).date() > at.astimezone(clock).date()
    before = (found - timedelta(seconds=1)).astimezone(clock)
    assert before.hour < hour


@pytest.mark.parametrize(
    ("zone", "hour", "at", "expected"),
    [
        ("Asia/Shanghai", 7, (2025, 1, 13, 9, 40), None),
        ("America/Los_Angeles", 7, (2025, 1, 13, 9, 40), (2025, 1, 13, 15)),
        # The hour from two to three is skipped: three is the first that comes.
        ("America/New_York", 2, (2025, 3, 9, 6), (2025, 3, 9, 7)),
        # The hour from one to two comes twice: the first.
        ("America/New_York", 1, (2025, 11, 2, 4, 30), (2025, 11, 2, 5)),
        # Clocks go back by two hours at three: the second two o'clock, where the first is over.
        ("Antarctica/Troll", 2, (2025, 10, 26, 1, 30), (2025, 10, 26, 2)),
        ("Nowhere/Forgotten", 7, (2025, 1, 13, 6), (2025, 1, 13, 7)),
    ],
)
def test_nights_in_which_clocks_change(zone, hour, at, expected):
    found = find_offer_time(datetime(*at, tzinfo=UTC), zone, hour)
    assert found == (datetime(*expected, tzinfo=UTC) if expected else None)


def test_pauses_grow_and_all_tries_fit_into_the_time_for_retries():
    at = datetime(2025, 1, 13, tzinfo=UTC)
    pauses = [find_retry_time(at, tries, 600) for tries in range(1, 6)]
    assert [pause and (pause - at).total_seconds() for pause in pauses] == [30, 60, 120, 240, None]
    assert find_retry_time(at, 1, 0) is None
