"""The language server as an editor meets it: over standard input and output, with the library of a lived Monday."""

import shutil
from dataclasses import replace

import pytest

from commands.open_files import Desk
from flows.steps import environment
from storage.library import connection, papers
from tests.conftest import MONDAY, section
from tests.editor import Editor, apply_edits

TITLE = "Enabling Scalable Oversight via Self-Evolving Critic"
#: The emoji is two units of UTF-16: places behind it tell who counts characters.
FILE = f"""## {TITLE}
[可扩展监督](https://arxiv.org/abs/2501.05727)

😀首先,我们提出方法。准确率为 93%。

## Another title
[另一篇](https://arxiv.org/abs/2501.99999)

大语言模型。
"""


@pytest.fixture(scope="module")
def folder(_folder_of_monday, tmp_path_factory):
    where = tmp_path_factory.mktemp("editor")
    shutil.copytree(_folder_of_monday, where, dirs_exist_ok=True)
    return where


@pytest.fixture(scope="module")
def editor(folder):
    editor = Editor(folder)
    yield editor
    assert editor.close() == 0


@pytest.fixture
def desk(folder):
    return Desk(environment.load_settings(folder / "yibao.toml"))


def codes(diagnostics):
    return [one["code"] for one in diagnostics]


def apply_action(editor, name, text, action):
    return apply_edits(text, action["edit"]["changes"][editor.uri(name)])


@pytest.mark.soak
def test_an_editor_is_told_what_is_wrong_where_it_stands_and_mends_it(editor):
    name = "translations/mend.md"
    found = editor.open(name, FILE)
    slip = next(one for one in found if one["code"] == "half-width-punctuation")
    # 😀首先, : the comma is the fifth unit.
    assert slip["range"] == {"start": {"line": 3, "character": 4}, "end": {"line": 3, "character": 5}}
    assert (slip["severity"], slip["source"]) == (2, "yibao")
    mended = apply_action(editor, name, FILE, editor.actions(name, slip)["Write '，'."])
    assert "😀首先，我们" in mended
    assert "half-width-punctuation" not in codes(editor.type(name, mended))
    editor.tell("textDocument/didClose", textDocument={"uri": editor.uri(name)})
    assert editor.diagnostics(name) == []


@pytest.mark.soak
def test_all_that_is_safe_is_mended_at_once(editor):
    name = "translations/all.md"
    text = FILE.replace("abs/2501.05727", "pdf/2501.05727")
    found = editor.open(name, text)
    mended = apply_action(editor, name, text, editor.actions(name, found[0])["Mend all that is safe."])
    assert "abs/2501.05727" in mended
    assert not {"address-form", "half-width-punctuation"} & set(codes(editor.type(name, mended)))


@pytest.mark.soak
def test_a_silence_waits_for_its_reason_and_then_holds(editor):
    name = "translations/silence.md"
    found = editor.open(name, FILE)
    number = next(one for one in found if one["code"] == "number-changed")
    quiet = apply_action(
        editor, name, FILE, editor.actions(name, number)["Silence number-changed here, with a reason."]
    )
    assert "silence" in codes(editor.type(name, quiet))
    with_reason = quiet.replace("number-changed:  -->", "number-changed: 正文里有 -->")
    assert not {"silence", "number-changed", "unused-silence"} & set(codes(editor.type(name, with_reason)))


@pytest.mark.soak
def test_hovering_shows_the_english_sentence_with_its_number_and_the_title_elsewhere(editor):
    name = "translations/hover.md"
    editor.open(name, FILE)
    sentence = editor.at("hover", name, 3, 6)["contents"]["value"]
    assert sentence.startswith("**1 of ")
    assert TITLE in editor.at("hover", name, 0, 4)["contents"]["value"]
    assert editor.at("hover", name, 8, 1) is None


@pytest.mark.soak
def test_an_identifier_is_completed_the_one_of_the_heading_first(editor):
    name = "translations/complete.md"
    text = f"## {TITLE}\n[可扩展监督](https://arxiv.org/abs/25"
    editor.open(name, text)
    items = editor.at("completion", name, 1, len(text.split("\n")[1]))["items"]
    assert items[0]["label"] == "2501.05727"
    assert apply_edits(text, [items[0]["textEdit"]]).endswith("(https://arxiv.org/abs/2501.05727")
    assert all(one["label"].startswith("25") for one in items)


