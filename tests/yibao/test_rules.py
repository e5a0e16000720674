"""The rules as their page tells them: each example breaks its rule, and its cure does not."""

import re
from pathlib import Path

import pytest

from yibao import glossary
from yibao.records import Severity, SourceText
from yibao.translations import check, fixes, folder, markdown
from yibao.translations.rules import RULES

PAGE = (Path(__file__).parents[2] / "docs" / "translations" / "rules.md").read_text(encoding="utf-8")
_PARTS = re.split(r"^## ([a-z]+(?:-[a-z]+)*)$", PAGE, flags=re.MULTILINE)
SECTIONS = dict(zip(_PARTS[1::2], _PARTS[2::2], strict=True))
#: Told in words: they need bytes, several files or a paper's history, and have tests of their own.
IN_WORDS = {
    "unreadable",
    "unreadable-bytes",
    "wrong-encoding",
    "too-large",
    "too-long",
    "duplicate-across-files",
    "retitled",
    "no-such-version",
    "other-title",
}
EXAMPLES = sorted(set(RULES) - IN_WORDS)


def block(name, kind):
    match = re.search(rf"```{kind}\n(.*?)```", SECTIONS[name], re.DOTALL)
    if not match:
        return None
    return re.sub(r"⟨U\+([0-9A-F]{4})⟩", lambda sign: chr(int(sign[1], 16)), match[1]).removesuffix("\n")


def found_in(content, english=None, owners=None):
    document = markdown.parse_document(content.encode(), "a.md", "zh-Hans")
    known = {"2501.05727": english} if english else {}
    result = check.check_document(document, glossary.load_terms(None), known, owners or {})
    _, repeated = folder.resolve_entries(result.entries)
    return [*result.problems, *repeated]


def rules_in(content, english=None):
    return {problem.rule for problem in found_in(content, english)}


def arxiv(name):
    text = block(name, "arxiv")
    if text is None:
        return None
    title, _, abstract = text.partition("\n\n")
    return SourceText(title, abstract, 2)


def test_every_rule_is_on_the_page_with_its_severity_and_marks():
    assert set(SECTIONS) == set(RULES)
    for name, rule in RULES.items():
        marks = re.search(r"^\*(.*?)\*", SECTIONS[name], re.MULTILINE)[1]
        assert rule.severity.value in marks, name
        assert ("English" in marks) == rule.needs_english, name
        assert ("fix" in marks) == rule.is_fixable, name


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_breaks_its_rule_and_the_cure_breaks_none(name):
    english = arxiv(name)
    assert name in rules_in(block(name, "wrong"), english)
    # Where the example says nothing of arXiv, the heading is its title.
    assert {rule for rule in rules_in(block(name, "right"), english) if RULES[rule].severity != Severity.NOTE} == set()


@pytest.mark.parametrize("name", [name for name in EXAMPLES if RULES[name].is_fixable])
def test_what_is_fixable_is_gone_after_the_fix_and_nothing_else_came(name):
    wrong = block(name, "wrong")
    mended = fixes.fix_content(wrong.encode(), "a.md", "zh-Hans").decode()
    before, after = rules_in(wrong), rules_in(mended)
    assert name not in after
    assert after <= before
    assert fixes.fix_content(mended.encode(), "a.md", "zh-Hans").decode() == mended


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in EXAMPLES
        if name
        not in (
            "silence",
            "unused-silence",
            "front-matter",
            "empty-file",
            "no-entry",
            "missing-title",
            "missing-link",
            "not-arxiv",
            "broken-address",
            "stub",
            "duplicate-in-file",
            "damaged-tex",
            "control-character",
            "invisible-character",
            "bidirectional-control",
        )
    ],
)
def test_a_rule_is_silenced_by_its_name_and_a_reason_for_an_entry_or_a_file(name):
    wrong, english = block(name, "wrong"), arxiv(name)
    entry = f"{wrong}\n\n<!-- yibao: ignore {name}: 有理由 -->"
    file = f"---\nignore:\n  {name}: 有理由\n---\n{wrong}"
    for content in (entry, file):
        assert name not in rules_in(content, english)
        assert "unused-silence" not in rules_in(content, english)


