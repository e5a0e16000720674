"""What a report of failed mail says, and of whom; and hostile ones."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.people import SECRET
from tests.reports import complaint, delivery_report, failure, plain
from yibao.newsletter.bounce_kinds import BounceKind
from yibao.newsletter.bounces import LIMIT_BYTES, read_report
from yibao.newsletter.return_paths import make_return_path

ANN = "ann@example.net"
MARKED = make_return_path("bounces@example.org", 41, SECRET)


def kind_of(content):
    return read_report(content, SECRET).kind


@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"])
def test_an_address_that_is_not_there_is_hard(status):
    report = read_report(delivery_report(failure(ANN, status, said="550 no")), SECRET)
    assert [(one.emails, one.kind, one.status) for one in report.recipients] == [((ANN,), BounceKind.HARD, status)]


@pytest.mark.parametrize("status", ["5.2.2", "4.2.2", "4.4.7", "5.3.4", "5.7.1", "4.7.0", "5.0.0", "5.4.6", "4.1.1"])
def test_all_else_that_failed_is_soft(status):
    assert kind_of(delivery_report(failure(ANN, status, said=""))) is BounceKind.SOFT


@pytest.mark.parametrize(
    "said",
    [
        "550 5.1.1 mailbox full",
        "552 5.2.2 over quota",
        "550 5.1.1 your message was blocked as spam",
        "550 5.2.1 the user is receiving mail at a rate that prevents additional messages",
        "553 5.1.3 http://www.spamhaus.org/query/bl?ip=192.0.2.2",
        "450 4.1.1 user unknown, try again later",
    ],
)
def test_a_servers_words_save_a_reader_whose_status_speaks_of_a_dead_address(said):
    assert kind_of(delivery_report(failure(ANN, "5.1.1", said=said))) is BounceKind.SOFT


@pytest.mark.parametrize(
    "said",
    ["550 user unknown", "550 5.1.1 no such user", "554 this account has been closed", "550 Host unknown", "NXDOMAIN"],
)
def test_a_servers_words_tell_what_a_vague_status_does_not(said):
    expected = BounceKind.SOFT if said == "NXDOMAIN" else BounceKind.HARD
    assert kind_of(delivery_report(failure(ANN, "5.0.0", said=said))) is expected


def test_a_delayed_message_is_soft_whatever_its_status():
    assert kind_of(delivery_report(failure(ANN, "5.1.1", "delayed"))) is BounceKind.SOFT


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_a_receipt_reports_no_failure(action):
    assert kind_of(delivery_report(failure(ANN, "2.0.0", action, ""))) is BounceKind.OTHER


def test_a_refusal_by_policy_is_about_us_and_soft_for_the_person():
    report = read_report(delivery_report(failure(ANN, "5.7.26", said="550 5.7.26 unauthenticated")), SECRET)
    assert [(one.kind, one.is_policy) for one in report.recipients] == [(BounceKind.SOFT, True)]


def test_each_recipient_is_judged_by_what_is_said_of_them():
    report = read_report(delivery_report(failure(ANN), failure("bob@example.net", "5.2.2", said="552 full")), SECRET)
    assert report.find_recipient("ann@example.net").kind is BounceKind.HARD
    assert report.find_recipient("Bob@Example.net").kind is BounceKind.SOFT
    assert report.find_recipient("someone@else.example").kind is BounceKind.SOFT


def test_each_recipient_of_a_dialect_is_judged_by_what_is_said_of_them():
    text = (
        "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message.\n\n"
        "<ann@example.net>:\n550 no such user\n\n<bob@example.net>:\n552 5.2.2 mailbox full\n\n"
        "--- Below this line is a copy of the message.\n\nReturn-Path: <x@example.org>\n\nuser unknown\n"
    )
    report = read_report(plain("failure notice", text), SECRET)
    assert {one.emails: str(one.kind) for one in report.recipients} == {
        ("ann@example.net",): "hard",
        ("bob@example.net",): "soft",
    }


def test_who_forwards_mail_is_found_by_the_address_that_was_written_to():
    report = read_report(delivery_report(failure("ann@elsewhere.example", original=ANN)), SECRET)
    assert report.find_recipient(ANN).emails == (ANN, "ann@elsewhere.example")


def test_fields_without_their_part_or_in_one_block_are_read_all_the_same():
    lines = f"It failed.\n\nFinal-Recipient: rfc822; {ANN}\nAction: failed\nStatus: 5.1.1\n"
    assert kind_of(plain("Undeliverable", lines)) is BounceKind.HARD
    together = delivery_report().replace(b"dns; mx.example\n", f"dns; mx.example\n{failure(ANN)}\n".encode())
    assert kind_of(together) is BounceKind.HARD


@pytest.mark.parametrize("kind", ["abuse", "fraud", "opt-out"])
def test_a_feedback_report_is_a_complaint(kind):
    report = read_report(complaint(kind, more=f"Original-Rcpt-To: <{ANN}>"), SECRET)
    assert [(one.emails, one.kind) for one in report.recipients] == [((ANN,), BounceKind.COMPLAINT)]


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "virus", "dmarc", ""])
def test_feedback_that_is_no_complaint_is_none(kind):
    assert kind_of(complaint(kind)) is BounceKind.OTHER


@pytest.mark.parametrize(
    ("subject", "headers"),
    [
        ("Out of office: user unknown until May", {}),
        ("Re: news", {"Auto_Submitted": "auto-replied"}),
        ("Undeliverable: I left", {"X_Autoreply": "yes"}),
        ("自动回复：出差", {}),
    ],
)
def test_what_an_absent_persons_program_replies_is_no_failure(subject, headers):
    text = "I am away. This mailbox is no longer active; user unknown."
    assert kind_of(plain(subject, text, sender="Ann <ann@example.net>", **headers)) is BounceKind.OTHER


def test_a_person_who_writes_of_a_failure_reports_none():
    text = "Hello, your mail says 550 user unknown ann@example.net, what is that?"
    assert kind_of(plain("A question", text, sender="ann@example.net")) is BounceKind.OTHER


def test_a_report_that_somebody_forwards_is_theirs_not_a_servers():
    forwarded = (
        b"From: ann@example.net\nTo: bounces@example.org\nSubject: look at this\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="f"\n\n--f\nContent-Type: text/plain\n\nsee below\n\n'
        b"--f\nContent-Type: message/rfc822\n\n" + delivery_report(failure(ANN)) + b"\n--f--\n"
    )
    assert kind_of(forwarded) is BounceKind.OTHER


@pytest.mark.parametrize("where", ["to", "quoted"])
def test_the_mark_tells_which_message_it_is_about(where):
    quoted = f"Return-Path: <{MARKED.upper()}>" if where == "quoted" else ""
    to = MARKED if where == "to" else "bounces@example.org"
    assert read_report(delivery_report(failure(ANN), to=to, quoted=quoted), SECRET).delivery_id == 41
    assert read_report(delivery_report(failure(ANN), to=to, quoted=quoted), b"x" * 32).delivery_id is None


def test_the_quoted_message_id_is_found():
    report = read_report(delivery_report(failure(ANN), quoted="Message-ID: <2025-01-13.abc@example.org>"), SECRET)
    assert report.message_ids == ("<2025-01-13.abc@example.org>",)


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_line_ends_do_not_matter(end):
    assert kind_of(delivery_report(failure(ANN)).replace(b"\n", end)) is BounceKind.HARD


def test_nul_bytes_and_charsets_that_do_not_exist_do_not_matter():
    content = delivery_report(failure(ANN)).replace(b"text/plain", b"text/plain; charset=klingon\0")
    assert kind_of(content.replace(b"Sorry", b"S\0\xff\xfe")) is BounceKind.HARD


@given(st.binary(max_size=2000))
def test_any_bytes_are_read(content):
    assert kind_of(content) is BounceKind.OTHER


@given(st.data())
def test_a_damaged_report_is_read(data):
    content = bytearray(delivery_report(failure(ANN), failure("bob@example.net", "4.2.2"), to=MARKED))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=4))
    read_report(bytes(content), SECRET)


HOSTILE = {
    "nested": b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (number, number) for number in range(5000)
    ),
    "messages": b"Content-Type: message/rfc822\n\n" * 5000,
    "parts": b"Content-Type: multipart/report; boundary=b\n\n"
    + b"--b\nContent-Type: message/delivery-status\n\n" * 9000,
    "addresses": b"From: MAILER-DAEMON@x\nSubject: failed\n\n" + b"<a@b.example>: user unknown\n" * 20000,
    "one line": b"From: MAILER-DAEMON@x\nSubject: failed\n\n" + b"user " * 200000,
    "at signs": b"From: MAILER-DAEMON@x\nSubject: failed\n\n" + b"a@" * 200000,
    "tags": b"From: MAILER-DAEMON@x\nSubject: failed\nContent-Type: text/html\n\n" + b"<script " * 60000,
    "headers": b"X-A: 1\n" * 80000,
    "marks": b"+" + b"+aaaaaaaaaaaa1" * 40000,
    "huge": b"From: MAILER-DAEMON@x\n\n" + b"x" * (LIMIT_BYTES * 4),
}


@pytest.mark.soak
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_report_costs_little(content):
    begun = time.process_time()
    report = read_report(content, SECRET)
    assert time.process_time() - begun < 20
    assert len(report.recipients) <= 50
