"""arXiv identifiers in every form that people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao import identifiers
from yibao.identifiers import Identifier, parse_identifier, parse_link


@pytest.mark.parametrize(
    ("written", "arxiv_id", "version"),
    [
        ("2501.05727", "2501.05727", None),
        ("2501.05727v3", "2501.05727", 3),
        ("0704.0001", "0704.0001", None),
        ("arXiv:2501.05727", "2501.05727", None),
        ("oai:arXiv.org:2501.05727v2", "2501.05727", 2),
        ("hep-th/9901001", "hep-th/9901001", None),
        ("math.CA/0611800v2", "math/0611800", 2),
        ("cond-mat/0305527", "cond-mat/0305527", None),
        ("alg-geom/9202001v1", "alg-geom/9202001", 1),
    ],
)
def test_every_scheme_is_read_whole(written, arxiv_id, version):
    assert parse_identifier(written) == Identifier(arxiv_id, version)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "abc",
        "704.0291",
        "1501.0021",
        "1501.0009599999998",
        "0704.00011",
        "2501.05727v0",
        "2501.05727x",
        "hep-th/99010",
    ],
)
def test_damaged_identifiers_are_refused(written):
    assert parse_identifier(written) is None


@pytest.mark.parametrize(
    "address",
    [
        "https://arxiv.org/abs/2501.05727v2",
        "http://arxiv.org/abs/2501.05727v2",
        "https://www.arxiv.org/abs/2501.05727v2",
        "https://arxiv.org/pdf/2501.05727v2",
        "https://arxiv.org/pdf/2501.05727v2.pdf",
        "https://arxiv.org/html/2501.05727v2",
        "https://export.arxiv.org/abs/2501.05727v2?context=cs",
        "https://arxiv.org/abs/2501.05727v2#top",
        "//arxiv.org/abs/2501.05727v2/",
        "arXiv:2501.05727v2",
    ],
)
def test_every_address_of_a_paper_is_that_paper(address):
    link = parse_link(address)
    assert link is not None
    assert link.identifier == Identifier("2501.05727", 2)
    assert link.is_known_host


def test_a_host_within_two_letters_is_taken_for_arxiv_and_said_to_be_unknown():
    link = parse_link("https://arixv.org/abs/2501.05727")
    assert link is not None
    assert link.identifier.arxiv_id == "2501.05727"
    assert not link.is_known_host


@pytest.mark.parametrize(
    "address",
    ["https://github.com/abs/2501.05727", "https://arxiv.org/list/cs.CL/new", "https://example.org/", "javascript:1"],
)
def test_addresses_elsewhere_are_no_papers(address):
    assert parse_link(address) is None


def test_old_identifiers_sort_before_new_ones_and_by_time():
    written = ["2501.05727", "hep-th/9901001", "math/0611800", "0704.0001", "2412.99999"]
    ordered = ["hep-th/9901001", "math/0611800", "0704.0001", "2412.99999", "2501.05727"]
    assert sorted(written, key=identifiers.sort_key) == ordered


@given(st.integers(1501, 2612).filter(lambda n: 1 <= n % 100 <= 12), st.integers(0, 99999), st.integers(1, 99))
def test_what_is_written_is_read_back(month, number, version):
    arxiv_id = f"{month:04d}.{number:05d}"
    assert parse_identifier(f"{arxiv_id}v{version}") == Identifier(arxiv_id, version)
    link = parse_link(identifiers.build_abs_url(arxiv_id))
    assert link is not None
    assert link.identifier.arxiv_id == arxiv_id


@given(st.text())
def test_any_text_is_an_answer_and_never_an_error(text):
    parse_identifier(text)
    parse_link(text)
    parse_link(f"https://arxiv.org/abs/{text}")
