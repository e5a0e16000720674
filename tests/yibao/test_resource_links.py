"""What authors point to is found in comments and abstracts, and named for what it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao.resource_links import LinkKind, find_resource_links
from yibao.title_words import find_title_words


@pytest.mark.parametrize(
    ("text", "kind", "url"),
    [
        ("Code is available at https://github.com/a/b.", LinkKind.CODE, "https://github.com/a/b"),
        ("(see github.com/a/b-c_d)", LinkKind.CODE, "https://github.com/a/b-c_d"),
        ("Code: https://www.gitlab.com/a/b, 9 pages", LinkKind.CODE, "https://www.gitlab.com/a/b"),
        (r"\url{https://huggingface.co/a}", LinkKind.DATA, "https://huggingface.co/a"),
        ("Website: https://name.github.io/paper/; 3 figures", LinkKind.PROJECT, "https://name.github.io/paper/"),
        ("Project page: https://lab.example.org/x", LinkKind.PROJECT, "https://lab.example.org/x"),
        ("See http://example.org/~who/data", LinkKind.OTHER, "http://example.org/~who/data"),
        ("代码见https://github.com/a/b。", LinkKind.CODE, "https://github.com/a/b"),
    ],
)
def test_an_address_is_found_as_it_is_written_and_named_for_what_it_leads_to(text, kind, url):
    assert find_resource_links([text]) == [(kind, url)]


def test_each_address_is_listed_once_and_those_of_arxiv_and_dois_are_not():
    texts = [
        "https://github.com/a/b/ and https://arxiv.org/abs/2501.00001",
        None,
        "https://github.com/a/b https://doi.org/10.1/2",
    ]
    assert [link.url for link in find_resource_links(texts)] == ["https://github.com/a/b/"]


@pytest.mark.parametrize("text", ["12 pages, 3 figures", "me@github.com", "e.g. this", "https://", "a/b.github"])
def test_what_is_no_address_is_none(text):
    assert find_resource_links([text]) == []


@given(st.text() | st.from_regex(r"https?://[!-~]{0,40}"))
def test_no_text_breaks_it_and_every_address_is_of_the_web(text):
    assert all(link.url.startswith(("http://", "https://")) for link in find_resource_links([text]))


def test_the_words_of_a_title_are_those_that_say_what_it_is_about():
    assert find_title_words("Towards Efficient Mixtures of Experts: A $k$-NN Approach for LLMs") == [
        *("mixture", "expert", "k-nn", "llm"),
    ]
    assert find_title_words("") == []