@pytest.mark.soak
def test_terms_and_rules_are_completed(editor):
    name = "translations/terms.md"
    text = FILE.replace("大语言模型。", "large lang") + "\n<!-- yibao: ignore num"
    editor.open(name, text)
    items = editor.at("completion", name, 8, len("large lang"))["items"]
    assert ("大语言模型", "large language model") in [(one["label"], one["detail"]) for one in items]
    lines = text.split("\n")
    rules = editor.at("completion", name, len(lines) - 1, len(lines[-1]))["items"]
    assert "number-changed:" in [one["label"] for one in rules]


@pytest.mark.soak
def test_a_paper_that_another_file_translates_later_is_told(editor):
    (editor.folder / "translations" / "b.md").write_text(section("2501.05727"), encoding="utf-8")
    (editor.folder / "translations" / "0.md").write_text(section("2501.05727"), encoding="utf-8")
    found = editor.open("translations/0.md", section("2501.05727"))
    assert "duplicate-across-files" in codes(found)


def test_a_file_that_is_none_of_translations_is_left_alone(desk, folder, tmp_path):
    assert desk.is_curated(folder / "translations" / "2025" / "new.md")
    assert not desk.is_curated(folder / "translations" / "README.md")
    assert not desk.is_curated(tmp_path / "notes.md")


def test_without_library_and_settings_files_are_checked_all_the_same(tmp_path, monkeypatch):
    from yibao.settings import Settings

    monkeypatch.chdir(tmp_path)
    desk = Desk(Settings())
    assert desk.is_curated(tmp_path / "a.md")
    opened = desk.open_file(tmp_path / "a.md", FILE)
    assert "half-width-punctuation" in [one.rule for one in desk.check_file(opened)]


def test_what_a_run_changed_in_the_library_is_read_when_it_is_asked_anew(folder, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(folder, home)
    desk = Desk(environment.load_settings(home / "yibao.toml"))
    text = section("2501.05727", TITLE, "标题", "准确率为 93%。")

    def find_rules():
        return {one.rule for one in desk.check_file(desk.open_file(home / "translations" / "a.md", text))}

    before = find_rules()
    assert "number-changed" in before
    with connection.write_library(home / "data" / "library.duckdb") as library:
        (paper,) = papers.read_papers(library, ["2501.05727"]).values()
        changed = replace(paper, abstract="The accuracy is 93%.", version=paper.version + 1, fingerprint="f" * 32)
        papers.store_papers(library, [changed], MONDAY)
    assert find_rules() == before
    desk.ask_anew()
    assert "number-changed" not in find_rules()


def test_a_name_and_a_term_are_written_by_their_quick_fix(desk, folder):
    (folder / "translations" / "glossary.csv").write_text(
        "english,preferred,forbidden\nOversight,监督,监管\n", encoding="utf-8"
    )
    opened = desk.open_file(folder / "translations" / "a.md", section("2501.05727", TITLE, "监督", "我们研究监管。"))
    (problem,) = [one for one in desk.check_file(opened) if one.rule == "forbidden-term"]
    fix = next(desk.list_fixes(opened, problem))
    line = opened.lines[fix.line - 1]
    assert line[: fix.start - 1] + fix.text + line[fix.end - 1 :] == "我们研究监督。"
    (folder / "translations" / "glossary.csv").unlink()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "## ",
        "##  \n[](",
        "---\n",
        "## T\r\n[标](https://arxiv.org/abs/2501.05727)\r\n\r\n摘\u2028要\x0b,好\r",
    ],
)
def test_whatever_is_typed_is_answered(desk, folder, text):
    from yibao.translations.markdown import Place

    opened = desk.open_file(folder / "translations" / "a.md", text)
    for problem in desk.check_file(opened):
        list(desk.list_fixes(opened, problem))
    for line in range(1, len(opened.lines) + 1):
        desk.describe_place(opened, Place(line, 3))
        desk.propose(opened, Place(line, 3))
    desk.mend_file(opened)
