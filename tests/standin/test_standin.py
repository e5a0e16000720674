"""The local arXiv speaks what arXiv speaks, the parts that nothing asks for yet included."""

import re
from datetime import date
from urllib.parse import quote

import httpx
import pytest
from lxml import etree

from tests.standin.server import Fault, Standin

OAI = {"o": "http://www.openarchives.org/OAI/2.0/"}
FRIDAY = date(2025, 1, 17)


@pytest.fixture
def standin():
    with Standin(today=FRIDAY) as running:
        yield running


def ask(standin, path):
    return httpx.get(standin.url + path, trust_env=False)


def oai(standin, query):
    return etree.fromstring(ask(standin, f"/oai?{query}").content)


def harvested(standin, query):
    """Every identifier, page by page, following the tokens."""
    identifiers, pages = [], 0
    while True:
        page = oai(standin, query)
        pages += 1
        identifiers += page.xpath("//o:header/o:identifier/text()", namespaces=OAI)
        token = page.findtext(".//o:resumptionToken", namespaces=OAI)
        if not token:
            return identifiers, pages
        query = f"verb=ListRecords&resumptionToken={quote(token)}"


@pytest.mark.parametrize("prefix", ["arXiv", "arXivRaw", "oai_dc"])
def test_oai_gives_every_paper_once_over_several_pages(standin, prefix):
    identifiers, pages = harvested(standin, f"verb=ListRecords&metadataPrefix={prefix}")
    assert len(identifiers) == len(set(identifiers)) == len(standin.papers) == 26
    assert pages == 6


def test_oai_selects_by_day_and_set_aliases_included(standin):
    monday, _ = harvested(standin, "verb=ListRecords&metadataPrefix=arXiv&from=2025-01-13&until=2025-01-13")
    assert "oai:arXiv.org:2501.06282" in monday
    assert "oai:arXiv.org:2501.05727" not in monday  # It changed on Wednesday, and a record has one datestamp.
    numerical, _ = harvested(standin, "verb=ListRecords&metadataPrefix=arXiv&set=cs:cs:NA")
    assert set(numerical) == {"oai:arXiv.org:cond-mat/0305527", "oai:arXiv.org:1603.08785"}


def test_oai_raw_records_list_every_version(standin):
    record = oai(standin, "verb=GetRecord&identifier=oai:arXiv.org:2501.05727&metadataPrefix=arXivRaw")
    assert record.xpath("//*[local-name()='version']/@version") == ["v1", "v2"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("verb=Nonsense", "badVerb"),
        ("verb=ListRecords&metadataPrefix=x", "cannotDisseminateFormat"),
        ("verb=ListRecords&resumptionToken=x", "badResumptionToken"),
        ("verb=GetRecord&metadataPrefix=arXiv&identifier=oai:arXiv.org:1", "idDoesNotExist"),
        ("verb=ListRecords&metadataPrefix=arXiv&from=2031-01-01", "noRecordsMatch"),
    ],
)
def test_oai_errors_come_under_http_200(standin, query, code):
    answer = ask(standin, f"/oai?{query}")
    assert answer.status_code == 200
    assert etree.fromstring(answer.content).xpath("//o:error/@code", namespaces=OAI) == [code]


def test_a_catch_up_page_declares_its_counts(standin):
    page = ask(standin, "/catchup/cs.CL/2025-01-13").text
    assert re.findall(r"(\w+) submissions \(showing (\d+) of (\d+) entries\)", page) == [
        ("New", "2", "2"),
        ("Cross", "2", "2"),
    ]
    assert set(re.findall(r"href='/abs/([^']+)'", page)) == {"2501.05727", "2501.06282", "2501.05874", "2501.06252"}


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.TOO_MANY, 429), (Fault.UNAVAILABLE, 503), (Fault.FORBIDDEN, 403), (Fault.HTML, 200)]
)
def test_a_fault_comes_on_demand_as_often_as_asked_for(standin, fault, status):
    standin.fail("/rss", fault, times=2, retry_after="7")
    answers = [ask(standin, "/rss/cs.CL") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, status, 200]
    if status in (429, 503):
        assert answers[0].headers["Retry-After"] == "7"
    assert answers[2].headers["Content-Type"] == "application/rss+xml"


def test_the_week_has_every_kind_of_announcement():
    lines = [line for paper in Standin().papers for line in paper.announced]
    assert {line.type for line in lines} == {"new", "cross", "replace", "replace-cross"}
    assert {line.on.isoweekday() for line in lines} == {1, 2, 3, 4, 5}
