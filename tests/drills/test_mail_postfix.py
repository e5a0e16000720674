"""Mail through a real Postfix: what it delivers, what it refuses, and what it reports of who is not there."""

import email
import re
import smtplib
from email import policy

import pytest

from storage.people import subscribers
from storage.people.schema import BOUNCE
from tests.conftest import MONDAY
from tests.drills.postfix_server import postfix_server
from tests.drills.scheduled import wait_for
from tests.postbox import people_of, post_to, postbox, states_of, subscribe
from tests.yibao.test_dkim import is_valid, pem, signer

__all__ = ["pem", "signer"]

KEY = MONDAY.isoformat()
READERS = [f"reader{number}@example.net" for number in range(20)]
BOUNCES = "bounces@example.org"


@pytest.fixture(scope="module")
def postfix():
    """Postfix, and behind it a server that knows nobody."""
    with postbox() as behind:
        behind.rcpt["all"] = "550 5.1.1 user unknown"
        with postfix_server([*READERS, "leaver@example.net", BOUNCES], int(behind.url.rpartition(":")[2])) as server:
            yield server


@pytest.fixture
def posted(installation, postfix, pem):
    """An installation that signs, sends through Postfix, and reads the reports in a mailbox there."""
    (installation.folder / "dkim.pem").write_bytes(pem)
    mailbox = f'return_path = "{BOUNCES}"\nbounces = "{postfix.box(BOUNCES)}"\n'
    post_to(installation, postfix.url, f'{mailbox}dkim_selector = "yibao"\ndkim_key = "dkim.pem"\ntimeout_s = 20\n')
    return installation


def test_postfix_delivers_each_message_once_as_it_was_signed_with_a_return_path_of_its_own(posted, postfix, signer):
    readers = READERS[1:]
    subscribe(posted, *readers)
    assert posted.run("daily", MONDAY).sent == len(readers)
    assert wait_for(lambda: all(postfix.read(one) for one in readers))
    paths = set()
    for one in readers:
        (content,) = postfix.read(one)
        mail = email.message_from_bytes(content, policy=policy.default)
        assert mail["To"] == one
        assert is_valid(signer, content[content.index(b"DKIM-Signature:") :].replace(b"\n", b"\r\n"))
        assert "译报" in mail.get_body(("plain",)).get_content()
        assert re.search(r"<https://\S+>,\s*<mailto:", mail["List-Unsubscribe"])
        paths.add(mail["Return-Path"])
    assert len(paths) == len(readers)
    assert all(re.fullmatch(r"<bounces\+[a-z0-9]+@example\.org>", one) for one in paths)


def test_a_mail_program_that_leaves_by_mail_is_obeyed(posted, postfix):
    leaver = "leaver@example.net"
    subscribe(posted, leaver)
    posted.run("daily", MONDAY)
    assert wait_for(lambda: postfix.read(leaver))
    mail = email.message_from_bytes(postfix.read(leaver)[0], policy=policy.default)
    address, subject = re.search(r"<mailto:([^?>]+)\?subject=(\w+)>", mail["List-Unsubscribe"]).groups()
    before = len(postfix.read(BOUNCES))
    with smtplib.SMTP("127.0.0.1", postfix.port) as server:
        server.sendmail(leaver, [address], f"From: {leaver}\r\nTo: {address}\r\nSubject: {subject}\r\n\r\n")
    assert wait_for(lambda: len(postfix.read(BOUNCES)) > before)
    posted.run("newsletter", MONDAY)
    assert subscribers.find_subscriber(people_of(posted), leaver).state == "left"


def test_who_is_unknown_is_refused_or_reported_and_stopped_and_nobody_else_is(posted, postfix):
    subscribe(posted, READERS[0], "nobody@example.net", "ann@gone.example")
    posted.run("daily", MONDAY)
    states = {READERS[0]: "sent", "nobody@example.net": "refused", "ann@gone.example": "sent"}
    assert states_of(posted, KEY) == states
    assert wait_for(lambda: postfix.read(BOUNCES))
    posted.run("newsletter", MONDAY)
    found = {one: subscribers.find_subscriber(people_of(posted), one).state for one in states}
    assert found == {one: "stopped" if one == "ann@gone.example" else "active" for one in states}
    with people_of(posted).connect() as connection:
        (report,) = connection.execute(BOUNCE.select()).all()
    assert (report.kind, report.status) == ("hard", "5.1.1")
    assert "gone.example" not in report.words
