"""Papers in every state in which they were known."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.library import connection, papers, pending
from yibao.records import Author, Paper, Version

MONDAY, TUESDAY, WEDNESDAY = (date(2025, 1, day) for day in (13, 14, 15))
AT = datetime(2025, 1, 10, 12, tzinfo=UTC)
FEED = Paper(
    "2501.00001",
    1,
    'T "quoted" \\n',
    "A",
    (Author("N", ("P", "Q")), Author("M")),
    ("cs.CL",),
    "cs.CL",
    "rss",
    license="cc",
    versions=(Version(1, None),),
)
RAW = replace(
    FEED,
    source="arXivRaw",
    comment="c",
    submitted_at=AT,
    updated_at=AT,
    versions=(Version(1, AT, None, 10),),
    fingerprint="a" * 32,
)


@pytest.fixture
def library(tmp_path):
    with connection.write_library(tmp_path / "library.duckdb") as opened:
        yield opened


def rows(library, table):
    return sorted(map(str, library.execute(f"SELECT * FROM {table}").fetchall()))


def states(library, columns="known_from, known_until"):
    return library.execute(f"SELECT {columns} FROM paper_state ORDER BY known_from").fetchall()


@pytest.mark.parametrize("paper", [FEED, RAW])
def test_a_paper_comes_back_as_it_was_and_storing_it_again_changes_nothing(library, paper):
    assert papers.store_papers(library, [paper], MONDAY) == (1, 0, 0)
    before = rows(library, "paper_state")
    assert papers.store_papers(library, [paper, paper], TUESDAY) == (0, 0, 1)
    assert papers.read_papers(library, [paper.arxiv_id]) == {paper.arxiv_id: paper}
    assert rows(library, "paper_state") == before


def test_a_completed_paper_keeps_its_first_date_and_its_licence(library):
    papers.store_papers(library, [FEED], MONDAY)
    full = replace(FEED, source="api", comment="c", license=None, updated_at=AT)
    assert papers.store_papers(library, [full], TUESDAY) == (0, 1, 0)
    (stored,) = papers.read_papers(library, [FEED.arxiv_id]).values()
    assert (stored.comment, stored.license) == ("c", "cc")
    assert library.execute("SELECT first_seen_on, changed_on FROM paper").fetchall() == [(MONDAY, TUESDAY)]
    assert library.execute("SELECT submitted_at FROM paper_version").fetchall() == [(AT,)]


def test_every_state_that_ended_a_day_is_kept_and_the_paper_as_of_any_date_can_be_asked_for(library):
    papers.store_papers(library, [RAW], MONDAY)
    with_doi = replace(RAW, doi="10.1/x", fingerprint="b" * 32)
    papers.store_papers(library, [with_doi], TUESDAY)
    papers.store_papers(library, [replace(RAW, version=2, title="T2", fingerprint="c" * 32)], WEDNESDAY)
    asked = "SELECT title, doi FROM paper_as_of($day)"
    assert library.execute(asked, {"day": MONDAY - timedelta(days=1)}).fetchall() == []
    assert library.execute(asked, {"day": MONDAY}).fetchall() == [(RAW.title, None)]
    assert library.execute(asked, {"day": TUESDAY}).fetchall() == [(RAW.title, "10.1/x")]
    assert library.execute(asked, {"day": WEDNESDAY + timedelta(days=9)}).fetchall() == [("T2", None)]
    assert states(library) == [(MONDAY, TUESDAY), (TUESDAY, WEDNESDAY), (WEDNESDAY, None)]


def test_what_was_replaced_within_one_runs_date_was_never_seen_and_is_not_kept(library):
    papers.store_papers(library, [FEED], MONDAY)
    papers.store_papers(library, [RAW], MONDAY)
    assert states(library) == [(MONDAY, None)]


@pytest.fixture
def store(tmp_path):
    """Store papers, or publish, each in a transaction of its own; the last returns what a query answers."""
    with connection.open_library(tmp_path / "library.duckdb") as library:

        def act(paper=None, on=MONDAY, query=None):
            with connection.begin_transaction(library):
                if query:
                    return library.execute(query).fetchall()
                if paper:
                    return papers.store_papers(library, [paper], on)
                return pending.clear_pending(library, "published")

        yield act


SECOND = replace(RAW, title="T2", fingerprint="b" * 32)


def test_of_two_publications_of_one_day_both_are_history(store):
    store(RAW)
    store()
    store(SECOND)
    store()
    spans = "SELECT title, known_from, known_until, known_until_at IS NULL FROM paper_state ORDER BY known_from_at"
    assert store(query=spans) == [(RAW.title, MONDAY, MONDAY, False), ("T2", MONDAY, None, True)]
    for title in (RAW.title, "T2"):
        instant = f"(SELECT known_from_at FROM paper_state WHERE title = '{title}')"
        assert store(query=f"SELECT title FROM paper_as_of_instant({instant})") == [(title,)]
    assert store(query=f"SELECT title FROM paper_as_of(DATE '{MONDAY}')") == [("T2",)]


def test_what_was_stored_after_a_publication_and_replaced_before_the_next_was_never_seen(store):
    store(RAW)
    store()
    store(SECOND)
    store(replace(RAW, title="T3", fingerprint="c" * 32))
    assert store(query="SELECT title FROM paper_state ORDER BY known_from_at") == [(RAW.title,), ("T3",)]


def test_a_run_for_an_earlier_date_cannot_make_history_run_backwards(library):
    papers.store_papers(library, [RAW], WEDNESDAY)
    papers.store_papers(library, [replace(RAW, version=2, fingerprint="b" * 32)], MONDAY)
    assert states(library, "version, known_from, known_until") == [(2, WEDNESDAY, None)]


def test_a_doi_that_arxiv_takes_back_is_gone(library):
    papers.store_papers(library, [replace(RAW, doi="10.1/x")], MONDAY)
    papers.store_papers(library, [replace(RAW, fingerprint="b" * 32)], TUESDAY)
    assert papers.read_papers(library, [RAW.arxiv_id])[RAW.arxiv_id].doi is None


def test_an_older_record_that_comes_late_changes_nothing(library):
    second = replace(RAW, version=2, versions=(*RAW.versions, Version(2, AT)), fingerprint="b" * 32)
    papers.store_papers(library, [second], MONDAY)
    assert papers.store_papers(library, [RAW], TUESDAY) == (0, 0, 1)
    assert papers.store_papers(library, [FEED], TUESDAY) == (0, 0, 1)


@pytest.mark.parametrize(
    ("stored", "arrived"),
    [("Erd\\H{o}s and $\\alpha$", "Erdős and $α$"), ("G\\\"odel's {L}emma", "Gödel's Lemma"), ("a  b\nc", "a b c")],
)
def test_a_text_that_another_source_spells_otherwise_has_not_changed(library, stored, arrived):
    papers.store_papers(library, [replace(FEED, title=stored, abstract=stored)], MONDAY)
    papers.store_papers(library, [replace(RAW, title=arrived, abstract=arrived)], TUESDAY)
    (paper,) = papers.read_papers(library, [FEED.arxiv_id]).values()
    assert (paper.title, paper.abstract, paper.comment) == (stored, stored, "c")


def test_a_record_without_version_adds_where_authors_work_and_nothing_else(library):
    papers.store_papers(library, [replace(RAW, authors=(Author("M. M\\'ark"),))], MONDAY)
    parsed = replace(FEED, source="arXiv", version=None, title=RAW.title, authors=(Author("M. Márk", ("ETH",)),))
    assert papers.store_papers(library, [parsed], TUESDAY) == (0, 1, 0)
    (paper,) = papers.read_papers(library, [RAW.arxiv_id]).values()
    assert paper.authors == (Author("M. Márk", ("ETH",)),)
    assert (paper.version, paper.comment) == (1, "c")
    other = replace(parsed, abstract="quite another text", authors=(Author("X", ("Y",)),))
    assert papers.store_papers(library, [other], WEDNESDAY) == (0, 0, 1)


def test_a_version_that_only_a_feed_has_told_is_in_the_history_and_to_be_described(library):
    papers.store_papers(library, [RAW], MONDAY)
    papers.store_papers(library, [replace(FEED, version=2, title="T2")], TUESDAY)
    assert [row[0] for row in library.execute("SELECT version FROM paper_version ORDER BY 1").fetchall()] == [1, 2]
    library.execute(
        "INSERT INTO announcement VALUES ($1, 2, 'cs.CL', $2, 'replace', ['rss'])", [FEED.arxiv_id, TUESDAY]
    )
    assert papers.find_incomplete_papers(library, TUESDAY) == [FEED.arxiv_id]


def test_a_paper_that_only_a_catch_up_page_named_is_to_be_described(library):
    library.execute("INSERT INTO announcement VALUES ('2501.7', NULL, 'cs.CL', $1, 'new', ['catchup'])", [MONDAY])
    assert papers.find_incomplete_papers(library, TUESDAY) == ["2501.7"]


_RECORDS = st.builds(
    lambda number, version, text, source, doi: replace(
        RAW if source == "arXivRaw" else FEED,
        arxiv_id=f"2501.0000{number}",
        version=version,
        title=text,
        source=source,
        doi=doi,
        versions=tuple(Version(n, AT) for n in range(1, version + 1)) if source == "arXivRaw" else (),
        fingerprint=f"{version}{text}{doi or ''}".encode().hex().ljust(32, "0")[:32] if source == "arXivRaw" else None,
    ),
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from(["x", "y"]),
    st.sampled_from(["arXivRaw", "api", "rss"]),
    st.sampled_from([None, "1"]),
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A library that is empty whenever a transaction begins."""
    with connection.open_library(tmp_path_factory.mktemp("empty") / "library.duckdb") as opened:
        yield opened


