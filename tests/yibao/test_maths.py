"""Formulas and TeX in text, as Unicode, as HTML and as MathML; and that no text is ever lost."""

import re
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from yibao import markup, maths


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"\mathcal{O}(n^{2}\log n)", "O(n² log n)"),
        ("x_i^2", "xᵢ²"),
        (r"x_{\text{max}}", "xₘₐₓ"),
        (r"x_{\text{big}}", "x_big"),
        (r"\sqrt[3]{n}", "³√n"),
        ("x^{a+b}", "xᵃ⁺ᵇ"),
        ("x^{m,n}", "x^(m,n)"),
        (r"\frac{a+b}{2}", "(a+b)/2"),
        (r"\sqrt{n+1}", "√(n+1)"),
        (r"\text{Transformer}^2", "Transformer²"),
        (r"W = U \Sigma V^\top", "W = UΣVᵀ"),
        (r"\mathbb{R}^d", "ℝᵈ"),
        (r"\Bbb{R}", "ℝ"),
        (r"\hat{x}", "x̂"),
        (r"\sim 10\%", "~10%"),
        ("10%", "10%"),
        (r"2\times", "2×"),
        (r"90^\circ", "90°"),
        (r"\unicode{x2013}", "–"),
        (r"\left(\alpha-\beta\right)", "(α−β)"),
        (r"p<0.05", "p < 0.05"),
    ],
)
def test_a_formula_is_said_in_unicode(tex, text):
    assert maths.render_formula_text(tex) == text


@pytest.mark.parametrize(
    "tex", [r"\implname", "x^", "{a", r"\frac{a}", r"\begin{cases} a \end{cases}", "}", r"\foo{x}{y}", r"\hat"]
)
def test_what_cannot_be_parsed_stays_whole(tex):
    assert maths.render_formula_text(tex) == f"${tex}$"
    html = maths.render_formula_html(tex)
    assert etree.fromstring(html).xpath("string()") == f"${tex}$"


def test_scripts_are_html_and_what_they_cannot_show_is_mathml():
    assert maths.render_formula_html("x_i^2") == '<span class="math"><i>x</i><sub><i>i</i></sub><sup>2</sup></span>'
    assert maths.render_formula_html(r"\frac{a}{b}").startswith("<math")
    assert 'display="block"' in maths.render_formula_html(r"\frac{a}{b}", is_block=True)
    assert maths.render_formula_html(r"\frac{a}{b}", has_mathml=False) == '<span class="math">a/b</span>'
    assert maths.render_formula_html("a<b & c") == '<span class="math"><i>a</i> &lt; <i>b</i> <i>c</i></span>'


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        (r"gains of 10.3\% and $5 and $10", "gains of 10.3% and $5 and $10"),
        (r"a $\sim$2$\times$ speedup", "a ~2× speedup"),
        (r"\emph{Deep} \textbf{nets \emph{twice}}", "Deep nets twice"),
        (r"Erd\H{o}s, M\"uller and \v{C}ech", "Erdős, Müller and Čech"),
        (
            r"see \url{https://e.org/~a} or \href{https://e.org/b}{here}",
            "see https://e.org/~a or here (https://e.org/b)",
        ),
        (r"we call it \implname, 50% better", r"we call it \implname, 50% better"),
        ("Fig.~1 and ~10 of them", "Fig.\u00a01 and ~10 of them"),
        ("``quoted'' -- and --- so on", "“quoted” – and — so on"),
        ("{BERT} and the set {0, 1}", "BERT and the set {0, 1}"),
        (r"cost \(O(n)\) and \[x^2\]", "cost O(n) and x²"),
        ("it costs $5", "it costs $5"),
        (r"a \$5 note and 5\,km", "a $5 note and 5 km"),
        ("100%", "100%"),
    ],
)
def test_tex_in_text_becomes_what_it_means(line, plain):
    assert markup.render_plain(line) == plain


def test_a_translation_is_set_as_an_abstract_is():
    source = r"准确率 10.3\%，$O(n^2)$，\emph{重点}，$\frac{a}{b}$，它值 $5 和 $10。"
    assert markup.render_markdown_text(source) == "准确率 10.3%，O(n²)，重点，a/b，它值 $5 和 $10。"
    html = markup.render_markdown_html(source)
    assert "<sup>2</sup>" in html
    assert "<mfrac>" in html
    assert "$5 和 $10" in html


def test_nothing_in_a_formula_is_executed():
    for tex in (
        r"\text{<script>alert(1)</script>}",
        "<img src=x onerror=alert(1)>",
        r"\href{javascript:x}{y}",
        "\"'><b>",
    ):
        html = maths.render_formula_html(tex)
        assert "<script" not in html
        assert "<img" not in html
        assert "<b>" not in html


@given(st.text(alphabet="ab12^_{}\\$%&~ αtextfrac()<>", max_size=40))
def test_any_formula_has_a_text_and_well_formed_html(tex):
    assert maths.render_formula_text(tex) or not tex.strip()
    etree.fromstring(f"<p>{maths.render_formula_html(tex)}</p>")


@given(st.text(max_size=80))
def test_text_without_tex_is_left_alone(text):
    if not re.search(r"[\\${~`'-]", text):
        assert markup.render_plain(text) == unicodedata.normalize("NFC", text) or markup.render_plain(text) == text


def said(text):
    """Its letters and figures, whatever their form."""
    return Counter(one for one in unicodedata.normalize("NFKD", text).casefold() if one.isascii() and one.isalnum())


@pytest.mark.drill
@pytest.mark.shared
def test_of_all_real_formulas_96_in_100_become_clean_and_no_text_is_lost(shared):
    """Commands are what may go; every letter and figure that is none stays, in its order of magnitude exactly."""
    import duckdb

    rows = duckdb.execute(
        "SELECT title, abstract FROM read_parquet($1) WHERE title LIKE '%$%' OR abstract LIKE '%$%' "
        "OR contains(title, '\\') OR contains(abstract, '\\')",
        [str(shared / "data" / "arxiv-records" / "records.parquet")],
    ).fetchall()
    texts = [" ".join(text.split()) for row in rows for text in row if text and ("$" in text or "\\" in text)]
    counts = Counter(formula for text in texts for formula in maths.find_formulas(text))
    clean = sum(count for formula, count in counts.items() if maths.render_formula_text(formula) != f"${formula}$")
    print(f"{clean} of {counts.total()} formulas are clean: {clean / counts.total():.1%}; {len(texts)} texts")
    assert clean >= 0.96 * counts.total()
    for text in texts:
        kept = re.sub(r"\\unicode\{x\w+\}|\\[A-Za-z]+|\\.", " ", text)
        lost = said(kept) - said(markup.render_plain(text))
        assert not lost, (text, lost)
