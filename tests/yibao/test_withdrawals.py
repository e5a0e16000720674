"""What says that a paper is withdrawn, and what only speaks of a withdrawal."""

import pytest

from yibao import withdrawals


@pytest.mark.parametrize(
    "comment",
    [
        "already withdrawn",
        "This paper is already withdrawn",
        "This paper has already been withdrawn",
        "Version 6 has been withdrawn",
        "19 pages. This paper\n  has been withdrawn. It needs a major revision",
        "9 pages. This paper is withdrwan",
        "Thus paper has been withdrawn due to an error",
        "This paper has been withdrawan as the model has now been modified",
    ],
)
def test_a_statement_of_withdrawal_is_one_however_it_is_written(comment):
    assert withdrawals.is_withdrawn((), comment, "An abstract.")


@pytest.mark.parametrize(
    "comment",
    [
        "V3: fixed. V2: Paper was withdrawn due to an error in lemma 9. V1: 12 pages",
        "V2: Version 1 has been withdrawn, this one corrects it",
        "a revised version of Part I in arXiv:1801.00539 (now\n  withdrawn), accepted",
        "It replaces arXiv:math/0507124, which has been withdrawn",
        "Early version submitted elsewhere, later withdrawn. New version submitted Dec 2011",
        "18 pages, Subsection 2.5 withdrawn",
        "was in second revision when it was\n  withdrawn",
    ],
)
def test_what_speaks_of_another_text_is_no_withdrawal(comment):
    assert not withdrawals.is_withdrawn((), comment, "A solid withdrawn from a liquid bath entrains a film.")
