"""Catch-up pages, from bytes to lists that say how long they are."""

import contextlib
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.standin import pages
from tests.standin.papers import load
from yibao import holidays
from yibao.arxiv import catchup
from yibao.errors import GarbledError
from yibao.records import AnnounceType

MONDAY = date(2025, 1, 13)
URL = catchup.build_page_url("https://arxiv.example/catchup", "cs.CL", MONDAY)


def page(category="cs.CL", on=MONDAY, **more):
    return pages.catchup(load(), category, on, **more)


def read(body, category="cs.CL", on=MONDAY):
    return catchup.parse_page(body, catchup.build_page_url("https://arxiv.example/catchup", category, on))


def test_a_page_tells_who_was_announced_how_and_how_many():
    document = read(page())
    assert [(line.arxiv_id, line.type, line.version) for line in document.lines] == [
        ("2501.05727", AnnounceType.NEW, None),
        ("2501.06282", AnnounceType.NEW, None),
        ("2501.05874", AnnounceType.CROSS, None),
        ("2501.06252", AnnounceType.CROSS, None),
    ]
    assert {line.announced_on for line in document.lines} == {MONDAY}
    assert (catchup.count_declared([document.counts]), document.counts.shown, document.problems) == (4, 4, ())


def test_a_replacement_is_the_papers_own_or_that_of_a_cross_list_by_its_primary_category():
    assert [line.type for line in read(page("cs.CV"), "cs.CV").lines][-1] == AnnounceType.REPLACE_CROSS
    wednesday = MONDAY + timedelta(days=2)
    kinds = {line.arxiv_id: line.type for line in read(page(on=wednesday), on=wednesday).lines}
    assert kinds["2501.05727"] == AnnounceType.REPLACE


def test_a_list_over_several_pages_is_one_list_whose_length_each_page_tells():
    pages = [read(page(page=number, size=2)) for number in (1, 2)]
    counts = [one.counts for one in pages]
    assert catchup.has_more_pages(counts[:1])
    assert not catchup.has_more_pages(counts)
    assert catchup.count_declared(counts) == 4
    assert len({line.arxiv_id for one in pages for line in one.lines}) == 4


def test_a_page_without_entries_declares_none_and_must_say_of_which_date():
    empty = read(page(counted=lambda _: [], damaged=lambda _: []))
    declared, has_more = catchup.count_declared([empty.counts]), catchup.has_more_pages([empty.counts])
    assert (empty.lines, declared, has_more) == ((), 0, False)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda body: body.replace(b"13 Jan 2025", b"10 Jan 2025"), "speaks of 2025-01-10, not of 2025-01-13"),
        (lambda body: body.replace(b"Mon, 13 Jan 2025", b"some day"), "does not say of which date"),
        (lambda body: body.replace(b"<dt>", b"<dt hidden><dt>", 1), "shows 5 entries and says that they are 4"),
        (lambda body: body[: len(body) // 2], "cut off|shows"),
        (lambda _: b"", "empty"),
        (lambda _: b"<html><body>Please wait</body></html>", "does not say of which date"),
    ],
)
def test_a_page_that_contradicts_itself_is_a_fault_and_never_a_quiet_day(damage, message):
    with pytest.raises(GarbledError, match=message):
        read(damage(page()))


def test_fewer_entries_than_the_headings_say_is_a_fault():
    with pytest.raises(GarbledError, match="shows 3 entries and says that they are 4"):
        read(page(damaged=lambda items: items[:-1]))


def test_an_entry_without_an_abstract_link_is_set_aside_and_its_neighbours_are_read():
    document = read(page().replace(b"href='/abs/2501.06282'", b"href='/nowhere'"))
    assert len(document.lines) == 3
    assert "no link to an abstract" in document.problems[0].message


@pytest.mark.parametrize(
    "heading",
    [
        "New submissions (showing 1 of 1 entries)",
        "New submissions (showing first 1 of 1 entries)",
        "New submissions (continued, showing last 1 of 1 entries)",
    ],
)
@pytest.mark.parametrize("day", ["Mon, 13 Jan 2025", "Monday, 13 January 2025", "2025-01-13"])
def test_every_heading_that_arxiv_writes_is_understood(heading, day):
    entry = "<dl><dt><a href='/abs/2501.00001'>x</a></dt></dl>"
    body = f"<html><h1>New listings for {day}</h1><h3>{heading}</h3>{entry}</html>"
    assert [line.arxiv_id for line in read(body.encode()).lines] == ["2501.00001"]


def test_an_archive_that_is_a_category_itself_keeps_its_name():
    body = page("hep-th").replace(b"hep-th", b"hep-th")
    assert read(body, "hep-th").lines == ()


def test_addresses_are_read_back():
    assert catchup.parse_page_url(URL) == ("cs.CL", MONDAY)
    assert URL.endswith("/cs.CL/2025-01-13?abs=True&page=1")


def test_arxiv_reaches_ninety_days_back_and_not_into_the_future():
    assert catchup.is_within_reach(MONDAY - timedelta(days=90), MONDAY)
    assert not catchup.is_within_reach(MONDAY - timedelta(days=91), MONDAY)
    assert not catchup.is_within_reach(MONDAY + timedelta(days=1), MONDAY)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_and_nothing_else(body):
    with contextlib.suppress(GarbledError):
        read(body)


@pytest.mark.parametrize(
    "day",
    ["2026-01-01", "2026-01-19", "2026-06-19", "2026-07-03", "2026-09-07", "2026-11-26", "2026-12-25", "2026-12-29",
     "2026-12-31"],
)  # fmt: skip
def test_the_published_holidays_of_2026_are_known_and_the_mornings_after(day):
    on = date.fromisoformat(day)
    assert holidays.find_holiday(on)
    following = on + timedelta(days=1)
    while following.isoweekday() > 5:
        following += timedelta(days=1)
    assert holidays.find_holiday(following)


def test_an_ordinary_day_is_no_holiday():
    assert [holidays.find_holiday(date(2026, 3, day)) for day in range(1, 32)] == [None] * 31
    assert holidays.find_holiday(date(2026, 1, 2))  # The morning after New Year's Day.
