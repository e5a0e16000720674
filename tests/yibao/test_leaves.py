"""The small modules: categories, dates, text, typesetting, merging."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao import categories, dates, markup, text
from yibao.record_merging import merge_papers
from yibao.records import Author, Paper


def test_all_of_arxivs_categories_are_known():
    assert len(categories.load_taxonomy()) + len(categories.ALIASES) == 155


def test_aliases_and_subsumed_archives_are_resolved_and_classes_kept_apart():
    codes, classes = categories.split_terms(["cs.NA", "math.NA", "cmp-lg", "hep-th", "68T50", "I.2.7", "astro-ph"])
    assert codes == ("math.NA", "cs.CL", "hep-th", "astro-ph")
    assert classes == ("68T50", "I.2.7")


def test_an_announcement_day_is_a_weekday():
    assert [dates.is_announcement_day(date(2025, 1, day)) for day in range(13, 20)] == [True] * 5 + [False] * 2


@pytest.mark.parametrize(("day", "week"), [(date(2025, 1, 17), "2025-W03"), (date(2024, 12, 30), "2025-W01")])
def test_a_day_belongs_to_its_iso_week(day, week):
    assert dates.format_week(day) == week
    first, last = dates.parse_week(week)
    assert first <= day <= last


def test_midnight_in_new_york_follows_daylight_saving():
    assert dates.find_eastern_midnight(date(2025, 1, 13)) == datetime(2025, 1, 13, 5, tzinfo=UTC)
    assert dates.find_eastern_midnight(date(2025, 7, 14)) == datetime(2025, 7, 14, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("damaged", "mended", "repair"),
    [
        ("$\text{FID}$", r"$\text{FID}$", "damaged-tex"),
        ("$a \times b$", r"$a \times b$", "damaged-tex"),
        ("$\frac{1}{2}$", r"$\frac{1}{2}$", "damaged-tex"),
        ("$\boldsymbol{x}$", r"$\boldsymbol{x}$", "damaged-tex"),
        ("$\alpha$", r"$\alpha$", "damaged-tex"),
        ("$\varepsilon$", r"$\varepsilon$", "damaged-tex"),
        ("$\rho$", r"$\rho$", "damaged-tex"),
        ("a\x01b", "ab", "control-character"),
        ("零\u200b宽", "零宽", "invisible-character"),
    ],
)
def test_damage_by_string_escapes_is_repaired_and_told(damaged, mended, repair):
    assert text.mend_text(damaged) == (mended, (repair,))


@pytest.mark.parametrize("sound", ["a\tb", "\tan item", "第一行\n第二行", "a\r\nb", r"\text{x}", "👩‍👧"])
def test_sound_text_is_left_alone(sound):
    assert text.mend_text(sound) == (sound, ())


@given(st.text())
def test_mended_text_can_stand_in_xml_and_mending_again_changes_nothing(anything):
    mended = text.mend_text(anything).text
    assert text.remove_illegal_characters(mended) == mended
    assert text.mend_text(mended) == (mended, ())


def test_a_paragraph_of_an_abstract_begins_with_blanks():
    assert text.split_paragraphs("  First line\nwrapped.\n  Second paragraph.") == [
        "First line wrapped.",
        "Second paragraph.",
    ]


@given(st.text(), st.integers(1, 50))
def test_shortened_text_is_within_its_limit(anything, limit):
    assert len(text.shorten_text(anything, limit)) <= limit + 1


def test_nothing_in_a_translation_is_executed_or_loaded():
    html = markup.render_markdown_html(
        "<script>alert(1)</script> ![x](https://e.org/t.png) [y](javascript:alert(1)) <img src=x onerror=y>"
    )
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert "&lt;script&gt;" in html


def test_an_address_ends_where_chinese_begins_and_becomes_a_link():
    html = markup.render_markdown_html("代码见https://github.com/a/b访问。")
    assert '<a href="https://github.com/a/b">https://github.com/a/b</a>访问' in html


def test_maths_keeps_its_underscores_and_money_is_no_maths():
    assert "<sub><i>b</i></sub>*<i>c</i>" in markup.render_markdown_html("记 $a_b*c*d_e$ 为")
    assert markup.render_markdown_text("它值 $5 and $10。") == "它值 $5 and $10。"
    assert markup.render_markdown_text(r"提升 10.3\% 与 \implname") == r"提升 10.3% 与 \implname"


def test_wrapped_chinese_joins_without_a_blank_and_english_with_one():
    assert markup.render_markdown_text("第一行\n第二行 one\ntwo") == "第一行第二行 one two"


def test_lists_and_links_survive_as_text():
    assert (
        markup.render_markdown_text("见 [项目](https://e.org/)：\n\n1. 一\n2. 二")
        == "见 项目 (https://e.org/)：\n\n1. 一\n\n2. 二"
    )


PAPER = Paper("2501.00001", 1, "T", "A", (Author("N"),), ("cs.CL",), "cs.CL", "rss")
_text = st.none() | st.sampled_from(["x", "y"])
_papers = st.builds(
    lambda version, source, comment, doi, license_: replace(
        PAPER,
        version=version,
        source=source,
        title=f"{source} {version}",
        comment=comment if source == "api" else None,
        doi=doi,
        license=license_ if source == "rss" else None,
    ),
    st.integers(1, 3),
    st.sampled_from(["rss", "api"]),
    _text,
    st.none() | st.just("10.1/x"),
    st.none() | st.just("cc"),
)


@given(_papers, _papers)
def test_merging_again_changes_nothing(first, second):
    merged = merge_papers(first, second)
    assert merge_papers(merged, second) == merged


@given(_papers, _papers)
def test_the_order_of_arrival_does_not_decide_between_different_records(first, second):
    if (first.version, first.source) != (second.version, second.source):
        assert merge_papers(first, second) == merge_papers(second, first)


def test_a_later_version_wins_and_the_api_wins_over_a_feed():
    feed, full = PAPER, replace(PAPER, source="api", comment="c")
    newer = replace(PAPER, version=2, title="T2")
    assert merge_papers(full, feed).comment == "c"
    assert merge_papers(full, newer).title == "T2"
    assert merge_papers(newer, full).title == "T2"
    assert merge_papers(newer, full).source == "rss"
