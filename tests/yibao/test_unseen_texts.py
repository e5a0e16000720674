"""Texts of readers and curators that no example had: ranges, addresses that look like arXiv's, lost backslashes."""

import pytest

from yibao import identifiers, markup, text
from yibao.translations import fixes, markdown


@pytest.mark.parametrize(
    "written",
    [
        "提升 10~100 倍",
        "约10~100倍",
        "10%~20%",
        "3万~5万",
        "3 万~5 万",
        "10倍~100倍",
        "0.12~0.14 dB",
        "6~300x",
        "1M~4M tokens",
        "0~360",
        "1~2~3",
        "200~1000 K",
        "100~300",
    ],
)
def test_a_tilde_between_numbers_is_a_range_for_curators_and_for_arxiv(written):
    assert markup.render_markdown_text(written) == written
    assert written in markup.render_markdown_html(written)
    assert markup.render_plain(written) == written
    assert markup.render_html(written) == written


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("almost 20~000 levels", "almost 20\u00a0000 levels"),
        ("LLaMA-2~13B and Task~6", "LLaMA-2\u00a013B and Task\u00a06"),
        ("100~MHz, Fig.~1, r_0~50", "100\u00a0MHz, Fig.\u00a01, r_0\u00a050"),
    ],
)
def test_a_tie_of_tex_is_a_blank(written, read):
    assert markup.render_plain(written) == read


HOSTS = [
    "arxiv.com",
    "www.arxiv.net",
    "arxiv.org.cn",
    "export.arxvi.org",
    "arxiv-org.com",
    "arxiv.org.evil.example",
    "arxiv.org@evil.example",
    "\u0430rxiv.org",
    "\u0430r\u0445\u0456v.com",
    "xn--rxiv-43d.org",
    "arxlv.cn",
]


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_looks_like_arxivs_is_named_and_its_repair_with_it(host):
    source = f"## T\n[标题](https://{host}/abs/2501.05727)\n\n摘要。\n"
    document = markdown.parse_document(source.encode(), "a.md", "zh-Hans")
    assert [entry.translation.arxiv_id for entry in document.entries] == ["2501.05727"]
    (problem,) = [one for one in document.problems if one.rule == "misspelt-host"]
    assert problem.remedy == "Write https://arxiv.org/abs/2501.05727."
    assert b"(https://arxiv.org/abs/2501.05727)" in fixes.fix_content(source.encode(), "a.md", "zh-Hans")


@pytest.mark.parametrize("host", ["vixra.org", "biorxiv.org", "alphaxiv.org", "example.org", "chinaxiv.org"])
def test_another_archive_is_not_taken_for_arxiv(host):
    assert identifiers.parse_link(f"https://{host}/abs/2501.05727") is None


@pytest.mark.parametrize("host", sorted(identifiers.HOSTS))
def test_arxivs_own_hosts_are_known(host):
    link = identifiers.parse_link(f"https://www.{host}/abs/2501.05727")
    assert link
    assert link.is_known_host


@pytest.mark.parametrize(
    ("damaged", "mended"),
    [
        ("$X \to Y$", r"$X \to Y$"),
        ("$f: A\to B$", r"$f: A\to B$"),
        ("$A^\top$", r"$A^\top$"),
        ("E\textsuperscript{2}R", r"E\textsuperscript{2}R"),
    ],
)
def test_a_tab_where_a_backslash_and_t_were_is_mended(damaged, mended):
    assert text.mend_text(damaged) == (mended, ("damaged-tex",))


@pytest.mark.parametrize("sound", ["a\tone", "a\topic", "a\textends", "a\ttab"])
def test_a_tab_before_a_word_is_a_tab(sound):
    assert text.mend_text(sound) == (sound, ())
