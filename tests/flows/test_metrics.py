"""What `yibao serve` tells load balancers and monitors, and to whom."""

import asyncio
import json

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from commands.health_service import HealthService
from flows.steps import environment
from flows.steps.metrics import collect_metrics
from tests.conftest import MONDAY, section
from tests.standin.server import Fault


def load(installation):
    return environment.load_settings(installation.config)


def read_figures(installation):
    text = collect_metrics(load(installation)).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def ask(service, path, client="127.0.0.1", method="GET", headers=()):
    """The status and the body of an answer."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "method": method, "path": path, "headers": list(headers), "client": (client, 1)}
    asyncio.run(service(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def test_figures_say_how_lists_runs_and_mail_stand(lived):
    figures = read_figures(lived)
    assert figures["yibao_up",] == 1
    assert figures["yibao_list_complete", "cs.CL"] == 1
    assert figures["yibao_newest_list_age_days", "cs.CL"] == 0
    assert figures["yibao_last_run_succeeded", "daily"] == 1
    assert figures["yibao_deliveries", "sent"] == 2
    assert figures["yibao_library_bytes",] > 0
    assert ("yibao_alarms", "failed") not in figures


def test_a_list_that_is_not_complete_and_a_run_that_failed_are_figures_too(installation, arxiv, monkeypatch):
    monkeypatch.setattr(environment, "today", lambda: MONDAY)
    installation.write("a.md", section("2501.05727"))
    arxiv.fail("/", Fault.UNAVAILABLE, times=1000)
    installation.run("daily", MONDAY)
    figures = read_figures(installation)
    assert figures["yibao_list_complete", "cs.CL"] == 0
    assert figures["yibao_last_run_succeeded", "daily"] == 0
    assert figures["yibao_alarms", "failed"] == 1


def test_a_library_that_cannot_be_read_is_a_figure_and_no_fault(lived):
    (lived.folder / "data" / "library.duckdb").write_bytes(b"nonsense" * 1000)
    figures = read_figures(lived)
    assert figures["yibao_up",] == 0
    assert figures["yibao_deliveries", "sent"] == 2


def test_no_figure_names_a_person(lived):
    text = collect_metrics(load(lived)).decode()
    assert "example.org" not in text


def test_health_is_whether_pages_can_be_handed_out(lived, installation):
    service = HealthService(load(lived))
    assert ask(service, "/health") == (200, b'{"status":"ok"}')
    (lived.public / "index.html").unlink()
    status, body = ask(service, "/health")
    assert (status, json.loads(body)["status"]) == (503, "nothing is published yet")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, 200),
        ({"client": "::1"}, 200),
        ({"client": "203.0.113.9"}, 404),
        ({"headers": [(b"x-forwarded-for", b"203.0.113.9")]}, 404),
        ({"headers": [(b"via", b"1.1 Caddy")]}, 404),
        ({"method": "POST"}, 405),
    ],
)
def test_figures_are_for_monitors_of_this_machine_alone(lived, more, status):
    assert ask(HealthService(load(lived)), "/metrics", **more)[0] == status


def test_what_only_begins_alike_is_not_found(lived):
    assert ask(HealthService(load(lived)), "/healthy")[0] == 404