@contextmanager
def undone(library):
    """What the block stores is not kept."""
    assert rows(library, "paper_state") == []
    library.begin()
    try:
        yield
    finally:
        library.rollback()


@pytest.mark.soak
@given(st.lists(st.lists(_RECORDS, max_size=6), max_size=4))
def test_stored_again_in_any_batches_nothing_changes_and_history_never_overlaps(empty, batches):
    library = empty
    with undone(library):
        for number, batch in enumerate(batches):
            papers.store_papers(library, batch, MONDAY + timedelta(days=number))
            before = rows(library, "paper_state")
            papers.store_papers(library, batch, MONDAY + timedelta(days=number))
            again = rows(library, "paper_state")
            papers.store_papers(library, batch, MONDAY + timedelta(days=number))
            assert rows(library, "paper_state") == again
            if len({record.arxiv_id for record in batch}) == len(batch):
                assert again == before
        overlapping = library.execute("""
            SELECT count(*) FROM paper_state a JOIN paper_state b USING (arxiv_id)
            WHERE a.known_from < b.known_from AND (a.known_until IS NULL OR a.known_until > b.known_from)
        """).fetchone()
        assert overlapping == (0,)
        assert library.execute("SELECT count(*) - count(DISTINCT arxiv_id) FROM paper").fetchone() == (0,)


def test_a_replacement_that_a_page_listed_without_version_is_asked_for_where_what_we_know_is_old(library):
    papers.store_papers(library, [replace(RAW, updated_at=AT - timedelta(days=90))], MONDAY)
    line = "INSERT INTO announcement VALUES ($1, NULL, 'cs.CL', $2, 'replace', ['catchup'])"
    library.execute(line, [RAW.arxiv_id, TUESDAY])
    assert papers.find_incomplete_papers(library, TUESDAY) == [RAW.arxiv_id]
    papers.store_papers(library, [replace(RAW, version=2, fingerprint="b" * 32)], TUESDAY)
    assert papers.find_incomplete_papers(library, TUESDAY) == []
