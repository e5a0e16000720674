"""Properties of curators' files: what layout, order, comments and mending may and may not change; and hostile input."""

import re
import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yibao import differences, glossary
from yibao.maths import find_formulas
from yibao.records import SourceText
from yibao.translations import alignment, check, fixes, markdown, number_comparison, quantities
from yibao.translations.markdown import build_canonical_url
from yibao.translations.spans import mask_non_prose

_words = st.sampled_from(
    ["摘要", "模型", "LLM", "GPT-4o", "93.1%", "$a_b$", "，", "。", ", ", "3", "https://e.org/x", "（注）", "\\%"]
)
_line = st.lists(_words, min_size=1, max_size=8).map("".join)
_abstract = st.lists(_line, min_size=1, max_size=4).map("\n".join)
_entry = st.tuples(st.integers(10000, 99999), _abstract)
_entries = st.lists(_entry, max_size=5, unique_by=lambda entry: entry[0])


def written(entries, gap="\n\n", mark="## "):
    return "".join(
        f"{mark}T{number}\n[标{number}](https://arxiv.org/abs/2501.{number})\n\n{text}{gap}" for number, text in entries
    )


def read(content, path="a.md"):
    return markdown.parse_document(content if isinstance(content, bytes) else content.encode(), path, "zh-Hans")


def records(content):
    return [
        (t.arxiv_id, t.language, t.title, t.abstract, t.title_en)
        for t in (e.translation for e in read(content).entries)
    ]


def rewritten(document):
    """A document's entries, written as the guide tells."""
    return "".join(
        f"## {one.title_en}\n[{one.title}]({url})\n\n{one.abstract}\n\n"
        for one in (entry.translation for entry in document.entries)
        for url in [build_canonical_url(markdown.identifiers.Identifier(one.arxiv_id, one.version))]
    )


@given(_entries, st.sampled_from(["\n", "\n\n", "\n\n\n"]), st.sampled_from(["# ", "## "]), st.booleans())
def test_layout_changes_no_record(entries, gap, mark, has_crlf):
    other = written(entries, gap, mark)
    assert records(other.replace("\n", "\r\n") if has_crlf else other) == records(written(entries))


@given(_entries)
def test_reading_writing_and_reading_is_the_identity(entries):
    document = read(written(entries))
    assert records(rewritten(document)) == records(written(entries))
    assert len(document.entries) == len(entries)


@given(_entries, _entries)
def test_joined_files_are_read_as_each_by_itself(first, second):
    assert records(written(first) + written(second)) == records(written(first)) + records(written(second))


@given(_entries, st.text(alphabet=st.characters(exclude_characters="<>", exclude_categories=["Cs", "Cc"]), max_size=30))
def test_a_comment_anywhere_in_an_entry_changes_no_record(entries, comment):
    content = written(entries)
    for place in ("\n\n", "\n[标"):
        assert records(content.replace(place, f"\n<!-- {comment} -->{place}")) == records(content)


@given(_entries)
def test_mending_twice_is_mending_once_and_changes_nothing_but_signs_and_blanks(entries):
    raw = written(entries).encode()
    once = fixes.fix_content(raw, "a.md", "zh-Hans")
    assert fixes.fix_content(once, "a.md", "zh-Hans") == once
    for before, after in zip(read(raw).entries, read(once).entries, strict=True):
        assert re.findall(r"\w", before.translation.abstract) == re.findall(r"\w", after.translation.abstract)
        old, new = (find_formulas(one.translation.abstract.replace("\\%", "%")) for one in (before, after))
        assert old == new
    remains = {one.rule for one in check.check_document(read(once), (), {}, {}).problems}
    assert not remains & {"script-spacing", "half-width-punctuation", "address-form", "bare-percent"}


@given(_entries)
def test_every_problem_stands_at_a_place_that_is_in_the_file(entries):
    document = read(written(entries) + "## lost\n\n正文\n")
    lines = document.text.split("\n")
    for one in check.check_document(document, glossary.load_terms(None), {}, {}).problems:
        assert 1 <= one.line <= len(lines)
        assert 1 <= one.column <= len(lines[one.line - 1]) + 1


@given(st.text(max_size=200))
def test_prose_is_as_long_as_the_text_and_blanks_formulas_and_addresses_only(text):
    bare = mask_non_prose(text)
    assert len(bare) == len(text)
    assert all(one in (was, "\ufffc") for one, was in zip(bare, text, strict=True))


@given(st.binary(max_size=300))
def test_any_bytes_are_checked_and_mended_without_an_exception(raw):
    document = read(raw)
    check.check_document(document, glossary.load_terms(None), {}, {})
    assert read(fixes.fix_content(raw, "a.md", "zh-Hans")).text is not None


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_difference_takes_out_what_is_old_and_puts_in_what_is_new(old, new):
    changes = differences.find_changes(old, new)
    assert (changes == []) == (" ".join(old.split()) == " ".join(new.split()))
    assert (
        "".join(one.added for one in changes) in differences.render_changes_text(old, new).replace("\n", "")
        or len(changes) > 1
    )
    assert "<script" not in differences.render_changes_html(old, new)


