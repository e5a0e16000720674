"""The house: its rooms, names and documents say what the code does."""

import re
import sys
import tomllib
from pathlib import Path

import pytest
from click import Context

from commands.main import yibao
from storage.library import connection
from storage.people.schema import METADATA
from tests.import_contracts import find_broken
from yibao.settings import Settings

ROOT = Path(__file__).parents[1]
ROOMS = ("commands", "flows", "storage", "yibao")


def test_the_top_level_is_the_design_card():
    for name in ("pyproject.toml", "README.md", "flows", "storage", "tests", "deployments"):
        assert (ROOT / name).exists()


def test_flows_shadow_nothing():
    names = {path.stem for path in (ROOT / "flows").glob("*.py")} - {"__init__"}
    assert not names & set(sys.stdlib_module_names)
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert not names & {re.split(r"[<>=,;\s]", one)[0].replace("-", "_") for one in wanted}


def test_every_direct_dependency_is_pinned():
    pins = {line.partition("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for one in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        assert re.split(r"[<>=,;\s\[]", one)[0].lower().replace(".", "-") in pins


def test_no_module_is_longer_than_400_lines():
    long = [
        path
        for room in (*ROOMS, "tests")
        for path in (ROOT / room).rglob("*.py")
        if len(path.read_text().splitlines()) > 400
    ]
    assert long == []


def test_the_glossary_is_in_order_and_names_files_that_are_there():
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")][1:]
    terms = [term for term, _, _ in rows]
    assert terms == sorted(terms)
    for term, _, place in rows:
        for path in re.findall(r"`(\w+/[\w/.]*)`", place):
            assert (ROOT / path).exists(), f"{term}: {path}"


def test_every_command_is_in_the_readme_or_the_operations_page():
    text = (ROOT / "README.md").read_text() + (ROOT / "docs" / "operations" / "README.md").read_text()
    for name in yibao.list_commands(Context(yibao)):
        assert f"yibao {name}" in text, name


def test_every_setting_is_in_the_operations_page():
    text = (ROOT / "docs" / "operations" / "README.md").read_text()
    for section, field in Settings.model_fields.items():
        for key in type(field.default).model_fields:
            assert f"`{section}.{key}`" in text, f"{section}.{key}"


def test_every_table_view_and_column_is_in_the_data_model(tmp_path):
    text = (ROOT / "docs" / "data-model.md").read_text()
    with connection.write_library(tmp_path / "library.duckdb") as library:
        columns = library.execute("""
            SELECT CASE schema_name WHEN 'main' THEN '' ELSE schema_name || '.' END || table_name, column_name, comment
            FROM duckdb_columns() WHERE NOT internal
        """).fetchall()
    described_elsewhere = ("migration", "current_translation")
    for table, column, comment in columns:
        if table not in described_elsewhere:
            assert re.search(rf"^## {table}$", text, re.MULTILINE), table
            rows = text.split(f"## {table}\n")[1].split("\n## ")[0].splitlines()
            assert any(row.startswith(f"| `{column}` |") and row.endswith(f"| {comment} |") for row in rows), column


def test_every_private_table_and_column_is_on_the_page_about_people():
    told = (ROOT / "docs" / "people.md").read_text(encoding="utf-8")
    for table in METADATA.tables.values():
        rows = told.split(f"\n## {table.name}\n")[1].split("\n## ")[0].splitlines()
        for column in table.columns:
            (row,) = (row for row in rows if row.startswith(f"| `{column.name}` |"))
            assert row.endswith(f"| {column.comment} |") or not column.comment, column
            assert ("may be NULL |" in row) == column.nullable, column


@pytest.mark.parametrize("name", ["yibao.toml", "translations.md"])
def test_the_templates_of_init_are_what_the_program_reads(name):
    text = (ROOT / "commands" / "templates" / name).read_text(encoding="utf-8")
    if name == "yibao.toml":
        values = tomllib.loads(text)
        assert Settings.model_validate(values)
        for section, keys in values.items():
            default = getattr(Settings(), section)
            for key, value in keys.items():
                if key != "contact":
                    shown = getattr(default, key)
                    assert str(value) in str(shown) or [str(one) for one in shown] == value
    else:
        assert text == (ROOT / "translations" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("importer", "imported", "broken"),
    [
        ("storage.search", "flows.engine", "Commands"),
        ("flows.daily", "tantivy", "Flows"),
        ("flows.harvest", "sqlite3", "Flows"),
        ("flows.newsletter", "smtplib", "Flows"),
        ("flows.harvest", "urllib.request", "Flows"),
        ("flows.publish", "jinja2", "Flows"),
        ("flows.steps.requests", "prefect", "Steps"),
        ("flows.steps.publication", "duckdb", "Steps"),
        ("storage.search", "yibao.feeds.rss", "Storage"),
        ("storage.responses", "httpx", "Storage"),
        ("yibao.editions", "duckdb", "Yibao"),
        ("yibao.dates", "time", "Yibao"),
        ("yibao.feeds.rss", "yibao.site.pages", "The"),
    ],
)
def test_each_import_contract_fails_when_it_is_broken(importer, imported, broken):
    assert broken in {name.partition(" ")[0] for name in find_broken(ROOT / "pyproject.toml", importer, imported)}


#: What reads the clock, the environment or the machine's name, and who may.
_WORLD = r"os\.environ|os\.getenv|datetime\.now|time\.time\(|date\.today|gethostname"
_MAY_READ_IT = {
    "flows/steps/environment.py",  # the one place where a run learns of them
    "commands/prefect_server.py",  # Prefect is told by its environment
    "commands/runner.py",
    "commands/schedule.py",
    "commands/sql.py",  # its child inherits no secret of ours
}


def test_the_clock_and_the_environment_are_read_in_one_place():
    readers = {
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if re.search(_WORLD, path.read_text())
    }
    assert readers <= _MAY_READ_IT


def test_every_file_that_documents_name_is_there():
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    named = {
        (document.name, path)
        for document in documents
        for path in re.findall(
            r"`((?:commands|flows|storage|tests|yibao|deployments)/[\w./-]+\.\w+)`", document.read_text()
        )
    }
    assert [(document, path) for document, path in sorted(named) if not (ROOT / path).exists()] == []
