"""`yibao doctor`: each part of an installation in one line, with the remedy where it is not sound."""

import json
import socket
import threading
from contextlib import contextmanager

import dns.message
import dns.resolver
import dns.rrset
import pytest
from click.testing import CliRunner

from commands import prefect_check
from commands.main import yibao
from storage.library import connection
from tests.conftest import lay_out
from tests.postbox import deaf_server, people_of, post_to, postbox
from tests.standin.server import Standin


def examine(installation, *more):
    """The exit status, and what was found of each part."""
    done = CliRunner().invoke(yibao, ["doctor", "--json", "--config", str(installation.config), *more])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, {check["subject"]: check for check in json.loads(done.stdout)}


def configure(installation, old, new):
    text = installation.config.read_text(encoding="utf-8")
    assert old in text
    installation.config.write_text(text.replace(old, new), encoding="utf-8")


@contextmanager
def name_server(texts):
    """A server of the DNS that knows these TXT records; None: it says nothing at all."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.1)
        done = threading.Event()

        def answer():
            while not done.is_set():
                try:
                    packet, sender = sock.recvfrom(4096)
                except TimeoutError:
                    continue
                question = dns.message.from_wire(packet)
                name = question.question[0].name.to_text(omit_final_dot=True)
                if texts is None:
                    continue
                reply = dns.message.make_response(question)
                if name in texts:
                    reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", f'"{texts[name]}"'))
                sock.sendto(reply.to_wire(), sender)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = sock.getsockname()[1]
        known, dns.resolver.default_resolver = dns.resolver.default_resolver, resolver
        try:
            yield
        finally:
            dns.resolver.default_resolver = known
            done.set()
            thread.join(2)


def test_a_new_installation_is_sound_before_its_first_run(installation):
    status, checks = examine(installation)
    assert status == 0
    assert {name for name, check in checks.items() if check["verdict"] == "skipped"} >= {"library", "people", "Prefect"}
    assert checks["arXiv OAI-PMH"]["verdict"] == checks["arXiv rss feed"]["verdict"] == "ok"


def test_a_part_that_works_is_one_line_and_a_part_that_does_not_says_what_to_do(installation):
    done = CliRunner().invoke(yibao, ["doctor", "--offline", "--config", str(installation.config)])
    lines = done.stdout.splitlines()
    assert len(lines) == 10
    assert all(line.split()[0] in ("ok", "skipped") for line in lines), lines


def test_offline_no_server_is_asked(installation, arxiv):
    asked = len(arxiv.requests)
    assert examine(installation, "--offline")[0] == 0
    assert len(arxiv.requests) == asked


def test_an_arxiv_that_is_away_is_a_fault_with_its_address(installation):
    with Standin() as away:
        pass
    installation.configure(away)
    status, checks = examine(installation)
    assert status == 1
    assert checks["arXiv OAI-PMH"]["verdict"] == "fault"
    assert away.settings["oai_url"] in checks["arXiv OAI-PMH"]["message"]


def test_a_library_that_is_newer_than_the_program_is_a_fault(harvested):
    assert examine(harvested, "--offline")[1]["library"]["verdict"] == "ok"
    with connection.open_library(harvested.folder / "data" / "library.duckdb") as library:
        library.execute("INSERT INTO main.migration (version, name) VALUES (999, 'of tomorrow')")
    status, checks = examine(harvested, "--offline")
    assert (status, checks["library"]["verdict"]) == (1, "fault")
    assert "999" in checks["library"]["message"]


@pytest.mark.parametrize("name", ["library.duckdb", "people.sqlite"])
def test_a_damaged_database_is_a_fault_and_no_traceback(harvested, name):
    if name == "people.sqlite":
        people_of(harvested).dispose()
    (harvested.folder / "data" / name).write_bytes(b"nonsense" * 1000)
    status, checks = examine(harvested, "--offline")
    subject = "library" if "library" in name else "people"
    assert (status, checks[subject]["verdict"]) == (1, "fault")


def test_files_with_people_that_others_can_read_are_named_with_the_remedy(installation):
    people_of(installation).dispose()
    path = installation.folder / "data" / "people.sqlite"
    assert examine(installation, "--offline")[1]["people"]["verdict"] == "ok"
    path.chmod(0o644)
    check = examine(installation, "--offline")[1]["people"]
    assert (check["verdict"], check["remedy"]) == ("warning", f"Type: chmod 600 {path}")


def test_settings_with_a_password_are_their_owners_alone(installation):
    installation.config.chmod(0o644)
    assert examine(installation, "--offline")[1]["settings"]["verdict"] == "ok"
    configure(installation, 'outbox = "outbox"', 'smtp_url = "smtps://user:hunter2@mail.gazette.cn"')
    check = examine(installation, "--offline")[1]["settings"]
    assert check["verdict"] == "warning"
    assert "hunter2" not in json.dumps(check)


def test_translations_that_are_not_there_are_a_fault(installation):
    (installation.folder / "translations").rmdir()
    status, checks = examine(installation, "--offline")
    assert (status, checks["translations"]["verdict"]) == (1, "fault")


def test_a_mail_server_is_greeted_and_gets_no_message(installation):
    with postbox() as box, name_server({}):
        post_to(installation, box.url, 'sender = "a <digest@gazette.cn>"')
        checks = examine(installation)[1]
    assert checks["mail server"]["verdict"] == "ok"
    assert box.taken == box.offered == []


def test_a_mail_server_that_says_nothing_is_a_fault_within_its_time(installation):
    with deaf_server() as (url, _), name_server({}):
        post_to(installation, url, 'timeout_s = 0.3\nsender = "a <digest@gazette.cn>"')
        status, checks = examine(installation)
    assert (status, checks["mail server"]["verdict"]) == (1, "fault")
    assert "0.3 seconds" in checks["mail server"]["message"]


def test_what_the_dns_says_of_the_sender_is_judged(installation):
    texts = {"gazette.cn": "v=spf1 mx -all", "_dmarc.gazette.cn": "v=DMARC1; p=none"}
    with postbox() as box, name_server(texts):
        post_to(installation, box.url, 'sender = "a <digest@gazette.cn>"')
        status, checks = examine(installation)
    assert (status, checks["SPF"]["verdict"], checks["DMARC"]["verdict"]) == (0, "ok", "ok")


def test_a_dns_that_is_silent_is_a_fault_of_the_machine_and_not_a_missing_record(installation, monkeypatch):
    monkeypatch.setattr("flows.steps.network_checks._DNS_S", 0.5)
    with postbox() as box, name_server(None):
        post_to(installation, box.url, 'sender = "a <digest@gazette.cn>"')
        status, checks = examine(installation)
    assert (status, checks["SPF"]["verdict"]) == (1, "fault")
    assert "resolver" in checks["SPF"]["remedy"]


def test_a_sender_of_an_example_domain_is_a_fault(installation):
    with postbox() as box:
        post_to(installation, box.url)
        status, checks = examine(installation)
    assert (status, checks["sender"]["verdict"]) == (1, "fault")


def test_a_mailbox_of_reports_that_is_not_there_is_a_fault(installation):
    configure(installation, 'outbox = "outbox"', 'outbox = "outbox"\nbounces = "Maildir"')
    status, checks = examine(installation)
    assert (status, checks["bounces"]["verdict"]) == (1, "fault")


@pytest.mark.parametrize(("scheduled", "late", "verdict"), [(3, 0, "ok"), (0, 0, "fault"), (3, 2, "warning")])
def test_a_prefect_server_without_runs_to_start_is_a_fault(scheduled, late, verdict):
    check = prefect_check._judge_runs("http://127.0.0.1:4200/api", "gazette", scheduled, late)
    assert (check.verdict, bool(check.remedy)) == (verdict, verdict != "ok")


def test_a_prefect_server_that_is_away_is_a_fault(tmp_path, arxiv):
    installation = lay_out(tmp_path, arxiv)
    text = installation.config.read_text(encoding="utf-8")
    installation.config.write_text(f'{text}\n[prefect]\napi_url = "http://127.0.0.1:9/api"\n', encoding="utf-8")
    status, checks = examine(installation)
    assert (status, checks["Prefect"]["verdict"]) == (1, "fault")
