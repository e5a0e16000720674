"""Alarms: whoever wants to know is told once when something needs a person, and once when nothing does any more."""

import json
import threading
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from flows.steps import alarms, environment
from storage.library import connection, runs
from tests.conftest import MONDAY, lay_out
from tests.standin.server import Fault


class Listener(HTTPServer):
    """Takes what is sent to it: (method, path, body)."""

    def __init__(self):
        self.got, self.status = [], 200
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.got.append((self.command, self.path, body))
        self.send_response(self.server.status)
        self.end_headers()

    do_GET = do_POST  # noqa: N815  (http.server names them)

    def log_message(self, *_):
        pass


@pytest.fixture
def listener():
    with Listener() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


@pytest.fixture
def installation(tmp_path, arxiv, listener, monkeypatch):
    monkeypatch.setattr(environment, "today", lambda: MONDAY)
    installation = lay_out(tmp_path, arxiv)
    text = installation.config.read_text(encoding="utf-8")
    installation.config.write_text(
        f'{text}\n[alarms]\nemail = "operator@example.org"\nwebhook_url = "{listener.url}/hook?secret=hush"\n'
        f'ping_url = "{listener.url}/ping"\n',
        encoding="utf-8",
    )
    return installation


def letters(installation):
    return [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted(installation.outbox.glob("alarm.*.eml"), key=lambda path: path.stat().st_mtime_ns)
    ]


def posted(listener):
    return [json.loads(body) for method, _, body in listener.got if method == "POST"]


def pings(listener):
    return [path for method, path, _ in listener.got if method == "GET"]


def fail_run(installation, fault="the mail server is away"):
    settings = environment.load_settings(installation.config)
    with connection.write_library(settings.paths.library) as library:
        runs.begin_run(library, fault, "daily", MONDAY, environment.precise_now())
        runs.end_run(library, fault, "failed", environment.now(), {"faults": [fault]})
    return settings


def test_a_run_that_goes_well_pings_and_raises_no_alarm(installation, listener):
    assert not installation.run("daily", MONDAY).failures
    assert (pings(listener), posted(listener), letters(installation)) == (["/ping"], [], [])


def test_a_run_that_fails_is_told_by_letter_webhook_and_ping_with_its_reason(installation, listener, arxiv):
    arxiv.fail("/", Fault.UNAVAILABLE, times=1000)
    report = installation.run("daily", MONDAY)
    assert report.failures
    assert pings(listener) == ["/ping/fail"]
    (told,) = posted(listener)
    assert told["state"] == "alarm"
    assert {"failed", "incomplete"} <= {one["kind"] for one in told["alarms"]}
    (letter,) = letters(installation)
    assert letter["To"] == "operator@example.org"
    assert "yibao run" in letter.get_content()


@pytest.mark.soak
def test_an_alarm_is_told_once_and_its_end_once(installation, listener):
    assert not installation.run("daily", MONDAY).failures
    settings = fail_run(installation)
    for _ in range(3):
        alarms.raise_alarms(settings)
    assert [one["state"] for one in posted(listener)] == ["alarm"]
    assert not installation.run("daily", MONDAY).failures
    alarms.raise_alarms(settings)
    assert [one["state"] for one in posted(listener)] == ["alarm", "ok"]
    assert len(letters(installation)) == 2


@pytest.mark.soak
def test_what_nobody_could_be_told_is_told_the_next_time(installation, listener):
    assert not installation.run("daily", MONDAY).failures
    settings = fail_run(installation)
    listener.status = 503
    (installation.folder / "outbox").write_text("no folder")
    alarms.raise_alarms(settings)
    (installation.folder / "outbox").unlink()
    listener.status = 200
    alarms.raise_alarms(settings)
    assert [one["state"] for one in posted(listener)] == ["alarm", "alarm"]
    assert len(letters(installation)) == 1


@pytest.mark.soak
def test_nobodys_run_fails_because_nobody_listens_and_no_secret_is_logged(installation, listener, caplog):
    listener.shutdown()
    listener.server_close()
    assert not installation.run("daily", MONDAY).failures
    fail_run(installation)
    alarms.raise_alarms(environment.load_settings(installation.config))
    assert "alarms.webhook_url" in caplog.text
    assert "alarms.ping_url" in caplog.text
    assert "hush" not in caplog.text


def test_a_library_that_cannot_be_read_is_an_alarm(installation, listener):
    assert not installation.run("daily", MONDAY).failures
    settings = environment.load_settings(installation.config)
    settings.paths.library.write_bytes(b"nonsense" * 1000)
    alarms.raise_alarms(settings)
    assert posted(listener)[-1]["alarms"][0]["kind"] == "unreadable"


@pytest.mark.soak
def test_a_damaged_list_of_what_was_told_ends_nothing(installation, listener):
    assert not installation.run("daily", MONDAY).failures
    settings = fail_run(installation)
    settings.paths.alarms.write_bytes(b"{")
    alarms.raise_alarms(settings)
    assert [one["state"] for one in posted(listener)] == ["alarm"]


def test_secrets_of_alarms_are_in_no_message_of_the_settings(tmp_path):
    from yibao import settings
    from yibao.errors import SettingsError

    (tmp_path / "yibao.toml").write_text('[alarms]\nwebhook_url = "hush://hush"\n')
    with pytest.raises(SettingsError) as refused:
        settings.load(tmp_path / "yibao.toml", {})
    assert "hush" not in str(refused.value)
