"""The checker on translations that it was not written with: faults of each kind, planted with a seed."""

import pytest

#: What must be noticed of a hundred, with room for chance in a small sample; the page has better figures.
_LEAST = {
    "number": 0.9,
    "percent sign lost": 0.9,
    "sentence dropped": 0.88,
    "address": 0.9,
    "identifier": 0.95,
    "neighbour's title": 0.88,
    "neighbour's text": 0.95,
    "name, once": 0.8,
    "residue": 0.8,
    "direction": 0.6,
    "negation": 0.5,
}


@pytest.fixture(scope="module")
def unseen(shared):
    from benchmarks.evaluation.corpora import load_pairs

    return [pair for pair in load_pairs(shared / "data") if not pair.is_seen]


@pytest.mark.soak
@pytest.mark.shared
def test_no_paper_is_in_both_halves_unless_its_translator_is_in_one(shared):
    from benchmarks.evaluation.corpora import load_pairs

    halves = {True: set(), False: set()}
    for pair in load_pairs(shared / "data"):
        if pair.translator in ("daily", "feed"):
            halves[pair.is_seen].add(pair.arxiv_id)
    assert not halves[True] & halves[False]


@pytest.mark.soak
@pytest.mark.shared
@pytest.mark.parametrize("kind", _LEAST)
def test_planted_faults_are_noticed_in_text_that_no_rule_was_written_with(kind, unseen):
    from benchmarks.evaluation.__main__ import Checker, choose_neighbours, measure_plants

    noticed, grave, _ = measure_plants(Checker(unseen), unseen, choose_neighbours(unseen), kind, 60)
    print(kind, noticed, grave)
    assert (grave if kind.startswith("neighbour") else noticed).value >= _LEAST[kind]


def test_the_page_of_rules_says_what_was_measured_last():
    from benchmarks.evaluation import figures

    page = figures.PAGE.read_text(encoding="utf-8")
    assert figures.render_page(page, figures.read_figures()) == page
    assert "measured" in page


def test_figures_take_the_place_of_older_ones_and_of_nothing_else():
    from benchmarks.evaluation.figures import UNTOUCHED, Figure, render_page

    page = "## a-rule\n\n*warning* — What.\n\n文字。\n\n## other\n\n*note* — That.\n"
    once = render_page(page, [Figure("a-rule", UNTOUCHED, 9, 10), Figure("a-rule", "number", 3, 4)])
    assert "right: 9 of 10 judged in unchanged text (60–98 %); notices of planted faults: number 75%." in once
    assert render_page(once, []) == page


def test_a_rule_is_as_grave_as_its_findings_are_right():
    from benchmarks.evaluation import figures

    assert not figures.find_overstated(figures.read_figures())


def test_a_rule_that_is_wrong_too_often_is_named_once_enough_was_judged():
    from benchmarks.evaluation.figures import UNTOUCHED, Figure, find_overstated

    judged = [("url-missing", 9, 10), ("number-missing", 7, 10), ("unlike-title", 0, 10), ("other-title", 0, 9)]
    assert find_overstated(Figure(rule, UNTOUCHED, *counts) for rule, *counts in judged) == [
        "url-missing",
        "number-missing",
    ]
