"""The message, as servers and mail programs see it."""

import email
import socket
import ssl
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime
from email import policy

import pytest
from aiosmtpd.controller import Controller
from hypothesis import given
from hypothesis import strategies as st

from tests.yibao.test_feeds import SITE, entry
from yibao.errors import DeliveryError
from yibao.newsletter.compose import LIMIT_BYTES, POLICY, compose_body, compose_message, encode_subject
from yibao.newsletter.senders import Outbox, Smtp
from yibao.records import Edition

AT = datetime(2025, 1, 17, 12, tzinfo=UTC)
SENDER = "译报 <digest@example.org>"


def edition(count=3, abstract="中文摘要。", **more):
    entries = [entry(n) for n in range(1, count + 1)]
    translated = tuple(replace(e, translation=replace(e.translation, abstract=abstract)) for e in entries)
    listed = (("cs.CL", tuple(entry(100 + n, translated=False) for n in range(50))),)
    return Edition("2025-W03", date(2025, 1, 13), date(2025, 1, 19), translated, listed, (), **more)


def mail(found=None, to="reader@example.org"):
    return compose_message(compose_body(found or edition(), SITE), "2025-W03", to, SENDER, AT)


def read_back(raw):
    return email.message_from_bytes(raw, policy=policy.default)


def test_subject_and_both_parts_come_back_as_they_were():
    back = read_back(mail().as_bytes(policy=POLICY))
    assert back["Subject"] == "译报 2025 年第 3 周：译文 3 篇，其余 50 篇"
    assert str(back["From"].addresses[0].display_name) == "译报"
    assert back.get_content_type() == "multipart/alternative"
    text = back.get_body(("plain",)).get_content()
    html = back.get_body(("html",)).get_content()
    for part in (text, html):
        assert "译文标题" in part
        assert "中文摘要。" in part
        assert "另有 10 篇" in part
    assert "Is p<0.05 & x<y>z <b>test</b>" in text
    assert "Is p&lt;0.05 &amp; x&lt;y&gt;z &lt;b&gt;test&lt;/b&gt;" in html


def test_the_message_is_ascii_on_the_wire_with_lines_that_every_server_takes():
    raw = mail().as_bytes(policy=POLICY)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_composing_again_gives_the_same_bytes_and_message_id():
    assert mail().as_bytes(policy=POLICY) == mail().as_bytes(policy=POLICY)
    assert mail()["Message-ID"] != mail(to="other@example.org")["Message-ID"]


def test_a_message_stays_below_the_size_at_which_it_is_cut_and_names_every_translation():
    large = mail(edition(60, abstract="很长的摘要，" * 300))
    raw = large.as_bytes(policy=POLICY)
    assert len(raw) <= LIMIT_BYTES
    text = read_back(raw).get_body(("plain",)).get_content()
    assert all(f"2501.{n:05d}" in text for n in range(1, 61))


def test_an_incomplete_edition_says_so_in_both_parts():
    back = read_back(
        mail(edition(notes=("cs.CV, 2025-01-13: not reached", "cs.CV, 2025-01-14: not reached"))).as_bytes(
            policy=POLICY
        )
    )
    text = "本期不完整：cs.CV 的公布列表未收齐。"
    assert all(back.get_body((kind,)).get_content().count(text) == 1 for kind in ("plain", "html"))


def test_a_line_break_in_a_title_cannot_forge_a_header():
    forged = SITE.model_copy(update={"title": "译报\nBcc: victim@example.org"})
    raw = compose_message(compose_body(edition(), forged), "2025-W03", "reader@example.org", SENDER, AT).as_bytes(
        policy=POLICY
    )
    assert read_back(raw)["Bcc"] is None


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=120))
def test_every_subject_comes_back_as_it_was(subject):
    folded = encode_subject(subject)
    assert all(len(line) <= 76 for line in folded.split("\n"))
    assert str(email.header.make_header(email.header.decode_header(folded))) == subject


class Server:
    """Takes mail, and says what it is told to say."""

    def __init__(self):
        self.taken, self.rcpt, self.data = [], "250 OK", "250 taken"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, _server, _session, envelope):
        self.taken.append(envelope.original_content)
        return self.data


@pytest.fixture
def server():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    handler.url = f"smtp://127.0.0.1:{port}"
    yield handler
    controller.stop()


def test_a_server_gets_exactly_what_was_composed_over_one_connection(server):
    committed = []
    with Smtp(server.url) as sender:
        for _ in range(2):
            assert sender.send(mail(), lambda: committed.append(1)).startswith("250")
    assert server.taken == [mail().as_bytes(policy=POLICY)] * 2
    assert committed == [1, 1]


def test_a_refusal_before_the_message_commits_nothing_and_may_be_tried_again(server):
    server.rcpt = "451 later"
    committed = []
    with Smtp(server.url) as sender:
        with pytest.raises(DeliveryError, match="451 later"):
            sender.send(mail(), lambda: committed.append(1))
        assert committed == []
        server.rcpt = "250 OK"
        sender.send(mail(), lambda: committed.append(1))
    assert committed == [1]


def test_a_refusal_of_the_message_itself_is_no_lost_answer(server):
    server.data = "554 no"
    with Smtp(server.url) as sender, pytest.raises(DeliveryError, match="554 no"):
        sender.send(mail(), lambda: None)


@pytest.mark.parametrize(("reply", "is_final"), [("550 no such person", True), ("451 later", False)])
def test_a_refusal_for_good_is_told_from_a_passing_one(server, reply, is_final):
    server.rcpt = reply
    with Smtp(server.url) as sender, pytest.raises(DeliveryError) as error:
        sender.send(mail(), lambda: None)
    assert (error.value.is_final, error.value.code) == (is_final, int(reply[:3]))


def test_a_server_whose_certificate_nobody_vouches_for_gets_no_mail(tmp_path):
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -keyout key.pem -out cert.pem"
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    handler, committed = Server(), []
    controller = Controller(handler, hostname="127.0.0.1", port=port, tls_context=context)
    controller.start()
    try:
        with Smtp(f"smtp+starttls://127.0.0.1:{port}") as sender, pytest.raises(DeliveryError, match="certificate"):
            sender.send(mail(), lambda: committed.append(1))
    finally:
        controller.stop()
    assert (handler.taken, committed) == ([], [])


def test_a_server_that_is_not_there_commits_nothing():
    committed = []
    with Smtp("smtp://127.0.0.1:9") as sender, pytest.raises(DeliveryError):
        sender.send(mail(), lambda: committed.append(1))
    assert committed == []


def test_an_outbox_keeps_one_file_a_message_however_often_it_is_kept(tmp_path):
    with Outbox(tmp_path) as sender:
        sender.send(mail(), lambda: None)
        sender.send(mail(), lambda: None)
    (file,) = tmp_path.iterdir()
    assert read_back(file.read_bytes())["To"] == "reader@example.org"
