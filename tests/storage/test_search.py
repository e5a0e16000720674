"""Search on the server: what is found, what is not, and what a kill or a change leaves."""

import shutil
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import search
from tests.yibao.test_feeds import AT, entry
from yibao.errors import LibraryError
from yibao.records import Timestamps
from yibao.search import matching
from yibao.search.addresses import parse_query


def one(number, title="A title", zh="标题", **more):
    at = AT + timedelta(days=number)
    dated = replace(entry(number, title=title, zh=zh), stamp=Timestamps(at, at))
    translation = replace(dated.translation, abstract=more.pop("abstract", "摘要。"), translator="王小明")
    return replace(dated, translation=translation, **more)


def fill(folder, entries, gone=(), **more):
    search.update_index(folder, [matching.describe_entry(one) for one in entries], gone, "1", **more)


def found(folder, text="", **more):
    """Numbers of the papers, the newest first."""
    pairs = [("q", text), *((name, value) for name, values in more.items() for value in values)]
    asked = search.find_papers(folder, parse_query(pairs).parse(), 60, newest_first=True)
    return [int(one.rpartition(".")[2]) for one in asked.arxiv_ids]


ENTRIES = [
    one(1, "Diffusion models that plan", "会规划的扩散模型"),
    one(2, "Planning with large models", "大模型的规划", abstract="智能体用 GPT-4 规划。"),
    replace(one(3, "Diffusion and other modelling"), translation=None),
]


@pytest.fixture
def folder(tmp_path):
    fill(tmp_path / "search", ENTRIES, is_whole=True)
    return tmp_path / "search"


@pytest.mark.parametrize(
    ("text", "more", "numbers"),
    [
        ("散模", {}, [1]),
        ("模扩", {}, []),
        ("规划", {}, [2, 1]),
        ("diffusion", {}, [3, 1]),
        ("Diffusion 规划", {}, [1]),
        ("diffus", {}, []),
        ('"models that"', {}, [1]),
        ('"that models"', {}, []),
        ("gpt-4", {}, [2]),
        ("GPT4", {}, [2]),
        ("!?", {}, []),
        ("diffusion -plan", {}, [3]),
        ("gpt OR modelling", {}, [3, 2]),
        ("-diffusion", {}, [2]),
        ("2501.00003", {}, [3]),
        ("https://arxiv.org/abs/2501.00003v2", {}, [3]),
        ("規劃", {}, [2, 1]),
        ("王小明 gpt", {}, [2]),
        ("from:2025-01-16", {}, [3]),
        ("", {"category": ["cs.AI"], "translated": ["yes"]}, [2, 1]),
        ("cat:cs", {}, [3, 2, 1]),
        ("cat:cs.CV", {}, []),
        ("", {"category": ["cs.CV", "cs.AI"], "translated": ["no"]}, [3]),
        ("规划", {"author": ["b. two, jr."]}, [2, 1]),
        ("author:Nobody", {}, []),
        ("", {"translator": ["王小明"]}, [2, 1]),
        ("lang:zh", {}, [2, 1]),
        ("lang:ja", {}, []),
    ],
)
def test_a_question_is_answered_with_all_that_it_asks_and_nothing_else(folder, text, more, numbers):
    assert found(folder, text, **more) == numbers


def test_what_changed_is_found_as_it_is_now_and_what_is_gone_is_not_found(folder):
    fill(folder, [one(1, "Something else", "别的")], ["2501.00003"])
    assert found(folder, "扩散") == []
    assert found(folder, "别的") == [1]
    assert found(folder) == [2, 1]


def test_where_everything_is_given_nothing_else_is_found(folder):
    fill(folder, ENTRIES[:1], is_whole=True)
    assert found(folder) == [1]


@pytest.mark.parametrize("spoil", ["lost", "cut", "another version"])
def test_a_spoilt_index_bears_no_signature_and_is_made_anew(folder, spoil):
    assert search.read_signature(folder) == "1"
    listed = folder / "indexed.json"
    if spoil == "lost":
        listed.unlink()
    else:
        listed.write_text('{"version": 0, "signature": "1"}' if spoil == "another version" else '{"ver')
    assert search.read_signature(folder) is None
    (folder / "meta.json").write_text("{")
    fill(folder, ENTRIES, is_whole=True)
    assert found(folder) == [3, 2, 1]


def test_who_was_killed_before_the_signature_and_comes_again_has_nothing_twice(folder, tmp_path):
    shutil.copy(folder / "indexed.json", tmp_path / "before.json")
    fill(folder, [one(4, "New", "新")])
    shutil.copy(tmp_path / "before.json", folder / "indexed.json")
    fill(folder, [one(4, "New", "新")])
    assert found(folder) == [4, 3, 2, 1]


def test_a_server_sees_what_a_later_publication_brings(folder):
    assert found(folder, "新") == []
    fill(folder, [*ENTRIES, one(4, "New", "新")])
    assert found(folder, "新") == [4]


def test_before_anything_was_published_the_operator_is_told_what_to_do(tmp_path):
    with pytest.raises(LibraryError, match="yibao publish"):
        search.find_papers(tmp_path / "search", parse_query([]).parse(), 1)


@given(
    st.lists(st.text(alphabet="模型规划扩散 ab", min_size=1, max_size=12), min_size=1, max_size=5),
    st.text(alphabet="模型规划扩散", min_size=1, max_size=3),
)
def test_a_chinese_word_is_found_exactly_where_it_stands(tmp_path_factory, titles, word):
    folder = tmp_path_factory.mktemp("search") / "index"
    fill(folder, [one(number, zh=title) for number, title in enumerate(titles, 1)], is_whole=True)
    stands = [number for number, title in enumerate(titles, 1) if word in title.replace(" ", "")]
    assert found(folder, f'"{word}"') == stands[::-1]
