"""OAI-PMH, from bytes to records: every form, every error, every oddity of arXiv's server."""

import contextlib
import gzip
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.standin import oai_answers
from tests.standin.papers import load
from yibao.arxiv import oai
from yibao.arxiv.authors import parse_byline, parse_names
from yibao.arxiv.oai import NoRecordError, TokenError
from yibao.errors import GarbledError
from yibao.records import Author, Version

FRIDAY = date(2025, 1, 17)
BASE = "https://oai.example/oai"
LIST = oai.build_list_url(BASE, date(2025, 1, 1))


def answer(query, **more):
    asked = {name: [value] for name, value in query.items()}
    return oai_answers.oai(load(), asked, FRIDAY, BASE, page_size=100, **more)


def listing(prefix="arXivRaw", **more):
    return answer({"verb": "ListRecords", "metadataPrefix": prefix}, **more)


def test_a_raw_record_tells_everything_of_a_paper():
    (paper,) = [one for one in oai.parse_page(listing(), LIST).papers if one.arxiv_id == "2501.05727"]
    assert (paper.version, paper.source, paper.primary_category) == (2, "arXivRaw", "cs.CL")
    assert paper.versions == (
        Version(1, datetime(2025, 1, 10, 5, 51, 52, tzinfo=UTC), None, 100),
        Version(2, datetime(2025, 1, 14, 9, 12, tzinfo=UTC), None, 100),
    )
    assert (paper.submitted_at, paper.updated_at) == tuple(version.submitted_at for version in paper.versions)
    assert paper.comment == "Second version: one more benchmark."
    assert paper.license.startswith("http://creativecommons.org/")
    assert paper.submitter == "Zhengyang Tang"
    assert len(paper.fingerprint) == 32


def test_the_three_forms_speak_of_the_same_papers():
    raw, parsed, core = (
        oai.parse_page(listing(prefix), LIST, prefix).papers for prefix in ("arXivRaw", "arXiv", "oai_dc")
    )
    assert [one.arxiv_id for one in raw] == [one.arxiv_id for one in parsed] == [one.arxiv_id for one in core]
    assert [one.title for one in raw if "\\" not in one.title] == [one.title for one in core if "\\" not in one.title]
    assert {one.version for one in (*parsed, *core)} == {None}
    assert [[author.name for author in one.authors] for one in parsed] == [
        [author.name for author in one.authors] for one in core
    ]
    assert all(one.fingerprint for one in raw)
    assert not any(one.fingerprint for one in (*parsed, *core))


def test_the_fingerprint_tells_any_change_and_no_change_of_layout():
    body = listing()
    laid_out = body.replace(b"<abstract>  ", b"<abstract>     ").replace(
        b"Enabling Scalable ", b"Enabling\n  Scalable  "
    )
    first, again = (oai.parse_page(text, LIST).papers for text in (body, laid_out))
    assert [one.fingerprint for one in first] == [one.fingerprint for one in again]
    changed = oai.parse_page(body.replace(b"Second version", b"Third version"), LIST).papers
    different = [a.arxiv_id for a, b in zip(first, changed, strict=True) if a.fingerprint != b.fingerprint]
    assert different == ["2501.05727"]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("badArgument", GarbledError),
        ("badVerb", GarbledError),
        ("cannotDisseminateFormat", GarbledError),
        ("badResumptionToken", TokenError),
    ],
)
def test_an_error_under_http_200_is_what_it_is(code, error):
    with pytest.raises(error, match="the reason"):
        oai.parse_page(oai_answers.error(BASE, code, "the reason", FRIDAY), LIST)


def test_nothing_that_matches_is_an_empty_page_and_no_error():
    page = oai.parse_page(oai_answers.error(BASE, "noRecordsMatch", "nothing", FRIDAY), LIST)
    assert (page.papers, page.token, page.responded_on) == ((), None, FRIDAY)


