"""What was said of each list, how far changes were read, and who harvests."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from storage.library import announcements, connection, leases, ledger, oai_cursor, papers
from storage.library.oai_cursor import OaiCursor
from tests.storage.test_papers import AT, RAW
from yibao.records import AnnounceType, Batch, BatchState, ListEntry, SourceReport, Version

MONDAY, TUESDAY = date(2025, 1, 13), date(2025, 1, 14)


@pytest.fixture
def library(tmp_path):
    with connection.write_library(tmp_path / "library.duckdb") as opened:
        yield opened


def line(number=1, kind=AnnounceType.NEW, sources=("catchup",), version=1):
    return ListEntry(f"2501.0000{number}", version, kind, sources)


def test_a_list_has_the_lines_that_it_was_given_last_and_knows_which_papers_are_described(library):
    announcements.replace_entries(library, "cs.CL", MONDAY, [line(1), line(2)])
    announcements.replace_entries(library, "cs.CL", MONDAY, [line(1), line(3)])
    announcements.replace_entries(library, "cs.CV", MONDAY, [line(1, AnnounceType.CROSS)])
    papers.store_papers(library, [RAW], MONDAY)
    assert [one.arxiv_id for one in announcements.read_entries(library, "cs.CL", MONDAY)] == [
        "2501.00001",
        "2501.00003",
    ]
    described = announcements.read_described_entries(library, [(MONDAY, "cs.CL"), (TUESDAY, "cs.CL")])
    assert list(described) == [(MONDAY, "cs.CL")]
    assert [(one.arxiv_id, one.is_described, one.primary_category) for one in described[MONDAY, "cs.CL"]] == [
        ("2501.00001", True, "cs.CL"),
        ("2501.00003", False, None),
    ]
    assert announcements.find_dates_with_entries(library) == {MONDAY: {"cs.CL", "cs.CV"}}


def test_a_paper_in_an_older_version_than_was_announced_is_not_described(library):
    papers.store_papers(library, [RAW], MONDAY)
    announcements.replace_entries(library, "cs.CL", TUESDAY, [line(1, AnnounceType.REPLACE, version=2)])
    (described,) = announcements.read_described_entries(library, [(TUESDAY, "cs.CL")]).values()
    assert [one.is_described for one in described] == [False]


def test_types_and_categories_are_kept_apart_and_the_best_type_is_shown(library):
    announcements.replace_entries(library, "cs.CL", MONDAY, [line(1, AnnounceType.CROSS)])
    announcements.replace_entries(library, "cs.CV", MONDAY, [line(1, AnnounceType.NEW)])
    (listing,) = announcements.read_announced_papers(library, ["2501.00001"])
    assert (listing.type, listing.categories) == (AnnounceType.NEW, ("cs.CL", "cs.CV"))


def test_first_announcements_of_earlier_dates_are_remembered_by_category(library):
    announcements.replace_entries(library, "cs.CL", MONDAY, [line(1), line(2, AnnounceType.REPLACE)])
    ids = ["2501.00001", "2501.00002", "2501.00003"]
    assert announcements.find_announced_before(library, "cs.CL", TUESDAY, ids) == {"2501.00001"}
    assert announcements.find_announced_before(library, "cs.CV", TUESDAY, ids) == set()
    assert announcements.find_announced_before(library, "cs.CL", MONDAY, ids) == set()


def test_a_new_version_that_oai_knows_and_no_list_has_is_found_by_category(library):
    def raw(number, version, updated_at, **more):
        versions = tuple(Version(n, AT) for n in range(1, version + 1))
        return replace(
            RAW,
            arxiv_id=f"2501.0000{number}",
            version=version,
            versions=versions,
            updated_at=updated_at,
            fingerprint=f"{number:032d}",
            **more,
        )

    papers.store_papers(
        library,
        [
            raw(1, 1, AT, categories=("cs.CL", "cs.CV")),
            raw(2, 6, AT),  # Announced by nobody.
            raw(3, 3, AT - timedelta(days=90)),  # An old version with a new DOI.
            raw(4, 2, AT),  # Listed.
        ],
        MONDAY,
    )
    announcements.replace_entries(library, "cs.CL", MONDAY, [line(4, AnnounceType.REPLACE)])
    unlisted = announcements.find_unlisted_papers(library, MONDAY)
    assert {category: [one.arxiv_id for one in ones] for category, ones in unlisted.items()} == {
        "cs.CL": ["2501.00001"],
        "cs.CV": ["2501.00001"],
    }
    assert announcements.find_unlisted_papers(library, TUESDAY) == {}


def test_a_state_keeps_the_date_since_when_it_holds_whatever_else_is_learnt(library):
    partial = Batch("cs.CL", MONDAY, BatchState.PARTIAL, 4, 3, ("catchup",), "one is missing")
    ledger.store_batch(library, partial, MONDAY)
    library.execute("UPDATE batch SET since_at = '2025-01-13 21:00:00+00'")
    ledger.store_batch(library, replace(partial, stored=2, note="two are missing"), TUESDAY)
    since = "SELECT state, stored, since_on FROM batch"
    instant = "SELECT since_at = '2025-01-13 21:00:00+00' FROM batch"
    assert library.execute(instant).fetchall() == [(True,)]
    assert library.execute(since).fetchall() == [("partial", 2, MONDAY)]
    ledger.store_batch(library, replace(partial, state=BatchState.COMPLETE, stored=4, note=""), TUESDAY)
    assert library.execute(since).fetchall() == [("complete", 4, TUESDAY)]
    assert library.execute(instant).fetchall() == [(False,)]
    assert [batch.state for batch in ledger.read_batches(library)] == [BatchState.COMPLETE]


def test_the_last_look_of_each_source_counts(library):
    for source in ("rss", "catchup", "catchup"):
        ledger.store_source_report(library, SourceReport("cs.CL", MONDAY, source, 4, 4, TUESDAY))
    assert set(ledger.read_source_reports(library, "cs.CL", MONDAY)) == {"rss", "catchup"}
    assert set(ledger.read_catchup_reports(library)) == {("cs.CL", MONDAY)}
    assert len(ledger.read_reports_of_run_date(library, TUESDAY)) == 2


def test_reading_goes_on_at_the_place_that_was_kept(library):
    assert oai_cursor.read_cursor(library, "arXivRaw") is None
    place = OaiCursor("arXivRaw", MONDAY, "token", TUESDAY, TUESDAY)
    oai_cursor.store_cursor(library, OaiCursor("arXivRaw", MONDAY))
    oai_cursor.store_cursor(library, place)
    assert oai_cursor.read_cursor(library, "arXivRaw") == place


def test_one_host_harvests_and_another_takes_over_when_it_has_been_silent_for_long(library):
    now = datetime(2025, 1, 13, tzinfo=UTC)
    assert leases.take_lease(library, "harvest", "a", now) is None
    assert leases.take_lease(library, "harvest", "b", now + timedelta(minutes=5)) == "a"
    assert leases.take_lease(library, "harvest", "a", now + timedelta(minutes=15)) is None
    assert leases.take_lease(library, "harvest", "b", now + timedelta(minutes=30)) == "a"
    assert leases.take_lease(library, "harvest", "b", now + timedelta(minutes=36)) is None
    leases.return_lease(library, "harvest", "a")
    assert leases.take_lease(library, "harvest", "a", now + timedelta(minutes=37)) == "b"
    leases.return_lease(library, "harvest", "b")
    assert leases.take_lease(library, "harvest", "a", now + timedelta(minutes=37)) is None
