"""What one page refuses costs that page; only what speaks of the whole host costs the rest of a run."""

import orjson
import pytest

from tests.conftest import MONDAY
from tests.standin.server import Fault


def paths(arxiv, start):
    return [request.path for request in arxiv.requests if request.path.startswith(start)]


@pytest.mark.soak
@pytest.mark.parametrize(("fault", "status"), [(Fault.NOT_FOUND, 404), (Fault.TEAPOT, 418)])
def test_a_page_that_is_refused_costs_no_other_page(installation, arxiv, fault, status):
    arxiv.fail("/catchup/cs.CL", fault, times=99)
    report = installation.run("daily", MONDAY)
    messages = "\n".join([*report.failures, *report.gaps, *report.troubles])
    assert f"/catchup/cs.CL/2025-01-13: arXiv answers HTTP {status}" in messages
    assert "could not be reached" not in messages
    assert report.announced["cs.CV"].startswith("complete")
    assert not report.announced["cs.CL"].startswith("complete")
    assert paths(arxiv, "/api") or paths(arxiv, "/oai")
    assert len(paths(arxiv, "/catchup/cs.CL")) == 1  # A refusal that will not pass is not asked again.


def test_access_denied_gives_the_host_up_and_says_so(installation, arxiv):
    arxiv.fail("/catchup/cs.CL", Fault.FORBIDDEN)
    report = installation.run("daily", MONDAY)
    messages = "\n".join([*report.failures, *report.gaps, *report.troubles])
    assert "arXiv answers HTTP 403 (access denied" in messages
    assert "is not asked again in this run: arXiv answers HTTP 403" in messages
    assert "could not be reached" not in messages
    assert not paths(arxiv, "/catchup/cs.CV")


def test_a_server_that_wants_a_day_of_patience_is_told_with_the_file_to_remove(installation, arxiv):
    arxiv.fail("/oai", Fault.TOO_MANY, retry_after="86400")
    report = installation.run("daily", MONDAY)
    messages = "\n".join([*report.failures, *report.gaps, *report.troubles])
    assert "Nobody on this host asks before" in messages
    assert "remove " in messages
    assert len(arxiv.requests) == 1


@pytest.mark.soak
def test_a_shell_and_a_service_publish_the_same_wherever_they_keep_the_pace(installation, tmp_path, monkeypatch):
    signatures = []
    for name in ("service", "shell"):
        monkeypatch.setenv("YIBAO_ARXIV__PACE_FOLDER", str(tmp_path / name))
        assert not installation.run("daily", MONDAY).failures
        signatures.append(orjson.loads((installation.public / ".yibao.json").read_bytes())["signature"])
    assert signatures[0] == signatures[1]