def test_an_unknown_identifier_is_told_apart_from_a_fault():
    url = oai.build_record_url(BASE, "2501.99999")
    query = {"verb": "GetRecord", "metadataPrefix": "arXivRaw", "identifier": "oai:arXiv.org:2501.99999"}
    with pytest.raises(NoRecordError):
        oai.parse_page(answer(query), url)
    known = answer({**query, "identifier": "oai:arXiv.org:2501.05727"})
    assert [one.arxiv_id for one in oai.parse_page(known, url).papers] == ["2501.05727"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda body: body.replace(b'verb="ListRecords"', b'verb="Identify"'), "another request"),
        (lambda body: body[: len(body) // 2], "not well-formed"),
        (lambda _: b"", "empty"),
        (lambda _: b"<html><body>busy</body></html>", "HTML page"),
        (lambda _: b"<feed/>", "not OAI-PMH"),
        (lambda body: body.replace(b"<responseDate>2025", b"<responseDate>soon"), "no date"),
        (lambda _: b"<OAI-PMH><responseDate>2025-01-01</responseDate></OAI-PMH>", "neither records nor an error"),
    ],
)
def test_an_answer_that_is_not_what_was_asked_for_is_a_fault(damage, message):
    with pytest.raises(GarbledError, match=message):
        oai.parse_page(damage(listing()), LIST)


def test_the_echo_of_another_from_is_arxivs_own_way_and_no_fault():
    body = listing().replace(b'verb="ListRecords"', b'verb="ListRecords" metadataPrefix="arXivRaw" from="2011-02-14"')
    assert len(oai.parse_page(body, LIST).papers) == 26


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"oai:arXiv.org:2501.05727", b"oai:arXiv.org:nonsense", "not one of arXiv's"),
        (b'<version version="v1">', b'<version version="first">', "a version named 'first'"),
        (b"<title>Enabling Scalable Oversight via Self-Evolving Critic</title>", b"<title/>", "no title"),
    ],
)
def test_a_record_that_cannot_be_a_paper_is_set_aside_and_its_neighbours_are_read(old, new, message):
    page = oai.parse_page(listing().replace(old, new, 1), LIST)
    assert len(page.papers) == 25
    (problem,) = page.problems
    assert message in problem.message
    assert page.declared == 26


def test_a_record_marked_as_deleted_is_told_for_arxiv_never_deletes():
    body = listing().replace(b"<header>", b'<header status="deleted">', 1)
    page = oai.parse_page(body, LIST)
    assert (len(page.papers), len(page.problems)) == (25, 1)


def test_a_token_is_given_back_as_it_came():
    token = "verb%3DListRecords%26from%3D2015-03-18%26skip%3D21"
    url = oai.build_next_url(BASE, token)
    assert parse_qs(urlsplit(url).query)["resumptionToken"] == [token]
    assert oai.is_continued_url(url)
    assert not oai.is_continued_url(LIST)
    assert oai.parse_start_date(LIST) == date(2025, 1, 1)
    assert oai.parse_start_date(url) is None


def test_no_day_before_the_first_is_asked_for():
    assert "from=2005-09-16" in oai.build_list_url(BASE, date(1999, 1, 1))


def test_the_acm_class_of_arxivs_server_is_not_believed():
    body = listing().replace(b"<license>", b"<msc-class>68T50</msc-class><acm-class>None</acm-class><license>", 1)
    (classes,) = {paper.subject_classes for paper in oai.parse_page(body, LIST).papers if paper.subject_classes}
    assert classes == ("68T50",)


def test_entities_are_not_expanded():
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><OAI-PMH><responseDate>2025-01-01</responseDate>&a;</OAI-PMH>'
    with pytest.raises(GarbledError):
        oai.parse_page(bomb, LIST)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_and_nothing_else(body):
    with contextlib.suppress(GarbledError):
        oai.parse_page(body, LIST)


@pytest.mark.parametrize(
    ("byline", "expected"),
    [
        ("A. Lee, B. Cho and C. Díaz", ("A. Lee", "B. Cho", "C. Díaz")),
        ("Huang  Guangyue", ("Huang Guangyue",)),
        ("A & B", ("A", "B")),
        ("", ()),
        (", ,", ()),
    ],
)
def test_a_byline_is_its_authors_in_order(byline, expected):
    assert tuple(author.name for author in parse_byline(byline)) == expected


def test_commas_and_conjunctions_in_brackets_separate_nothing():
    assert parse_byline("A. Lee (MIT, and (in part) ETH), B. Cho and C. Roe (X)") == (
        Author("A. Lee", ("MIT, and (in part) ETH",)),
        Author("B. Cho"),
        Author("C. Roe", ("X",)),
    )
    assert parse_names("ATLAS and CMS, B (MIT, Boston)") == (Author("ATLAS and CMS"), Author("B", ("MIT, Boston",)))


