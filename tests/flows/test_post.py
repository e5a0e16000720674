"""The newsletter through the real flow, with a server that refuses."""

import pytest

from tests.conftest import MONDAY
from tests.drills.test_kill import postbox
from tests.flows.test_days import subscribe


@pytest.fixture
def posted(installation):
    """An installation whose mail goes to a real server, and the server."""
    with postbox() as (box, smtp_url):
        text = installation.config.read_text().replace('outbox = "outbox"', f'smtp_url = "{smtp_url}"')
        installation.config.write_text(text)
        for name in ("ann", "bob", "cat"):
            subscribe(installation, f"{name}@example.org")
        yield installation, box


def refusing(box, address, reply):
    """The server gives this reply to one address."""
    real = type(box).handle_RCPT

    async def handle(self, server, session, envelope, rcpt, options):
        return f"{reply} <{rcpt}>" if rcpt == address else await real(self, server, session, envelope, rcpt, options)

    box.__class__ = type("Refusing", (type(box),), {"handle_RCPT": handle})


@pytest.mark.soak
def test_a_passing_refusal_is_offered_again_and_nobody_else_gets_mail_twice(posted):
    installation, box = posted
    kind = type(box)
    refusing(box, "bob@example.org", "451 busy")
    report = installation.run("daily", MONDAY)
    assert sorted(box.taken) == ["ann@example.org", "cat@example.org"]
    assert list(report.faults) == [
        "2025-01-13: the mail server did not take 1 messages (451); the next run offers them again"
    ]
    box.__class__ = kind
    report = installation.run("daily", MONDAY)
    assert not report.faults
    assert sorted(box.taken) == ["ann@example.org", "bob@example.org", "cat@example.org"]


@pytest.mark.soak
def test_a_refusal_for_good_is_final_and_fails_no_run(posted):
    installation, box = posted
    refusing(box, "bob@example.org", "550 no such person")
    for _ in range(2):
        report = installation.run("daily", MONDAY)
        assert not report.faults
        assert "1 refused for good" in report.mail[0]
    assert sorted(box.taken) == ["ann@example.org", "cat@example.org"]


def test_no_address_is_in_the_public_library(posted):
    installation, box = posted
    refusing(box, "bob@example.org", "550 no such person")
    refusing(box, "cat@example.org", "451 busy")
    installation.run("daily", MONDAY)
    tables = [row[0] for row in installation.ask("SELECT schema_name || '.' || table_name FROM duckdb_tables()")]
    told = "".join(str(installation.ask(f"FROM {table}")) for table in tables)
    assert "@example.org" not in told.replace("test@example.org", "")
