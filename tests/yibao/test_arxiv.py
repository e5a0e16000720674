"""Reading arXiv's answers: without loss, and without trust."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime

import feedparser
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from lxml import etree

from tests.standin import answers
from tests.standin.papers import load
from tests.standin.server import Fault, _damage
from yibao.arxiv import announcements, api, xml_documents
from yibao.arxiv.api import NotAnIdentifierError
from yibao.errors import GarbledError
from yibao.records import AnnounceType, Author

MONDAY = date(2025, 1, 13)


def rss(category="cs.CL", on=MONDAY, **more):
    return answers.rss(load(), category, on, **more)


def read(body, category="cs.CL", source="rss"):
    return announcements.parse_feed(body, "https://rss.example/rss/cs.CL", category, source)


@pytest.mark.parametrize("source", ["rss", "atom"])
def test_a_list_is_read_with_types_versions_and_dates(source):
    write = answers.rss if source == "rss" else answers.atom
    reading = read(write(load(), "cs.CV", MONDAY), "cs.CV", source)
    lines = {line.arxiv_id: (line.type, line.version, line.announced_on) for line in reading.announcements}
    assert lines == {
        "2501.05874": (AnnounceType.NEW, 1, MONDAY),
        "2501.06186": (AnnounceType.NEW, 1, MONDAY),
        "2501.03841": (AnnounceType.REPLACE_CROSS, 2, MONDAY),
    }
    assert reading.declared == 3
    assert reading.announced_on == MONDAY
    assert reading.problems == ()


def test_rss_and_atom_of_one_list_say_the_same():
    read_rss = read(rss(), source="x")
    read_atom = read(answers.atom(load(), "cs.CL", MONDAY), source="x")
    assert read_rss.papers == read_atom.papers
    assert read_rss.announcements == read_atom.announcements


def test_an_old_identifier_stays_whole_and_an_alias_is_resolved():
    (paper,) = read(rss("cs.NA"), "math.NA").papers
    assert paper.arxiv_id == "cond-mat/0305527"
    assert paper.categories == ("cond-mat.dis-nn", "math.NA", "cs.NE")
    assert paper.doi == "10.1109/ICNN.1997.614222"
    assert paper.journal_ref.startswith("Proc. of the IEEE")
    assert paper.authors[0] == Author("M. Yu. Senashova", ("Institute of Computational Modelling, Krasnoyarsk",))


def test_signs_that_look_like_markup_are_text():
    paper = next(paper for paper in read(rss()).papers if paper.arxiv_id == "2501.06252")
    assert paper.abstract.endswith("We write p<0.05 & mean it.")
    titled = rss().replace(b"Enabling Scalable", b"Is p&lt;0.05 &amp; x&lt;y&gt;z &lt;b&gt;test&lt;/b&gt;")
    assert any(paper.title.startswith("Is p<0.05 & x<y>z <b>test</b>") for paper in read(titled).papers)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault.HTML, "HTML page"),
        (Fault.MALFORMED, "not well-formed"),
        (Fault.EMPTY_BODY, "empty"),
    ],
)
def test_a_broken_document_is_a_fault_and_never_a_quiet_day(fault, message):
    with pytest.raises(GarbledError, match=message) as error:
        read(_damage(rss(), fault))
    assert error.value.is_repeatable


def test_a_cut_off_document_is_a_fault_at_every_length():
    body = rss()
    for length in range(0, len(body) - 10, 97):
        with pytest.raises(GarbledError):
            read(body[:length])


def test_xml_that_is_no_feed_is_a_fault():
    with pytest.raises(GarbledError, match="neither RSS nor Atom"):
        read(b"<?xml version='1.0'?><html><body/></html>")


def test_wrong_bytes_and_control_characters_are_mended_told_and_cost_no_neighbour():
    for fault, rule in ((Fault.WRONG_ENCODING, "wrong-encoding"), (Fault.CONTROL_CHARACTER, "control-character")):
        reading = read(_damage(rss(), fault))
        assert [problem.rule for problem in reading.problems] == [rule]
        assert len(reading.papers) == 4
        assert all(problem.remedy and problem.line for problem in reading.problems)
    titles = [paper.title for paper in read(_damage(rss(), Fault.WRONG_ENCODING)).papers]
    assert "Enabling café Scalable Oversight via Self-Evolving Critic" in titles


def test_an_item_that_cannot_be_a_paper_is_set_aside_and_its_neighbours_are_read():
    body = (
        rss().replace(b"oai:arXiv.org:2501.05727v1", b"oai:arXiv.org:704.05v1").replace(b"/abs/2501.05727", b"/abs/x")
    )
    reading = read(body)
    assert len(reading.papers) == 3
    assert reading.declared == 4
    (problem,) = reading.problems
    assert problem.rule == "unreadable-item"
    assert "704.05v1" in problem.message


def test_a_paper_without_abstract_is_kept_and_told():
    thursday = date(2025, 1, 16)
    reading = read(rss(on=thursday))
    (problem,) = reading.problems
    assert (problem.rule, problem.arxiv_id) == ("missing-abstract", "2501.06751")
    assert {paper.arxiv_id: paper.abstract for paper in reading.papers}["2501.06751"] == ""


def test_entities_are_not_expanded():
    bomb = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "xxxxxxxxxx"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
    <!ENTITY c SYSTEM "file:///etc/passwd">]><feed xmlns="http://www.w3.org/2005/Atom"><title>&b;&c;</title></feed>"""
    try:
        api.parse_response(bomb, "u")
        read(bomb)
    except GarbledError:
        return
    document, _ = xml_documents.parse_feed_document(bomb, "u")
    assert "root:" not in str(document)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_and_nothing_else(body):
    for reader in (read, lambda body: api.parse_response(body, "u")):
        with suppress(GarbledError):
            reader(body)


