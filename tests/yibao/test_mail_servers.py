"""What servers do to a client: hang, answer nonsense, hang up, offer no TLS. Each message goes where it is to."""

import ssl
import subprocess
import time

import pytest
from aiosmtpd.smtp import AuthResult
from hypothesis import given
from hypothesis import strategies as st

from tests.postbox import deaf_server, postbox
from tests.scripted_server import DROP, HANG, NOTHING, OFFERS, Late, Trickle, scripted_server
from yibao.errors import DeliveryError
from yibao.newsletter import senders
from yibao.newsletter.messages import Message
from yibao.newsletter.senders import Outbox
from yibao.newsletter.smtp_session import prepare_text

CONTENT = "From: digest@example.org\r\nTo: reader@example.org\r\nMessage-ID: <2025-W03.1@example.org>\r\n\r\n"
SECRET = "s3cret%25word"


def message(to="reader@example.org", body="text\r\n.dots\r\n..and more\r\n"):
    return Message("<2025-W03.1@example.org>", "bounces@example.org", to, (CONTENT + body).encode())


def smtp(url, timeout_s=5.0):
    return senders.Smtp(url, timeout_s, time.monotonic)


# What each stage may do, and what follows: refused for good, passing (the next run tries again), about the server, or
# lost (the server may have it); and words that a person reads.
STAGES = [
    ("GREETING", HANG, "server", "no answer within"),
    ("GREETING", DROP, "server", "closed"),
    ("GREETING", "554 go away", "server", "554 go away"),
    ("GREETING", "421 too many", "server", "421 too many"),
    ("GREETING", "hello there", "server", "none that a mail server gives"),
    ("GREETING", Trickle("220 " + "x" * 100, 0.1), "server", "no answer within"),
    ("EHLO", HANG, "server", "no answer within"),
    ("EHLO", DROP, "server", "closed"),
    ("EHLO", "421 bye", "server", ""),
    ("EHLO", "\r\n".join(["250-on and on"] * 9000), "server", "without an end"),
    ("AUTH", HANG, "server", "no answer within"),
    ("AUTH", DROP, "server", "closed"),
    ("AUTH", f"535 no user with {SECRET} or s3cret%word", "server", "it refused user and password"),
    ("AUTH", "454 later", "server", "it refused user and password"),
    ("MAIL", HANG, "server", "no answer within"),
    ("MAIL", DROP, "server", "closed"),
    ("MAIL", "421 bye", "server", "421 bye"),
    ("MAIL", "451 busy", "server", "451 busy"),
    ("MAIL", "550 not you", "server", "550 not you"),
    ("MAIL", "what?", "server", "none that a mail server gives"),
    ("MAIL", "250 ok\r\n250 ok", "server", "none that a mail server gives"),
    ("MAIL", NOTHING, "server", "no answer within"),
    ("RCPT", HANG, "server", "no answer within"),
    ("RCPT", DROP, "server", "closed"),
    ("RCPT", "421 bye", "server", "421 bye"),
    ("RCPT", "450 greylisted", "passing", "450 greylisted"),
    ("RCPT", "550 no such person", "final", "550 no such person"),
    ("RCPT", "999 what", "passing", "999 what"),
    ("RCPT", "354 go ahead", "passing", "354"),
    ("RCPT", NOTHING, "server", "no answer within"),
    ("RCPT", Trickle("250 " + "x" * 100, 0.1), "server", "no answer within"),
    ("DATA", HANG, "server", "no answer within"),
    ("DATA", DROP, "server", "closed"),
    ("DATA", "421 bye", "server", "421 bye"),
    ("DATA", "451 not now", "passing", "451 not now"),
    ("DATA", "554 no", "final", "554 no"),
    ("DATA", "250 thanks", "server", "none that a mail server gives"),
    ("DATA", "354 go\r\n250 taken", "server", "more than it was asked"),
    ("TEXT", HANG, "lost", "no answer within"),
    ("TEXT", DROP, "lost", "the answer was lost"),
    ("TEXT", "421 bye", "server", "421 bye"),
    ("TEXT", "452 full", "passing", "452 full"),
    ("TEXT", "554 spam", "final", "554 spam"),
    ("TEXT", "354 and now?", "lost", "none that a mail server gives"),
    ("TEXT", "whatever", "lost", "none that a mail server gives"),
    ("TEXT", "999 what", "lost", "none that a mail server gives"),
    ("TEXT", Trickle("250 " + "x" * 100, 0.1), "lost", "no answer within"),
]


