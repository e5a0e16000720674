"""Promises of what is stored, each of which was once broken on purpose without any test noticing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from storage import site_tree, tree_state
from storage.library import connection, papers, publications
from tests.storage.test_papers import AT, FEED, RAW
from yibao import editions
from yibao.build_graph import wrap_content
from yibao.records import Entry, Translation

MONDAY, TUESDAY = date(2025, 1, 13), date(2025, 1, 14)


@pytest.mark.parametrize("source", ["rss", "api", "arXivRaw"])
def test_a_comment_does_not_outlive_its_version(tmp_path, source):
    first = replace(RAW, source="api", fingerprint=None, comment="This paper has been withdrawn", is_withdrawn=True)
    second = replace(FEED, version=2, source=source, versions=())
    with connection.write_library(tmp_path / "library.duckdb") as library:
        papers.store_papers(library, [first], MONDAY)
        papers.store_papers(library, [second], TUESDAY)
        (paper,) = papers.read_papers(library, [RAW.arxiv_id]).values()
    assert (paper.version, paper.comment, paper.is_withdrawn, paper.updated_at) == (2, None, False, None)
    assert paper.submitted_at == AT  # That of version 1 is the paper's.


def test_an_update_never_goes_back_whatever_date_a_run_is_for(tmp_path):
    midnights = [datetime(2025, 1, day, 5, tzinfo=UTC) for day in (17, 13, 15, 13)]
    with connection.write_library(tmp_path / "library.duckdb") as library:
        seen = []
        for number, midnight in enumerate(midnights):
            item = publications.Item("arxiv/2501.00001", f"content {number}", midnight)
            seen.append(publications.stamp_items(library, [item], midnight)[item.item])
    assert len({stamp.published_at for stamp in seen}) == 1
    updates = [stamp.updated_at for stamp in seen]
    assert updates == sorted(set(updates))
    assert updates[-1] - updates[0] < timedelta(minutes=1)


TRANSLATION = Translation(RAW.arxiv_id, "zh-Hans", "标题", "摘要。", "T", "a.md", 1)


@pytest.mark.parametrize(
    "changed",
    [
        Entry(RAW.arxiv_id, replace(RAW, title="Another title"), TRANSLATION),
        Entry(RAW.arxiv_id, RAW, replace(TRANSLATION, title="另一标题")),
        Entry(RAW.arxiv_id, RAW, replace(TRANSLATION, title=None)),
    ],
)
def test_another_title_is_an_update(changed):
    before = Entry(RAW.arxiv_id, RAW, TRANSLATION)
    assert editions.digest_entry(changed) != editions.digest_entry(before)


def test_addresses_that_the_hub_was_not_told_of_are_told_with_later_ones(tmp_path):
    untold = tmp_path / "untold.json"
    notified = []

    def write(files, tell):
        tree = {path: wrap_content(content) for path, content in files.items()}
        site_tree.publish_tree(tree_state.read_tree(tmp_path / "public"), untold, tree, tell)

    def killed(_paths):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write({"a.xml": b"1", "b.xml": b"1"}, killed)
    with pytest.raises(KeyboardInterrupt):
        write({"a.xml": b"1", "b.xml": b"2"}, killed)
    write({"a.xml": b"1", "b.xml": b"2", "c.xml": b"1"}, lambda paths: notified.append(sorted(paths)))
    write({"a.xml": b"1", "b.xml": b"2", "c.xml": b"1"}, lambda paths: notified.append(sorted(paths)))
    assert notified == [["a.xml", "b.xml", "c.xml"]]
