"""Which papers make up which edition."""

from datetime import date, timedelta

from yibao import editions
from yibao.edition_summaries import find_neighbours
from yibao.editions import Holdings
from yibao.records import (
    AnnouncedPaper,
    AnnounceType,
    Author,
    Batch,
    BatchState,
    CurrentTranslation,
    Paper,
    Translation,
)

MONDAY, FRIDAY = date(2025, 1, 13), date(2025, 1, 17)


def paper(arxiv_id, category="cs.CL"):
    return Paper(arxiv_id, 1, f"T {arxiv_id}", "A", (Author("N"),), (category,), category, "api")


def arrival(arxiv_id, week="2025-W03", on=MONDAY, line=1, language="zh-Hans", **more):
    return CurrentTranslation(Translation(arxiv_id, language, "译", "摘", "T", "a.md", line, **more), week, on, on)


def holdings(papers=(), listings=(), arrivals=(), batches=()):
    return Holdings({p.arxiv_id: p for p in papers}, listings, arrivals, batches, "zh-Hans")


def composed(held, wanted=("cs.CL", "cs.CV")):
    return {edition.key: edition for edition in editions.compose_editions(held, wanted)}


def ids(entries):
    return [entry.arxiv_id for entry in entries]


def test_translated_papers_come_first_then_the_rest_by_category_then_replacements():
    held = holdings(
        [paper("2501.00001"), paper("2501.00002", "cs.CV"), paper("2501.00003"), paper("2501.00004")],
        [
            AnnouncedPaper("2501.00001", MONDAY, AnnounceType.NEW, ("cs.CL",)),
            AnnouncedPaper("2501.00002", MONDAY, AnnounceType.NEW, ("cs.CV",)),
            AnnouncedPaper("2501.00003", MONDAY, AnnounceType.CROSS, ("cs.CL",)),
            AnnouncedPaper("2501.00004", MONDAY, AnnounceType.REPLACE, ("cs.CL",)),
        ],
        [arrival("2501.00003")],
    )
    daily = composed(held)["2025-01-13"]
    assert ids(daily.translated) == ["2501.00003"]
    assert [(code, ids(entries)) for code, entries in daily.by_category] == [
        ("cs.CL", ["2501.00001"]),
        ("cs.CV", ["2501.00002"]),
    ]
    assert ids(daily.replaced) == ["2501.00004"]


def test_a_weekly_file_of_years_ago_fills_its_own_week_and_no_day():
    shown = composed(holdings(arrivals=[arrival("2401.00001", week="2024-W07", on=MONDAY)]))
    assert list(shown) == ["2024-W07"]
    entry = shown["2024-W07"].translated[0]
    assert editions.find_first_date(holdings(arrivals=[arrival("2401.00001", "2024-W07")]), entry) == date(2024, 2, 16)


def test_a_translation_that_arrives_this_week_is_in_its_days_and_its_weeks_edition():
    editions = composed(holdings(arrivals=[arrival("2401.00001", on=FRIDAY)]))
    assert set(editions) == {"2025-01-17", "2025-W03"}


def test_the_order_of_translations_is_the_curators():
    editions = composed(holdings(arrivals=[arrival("2501.00009", line=1), arrival("2501.00001", line=9)]))
    assert ids(editions["2025-W03"].translated) == ["2501.00009", "2501.00001"]


def test_up_to_three_papers_lead_those_that_the_curator_chose_or_else_the_first():
    numbers = range(1, 7)

    def week(*leads):
        arrivals = [arrival(f"2501.0000{number}", line=number, is_lead=number in leads) for number in numbers]
        return composed(holdings(arrivals=arrivals))["2025-W03"]

    for chosen, first in (((), "123"), ((5,), "5"), ((2, 4), "24"), ((2, 3, 5, 6), "235")):
        edition = week(*chosen)
        assert ids(edition.leads) == [f"2501.0000{number}" for number in first]
        assert edition.translated[: len(edition.leads)] == edition.leads
        assert len(edition.translated) == len(numbers)


def test_beside_an_edition_of_a_day_stand_days_and_beside_a_week_weeks():
    beside = find_neighbours(["2025-W03", "2025-01-17", "2025-01-13", "2024-W52", "2025-01-15"])
    assert beside == {
        "2025-01-13": (None, "2025-01-15"),
        "2025-01-15": ("2025-01-13", "2025-01-17"),
        "2025-01-17": ("2025-01-15", None),
        "2024-W52": (None, "2025-W03"),
        "2025-W03": ("2024-W52", None),
    }


def test_a_replacement_alone_is_no_news():
    listing = AnnouncedPaper("2501.00004", MONDAY, AnnounceType.REPLACE_CROSS, ("cs.CL",))
    assert editions.list_entries(holdings([paper("2501.00004")], [listing])) == []


def test_a_paper_replaced_in_the_week_of_its_announcement_is_listed_once_as_new():
    listings = [
        AnnouncedPaper("2501.00001", MONDAY, AnnounceType.NEW, ("cs.CL",)),
        AnnouncedPaper("2501.00001", FRIDAY, AnnounceType.REPLACE, ("cs.CL",)),
    ]
    weekly = composed(holdings([paper("2501.00001")], listings))["2025-W03"]
    assert ids(weekly.entries) == ["2501.00001"]
    assert weekly.replaced == ()


def test_an_incomplete_day_says_so():
    unknown = Batch("cs.CV", MONDAY, BatchState.UNKNOWN, None, 0, ("rss",), "arXiv could not be reached")
    listing = AnnouncedPaper("2501.00001", MONDAY, AnnounceType.NEW, ("cs.CL",))
    editions = composed(holdings([paper("2501.00001")], [listing], batches=[unknown]))
    assert editions["2025-01-13"].notes == ("cs.CV, 2025-01-13: arXiv could not be reached",)
    assert editions["2025-W03"].notes


def test_a_day_of_which_nothing_could_be_had_has_a_page_that_says_so():
    unknown = Batch("cs.CV", MONDAY, BatchState.UNKNOWN, None, 0, (), "arXiv could not be reached")
    quiet = Batch("cs.CV", MONDAY + timedelta(days=1), BatchState.NONE_ANNOUNCED, 0, 0, ("rss",))
    editions = composed(holdings([], [], batches=[unknown, quiet]))
    assert list(editions) == ["2025-01-13"]
    assert editions["2025-01-13"].notes == ("cs.CV, 2025-01-13: arXiv could not be reached",)


def test_a_withdrawal_is_a_change_that_readers_notice():
    from dataclasses import replace

    entry = holdings([paper("2501.00001")]).entry("2501.00001")
    withdrawn = replace(entry, paper=replace(entry.paper, is_withdrawn=True))
    assert editions.digest_entry(entry) != editions.digest_entry(withdrawn)


def test_a_change_that_readers_notice_changes_the_content_and_no_other_does():
    from dataclasses import replace

    entry = holdings([paper("2501.00001")], arrivals=[arrival("2501.00001")]).entry("2501.00001")
    same = replace(entry, paper=replace(entry.paper, doi="10.1/x", comment="c"))
    other = replace(entry, translation=replace(entry.translation, title="改"))
    assert editions.digest_entry(entry) == editions.digest_entry(same)
    assert editions.digest_entry(entry) != editions.digest_entry(other)