@pytest.mark.parametrize(
    "offers",
    [OFFERS, pytest.param(OFFERS.replace("250-PIPELINING\r\n", ""), marks=pytest.mark.soak)],
    ids=["pipelined", "one by one"],
)
@pytest.mark.parametrize(("stage", "act", "kind", "words"), STAGES, ids=lambda value: str(value)[:20])
def test_whatever_a_server_does_is_told_for_what_it_is_and_the_next_message_goes_out_once(
    offers, stage, act, kind, words
):
    script = {"EHLO": offers} | {stage: act}
    with scripted_server(**script) as server, smtp(server.url.replace("//", f"//user:{SECRET}@"), 0.4) as sender:
        started = time.monotonic()
        with pytest.raises(OSError if kind == "lost" else DeliveryError) as failed:
            sender.send(message())
        assert time.monotonic() - started < 5
        assert words in str(failed.value)
        assert "s3cret" not in str(failed.value)
        if kind != "lost":
            assert (failed.value.is_final, failed.value.is_server) == (kind == "final", kind == "server")
        assert [text for _, text in server.taken] == ([prepare_text(message().content)[:-3]] if stage == "TEXT" else [])
        server.taken.clear()
        server.behave(EHLO=offers)
        assert sender.send(message("ann@example.org")) == "250 taken"
        assert server.taken == [(("RCPT TO:<ann@example.org>",), prepare_text(message().content)[:-3])]


@pytest.mark.parametrize("refusal", [{"MAIL": "451 busy"}, {"RCPT": "550 no such person"}])
def test_a_server_that_waits_for_a_text_although_it_refused_an_address_gets_none(refusal):
    with scripted_server(**refusal) as server, smtp(server.url) as sender:
        with pytest.raises(DeliveryError):
            sender.send(message())
        server.behave()
        sender.send(message("ann@example.org"))
        assert server.connections == 2  # The first was closed within the text.
    assert [recipients for recipients, _ in server.taken] == [("RCPT TO:<ann@example.org>",)]


def test_every_third_recipient_refused_costs_no_other_and_keeps_the_connection():
    with scripted_server() as server, smtp(server.url) as sender:
        for number in range(9):
            server.behave(**({"RCPT": "550 no", "DATA": "503 no recipients"} if number % 3 == 2 else {}))
            if number % 3 == 2:
                with pytest.raises(DeliveryError):
                    sender.send(message(f"r{number}@example.org"))
            else:
                sender.send(message(f"r{number}@example.org"))
    assert [to for to, _ in server.taken] == [(f"RCPT TO:<r{n}@example.org>",) for n in range(9) if n % 3 != 2]
    assert server.connections == 1


def test_a_late_answer_is_an_answer():
    with scripted_server(TEXT=Late("250 taken", 0.5)) as server, smtp(server.url) as sender:
        assert sender.send(message()) == "250 taken"


def test_commands_go_in_one_packet_and_the_text_after_the_answers():
    with scripted_server() as server, smtp(server.url) as sender:
        sender.send(message())
    commands, text, goodbye = server.packets[1:]
    size = len(message().content)
    assert (
        commands == f"MAIL FROM:<bounces@example.org> SIZE={size}\r\nRCPT TO:<reader@example.org>\r\nDATA\r\n".encode()
    )
    assert text == prepare_text(message().content)
    assert goodbye.upper() == b"QUIT\r\n"