# Numbers.


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("24 million pairs", "2400 万对"),
        ("24 million pairs", "2,400万对"),
        ("24 million pairs", "24,000,000 对"),
        ("1.5 billion", "15 亿"),
        ("1.2 trillion", "1.2 万亿"),
        ("560-billion", "5600 亿"),
        ("a 7B model", "70 亿参数的模型"),
        ("over 43M papers", "4300 多万篇"),
        ("7-8B parameters", "70-80 亿参数"),
        ("10.3%", "10.3％"),
        (r"10.3\%", "百分之10.3"),
        ("2.5x faster", "快 2.5 倍"),
        ("60% to 70%", "60 至 70%"),
        ("12k steps", "12000 步"),
        ("1,255 entries", "1255 条"),
    ],
)
def test_a_number_is_the_same_in_both_languages(english, chinese):
    theirs, ours = quantities.find_quantities(english), quantities.find_quantities(chinese)
    assert len(theirs) == len(ours) >= 1
    for one, other in zip(theirs, ours, strict=True):
        assert one.values & other.values
        assert one.unit == other.unit or {one.unit, other.unit} <= {"", "B"}


@pytest.mark.parametrize(
    "text", ["GPT-4", "o1", "v2", "3D", "LLaMA2", "R1-Zero", "GPT-4o", "[12]", "(3) three", "4D-GS"]
)
def test_a_figure_in_a_name_or_a_mark_is_no_number(text):
    assert quantities.find_quantities(text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("两千四百万", 24_000_000),
        ("三十五", 35),
        ("一亿二千万", 120_000_000),
        ("twenty three", 23),
        ("two hundred", 200),
    ],
)
def test_numbers_are_read_in_words(text, value):
    assert Decimal(value) in quantities.parse_numerals(text)


@given(st.integers(1, 10**13))
def test_a_whole_number_survives_grouping_and_wan(number):
    (one,) = quantities.find_quantities(f"共 {number:,} 条")
    assert one.values == {Decimal(number)}
    if number % 10_000 == 0:
        (other,) = quantities.find_quantities(f"共 {number // 10_000} 万条")
        assert other.values == one.values


_FIGURES = st.integers(11, 9_999_999)
_UNITS = st.sampled_from(["", "%", " GB", "×"])
_COUNTABLE = "零一二三四五六七八九"


def compare_numbers(english, chinese):
    return {loss.rule for loss in number_comparison.compare_numbers(english, chinese, [])}


@settings(max_examples=40)
@given(_FIGURES, _UNITS, st.booleans())
def test_a_number_is_itself_in_both_languages_whatever_its_unit_and_grouping(number, unit, is_grouped):
    written = f"{number:,}" if is_grouped else str(number)
    assert compare_numbers(f"It takes {written}{unit} in all.", f"共需 {number}{unit}。") == set()


@settings(max_examples=40)
@given(_FIGURES, st.integers(1, 9))
def test_another_number_is_told(number, more):
    assert "number-changed" in compare_numbers(f"It takes {number} in all.", f"共需 {number + more}。")


@settings(max_examples=40)
@given(st.integers(1, 9999), st.sampled_from([("万", 10**4), ("亿", 10**8)]), st.sampled_from([10, 100, 10_000]))
def test_a_magnitude_is_never_rounded_away(number, scale, factor):
    sign, size = scale
    english = f"It has over {number * size:,} parts."
    assert compare_numbers(english, f"它有逾 {number}{sign}个部件。") == set()
    assert compare_numbers(english, f"它有逾 {number * factor}{sign}个部件。") != set()


@settings(max_examples=40)
@given(st.integers(11, 99), st.integers(11, 99), st.sampled_from("-–—~～至到"))
def test_a_range_has_its_two_ends_with_every_sign_between(low, high, sign):
    assert compare_numbers(f"from {low}% to {high}% of all", f"占 {low}%{sign}{high}%") == set()


@settings(max_examples=40)
@given(st.integers(1, 9), st.integers(1, 9))
def test_numerals_are_figures(tens, ones):
    numeral = f"{'' if tens == 1 else _COUNTABLE[tens]}十{_COUNTABLE[ones]}"
    assert Decimal(tens * 10 + ones) in quantities.parse_numerals(f"共{numeral}条")


@settings(max_examples=60)
@given(st.text("0123456789.,% -–~～×xX万亿百千十两三倍多余KMGB()$ \n年月第a", max_size=60))
def test_whatever_is_written_is_read_without_an_exception_and_stands_where_it_is_said(text):
    for one in quantities.find_quantities(text):
        assert 0 <= one.start < one.start + one.length <= len(text)
        assert all(value.is_finite() for value in one.values)
    compare_numbers(text, text)


def test_money_is_no_formula_and_tex_behind_a_figure_is():
    assert find_formulas("It costs $5 and $10.") == []
    assert find_formulas(r"a $\sim$2$\times$ speedup") == [r"\sim", r"\times"]
    assert find_formulas("$x$ and $$y\n=z$$") == ["x", "y\n=z"]


