"""What may be said of a list, and what may not."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from yibao.arxiv import catchup
from yibao.arxiv.announcements import LIMIT
from yibao.arxiv.completeness import (
    ListContext,
    describe_batch,
    is_request_due,
    judge_list,
    list_expected_dates,
    merge_entries,
    report_feed,
    report_pages,
    select_official,
)
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

MONDAY, TUESDAY, SATURDAY = date(2025, 1, 13), date(2025, 1, 14), date(2025, 1, 18)
NEW, CROSS, REPLACE = AnnounceType.NEW, AnnounceType.CROSS, AnnounceType.REPLACE
ALONE = ListContext(MONDAY, was_announced=False, was_announced_later=False)
AMONG_OTHERS = replace(ALONE, was_announced=True)


def announcements(count=3, on=MONDAY, source="rss", kind=NEW):
    return tuple(Announcement(f"2501.{n:05d}", 1, "cs.CL", on, kind, source) for n in range(count))


def reading(count=3, on=MONDAY, declared=None):
    return ParsedDocument((), announcements(count, on), (), on, count if declared is None else declared)


def feed(count=3, on=MONDAY, earlier=(), declared=None):
    return report_feed(reading(count, on, declared), "cs.CL", MONDAY, "rss", earlier)


def page(count=3, confirmed=1, looked_on=MONDAY, **more):
    return SourceReport("cs.CL", MONDAY, "catchup", count, count, looked_on, confirmed=confirmed, **more)


def lines(*sources, count=3, is_described=True, kind=NEW):
    return [ListEntry(f"2501.{n:05d}", 1, kind, sources, is_described) for n in range(count)]


def judged(looks, entries, context=ALONE, on=MONDAY):
    batch = judge_list("cs.CL", on, {look.source: look for look in looks}, entries, context)
    return batch.state, batch.note


def test_a_list_whose_page_was_read_whole_and_whose_papers_are_described_is_complete():
    assert judged([page(), feed()], lines("catchup", "rss")) == (BatchState.COMPLETE, "")
    assert judged([page()], lines("catchup")) == (BatchState.COMPLETE, "")


def test_a_feed_alone_proves_nothing():
    state, note = judged([feed()], lines("rss"))
    assert state == BatchState.PARTIAL
    assert "only the feed speaks of it" in note


def test_a_paper_that_is_not_described_yet_makes_the_list_partial():
    state, note = judged([page()], lines("catchup", is_described=False))
    assert (state, "3 of 3 papers are not described" in note) == (BatchState.PARTIAL, True)


def test_a_feed_that_lists_more_than_the_page_is_a_contradiction_until_the_page_has_said_so_thrice():
    entries = [*lines("catchup"), ListEntry("2501.09999", 1, NEW, ("rss",), True)]
    state, note = judged([page(), feed(4)], entries)
    assert (state, "2501.09999" in note) == (BatchState.PARTIAL, True)
    thrice = {"catchup": page(confirmed=3), "rss": feed(4)}
    assert select_official(entries, thrice, "cs.CL", ()) == entries[:3]
    assert select_official(entries, {"catchup": page(confirmed=2), "rss": feed(4)}, "cs.CL", ()) == entries
    # An empty page must say so once more: a fault may look like it.
    alone = lines("rss")
    assert select_official(alone, {"catchup": page(0, confirmed=3), "rss": feed()}, "cs.CL", ()) == alone
    assert select_official(alone, {"catchup": page(0, confirmed=4), "rss": feed()}, "cs.CL", ()) == []


def test_a_feed_that_lists_less_than_the_page_takes_nothing_from_a_complete_list():
    entries = [*lines("catchup", "rss"), ListEntry("2501.09999", None, NEW, ("catchup",), True)]
    assert judged([page(4), feed(3)], entries)[0] == BatchState.COMPLETE


def test_the_page_of_a_whole_archive_leaves_out_cross_lists_within_it_and_contradicts_nothing():
    within = ListEntry("2501.09999", 1, CROSS, ("rss",), True, "cs.LG")
    looks = {"catchup": page(), "rss": feed(4)}
    assert judge_list("cs", MONDAY, looks, [*lines("catchup"), within], ALONE).state == BatchState.COMPLETE
    assert judge_list("cs.CL", MONDAY, looks, [*lines("catchup"), within], ALONE).state == BatchState.PARTIAL


@pytest.mark.parametrize("days", [-3, 3])
def test_a_feed_of_another_date_says_nothing_of_this_one(days):
    look = feed(on=MONDAY + timedelta(days=days))
    assert (look.declared, look.read) == (None, 0)
    assert str(MONDAY + timedelta(days=days)) in look.note
    state, note = judged([look], [])
    assert (state, look.note in note) == (BatchState.UNKNOWN, True)


def test_a_stale_feed_under_todays_date_is_recognised_by_papers_that_were_announced_before():
    assert feed(earlier={"2501.00001"}).note == "the feed repeats an earlier list under a new date"
    entries = [*lines("catchup"), ListEntry("2501.09999", 1, NEW, ("rss",))]
    assert select_official(entries, {"catchup": page()}, "cs.CL", {"2501.09999"}) == entries[:3]


def test_a_feed_that_was_cut_or_has_items_set_aside_says_so():
    assert str(LIMIT) in feed(LIMIT).note
    assert feed(3, declared=4).note == "1 of 4 items of the feed were set aside"


def test_a_page_whose_count_does_not_match_is_partial():
    short = catchup.CatchupPage(announcements(2, source="catchup"), (), catchup.PageCounts({"new": 3}, 3, 3))
    look = report_pages([short], "cs.CL", MONDAY, MONDAY)
    assert judged([look], lines("catchup", count=2)) == (
        BatchState.PARTIAL,
        "the catch-up page says 3 entries, 2 could be read",
    )


def test_a_weekend_is_quiet():
    empty = report_feed(reading(0, SATURDAY), "cs.CL", SATURDAY, "rss", ())
    assert judged([empty], [], replace(ALONE, today=SATURDAY), SATURDAY) == (BatchState.NONE_ANNOUNCED, "")


def test_an_empty_feed_on_a_working_day_is_never_quiet_by_itself():
    assert judged([feed(0)], [], AMONG_OTHERS)[0] == BatchState.UNKNOWN


def test_two_empty_sources_are_quiet_where_another_category_shows_that_arxiv_announced():
    assert judged([feed(0), page(0)], [], AMONG_OTHERS) == (BatchState.NONE_ANNOUNCED, "")
    assert judged([feed(0), page(0)], [])[0] == BatchState.UNKNOWN


def test_an_empty_page_alone_must_say_so_twice():
    assert judged([page(0)], [], AMONG_OTHERS)[0] == BatchState.UNKNOWN
    assert judged([page(0, confirmed=2)], [], AMONG_OTHERS)[0] == BatchState.NONE_ANNOUNCED


def test_a_calendar_explains_a_quiet_day_and_never_silences_a_list():
    christmas = date(2025, 12, 25)
    empty = report_feed(reading(0, christmas), "cs.CL", christmas, "rss", ())
    context = replace(ALONE, today=christmas)
    state, note = judged([empty, page(0)], [], context, christmas)
    assert (state, "Christmas" in note) == (BatchState.NONE_ANNOUNCED, True)
    # On Martin Luther King Day 2024 arXiv announced although its calendar said it would not.
    assert judged([page(3)], lines("catchup"), on=date(2024, 1, 15))[0] == BatchState.COMPLETE
    assert is_request_due(None, None, christmas, christmas)


def test_a_day_that_nobody_announced_is_believed_once_arxiv_has_announced_since():
    later = ListContext(TUESDAY, was_announced=False, was_announced_later=True)
    state, note = judged([page(0, confirmed=2, looked_on=TUESDAY)], [], later)
    assert (state, note) == (BatchState.NONE_ANNOUNCED, "arXiv has announced since, and nothing for this date")
    assert judged([page(0, confirmed=2)], [], later)[0] == BatchState.UNKNOWN


def test_a_paper_that_oai_knows_and_no_list_has_makes_the_list_partial_until_it_was_read_thrice():
    unlisted = UnlistedPaper("2501.09999", datetime(2025, 1, 10, 12, tzinfo=UTC), MONDAY)
    doubt = replace(AMONG_OTHERS, unlisted=(unlisted,))
    state, note = judged([page(), feed()], lines("catchup", "rss"), doubt)
    assert (state, "2501.09999" in note) == (BatchState.PARTIAL, True)
    assert judged([page(0), feed(0)], [], doubt)[0] == BatchState.PARTIAL
    assert judged([page(confirmed=3), feed()], lines("catchup", "rss"), doubt)[0] == BatchState.COMPLETE


@pytest.mark.parametrize(
    ("submitted", "known_from", "days"),
    [
        (datetime(2025, 1, 10, 12, tzinfo=UTC), MONDAY, [MONDAY]),
        (datetime(2025, 1, 11, 4, tzinfo=UTC), MONDAY, [MONDAY]),  # Still Friday in New York.
        (datetime(2025, 1, 13, 12, tzinfo=UTC), MONDAY, []),
        (datetime(2025, 1, 8, 12, tzinfo=UTC), TUESDAY, [date(2025, 1, 9), date(2025, 1, 10), MONDAY, TUESDAY]),
    ],
)
def test_a_paper_should_be_in_a_list_between_its_submission_and_the_day_it_was_known(submitted, known_from, days):
    assert list_expected_dates(UnlistedPaper("2501.1", submitted, known_from)) == days


def test_what_is_final_is_not_asked_again_and_a_quiet_working_day_once_more():
    complete = Batch("cs.CL", MONDAY, BatchState.COMPLETE, 3, 3, ("catchup",))
    quiet = replace(complete, state=BatchState.NONE_ANNOUNCED, declared=0, stored=0)
    assert is_request_due(None, None, MONDAY, MONDAY)
    assert is_request_due(replace(complete, state=BatchState.PARTIAL), page(), MONDAY, TUESDAY)
    assert not is_request_due(complete, page(), MONDAY, TUESDAY)
    assert not is_request_due(quiet, page(0), MONDAY, MONDAY)
    assert is_request_due(quiet, page(0), MONDAY, TUESDAY)
    assert not is_request_due(quiet, page(0, looked_on=TUESDAY), MONDAY, TUESDAY + timedelta(days=1))
    assert not is_request_due(None, None, MONDAY, MONDAY + timedelta(days=91))


def test_a_list_beyond_arxivs_reach_says_that_it_cannot_be_had():
    state, note = judged([], [], replace(ALONE, today=MONDAY + timedelta(days=200)))
    assert (state, "90 days" in note) == (BatchState.UNKNOWN, True)


def test_sources_are_merged_line_by_line():
    from_feed = merge_entries([], announcements(2), "rss", is_whole=False)
    both = merge_entries(from_feed, announcements(3, source="catchup", kind=CROSS), "catchup", is_whole=True)
    assert [(line.version, line.type, line.sources) for line in both] == [
        (1, NEW, ("catchup", "rss")),
        (1, NEW, ("catchup", "rss")),
        (1, CROSS, ("catchup",)),
    ]
    # A page that was read anew takes back what it does not list any more; a feed takes back nothing.
    again = merge_entries(both, announcements(1, source="catchup"), "catchup", is_whole=True)
    assert [line.sources for line in again] == [("catchup", "rss"), ("rss",)]
    assert merge_entries(both, announcements(1), "rss", is_whole=False)[2].sources == ("catchup",)


def test_a_feed_of_yesterday_under_todays_date_makes_no_replacement_a_first_announcement():
    feed, page = announcements(1), announcements(1, source="catchup", kind=REPLACE)
    page = [replace(one, version=None) for one in page]
    feed_first = merge_entries(merge_entries([], feed, "rss", is_whole=False), page, "catchup", is_whole=True)
    page_first = merge_entries(merge_entries([], page, "catchup", is_whole=True), feed, "rss", is_whole=False)
    assert feed_first == page_first == [ListEntry(feed[0].arxiv_id, None, REPLACE, ("catchup", "rss"))]


def test_the_state_is_told_in_a_few_words():
    complete = Batch("cs.CL", MONDAY, BatchState.COMPLETE, 3, 3, ("catchup",))
    assert describe_batch(complete) == "complete, 3 announced"
    assert (
        describe_batch(replace(complete, state=BatchState.UNKNOWN, note="no list was had"))
        == "unknown: no list was had"
    )
    quiet = replace(complete, state=BatchState.NONE_ANNOUNCED, stored=0)
    assert describe_batch(quiet) == "none announced"
    assert describe_batch(replace(quiet, note="Christmas")) == "none announced (Christmas)"