def test_a_server_that_says_goodbye_to_an_idle_connection_is_called_again():
    with scripted_server(TEXT="250 taken\r\n421 idle too long") as server, smtp(server.url) as sender:
        sender.send(message())
        time.sleep(0.1)
        sender.send(message())
        assert (len(server.taken), server.connections) == (2, 2)


def test_a_text_beyond_ascii_is_announced_and_kept_from_a_server_that_does_not_take_it():
    with scripted_server() as server, smtp(server.url) as sender:
        sender.send(message(body="译文\r\n"))
        assert "BODY=8BITMIME" in server.commands[1]
    with (
        scripted_server(EHLO="250 server") as server,
        smtp(server.url) as sender,
        pytest.raises(DeliveryError, match="does not offer 8BITMIME"),
    ):
        sender.send(message(body="译文\r\n"))
    assert server.taken == []


@given(st.lists(st.sampled_from(["a", ".", "..", "", "\r\n", "\n", "\r", "译", "\r\n.\r\n"])).map("".join))
def test_what_a_server_reads_is_what_was_written_and_nothing_in_it_ends_it(body):
    wire = prepare_text(body.encode())
    assert wire.count(b"\r\n.\r\n") + wire.startswith(b".\r\n") == 1
    assert wire.endswith(b".\r\n")
    assert wire.count(b"\n") == wire.count(b"\r") == wire.count(b"\r\n")
    lines = wire[:-3].split(b"\r\n")[:-1]
    read = [line.removeprefix(b".") for line in lines]
    assert all(not line.startswith(b".") or line.startswith(b"..") for line in lines)
    written = body.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n") if body else []
    assert read == [line.encode() for line in written]


@pytest.mark.parametrize("email", ["a@b.c> SIZE=1", "a@b.c\r\nRSET", "a b@c.d", "<a@b.c>", "a@b\x00.c"])
def test_an_address_that_is_none_is_never_named_to_a_server(email):
    with scripted_server() as server, smtp(server.url) as sender:
        with pytest.raises(DeliveryError, match="cannot be told") as refused:
            sender.send(message(email))
        assert refused.value.is_final
    assert not any("RCPT" in one or "MAIL" in one for one in server.commands)


def test_letters_beyond_ascii_before_the_at_sign_reach_a_server_that_takes_them():
    with postbox(enable_SMTPUTF8=True) as box, smtp(box.url) as sender:
        sender.send(message("ünï@xn--exmple-cua.org"))
        sender.send(message("ann@example.org"))
    assert [to for to, _ in box.taken] == ["ünï@xn--exmple-cua.org", "ann@example.org"]


def test_a_server_that_does_not_take_them_costs_that_recipient_alone():
    with postbox(enable_SMTPUTF8=False) as box, smtp(box.url) as sender:
        with pytest.raises(DeliveryError, match="SMTPUTF8") as refused:
            sender.send(message("ünï@example.org"))
        sender.send(message("ann@example.org"))
    assert refused.value.is_final
    assert [to for to, _ in box.taken] == ["ann@example.org"]


def test_a_refused_recipient_keeps_the_connection_for_the_next():
    with postbox() as box, smtp(box.url) as sender:
        box.rcpt["reader@example.org"] = "550 no such person"
        with pytest.raises(DeliveryError):
            sender.send(message())
        connection = sender._session
        sender.send(message("ann@example.org"))
        assert sender._session is connection is not None


def test_a_server_that_closed_an_idle_connection_is_called_again():
    with postbox() as box, smtp(box.url) as sender:
        sender.send(message())
        sender._session._smtp.sock.shutdown(2)
        sender.send(message("ann@example.org"))
    assert len(box.taken) == 2


def test_a_server_gets_exactly_what_was_composed_over_one_connection():
    with postbox() as box, smtp(box.url) as sender:
        for _ in range(2):
            assert sender.send(message()).startswith("250")
    assert box.contents == [message().content] * 2


