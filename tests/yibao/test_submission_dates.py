"""When a paper was submitted, and how exactly its sources know it."""

from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files

import duckdb
import pytest

from storage.library import connection
from tests.storage.test_papers import FEED, RAW
from yibao.arxiv import oai
from yibao.record_merging import merge_papers
from yibao.records import Precision

DAY = datetime(2007, 4, 2, tzinfo=UTC)
_HEAD = "<header><identifier>oai:arXiv.org:0704.0001</identifier><datestamp>2008-11-26</datestamp></header>"
_FORMS = {
    "arXiv": '<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>0704.0001</id><created>2007-04-02</created>'
    "<updated>2007-07-24</updated><title>T</title><categories>hep-ph</categories><abstract>A</abstract></arXiv>",
    "oai_dc": '<d:dc xmlns:d="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns="http://purl.org/dc/elements/1.1/">'
    "<title>T</title><description>A</description><date>2007-07-24</date><date>2007-04-02</date></d:dc>",
}


@pytest.mark.parametrize("form", _FORMS)
def test_the_day_that_a_record_of_oai_tells_is_kept_and_marked_as_a_day(form):
    body = f"<OAI-PMH><responseDate>2025-01-13T00:00:00Z</responseDate><GetRecord><record>{_HEAD}"
    body += f"<metadata>{_FORMS[form]}</metadata></record></GetRecord></OAI-PMH>"
    (paper,) = oai.parse_page(body.encode(), "https://oai.example", form).papers
    assert (paper.submitted_at, paper.submitted_precision) == (DAY, Precision.DAY)


BY_DAY = replace(FEED, version=None, source="arXiv", submitted_at=DAY, submitted_precision=Precision.DAY)
EXACT = replace(RAW, submitted_precision=Precision.SECOND)


def test_a_record_without_version_tells_the_day_of_a_paper_of_which_only_a_feed_spoke():
    merged = merge_papers(FEED, BY_DAY)
    assert (merged.submitted_at, merged.submitted_precision) == (DAY, Precision.DAY)
    assert (merged.version, merged.source) == (FEED.version, FEED.source)


@pytest.mark.parametrize("records", [(EXACT, BY_DAY), (BY_DAY, EXACT), (FEED, BY_DAY, EXACT), (BY_DAY, FEED, EXACT)])
def test_an_instant_counts_before_a_day_whichever_comes_first(records):
    merged = None
    for record in records:
        merged = merge_papers(merged, record)
    assert (merged.submitted_at, merged.submitted_precision) == (EXACT.submitted_at, Precision.SECOND)


def test_a_newer_version_that_tells_no_date_keeps_the_instant_with_its_precision():
    merged = merge_papers(replace(EXACT, source="api", fingerprint=None), replace(FEED, version=2))
    assert (merged.submitted_at, merged.submitted_precision) == (EXACT.submitted_at, Precision.SECOND)


def test_what_an_older_library_holds_is_known_to_the_second_where_it_is_known(tmp_path):
    path = tmp_path / "library.duckdb"
    migrations = sorted((files("storage.library") / "migrations").iterdir(), key=lambda file: file.name)
    older = [file for file in migrations if file.name < "0005"]
    with duckdb.connect(str(path)) as library:
        library.execute("CREATE TABLE migration (version INTEGER NOT NULL, name VARCHAR NOT NULL)")
        for number, file in enumerate(older, 1):
            library.execute(file.read_text(encoding="utf-8"))
            library.execute("INSERT INTO migration VALUES ($1, $2)", [number, file.name])
        for arxiv_id, at in (("0704.0001", "TIMESTAMPTZ '2007-04-02 19:18:42+00'"), ("0704.0002", "NULL")):
            library.execute(f"""
                INSERT INTO paper_state BY NAME SELECT '{arxiv_id}' AS arxiv_id, 'T' AS title, 'A' AS abstract,
                    [] AS authors, [] AS categories, [] AS subject_classes, [] AS versions, false AS is_withdrawn,
                    {at} AS submitted_at, 'rss' AS source, DATE '2025-01-13' AS first_seen_on,
                    DATE '2025-01-13' AS known_from
            """)
    with connection.write_library(path) as library:
        precisions = library.execute("SELECT submitted_precision FROM paper ORDER BY arxiv_id").fetchall()
    assert precisions == [("second",), (None,)]
