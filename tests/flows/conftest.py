"""What tests of flows share."""

import shutil
import sqlite3

import pytest
from click.testing import CliRunner

from commands.main import yibao
from flows.steps import environment
from tests.conftest import MONDAY, lay_out, section
from tests.standin.server import Standin


@pytest.fixture(scope="session")
def _folder_of_monday(tmp_path_factory):
    with Standin(today=MONDAY) as arxiv, pytest.MonkeyPatch.context() as patch:
        patch.setattr(environment, "today", lambda: MONDAY)
        return _live_a_day(lay_out(tmp_path_factory.mktemp("lived"), arxiv)).folder


@pytest.fixture
def lived(installation, _folder_of_monday, monkeypatch):
    """An installation that has mailed Monday to two subscribers. That was done once, and is copied."""
    monkeypatch.setattr(environment, "today", lambda: MONDAY)
    for name in ("data", "public", "outbox", "translations"):
        shutil.copytree(_folder_of_monday / name, installation.folder / name, dirs_exist_ok=True)
    return installation


def _live_a_day(installation):
    for address in ("ann@example.org", "bob@example.org"):
        command = ["subscribers", "add", address, "--config", str(installation.config)]
        assert CliRunner().invoke(yibao, command).exit_code == 0
    with sqlite3.connect(installation.folder / "data" / "people.sqlite") as people:
        people.execute("UPDATE subscriber SET subscribed_at = '2025-01-01 00:00:00.000000'")
    installation.write("a.md", section("2501.05727"))
    installation.run("daily", MONDAY)
    assert len(list(installation.outbox.glob("*.eml"))) == 2
    return installation