def test_a_silent_server_is_given_up_after_the_time_that_was_set():
    with (
        deaf_server() as (url, _),
        smtp(url, timeout_s=0.2) as sender,
        pytest.raises(DeliveryError, match=r"no answer within 0\.2 seconds") as failed,
    ):
        sender.send(message())
    assert failed.value.is_server


def test_a_server_that_is_not_there_has_no_message():
    with smtp("smtp://127.0.0.1:9") as sender, pytest.raises(DeliveryError) as failed:
        sender.send(message())
    assert failed.value.is_server


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_a_server_without_tls_gets_neither_mail_nor_password(scheme):
    with postbox() as box:
        url = box.url.replace("smtp://", f"{scheme}://user:{SECRET}@")
        with smtp(url) as sender, pytest.raises(DeliveryError) as failed:
            sender.send(message())
    assert box.taken == []
    assert "s3cret" not in str(failed.value)
    if scheme == "smtp+starttls":
        assert "STARTTLS" in str(failed.value)
        assert "newsletter.smtp_url" in str(failed.value)


@pytest.mark.parametrize("act", [HANG, DROP, "454 not now", "502 what"])
def test_a_server_that_offers_tls_and_does_not_do_it_gets_neither_mail_nor_password(act):
    with scripted_server(EHLO="250-server\r\n250 STARTTLS", STARTTLS=act) as server:
        url = server.url.replace("smtp://", f"smtp+starttls://user:{SECRET}@")
        with smtp(url, 0.4) as sender, pytest.raises(DeliveryError):
            sender.send(message())
    assert [one.partition(" ")[0] for one in server.commands] in (["EHLO", "STARTTLS"], ["ehlo", "STARTTLS"])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost "
        "-keyout key.pem -out cert.pem"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return folder / "cert.pem", context


def test_a_server_whose_certificate_nobody_vouches_for_gets_no_mail(certificate):
    with postbox(tls_context=certificate[1]) as box:
        url = box.url.replace("smtp://127.0.0.1", "smtp+starttls://localhost")
        with smtp(url) as sender, pytest.raises(DeliveryError, match="certificate is not valid") as failed:
            sender.send(message())
    assert "newsletter.smtp_url" in str(failed.value)
    assert box.taken == []


def test_a_certificate_of_another_name_is_none(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with postbox(tls_context=certificate[1]) as box:
        url = box.url.replace("smtp://", "smtp+starttls://")
        with smtp(url) as sender, pytest.raises(DeliveryError, match="certificate is not valid"):
            sender.send(message())
    assert box.taken == []


def test_user_and_password_go_over_tls_and_the_mail_after_them(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    logins = []

    def authenticate(_server, _session, _envelope, _mechanism, data):
        logins.append((data.login, data.password))
        return AuthResult(success=True)

    with postbox(
        tls_context=certificate[1], authenticator=authenticate, auth_required=True, require_starttls=True
    ) as box:
        url = box.url.replace("smtp://127.0.0.1", f"smtp+starttls://user:{SECRET}@localhost")
        with smtp(url) as sender:
            sender.send(message())
            sender.send(message())
    assert logins == [(b"user", b"s3cret%word")]
    assert len(box.taken) == 2


def test_mail_goes_over_tls_from_the_first_byte_on_where_that_is_asked_for(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with (
        postbox(ssl_context=certificate[1]) as box,
        smtp(box.url.replace("smtp://127.0.0.1", "smtps://localhost")) as sender,
    ):
        sender.send(message())
        sender.send(message())
    assert len(box.taken) == 2


def test_an_outbox_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with Outbox(tmp_path / "file") as sender, pytest.raises(DeliveryError, match="nothing can be written there"):
        sender.send(message())


def test_an_outbox_keeps_one_file_a_message_however_often_it_is_kept(tmp_path):
    with Outbox(tmp_path) as sender:
        sender.send(message())
        sender.send(message())
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == message().content
