"""What a person types, and what they read."""

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from click import Command, Context, Group
from click.testing import CliRunner

import commands
from commands.main import _CHAPTERS, yibao
from tests.conftest import MONDAY, section


def command(*arguments, cwd, **environ):
    """The command line in a process of its own: (exit status, stdout, stderr)."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "YIBAO_"))}
    done = subprocess.run(
        [sys.executable, "-m", "commands.main", *arguments],
        check=False,
        cwd=cwd,
        env={**inherited, "PYTHONPATH": str(Path.cwd()), **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


def test_every_command_is_in_the_table_of_contents():
    modules = [import_module(f"commands.{path.stem}") for path in Path(commands.__file__).parent.glob("[a-z]*.py")]
    written = {value for module in modules for value in vars(module).values() if isinstance(value, Command)}
    listed = {yibao.get_command(Context(yibao), name) for name in yibao.list_commands(Context(yibao))}
    grouped = {one for group in listed if isinstance(group, Group) for one in group.commands.values()}
    assert written == {yibao} | listed | grouped


def test_a_command_imports_no_other_commands_parts():
    program = "import sys; from commands.main import yibao; yibao.get_command(None, 'sql'); print(*sys.modules)"
    imported = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "commands.sql" in imported
    assert not {"sqlalchemy", "prefect", "commands.translations"} & set(imported)


def test_help_is_a_table_of_contents_of_every_command():
    shown = CliRunner().invoke(yibao, ["--help"]).output
    assert set(yibao.list_commands(Context(yibao))) == {name for names in _CHAPTERS.values() for name in names}
    for chapter, names in _CHAPTERS.items():
        assert f"{chapter}:" in shown
        assert all(re.search(rf"^  {name}\s+\S", shown, re.MULTILINE) for name in names)
    assert "..." not in shown.partition("Options:")[2]


def _every_command(group=yibao, path=()):
    context = Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield from _every_command(command, (*path, name)) if isinstance(command, Group) else [(*path, name)]


@pytest.mark.parametrize("path", list(_every_command()), ids=" ".join)
def test_every_command_has_help_with_an_example(path):
    shown = CliRunner().invoke(yibao, [*path, "--help"]).output
    assert "yibao " + " ".join(path) in shown.replace("\n  ", " ")
    assert "Example:" in shown or path == ("schedule",)


@pytest.mark.soak
def test_in_an_empty_folder_init_and_run_make_a_first_edition_whatever_prefect_the_user_has(tmp_path, arxiv):
    status, out, _ = command("init", "--contact", "me@example.org", cwd=tmp_path)
    assert (status, "made" in out) == (0, True)
    (tmp_path / "translations" / "a.md").write_text(section("2501.05727", zh="第一篇"), encoding="utf-8")
    hostile = {
        "PREFECT_API_URL": "http://127.0.0.1:9/api",
        "PREFECT_LOGGING_LEVEL": "DEBUG",
        "PREFECT_PROFILE": "other",
    }
    environ = {**arxiv.environ, "YIBAO_ARXIV__PACE_S": "0.1", **hostile}
    status, out, err = command("run", "--on", "2025-01-13", cwd=tmp_path, **environ)
    assert status == 0, out + err
    assert err == ""
    assert "cs.CL: complete, 4 announced" in out
    assert "第一篇" in (tmp_path / "public" / "editions" / "2025-01-13" / "index.html").read_text(encoding="utf-8")
    assert not (tmp_path / ".prefect").exists()
    status, out, _ = command("sql", "--library", "SELECT title FROM current_translation", cwd=tmp_path)
    assert (status, out) == (0, "title\n第一篇\n")
    status, out, err = command("status", cwd=tmp_path)
    assert "is of 2025-01-13, and today is" in err
    assert status == 1, out  # A list of long ago is no news.
    assert "cs.CV,2025-01-13,complete,2025-01-13,3/3,catchup+rss,," in out


def test_init_overwrites_nothing(tmp_path):
    (tmp_path / "yibao.toml").write_text("# mine\n")
    assert command("init", cwd=tmp_path)[0] == 0
    assert (tmp_path / "yibao.toml").read_text() == "# mine\n"


def test_an_unknown_setting_stops_the_run_at_once_with_the_nearest_known_one(tmp_path):
    (tmp_path / "yibao.toml").write_text("[arxiv]\npaces = 3\n")
    status, out, err = command("run", cwd=tmp_path)
    assert (status, out) == (2, "")
    assert "arxiv.paces: there is no such setting; the nearest is 'arxiv.pace_s'" in err
    assert "Traceback" not in err


def test_without_settings_or_library_the_remedy_is_named(tmp_path):
    assert "yibao init" in command("run", cwd=tmp_path)[2]
    (tmp_path / "yibao.toml").write_text("")
    status, _, err = command("sql", "--library", "SELECT 1", cwd=tmp_path)
    assert (status, "there is no library yet" in err) == (1, True)


def invoke(installation, *arguments):
    return CliRunner().invoke(yibao, [*arguments, "--config", str(installation.config)])


def test_check_tells_each_slip_and_fails_on_errors_only(installation):
    installation.write("a.md", section("2501.05727") + "## No link\n\n正文。\n")
    done = invoke(installation, "translations", "check")
    assert done.exit_code == 1
    assert "a.md:6:4: error [missing-link]" in done.output
    document = json.loads(invoke(installation, "translations", "check", "--format", "json").stdout)
    assert [row["rule"] for row in document] == ["missing-link"]
    installation.write("a.md", section("2501.05727"))
    assert invoke(installation, "translations", "check").exit_code == 0


@pytest.mark.soak
def test_check_needs_no_installation(tmp_path):
    (tmp_path / "a.md").write_text(section("2501.05727"), encoding="utf-8")
    status, out, _ = command("translations", "check", "a.md", cwd=tmp_path)
    unknown = "; 1 were not compared with arXiv's text, which is not in the library"
    assert (status, out) == (0, f"1 files, 1 translations: 0 errors, 0 warnings, 0 notes{unknown}.\n")


def test_subscribers_are_added_listed_and_removed(installation):
    assert invoke(installation, "subscribers", "add", "a@example.org", "--frequency", "weekly").exit_code == 0
    assert "\na@example.org,active," in invoke(installation, "subscribers", "list").output
    assert invoke(installation, "subscribers", "remove", "a@example.org").exit_code == 0
    assert "\na@example.org,left," in invoke(installation, "subscribers", "list").output
    assert invoke(installation, "subscribers", "add", "nonsense").exit_code == 2
    assert invoke(installation, "subscribers", "add", "a@b\nBcc: c@d").exit_code == 2


@pytest.mark.soak
def test_preview_is_the_message_that_a_subscriber_would_get(installation):
    installation.write("a.md", section("2501.05727", zh="预览的标题"))
    installation.run("daily", MONDAY)
    installation.write("b.md", section("2501.06282", zh="尚未发表"))
    installation.run("harvest", MONDAY)
    library = installation.folder / "data" / "library.duckdb"
    before = library.read_bytes()
    done = invoke(installation, "newsletter", "preview", "--edition", "2025-01-13")
    assert done.exit_code == 0
    assert library.read_bytes() == before  # Looking publishes nothing.
    assert b"Subject: =?utf-8?q?" in done.stdout_bytes
    assert "There is no edition" in str(
        invoke(installation, "newsletter", "preview", "--edition", "2031-01-01").exception
    )


@pytest.mark.soak
def test_sql_is_read_only_and_tells_a_slip_in_one_line(installation):
    installation.run("daily", MONDAY)
    counted = ("sql", "--library", "SELECT count(*) AS n FROM paper")
    assert command(*counted, cwd=installation.folder)[1] == "n\n7\n"
    assert json.loads(command(*counted, "--json", cwd=installation.folder)[1]) == [{"n": 7}]
    assert "read-only" in command("sql", "--library", "DROP TABLE paper", cwd=installation.folder)[2]


def test_status_names_a_list_that_is_not_complete_and_the_command_that_repairs_it(installation, arxiv, monkeypatch):
    from flows.steps import environment
    from tests.standin.server import Fault

    monkeypatch.setattr(environment, "today", lambda: MONDAY)
    arxiv.fail("/rss/cs.CV", Fault.HTML, times=9)
    arxiv.fail("/catchup/cs.CV", Fault.TOO_MANY, times=9)
    installation.run("daily", MONDAY)
    done = invoke(installation, "status")
    assert done.exit_code == 1
    rows = {row["category"]: row for row in json.loads(invoke(installation, "status", "--json").stdout)["categories"]}
    assert rows["cs.CL"] == {
        "category": "cs.CL",
        "announced_on": "2025-01-13",
        "state": "complete",
        "since": "2025-01-13",
        "stored": "4/4",
        "sources": "catchup+rss",
        "note": "",
        "repair": "",
    }
    assert rows["cs.CV"]["state"] == "unknown"
    assert "HTTP 429" in rows["cs.CV"]["note"]
    repair = rows["cs.CV"]["repair"].split()
    assert repair == ["yibao", "harvest", "--from", "2025-01-13", "--until", "2025-01-13", "--category", "cs.CV"]
    # What it says works.
    arxiv.heal()
    since, until = MONDAY, MONDAY
    assert not installation.run("harvest", MONDAY, since=since, until=until, categories=["cs.CV"]).failures
    assert invoke(installation, "status").exit_code == 0


def test_a_list_beyond_arxivs_reach_is_told_as_lost(installation, arxiv, monkeypatch):
    from datetime import timedelta

    from flows.steps import environment

    installation.run("daily", MONDAY)
    monkeypatch.setattr(environment, "today", lambda: MONDAY + timedelta(days=200))
    arxiv.today = MONDAY + timedelta(days=200)
    installation.run("harvest", arxiv.today, since=MONDAY + timedelta(days=1), until=MONDAY + timedelta(days=1))
    assert "arXiv keeps no list of them" in invoke(installation, "status").output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("harvest", "--from", "2025-01-14", "--until", "2025-01-13"), "2025-01-14 is after 2025-01-13"),
        (("harvest", "--category", "cs.CLL"), "did you mean 'cs.CL'?"),
        (("harvest", "--from", "yesterday"), "does not match the format"),
        (("import", "nowhere.json"), "does not exist"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_asked(installation, arxiv, arguments, message):
    done = invoke(installation, *arguments)
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())
    assert arxiv.requests == []


@pytest.mark.soak
def test_import_takes_in_a_snapshot_on_the_command_line_and_says_what_it_did(tmp_path):
    from tests.storage.test_bulk import record

    assert command("init", "--contact", "me@example.org", cwd=tmp_path)[0] == 0
    (tmp_path / "snapshot.json").write_text(json.dumps(record()) + "\nnonsense\n")
    status, out, err = command("import", "snapshot.json", cwd=tmp_path)
    assert (status, err) == (0, "")
    assert "papers: 1 new, 0 changed, 0 unchanged" in out
    assert "snapshot.json:2:1: error [unreadable-record] It is not JSON" in out
    assert command("sql", "--library", "SELECT arxiv_id FROM paper", cwd=tmp_path)[1] == "arxiv_id\n2501.00001\n"
    status, out, _ = command("import", "snapshot.json", cwd=tmp_path)
    assert "papers: 0 new, 0 changed, 1 unchanged" in out


def test_search_finds_words_of_both_languages_in_what_is_published(installation, arxiv):
    installation.write("a.md", section("2501.05727", zh="会检索的智能体"))
    installation.run("daily", MONDAY)
    config = ["--config", str(installation.config)]
    for words in (["智能体"], ["检索", "智能"]):
        result = CliRunner().invoke(yibao, ["search", *words, "--json", *config])
        assert [(one["arxiv_id"], one["title"]) for one in json.loads(result.output)] == [
            ("2501.05727", "会检索的智能体")
        ]
    assert CliRunner().invoke(yibao, ["search", "智能体", "--untranslated", "--json", *config]).output.strip() == "[]"
    refused = CliRunner().invoke(yibao, ["search", "--category", "cs.QQ", *config])
    assert (refused.exit_code, "no such category" in refused.output) == (2, True)


def test_search_before_anything_is_published_says_what_to_do(tmp_path):
    (tmp_path / "yibao.toml").write_text("")
    code, _, message = command("search", "x", cwd=tmp_path)
    assert (code, "yibao publish" in message) == (1, True)