def _is_mended_by_feedparser(text):
    """Whether feedparser takes the text for UTF-8 that was read as Latin-1; arXiv's is ASCII, where that cannot be."""
    try:
        return text.encode("latin-1").decode("utf-8") != text
    except ValueError:
        return False


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).filter(str.strip))
@example("Is p<0.05 & x<y>z <b>test</b>")
def test_every_title_comes_back_as_it_was(title):
    clean = " ".join(title.split())
    assume(clean and not _is_mended_by_feedparser(clean))
    paper = load()[0]
    try:
        body = answers.rss([replace(paper, title=clean)], "cs.CL", MONDAY)
    except ValueError:
        return  # XML itself cannot hold it.
    assert read(body).papers[0].title == clean


# The API.


def test_the_api_completes_a_paper():
    status, body = answers.api(load(), {"id_list": ["2501.05727,cond-mat/0305527,2501.99999"]}, date(2025, 1, 15))
    assert status == 200
    first, second = api.parse_response(body, "u").papers
    assert (first.version, first.comment, first.source) == (2, "Second version: one more benchmark.", "api")
    assert first.submitted_at == datetime(2025, 1, 10, 5, 51, 52, tzinfo=UTC)
    assert first.updated_at == datetime(2025, 1, 14, 9, 12, tzinfo=UTC)
    assert second.authors[0].affiliations == ("Institute of Computational Modelling, Krasnoyarsk",)


def test_the_error_entry_is_no_paper():
    _, body = answers.api(load(), {"id_list": ["abc"]}, MONDAY)
    with pytest.raises(NotAnIdentifierError, match="incorrect id format for abc") as error:
        api.parse_response(body, "u")
    assert not error.value.is_repeatable


def test_identifiers_are_asked_for_as_they_are_written():
    assert api.build_query_url("https://e.org/q", ["2501.05727", "hep-th/9901001"]) == (
        "https://e.org/q?id_list=2501.05727,hep-th/9901001&start=0&max_results=2"
    )


# The real answers. Every field that they carry is in the record, or in this list of fields left out.

LEFT_OUT = {
    "title_detail", "summary_detail", "rights_detail", "author_detail",  # feedparser's own
    "id", "guidislink", "link", "links",  # follow from the identifier
    "updated", "updated_parsed", "published",  # when the feed was built; `published` is in announced_on
}  # fmt: skip
IN_THE_RECORD = {
    "title", "summary", "tags", "authors", "author", "rights", "arxiv_announce_type", "arxiv_doi",
    "arxiv_journal_reference", "published_parsed",
}  # fmt: skip


