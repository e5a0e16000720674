"""Papers are related by rare authors and title words, and each says what it shares."""

from datetime import UTC, date, datetime

import pytest

from storage.library import connection, editions, publications, related_papers
from storage.library.publications import Item, ListedItem
from yibao.records import Edition, Entry, Neighbours, RelatedPaper

AT = datetime(2025, 1, 13, 5, tzinfo=UTC)
MONDAY = date(2025, 1, 13)


@pytest.fixture
def library(tmp_path):
    with connection.write_library(tmp_path / "library.duckdb") as library:
        yield library


def show(library, *papers):
    """Each paper as number, authors, words, category."""
    listed = [
        ListedItem(
            f"arxiv/2501.0000{number}",
            "d",
            None,
            (f"categories/{code}/", *(f"author/{name}" for name in authors)),
            words=tuple(words),
        )
        for number, authors, words, code in papers
    ]
    publications.stamp_items(library, [Item(one.item, "", AT) for one in listed], AT)
    publications.update_lists(library, listed, [], AT.date())


def read(library, arxiv_id="2501.00001"):
    return related_papers.read_related_papers(library, [arxiv_id]).get(arxiv_id, ())


def test_a_shared_author_relates_and_words_do_in_one_category_and_all_is_said(library):
    show(
        library,
        (1, ["Ann", "Bob"], ["sparse", "attention", "kernel"], "cs.CL"),
        (2, ["Ann"], ["geometry"], "math.NA"),
        (3, ["Eve"], ["sparse", "attention"], "cs.CL"),
        (4, ["Eve"], ["sparse", "kernel"], "cs.CV"),
        (5, ["Dan"], ["sparse"], "cs.CL"),
        *((number, [], ["other"], "cs.CL") for number in (6, 7, 8)),
    )
    related_papers.update_related_papers(library, ["2501.00001"])
    assert set(read(library)) == {
        RelatedPaper("2501.00002", ("Ann",), ()),
        RelatedPaper("2501.00003", (), ("attention", "sparse")),
    }
    # It counts in both directions, and what readers are not shown is not shown.
    assert read(library, "2501.00003") == (RelatedPaper("2501.00001", (), ("attention", "sparse")),)
    assert related_papers.find_partners(library, ["2501.00003"]) == {"2501.00001"}
    publications.update_lists(library, [], ["arxiv/2501.00003"], AT.date())
    assert [one.arxiv_id for one in read(library)] == ["2501.00002"]


def test_what_very_many_share_relates_nothing(library, monkeypatch):
    monkeypatch.setattr(related_papers, "_COMMON", 2)
    show(library, *((number, ["Wei Wang"], [], "cs.CL") for number in range(4)))
    related_papers.update_related_papers(library, ["2501.00001"])
    assert read(library) == ()


def test_a_papers_neighbours_are_those_under_its_heading_in_its_first_edition(library):
    entries = [Entry(f"2501.0000{number}", None, None) for number in range(5)]
    day = Edition("2025-01-13", MONDAY, MONDAY, tuple(entries[:3]), (("cs.CL", tuple(entries[3:])),), ())
    pages = {("2025-01-13", one.arxiv_id): 1 for one in entries}
    week = Edition("2025-W03", MONDAY, MONDAY, tuple(entries[:1]), (), ())
    editions.store_editions(library, None, [day, week], pages)
    held = editions.find_editions_by_paper(library, ["2501.00000", "2501.00002", "2501.00003"])
    assert held["2501.00000"] == ("2025-01-13", "2025-W03")
    assert editions.read_neighbours(library, {one: keys[0] for one, keys in held.items()}) == {
        "2501.00000": Neighbours("2025-01-13", None, "2501.00001"),
        "2501.00002": Neighbours("2025-01-13", "2501.00001", None),
        "2501.00003": Neighbours("2025-01-13", None, "2501.00004"),
    }
