"""The HTTP API held to its own description by schemathesis, which makes questions of it, good ones and bad ones."""

import socket
import subprocess

import pytest

from commands.api_service import ApiService
from storage.dataset import making
from tests.flows.test_incremental import Life
from tests.judges.conftest import python_program, serving_app
from tests.releases import live
from yibao.dataset.openapi import ROOT
from yibao.web.api import make_api_application


@pytest.mark.drill
def test_the_api_answers_as_its_description_says(tmp_path, monkeypatch):
    monkeypatch.setattr(making.lake, "write_lake", lambda *_: "")
    schemathesis = python_program("schemathesis")
    life = live(Life(tmp_path / "life", 3), 1)
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        serving_app(make_api_application(ApiService(life.settings)), listener),
    ):
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        done = subprocess.run(
            [
                *(schemathesis, "run", f"{url}{ROOT}openapi.json", "--url", url, "--seed", "1", "--max-examples", "4"),
                # A query has a grammar, and an identifier a form, that no schema tells.
                *("--checks", "all", "--exclude-checks", "positive_data_acceptance", "--generation-database", "none"),
                *("--phases", "examples,coverage,fuzzing", "--no-color"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "No issues found" in done.stdout, done.stdout[-2000:]