@pytest.mark.shared
def test_every_real_feed_is_read_without_loss(shared):
    files = sorted((shared / "data" / "arxiv-rss").glob("*.xml"))
    assert len(files) >= 7
    for file in files:
        body = file.read_bytes()
        if "http400" in file.name:
            with pytest.raises(GarbledError, match="Bad archive"):
                read(body)
            continue
        reading = announcements.parse_feed(body, file.name, "cs.AI", "rss")
        raw = feedparser.parse(body, sanitize_html=False).entries
        assert len(reading.papers) == len(reading.announcements) == len(raw) == reading.declared, file.name
        assert not [problem for problem in reading.problems if problem.rule != "missing-abstract"]
        for item, paper, line in zip(raw, reading.papers, reading.announcements, strict=True):
            assert set(item) <= LEFT_OUT | IN_THE_RECORD, file.name
            assert paper.title in " ".join(item.title.split())
            assert [tag.term for tag in item.get("tags", [])] in (
                [],
                *[[*paper.categories, *paper.subject_classes]],
            ) or ("math.IT" in str(item.tags))
            assert paper.license == item.get("rights")
            assert paper.doi == item.get("arxiv_doi")
            assert line.announced_on == reading.announced_on
            if "legacy" not in file.name:
                assert item.id == f"oai:arXiv.org:{paper.arxiv_id}v{paper.version}"
                assert item.summary.endswith(paper.abstract)
                assert line.type == item.arxiv_announce_type
                names = "".join(author.name + "".join(author.affiliations) for author in paper.authors)
                assert (
                    sorted(names) == sorted(item.author.replace(", ", "").replace(" (", "").replace(")", ""))
                    or "," in names
                )


API_FIELDS = {
    "id", "title", "updated", "published", "summary", "author", "category", "primary_category", "comment",
    "journal_ref", "doi", "link",
}  # fmt: skip


@pytest.mark.shared
def test_every_real_answer_of_the_api_is_read_without_loss(shared):
    files = sorted(path for path in (shared / "data" / "arxiv-atom-api").iterdir() if path.suffix in (".json", ".xml"))
    assert len(files) == 15
    for file in files:
        body = file.read_bytes() if file.suffix == ".xml" else json.loads(file.read_text())["body"].encode()
        if "id_abc" in file.name:
            with pytest.raises(NotAnIdentifierError):
                api.parse_response(body, file.name)
            continue
        papers = api.parse_response(body, file.name).papers
        raw = etree.fromstring(body).findall("{http://www.w3.org/2005/Atom}entry")
        assert len(papers) == len(raw), file.name
        for entry, paper in zip(raw, papers, strict=True):
            assert {etree.QName(child).localname for child in entry} <= API_FIELDS
            texts = {etree.QName(child).localname: " ".join((child.text or "").split()) for child in entry}
            assert texts["id"].endswith(f"{paper.arxiv_id}v{paper.version}")
            assert texts["title"] == paper.title
            assert texts["summary"] == " ".join(paper.abstract.split())
            assert texts.get("comment") == paper.comment
            assert texts.get("journal_ref") == paper.journal_ref
            assert texts.get("doi") == paper.doi
            names = [" ".join(name.text.split()) for name in entry.iter("{http://www.w3.org/2005/Atom}name")]
            assert names == [author.name for author in paper.authors]
            places = [
                " ".join(place.text.split()) for place in entry.iter("{http://arxiv.org/schemas/atom}affiliation")
            ]
            assert places == [place for author in paper.authors for place in author.affiliations]
            terms = {category.get("term") for category in entry.iter("{http://www.w3.org/2005/Atom}category")}
            assert terms == {*paper.categories, *paper.subject_classes} or terms & {
                "math.IT",
                "cs.SY",
                "cs.NA",
                "math.MP",
            }
            assert paper.submitted_at.strftime("%Y-%m-%dT%H:%M:%SZ") == texts["published"]