def test_the_heading_of_another_paper_is_told_with_that_papers_identifier():
    english = SourceText("A study of birds in winter", "")
    content = "## Fish of the deep sea\n[标题](https://arxiv.org/abs/2501.05727)\n\n摘要。\n"
    (problem,) = found_in(content, english, {"fishofthedeepsea": "2501.00009"})
    assert (problem.rule, problem.remedy) == ("other-paper", "Link to 2501.00009.")


def test_two_titles_that_changed_places_are_told_with_their_owners():
    birds = SourceText(
        "A study of birds in winter", "We study how birds survive the winter in cities, with a model of energy."
    )
    attention = SourceText(
        "Sparse attention for long contexts", "We propose sparse attention, which speeds up language models."
    )
    content = (
        "## A study of birds in winter\n[稀疏注意力与长上下文](https://arxiv.org/abs/2501.05727)\n\n"
        "本文研究城市中的鸟类如何度过冬季，并建立能量模型。\n\n"
        "## Sparse attention for long contexts\n[冬季鸟类研究](https://arxiv.org/abs/2501.00009)\n\n"
        "我们提出稀疏注意力，可以加速语言模型。\n"
    )
    document = markdown.parse_document(content.encode(), "a.md", "zh-Hans")
    result = check.check_document(document, (), {"2501.05727": birds, "2501.00009": attention}, {})
    told = [(one.rule, one.remedy) for one in result.problems if one.rule == "other-title"]
    assert told == [("other-title", "Move it to 2501.00009."), ("other-title", "Move it to 2501.05727.")]


def test_an_earlier_title_is_told_as_a_later_renaming():
    english = SourceText("A new title", "", 2, ("English title",))
    content = "## English title\n[标题](https://arxiv.org/abs/2501.05727)\n\n摘要。\n"
    assert rules_in(content, english) == {"retitled"}


def test_a_version_that_arxiv_does_not_have_is_an_error():
    content = "## English title\n[标题](https://arxiv.org/abs/2501.05727v9)\n\n摘要。\n"
    assert "no-such-version" in rules_in(content, SourceText("English title", "", 2))


def test_the_spot_is_where_it_stands_in_the_file():
    body = "第一段没有问题。\n\n第二段，准确率为 93.1%，结束。"
    content = f"# 文件标题\n\n## English title\n\n[标题](https://arxiv.org/abs/2501.05727)\n{body}\n"
    english = SourceText("English title", "The accuracy is 91.3%.")
    (problem,) = [one for one in found_in(content, english) if one.rule == "number-changed"]
    line = content.split("\n")[problem.line - 1]
    assert line[problem.column - 1 :][: problem.length] == "93.1%"


def test_a_lost_percent_sign_is_another_unit():
    english = SourceText("English title", "We propose a method, and its accuracy is 93.1%.")
    content = "## English title\n[标题](https://arxiv.org/abs/2501.05727)\n\n我们提出一种方法，准确率为 93.1。\n"
    assert rules_in(content, english) == {"unit-changed"}


def test_an_entry_without_english_is_counted_and_not_compared():
    document = markdown.parse_document(
        "## T\n[标](https://arxiv.org/abs/2501.05727)\n\n93%。\n".encode(), "a.md", "zh-Hans"
    )
    assert check.check_document(document, (), {}, {}).unknown == 1


def test_a_curators_glossary_replaces_ours_term_by_term(tmp_path):
    (tmp_path / "glossary.csv").write_text("english,preferred,forbidden\nLLM,大模型,大语言模型\n", encoding="utf-8")
    terms = {term.english: term for term in glossary.load_terms(tmp_path / "glossary.csv")}
    assert terms["LLM"].forbidden == ("大语言模型",)
    assert "vision transformer" in terms


@pytest.mark.parametrize(
    ("content", "line"),
    [("a,b\n", 1), ("english,preferred,forbidden\nLLM,x\n", 2), ('english,preferred,forbidden\n"LLM\n', 2), ("", 1)],
)
def test_a_broken_glossary_names_its_line(tmp_path, content, line):
    from yibao.errors import YibaoError

    (tmp_path / "glossary.csv").write_text(content, encoding="utf-8")
    with pytest.raises(YibaoError, match=rf"glossary\.csv:{line}:"):
        glossary.load_terms(tmp_path / "glossary.csv")


def test_rules_have_names_that_are_words_joined_by_hyphens():
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in RULES)
