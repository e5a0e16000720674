"""Checking curators' files: what is told to whom, what is mended, and that only what changed is looked at again."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from commands import linter
from commands.main import yibao
from tests.conftest import MONDAY, section
from yibao import glossary
from yibao.translations import check, explanations, markdown
from yibao.translations.rules import RULES

WRONG = "## T\n[标题](https://arxiv.org/abs/2501.05727)\n\n首先,我们提出方法。\n\n## 无链接\n\n正文。\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "translations" / "2025").mkdir(parents=True)
    (tmp_path / "translations" / "2025" / "0113-0117.md").write_text(WRONG, encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(yibao, ["translations", "check", *arguments])


def test_text_shows_the_line_and_marks_the_spot_below_it_chinese_being_two_columns_wide(folder):
    done = run("translations")
    assert done.exit_code == 1
    lines = done.output.splitlines()
    at = next(number for number, line in enumerate(lines) if "half-width-punctuation" in line)
    assert lines[at].startswith("translations/2025/0113-0117.md:4:3: warning")
    shown, mark = lines[at + 1], lines[at + 2]
    assert cell_len(shown[: shown.index(",")]) == mark.index("^")
    assert lines[-1].startswith("1 files, 1 translations: 1 error, 1 warning, 0 notes; 1 were not compared")


def test_github_gets_an_annotation_at_the_files_own_path_line_and_column(folder):
    lines = run("translations", "--format", "github").stdout.splitlines()
    assert lines[1].startswith(
        "::error file=translations/2025/0113-0117.md,line=6,col=4,endColumn=7,title=missing-link::"
    )
    assert all(re.fullmatch(r"::(error|warning|notice) file=[^:]+,title=[a-z-]+::[^\n]+", line) for line in lines)


def test_sarif_names_rules_regions_and_levels(folder):
    log = json.loads(run("translations", "--format", "sarif").stdout)
    (one,) = log["runs"]
    assert (log["version"], one["tool"]["driver"]["name"]) == ("2.1.0", "yibao")
    rules = [rule["id"] for rule in one["tool"]["driver"]["rules"]]
    for result in one["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region["endColumn"] > region["startColumn"] >= 1


def test_json_is_a_list_of_problems(folder):
    document = json.loads(run("translations", "--format", "json").stdout)
    assert [(row["rule"], row["line"]) for row in document] == [("half-width-punctuation", 4), ("missing-link", 6)]


def test_nothing_wrong_is_said_in_every_format_with_exit_0(folder):
    (folder / "translations" / "2025" / "0113-0117.md").write_text(section("2501.05727"), encoding="utf-8")
    for form in ("text", "github", "json", "sarif"):
        done = run("translations", "--format", form)
        assert done.exit_code == 0
        output = done.stdout if form == "text" else done.stderr
        assert "1 were not compared with arXiv's text" in output


def test_warnings_fail_a_strict_check_only(folder):
    file = folder / "translations" / "2025" / "0113-0117.md"
    file.write_text(WRONG.partition("## 无")[0], encoding="utf-8")
    assert run("translations").exit_code == 0
    assert run("translations", "--strict").exit_code == 1


def test_fix_shows_the_changes_first_and_writes_only_what_was_agreed(folder):
    file = folder / "translations" / "2025" / "0113-0117.md"
    shown = run("translations", "--fix").output
    assert "-首先,我们提出方法。\n+首先，我们提出方法。" in shown
    assert "Nothing was written" in shown
    assert file.read_text(encoding="utf-8") == WRONG
    assert "1 files written" in run("translations", "--fix", "--yes").output
    assert file.read_text(encoding="utf-8") == WRONG.replace("先,", "先，")
    assert "Nothing to mend" in run("translations", "--fix", "--yes").output


def test_a_file_named_by_itself_speaks_of_its_week_too(folder):
    files, _ = linter.folder.find_files([Path("translations/2025/0113-0117.md")])
    (document,) = [markdown.parse_document(one.path.read_bytes(), one.shown, "zh-Hans") for one in files]
    assert document.entries[0].translation.week == "2025-W03"


def test_only_what_changed_is_checked_again(folder, monkeypatch):
    (folder / "translations" / "other.md").write_text(section("2501.00001"), encoding="utf-8")
    looked = []
    real = check.check_document
    monkeypatch.setattr(
        check, "check_document", lambda document, *more: (looked.append(document.path), real(document, *more))[1]
    )
    first = run("translations").output
    assert len(looked) == 2
    assert run("translations").output == first
    assert len(looked) == 2
    (folder / "translations" / "other.md").write_text(section("2501.00001", zh="改"), encoding="utf-8")
    run("translations")
    assert looked[2:] == ["other.md"]


def test_a_changed_glossary_or_english_is_a_reason_to_check_again(installation, tmp_path):
    installation.write("a.md", section("2501.05727", "Enabling Scalable Oversight via Self-Evolving Critic", "监督"))
    cache = tmp_path / "cache.sqlite3"
    library = installation.folder / "data" / "library.duckdb"

    def rules(terms):
        checked = linter.check_files([installation.folder / "translations"], "zh-Hans", terms, library, cache)
        return {problem.rule for problem in checked.problems}, checked.unknown

    assert rules(()) == (set(), 1)
    installation.run("daily", MONDAY)
    rules_shown, unknown = rules(())
    assert unknown == 0
    assert "sentence-missing" in rules_shown
    term = glossary.Term("Oversight", ("监督",), ("摘要",))
    assert "forbidden-term" in rules((term,))[0]


def test_a_damaged_or_unwritable_cache_costs_time_and_nothing_else(folder):
    cache = folder / "cache" / "yibao" / "checked.sqlite3"
    first = run("translations").output
    cache.write_bytes(b"no database")
    assert run("translations").output == first
    checked = linter.check_files(
        [Path("translations")], "zh-Hans", glossary.load_terms(None), None, Path("/proc/nowhere/x")
    )
    assert checked.entries == 1


def test_a_missing_path_is_an_error_and_no_empty_folder(folder):
    done = run("nowhere")
    assert done.exit_code == 1
    assert "error [unreadable]" in done.output


def test_a_rule_is_explained_with_examples_and_a_misspelt_name_with_near_ones(folder):
    shown = run("--explain", "number-changed")
    assert shown.exit_code == 0
    assert all(part in shown.output for part in ("## number-changed", "```wrong", "```right", "数字"))
    wrong = run("--explain", "numbr-changed")
    assert wrong.exit_code == 2
    assert "Did you mean number-changed" in wrong.output


def test_every_rule_can_be_explained():
    assert all(explanations.explain_rule(name).startswith(f"## {name}\n\n*") for name in RULES)


def test_silences_are_counted_by_rule_and_told_with_their_reasons(folder):
    file = folder / "translations" / "2025" / "0113-0117.md"
    file.write_text(
        "---\nignore:\n  script-spacing: 本刊不加空格\n---\n"
        + section("2501.00001", abstract="摘要。\n\n<!-- yibao: ignore number-changed: 第二版改了数字 -->")
        + section("2501.00002", abstract="摘要。\n\n<!-- yibao: ignore number-changed: 笔误 -->"),
        encoding="utf-8",
    )
    told = CliRunner().invoke(yibao, ["translations", "silences"]).output
    assert "number-changed,2" in told
    assert "translations/2025/0113-0117.md:5: number-changed (2501.00001): 第二版改了数字" in told
    assert "script-spacing (the whole file): 本刊不加空格" in told
    rows = json.loads(CliRunner().invoke(yibao, ["translations", "silences", "--json"]).output)
    assert [(row["rule"], row["line"], row["arxiv_id"]) for row in rows] == [
        ("script-spacing", 1, None),
        ("number-changed", 5, "2501.00001"),
        ("number-changed", 12, "2501.00002"),
    ]


def test_the_pre_commit_hook_and_the_workflow_run_the_command_as_it_is():
    import yaml

    root = Path(__file__).parents[2]
    (hook,) = yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"] == "yibao translations check"
    flow = yaml.safe_load((root / "deployments" / "github" / "check-translations.yml").read_text())
    steps = [step.get("run", "") for step in flow["jobs"]["check"]["steps"]]
    (line,) = [step for step in steps if "yibao translations check" in step]
    options = re.findall(r"--[a-z]+", line)
    shown = CliRunner().invoke(yibao, ["translations", "check", "--help"]).output
    assert all(option in shown for option in options)


def test_a_curator_who_commits_a_slip_is_stopped_by_the_hook(folder):
    """The hook's own command, as pre-commit runs it: in a repository without an installation, with no file names."""
    done = subprocess.run(
        [sys.executable, "-m", "commands.main", "translations", "check"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "missing-link" in done.stdout
