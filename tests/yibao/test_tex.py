"""Letters that TeX spells, and withdrawals that authors spell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao.records import Version
from yibao.tex import decode_tex, extract_skeleton
from yibao.withdrawals import is_withdrawn


@pytest.mark.parametrize(
    ("tex", "unicode"),
    [
        ('D\\"ollinger', "Döllinger"),
        ('M\\"{u}ller', "Müller"),
        ("Bal\\'azs", "Balázs"),
        ("Mar\\'{\\i}a", "María"),
        ("Erd\\H{o}s", "Erdős"),
        ("Gar\\c con", "Garçon"),
        ("\\v{C}ech", "Čech"),
        ("\\O rsted", "Ø rsted"),
        ("Stra\\ss{}e", "Straße"),
        ("$\\alpha$ and $\\Lambda_b$", "$α$ and $Λ_b$"),
        ("$\\alphabet$, \\mathcal{O}, 10.3\\%", "$\\alphabet$, \\mathcal{O}, 10.3\\%"),
        ("no TeX at all", "no TeX at all"),
    ],
)
def test_a_command_for_a_letter_is_that_letter_and_other_commands_stay(tex, unicode):
    assert decode_tex(tex) == unicode


@pytest.mark.parametrize(
    ("one", "other"),
    [('Schr\\"odinger', "Schrödinger"), ("{\\L}ukasz", "Łukasz"), ("$\\beta<1$", "$β < 1$"), ("a\n  b", "a b")],
)
def test_two_spellings_of_one_text_have_one_skeleton(one, other):
    assert extract_skeleton(one) == extract_skeleton(other)


def test_other_words_have_another_skeleton():
    assert extract_skeleton("Theorem 1") != extract_skeleton("Theorem 2")
    assert extract_skeleton("A proof") != extract_skeleton("A prof")


@given(st.text())
def test_any_text_has_a_unicode_form_that_is_its_own(text):
    assert decode_tex(decode_tex(text)) == decode_tex(text)
    assert extract_skeleton(decode_tex(text)) == extract_skeleton(text)


@pytest.mark.parametrize(
    "comment",
    [
        "This paper has been withdrawn by the author due to an error in Lemma 3",
        "This article has been withdrawn",
        "The manuscript has been temporarily withdrawn",
        "withdrawn",
        "Withdrawn due to a crucial error",
        "This submission has been withdrawn by arXiv administrators",
        "8 pages, withdrawn by the authors",
    ],
)
def test_a_comment_that_says_withdrawn_is_believed(comment):
    assert is_withdrawn((), comment, "An abstract.")


@pytest.mark.parametrize(
    "comment",
    [
        "We thank the referee of a paper withdrawn from another journal",
        "Replaces arXiv:1234.5678, which was withdrawn for editorial reasons",
        "19 pages",
        None,
        "Results on withdrawn vehicles",
    ],
)
def test_a_comment_that_tells_of_something_else_is_not(comment):
    assert not is_withdrawn((), comment, "An abstract.")


def test_the_source_type_of_the_latest_version_decides():
    gone, back = Version(2, None, "I"), Version(3, None)
    assert is_withdrawn((Version(1, None), gone), None, "A")
    assert not is_withdrawn((Version(1, None), gone, back), None, "A")


def test_an_abstract_that_holds_nothing_else_says_it_too():
    assert is_withdrawn((), None, "  This paper has been withdrawn by the author.")
    assert not is_withdrawn((), None, "We study how soldiers withdraw. " * 5 + "This paper has been withdrawn.")
