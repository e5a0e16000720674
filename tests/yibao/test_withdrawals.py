"""What says that a paper is withdrawn, and what only speaks of a withdrawal."""

import duckdb
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
        "This paper has been withdraw by the author due to an error",
        "It is withdrawn because another paper holds it",
        "Published elsewhere without notice, and it is withdrawn due to an objection",
        "We have therefore withdrawn our paper",
        "I'm withdrawing the\n manuscript until the proof is mended",
        "12 pages. There is a gap, so we decide to withdraw this paper",
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
        "I will withdraw the claim of Theorem 2",
        "We withdraw the particle from the bath",
        "The preprint arXiv:1702.08815, on which it is built, has been withdrawn from the arXiv",
    ],
)
def test_what_speaks_of_another_text_is_no_withdrawal(comment):
    assert not withdrawals.is_withdrawn((), comment, "A solid withdrawn from a liquid bath entrains a film.")


#: Real records that speak of a withdrawal, not of their own: of a claim, a part, another text, a thing.
OF_SOMETHING_ELSE = """
    0705.3576 0808.0535 1107.3874 1201.5142 1201.5436 1203.3860 1407.4557 1612.04602 1705.02488 1710.11271 1805.05927
    1902.01249 2505.23824
"""
#: Real records that may be withdrawn, in words not taken for it: a wish, a need, a reason without a statement, or
#: one after an abstract that is whole. Where arXiv flags their latest version, they are withdrawn all the same.
NOT_RECOGNISED = """
    0803.2402 0807.3677 0912.4821 1001.4476 1007.1769 1008.0954 1008.4049 1011.4157 1310.1184 1402.0044 1404.3834
    1509.00243 1704.06858 1711.07120 1712.02136 1802.06722 1805.04007 1808.06515 1810.12411 1811.01423 1902.01201
    1907.07847 2510.04781 2510.08567 2510.23594 2511.22505 math/0502573 nlin/0301018
"""


@pytest.mark.shared
def test_the_import_in_sql_recognises_the_same_real_records(shared):
    records = shared / "data" / "arxiv-records" / "records.parquet"
    rows = duckdb.execute(
        f"SELECT comments, regexp_matches(comments, $1) FROM '{records}' WHERE lower(comments) LIKE '%withdr%'",
        [withdrawals.STATEMENT],
    ).fetchall()
    assert [comment for comment, is_one in rows if withdrawals.is_withdrawn((), comment, "") != is_one] == []


@pytest.mark.shared
def test_of_all_real_records_it_is_known_which_are_recognised_and_which_are_not(shared):
    records = shared / "data" / "arxiv-records" / "records.parquet"
    rows = duckdb.sql(f"""
        SELECT id, coalesce(comments, ''), abstract FROM '{records}'
        WHERE lower(coalesce(comments, '')) LIKE '%withdr%' OR lower(abstract) LIKE '%withdrawn%'
           OR lower(title) LIKE '%withdrawn%'
    """).fetchall()
    passed_over = {one for one, comment, abstract in rows if not withdrawals.is_withdrawn((), comment, abstract)}
    speaks_of_it = {one for one, comment, _ in rows if "withdr" in comment.lower()}
    unclear = passed_over - {*OF_SOMETHING_ELSE.split()}
    print(f"{len(rows)} records, {len(speaks_of_it)} in their comment: {len(rows) - len(passed_over)} recognised, ")
    print(
        f"{len(unclear)} perhaps withdrawn and not recognised, {len(passed_over) - len(unclear)} about something else"
    )
    assert unclear == {*NOT_RECOGNISED.split()}
    assert passed_over >= {*OF_SOMETHING_ELSE.split()}
