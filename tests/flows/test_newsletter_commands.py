"""Previews of a mail, and messages of which nobody knows whether they were sent."""

import email
from email import policy

import pytest
from click.testing import CliRunner

from commands import mail_pictures
from commands.main import yibao
from storage.people import deliveries
from storage.people.deliveries import DeliveryState
from tests.people import AT
from tests.postbox import people_of, subscribe

KEY = "2025-01-13"


def call(installation, *arguments):
    return CliRunner().invoke(yibao, ["newsletter", *arguments, "--config", str(installation.config)])


def test_a_pipe_gets_the_whole_message_and_a_person_may_ask_for_a_part(harvested):
    message = email.message_from_bytes(call(harvested, "preview", "--edition", KEY).stdout_bytes, policy=policy.default)
    text = call(harvested, "preview", "--edition", KEY, "--as", "text").output
    html = call(harvested, "preview", "--edition", KEY, "--as", "html").output
    assert text.startswith(f"{message['Subject']}\n\n")
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") in text
    assert html.lstrip().lower().startswith("<!doctype html")


def test_a_preview_may_be_written_to_a_file_and_for_a_subscriber(harvested):
    subscribe(harvested, "ann@example.org")
    out = harvested.folder / "mail.eml"
    done = call(harvested, "preview", "--edition", KEY, "--to", "ann@example.org", "--as", "message", "--out", str(out))
    assert done.exit_code == 0
    assert email.message_from_bytes(out.read_bytes())["To"] == "ann@example.org"
    assert people_of(harvested) is not None
    assert not harvested.outbox.exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--to", "nobody@example.org"), "nobody@example.org is not subscribed"),
        (("--to", "a@example.org", "--language", "en"), "Say either whose mail"),
        (("--category", "cs.XX"), "arXiv has no category"),
    ],
)
def test_a_preview_for_nobody_is_wrong_usage(harvested, arguments, told):
    done = call(harvested, "preview", "--edition", KEY, *arguments)
    assert (done.exit_code, told in " ".join(done.output.split())) == (2, True)


def test_without_chromium_a_picture_says_what_to_install(harvested, monkeypatch):
    monkeypatch.setattr(mail_pictures.shutil, "which", lambda _name: None)
    done = call(harvested, "preview", "--edition", KEY, "--as", "picture")
    assert "apt install chromium" in str(done.exception)


@pytest.fixture
def unknown(installation):
    """Ann, Bob and Cat: of the first two nobody knows whether they have it, the third has it."""
    subscribe(installation, "ann@example.org", "bob@example.org", "cat@example.org")
    people = people_of(installation)
    deliveries.open_deliveries(people, KEY, {1: "<1>", 2: "<2>"}, AT, DeliveryState.UNKNOWN)
    deliveries.open_deliveries(people, KEY, {3: "<3>"}, AT, DeliveryState.SENT)
    return installation


def states(installation):
    found = deliveries.read_states(people_of(installation), KEY)
    return [str(found[number]) for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("arguments", "after"),
    [
        (("--sent",), ["sent", "sent", "sent"]),
        (("--resend",), ["queued", "queued", "sent"]),
        (("--resend", "--to", "bob@example.org"), ["unknown", "queued", "sent"]),
        (("--resend", "--to", "cat@example.org"), ["unknown", "unknown", "sent"]),
    ],
)
def test_unknown_messages_are_settled_as_a_person_says_and_no_others(unknown, arguments, after):
    assert call(unknown, "settle", "--edition", KEY, *arguments).exit_code == 0
    assert states(unknown) == after


@pytest.mark.parametrize("arguments", [(), ("--sent", "--resend")])
def test_settling_asks_what_became_of_them(unknown, arguments):
    done = call(unknown, "settle", "--edition", KEY, *arguments)
    assert (done.exit_code, "Say what became of them" in done.output) == (2, True)
    assert states(unknown) == ["unknown", "unknown", "sent"]