def test_joined_sentences_are_not_missing_and_a_left_out_one_is():
    english = (
        "We propose a new method to detect anomalies in images. It is trained without labels. "
        "Experiments on five public benchmarks show that it is more accurate than all previous methods. "
        "The code is public."
    )
    first, second, third = (
        "我们提出了一种检测图像异常的新方法，其训练无须标注。",
        "五个公开基准上的实验表明，它比此前所有方法都更准确。",
        "代码已公开。",
    )
    assert all(bead.chinese for bead in alignment.align_sentences(english, first + second + third))
    (lost,) = [bead.english[0] for bead in alignment.align_sentences(english, first + third) if not bead.chinese]
    assert lost.text.startswith("Experiments on five")


# Hostile input.

ENTRY = "## T\n[标](https://arxiv.org/abs/2501.05727)\n\n"


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "\u202e反\u202c\u2066x\u2069\x00\ufeff",
        "$" * 50_000,
        "`" * 50_000,
        "[" * 50_000,
        "a" * 200_000,
        "中" * 200_000,
        "1," * 50_000,
        "word " * 30_000,
        "<!--" * 20_000,
        "<!-- -->" * 5_000,
        "a@" * 50_000,
        "https://" * 20_000,
        "\\" * 50_000,
        "（" * 50_000,
        "中,a1%$x$" * 500,
        "We show that the and " * 900,
    ],
    ids=lambda body: body[:12].encode("unicode_escape").decode(),
)
def test_a_hostile_body_is_checked_in_bounded_time_and_shown_as_text(body):
    from yibao import markup

    english = {"2501.05727": SourceText("T", "We show 3 things, $x$ and https://e.org/a. " * 20)}
    started = time.perf_counter()
    document = read(ENTRY + body)
    check.check_document(document, glossary.load_terms(None), english, {})
    fixes.fix_content((ENTRY + body).encode(), "a.md", "zh-Hans")
    assert time.perf_counter() - started < 20
    for entry in document.entries:
        html = markup.render_markdown_html(entry.translation.abstract[:2000])
        assert "<script" not in html
        assert "<img" not in html


def test_a_thousand_headings_and_fifty_megabytes_are_answered():
    many = read("## T\n" * 1000)
    assert [one.rule for one in many.problems] == ["missing-link"] * 1000
    (one,) = read(b"x" * 50_000_000).problems
    assert one.rule == "too-large"


@pytest.mark.parametrize(
    "matter",
    [
        "!!python/object/apply:os.system ['echo owned > owned']",
        "&a [*a, *a]",
        "ignore: [number-changed]",
        "language: 'x; rm -rf'",
        "ignore:\n  nonsense: x\n  number-changed:",
        "translator: {a: b}",
        "- - - -",
        "{" * 2000,
    ],
)
def test_front_matter_that_is_code_or_nonsense_is_told_and_costs_no_entry(matter, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    document = read(f"---\n{matter}\n---\n{ENTRY}摘要。\n")
    assert [entry.translation.abstract for entry in document.entries] == ["摘要。"]
    assert document.problems or matter.startswith("translator")
    assert list(tmp_path.iterdir()) == []


def test_credits_and_silences_stand_in_comments_for_one_entry():
    content = (
        f"---\ntranslator: 王小明\n---\n{ENTRY}<!-- yibao: translator: 李丽 -->\n"
        "<!-- yibao: corrector: 赵四 -->\n摘要,\n"
        "<!-- yibao: ignore half-width-punctuation: 引文\n原样 -->\n\n"
        "## U\n[标](https://arxiv.org/abs/2501.05728)\n\n摘要,\n"
    )
    document = read(content)
    first, second = (entry.translation for entry in document.entries)
    assert (first.translator, first.corrector, first.abstract) == ("李丽", "赵四", "摘要,")
    assert (second.translator, second.corrector) == ("王小明", None)
    reported = [
        one for one in check.check_document(document, (), {}, {}).problems if one.rule == "half-width-punctuation"
    ]
    assert [(one.arxiv_id, one.line) for one in reported] == [("2501.05728", 16)]


def test_a_comment_lets_an_entry_lead_its_edition_and_no_other():
    document = read(f"{ENTRY}<!-- yibao: lead -->\n摘要。\n\n{ENTRY}<!-- yibao: translator: 李丽 -->\n摘要。\n")
    assert [one.translation.is_lead for one in document.entries] == [True, False]
    assert [one.translation.abstract for one in document.entries] == ["摘要。", "摘要。"]
    assert document.problems == ()


@pytest.mark.parametrize("said", ["ignroe x: y", "lead: first", "leads"])
def test_what_speaks_to_us_and_makes_no_sense_is_told(said):
    document = read(f"{ENTRY}摘要。\n<!-- yibao: {said} -->\n<!-- an ordinary comment -->\n")
    assert [one.rule for one in document.problems] == ["silence"]
    assert not document.entries[0].translation.is_lead
