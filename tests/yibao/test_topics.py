"""Which papers are for whom: the same as a plain scan says, and why."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.yibao.test_feeds import entry
from yibao.keywords import compile_phrase
from yibao.newsletter.topics import EditionIndex, Topic, TopicKind, fold_name, list_places
from yibao.records import Author, Entry, Paper, Subscription, Translation
from yibao.text import join_lines

DAY = date(2025, 1, 17)


def paper(title="A study", abstract="", *, authors=(), codes=("cs.CL",), zh=None, abstract_zh=""):
    found = Paper("2501.00001", 1, title, abstract, tuple(map(Author, authors)), codes, codes[0], "api")
    translation = Translation("2501.00001", "zh-Hans", zh, abstract_zh, title, "a.md", 1) if zh else None
    return Entry("2501.00001", found, translation, DAY)


def places(entries, **asked):
    return list(list_places(EditionIndex(entries).choose_papers(Subscription(**asked)).papers))


def test_without_topics_every_paper_is_for_them():
    assert places([paper(), paper(), paper()]) == [0, 1, 2]


def test_a_paper_that_meets_any_topic_is_for_them_and_all_reasons_are_known():
    entries = [
        paper("Agents"),
        paper("Other", codes=("cs.CV",)),
        paper("Agents see", codes=("cs.CV",), authors=["X Y"]),
    ]
    asked = Subscription(categories=("cs.CV",), keywords=("agents",), authors=("Y, X",))
    choice = EditionIndex(entries).choose_papers(asked)
    assert [[reason.text for reason in choice.find_reasons(place)] for place in list_places(choice.papers)] == [
        ["agents"],
        ["cs.CV"],
        ["cs.CV", "agents", "Y, X"],
    ]
    assert list(list_places(choice.named_papers)) == [0, 2]
    assert choice.find_reasons(0) == (Topic(TopicKind.KEYWORD, "agents"),)


@pytest.mark.parametrize(
    ("keyword", "text", "is_met"),
    [
        ("agent", "An AGENT acts", True),
        ("agent", "Agents act", False),
        ("mixture of experts", "A mixture of\n  experts model", True),
        ("mixture  of experts", "A mixture of experts", True),
        ("C++", "in C++, fast", True),
        ("GPT-4", "of GPT-4o", False),
        ("/age.t/", "an agent", False),
        ("ethod. We", "The method. We see", False),
        ("naïve", "A NAÏVE model", True),
    ],
)
def test_a_keyword_of_latin_script_matches_whole_words_in_title_and_abstract(keyword, text, is_met):
    assert bool(places([paper(text)], keywords=(keyword,))) is is_met
    assert bool(places([paper(abstract=text)], keywords=(keyword,))) is is_met


def test_a_chinese_keyword_matches_anywhere_in_the_translated_title_and_abstract():
    entries = [paper(zh="面向大模型的推理"), paper(zh="其他", abstract_zh="我们研究大模型。"), paper(zh="模型很大")]
    assert places(entries, keywords=("大模型",)) == [0, 1]


def test_no_keyword_matches_across_title_and_abstract():
    assert places([paper("Large language", "models are used")], keywords=("language models",)) == []


def test_an_alias_and_an_archive_stand_for_the_categories_that_they_mean():
    entries = [paper(codes=("math.NA", "cs.LG")), paper(codes=("cs.CV",)), paper(codes=("math-ph",))]
    assert places(entries, categories=("cs.NA",)) == [0]
    assert places(entries, categories=("cs",)) == [0, 1]
    assert places(entries, categories=("math",)) == [0]


@pytest.mark.parametrize(
    "asked", ["Paul Erdős", "paul erdos", "Erdős, Paul", "ERDOS,  Paul", "Jürgen Ø. Łukasz", "Lukasz, Jurgen O"]
)
def test_an_author_is_found_with_or_without_accents_in_either_order(asked):
    assert places(
        [paper(authors=["Paul Erdős", "Jürgen Ø. Łukasz"]), paper(authors=["Paul Erd"])], authors=(asked,)
    ) == [0]


def test_a_name_with_a_comma_of_its_own_is_found_as_it_is_written():
    assert places([paper(authors=["B. Two, Jr."])], authors=("B. Two, Jr.",)) == [0]
    assert fold_name("J.-P. Serre") == "j -p serre"


def test_an_entry_without_metadata_is_compared_with_what_its_curator_wrote():
    waiting = replace(entry(1), paper=None)
    assert places([waiting], keywords=("译文标题",)) == [0]
    assert places([waiting], authors=("A. One",)) == []


#: Letters that case folding treats in ways of their own, signs of phrases, Chinese.
_LETTERS = st.text(alphabet="abkKsSſK iIİıßΣσςµμ_-+.1 \n大模型é", min_size=1, max_size=8)


@given(st.lists(st.tuples(_LETTERS, _LETTERS), min_size=1, max_size=6), st.lists(_LETTERS, min_size=1, max_size=4))
def test_the_index_says_what_a_plain_scan_says(texts, keywords):
    entries = [paper(title, abstract) for title, abstract in texts]
    chosen = EditionIndex(entries)
    for keyword in filter(str.strip, keywords):
        pattern = compile_phrase(join_lines(keyword))
        scanned = [n for n, pair in enumerate(texts) if any(pattern.search(join_lines(text)) for text in pair)]
        assert list(list_places(chosen.choose_papers(Subscription(keywords=(keyword,))).papers)) == scanned