OTHERS = ("list_ids", "list_sets", "list_metadata", "identify", "arXivOld")
#: Elements of each form that are in the record, or left out for the reason in the module's docstring.
KNOWN = {
    "arXivRaw": {
        "id", "submitter", "version", "title", "authors", "categories", "comments", "msc-class", "acm-class",
        "report-no", "journal-ref", "doi", "license", "abstract", "proxy",
    },
    "arXiv": {
        "id", "created", "updated", "authors", "title", "categories", "comments", "msc-class", "acm-class",
        "report-no", "journal-ref", "doi", "license", "abstract", "proxy",
    },
    "dc": {"title", "creator", "subject", "description", "date", "type", "identifier"},
}  # fmt: skip


@pytest.mark.shared
def test_every_real_record_is_read_without_loss(shared):
    forms, withdrawn = {}, 0
    for file in sorted((shared / "data" / "arxiv-oai").glob("*-server/*.xml*")):
        if file.name.startswith("err_") or any(part in file.name for part in OTHERS):
            continue
        body = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        page = oai.parse_page(body, file.name, None)
        raw = list(etree.fromstring(body).iter("{*}metadata"))
        assert len(page.papers) == len(raw) == page.declared, file.name
        assert page.problems == ()
        for metadata, paper in zip(raw, page.papers, strict=True):
            element = metadata[0]
            form = etree.QName(element).localname
            forms[form] = forms.get(form, 0) + 1
            withdrawn += paper.is_withdrawn
            assert {etree.QName(child).localname for child in element} <= KNOWN[form], file.name
            compare(form, element, paper)
    assert forms == {"arXiv": 673, "arXivRaw": 4, "dc": 6}
    assert withdrawn == 12


def compare(form, element, paper):
    """Each text of the raw record is in the paper, blanks apart."""
    texts = {}
    for child in element:
        texts.setdefault(etree.QName(child).localname, []).append(" ".join((child.text or "").split()))
    assert paper.title == texts["title"][0]
    abstract = texts["description" if form == "dc" else "abstract"][0]
    assert " ".join(paper.abstract.split()) == abstract
    if form == "dc":
        assert len(paper.authors) == len(texts["creator"])
        assert sorted("".join(a.name for a in paper.authors).replace(" ", "")) == sorted(
            "".join(texts["creator"]).replace(", ", "").replace(" ", "")
        )
        return
    assert (paper.comment, paper.journal_ref, paper.doi, paper.report_no, paper.license) == tuple(
        texts.get(name, [None])[0] for name in ("comments", "journal-ref", "doi", "report-no", "license")
    )
    codes = texts["categories"][0].split()
    assert len(paper.categories) in (len(codes), len(set(codes)), len(codes) - 1)
    if form == "arXivRaw":
        assert [version.version for version in paper.versions] == [
            int(child.get("version")[1:]) for child in element if child.get("version")
        ]
        assert all(version.submitted_at for version in paper.versions)
        return
    people_ = element.find("{*}authors")
    assert len(paper.authors) == len(people_)
    for author, person in zip(paper.authors, people_, strict=True):
        parts = [" ".join((part.text or "").split()) for part in person]
        assert sorted(author.name.split() + " ".join(author.affiliations).split()) == sorted(" ".join(parts).split())


@pytest.mark.shared
def test_every_real_error_is_told_as_what_it_is(shared):
    folder = shared / "data" / "arxiv-oai" / "current-server"
    for name, error in {
        "err_bad_argument": GarbledError,
        "err_bad_verb": GarbledError,
        "err_cannot_disseminate": GarbledError,
        "err_bad_token": TokenError,
    }.items():
        with pytest.raises(error):
            oai.parse_page((folder / f"{name}.xml").read_bytes(), LIST)
    with pytest.raises(NoRecordError):
        oai.parse_page(
            (folder / "err_id_does_not_exist.xml").read_bytes(), oai.build_record_url(BASE, "2501.99999", "arXiv"), None
        )
    assert oai.parse_page((folder / "err_no_records.xml").read_bytes(), LIST, "arXiv").papers == ()


@pytest.mark.shared
def test_what_other_repositories_send_is_no_paper_of_arxivs_and_no_crash(shared):
    for file in sorted((shared / "data" / "arxiv-oai" / "other-repositories").iterdir()):
        with contextlib.suppress(GarbledError, TokenError):
            assert oai.parse_page(file.read_bytes(), file.name, None).papers == ()
