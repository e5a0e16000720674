"""Search on the server: what is found, what is not, and what a kill or a change leaves."""

import shutil
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import search
from tests.yibao.test_feeds import AT, entry
from yibao.errors import LibraryError, QueryError
from yibao.feeds import filters
from yibao.records import Stamp
from yibao.search_queries import SearchQuery, parse_query
from yibao.settings import FeedChoice


def one(number, title="A title", zh="标题", **more):
    at = AT + timedelta(days=number)
    made = replace(entry(number, title=title, zh=zh), stamp=Stamp(at, at))
    translation = replace(made.translation, abstract=more.pop("abstract", "摘要。"), translator="王小明")
    return replace(made, translation=translation, **more)


def fill(folder, entries, gone=(), **more):
    search.update_index(folder, entries, gone, "1", **more)


def found(folder, **more):
    return [int(one.arxiv_id.rpartition(".")[2]) for one in search.find_entries(folder, SearchQuery(**more), 60)]


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
    ("more", "numbers"),
    [
        ({"words": ("扩散",)}, [1]),
        ({"words": ("散模",)}, [1]),
        ({"words": ("模扩",)}, []),
        ({"words": ("规划",)}, [2, 1]),
        ({"words": ("diffusion",)}, [3, 1]),
        ({"words": ("Diffusion", "规划")}, [1]),
        ({"words": ("diffus",)}, []),
        ({"words": ("models that",)}, [1]),
        ({"words": ("that models",)}, []),
        ({"words": ("gpt-4",)}, [2]),
        ({"words": ("!?",)}, []),
        ({"categories": ("cs.AI",), "translated": True}, [2, 1]),
        ({"categories": ("cs.CV",)}, []),
        ({"categories": ("cs.CV", "cs.AI"), "translated": False}, [3]),
        ({"authors": ("b. two, jr.",), "words": ("规划",)}, [2, 1]),
        ({"authors": ("Nobody",)}, []),
        ({"translators": ("王小明",)}, [2, 1]),
    ],
)
def test_a_question_is_answered_newest_first_with_all_that_it_asks_and_nothing_else(folder, more, numbers):
    assert found(folder, **more) == numbers


def test_what_comes_back_is_what_was_put_in(folder):
    assert search.find_entries(folder, SearchQuery(words=("扩散",)), 1) == [ENTRIES[0]]


def test_what_changed_is_found_as_it_is_now_and_what_is_gone_is_not_found(folder):
    fill(folder, [one(1, "Something else", "别的")], ["2501.00003"])
    assert found(folder, words=("扩散",)) == []
    assert found(folder, words=("别的",)) == [1]
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
    assert found(folder, words=("新",)) == []
    fill(folder, [*ENTRIES, one(4, "New", "新")])
    assert found(folder, words=("新",)) == [4]


def test_before_anything_was_published_the_operator_is_told_what_to_do(tmp_path):
    with pytest.raises(LibraryError, match="yibao publish"):
        search.find_entries(tmp_path / "search", SearchQuery(), 1)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text(alphabet="模型规划扩散 ab", min_size=1, max_size=12), min_size=1, max_size=5),
    st.text(alphabet="模型规划扩散", min_size=1, max_size=3),
)
def test_a_chinese_word_is_found_exactly_where_it_stands(tmp_path_factory, titles, word):
    folder = tmp_path_factory.mktemp("search") / "index"
    fill(folder, [one(number, zh=title) for number, title in enumerate(titles, 1)], is_whole=True)
    stands = [number for number, title in enumerate(titles, 1) if word in title.replace(" ", "")]
    assert found(folder, words=(word,)) == stands[::-1]


def test_a_question_and_a_feed_of_the_operators_own_find_the_same(folder):
    for words in ("扩散", "models", "large models"):
        chosen = filters.choose_entries(FeedChoice(name="x", keywords=(words,)), ENTRIES)
        assert sorted(found(folder, words=(words,))) == sorted(int(one.arxiv_id[-5:]) for one in chosen)


@pytest.mark.parametrize(
    ("query", "question"),
    [
        ([("q", 'a  "b c" 模型')], SearchQuery(words=("a", "b c", "模型"))),
        ([("q", "b"), ("q", "a"), ("author", " X  Y ")], SearchQuery(words=("b", "a"), authors=("X Y",))),
        ([("author", "Y"), ("author", "X"), ("author", "Y")], SearchQuery(authors=("X", "Y"))),
        ([("category", "cs.NA"), ("category", "math.NA")], SearchQuery(categories=("math.NA",))),
        ([("q", ""), ("translated", "")], SearchQuery()),
        ([("translated", "no")], SearchQuery(translated=False)),
    ],
)
def test_an_address_is_read_and_one_question_has_one_address(query, question):
    assert parse_query(query) == question
    assert parse_query(parse_qsl(question.query)) == question


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ([("word", "x")], "no such condition"),
        ([("q", "x" * 201)], "Too long"),
        ([("q", " ".join("abcdefghi"))], "Too many"),
        ([("category", "cs.XX")], "no such category"),
        ([("translated", "perhaps")], "yes or no"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(query, told):
    with pytest.raises(QueryError, match=told):
        parse_query(query)
