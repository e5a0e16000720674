"""A run while somebody else has the library open."""

from datetime import date

import pytest

from flows.steps import environment
from storage.library import connection
from tests.conftest import MONDAY, section
from tests.holder import holding
from tests.preloaded import run_command
from yibao.errors import LibraryBusyError

TUESDAY = date(2025, 1, 14)
COUNT = "SELECT count(*) FROM announcement"


def test_a_run_outlasts_whoever_reads_the_library_from_before_its_beginning_until_after_its_end(installation, arxiv):
    installation.write("a.md", section("2501.05727"))
    installation.run("daily", MONDAY)
    path = environment.load_settings(installation.config).paths.library
    arxiv.today = TUESDAY
    with holding(path, "reader") as reader:
        before = reader.ask(COUNT)
        status, out, err = run_command("run", "--on", TUESDAY.isoformat(), cwd=installation.folder)
        assert (status, err) == (0, ""), out + err
        assert (
            reader.ask(COUNT)
            == before
            == str(installation.ask("SELECT count(*) FROM announcement WHERE announced_on = '2025-01-13'"))
        )
        with holding(path, "reader") as newcomer:
            assert newcomer.ask(COUNT) != before
    assert [row[0] for row in installation.ask("SELECT state FROM operations.run")] == ["completed", "completed"]
    assert sorted(file.name for file in path.parent.glob("library*")) == ["library.duckdb"]


def test_a_run_ends_with_a_sentence_that_names_who_writes_the_library(installation, monkeypatch):
    monkeypatch.setattr(connection, "_WRITER_PATIENCE_S", 1.0)
    installation.run("daily", MONDAY)
    path = environment.load_settings(installation.config).paths.library
    with holding(path, "writer") as writer, pytest.raises(LibraryBusyError, match=f"process {writer.pid} .*End that"):
        installation.run("daily", TUESDAY)
    assert not installation.run("daily", MONDAY).has_failed
