"""What servers do to a client: hang, answer nonsense, hang up, offer no TLS."""

import pytest

from tests.postbox import deaf_server, postbox
from tests.yibao.test_newsletter import mail
from yibao.errors import DeliveryError
from yibao.newsletter.senders import Outbox, Smtp


def test_letters_beyond_ascii_before_the_at_sign_reach_a_server_that_takes_them():
    with postbox(enable_SMTPUTF8=True) as box, Smtp(box.url) as sender:
        sender.send(mail(to="ünï@xn--exmple-cua.org"), lambda: None)
        sender.send(mail(to="ann@example.org"), lambda: None)
    assert [to for to, _ in box.taken] == ["ünï@xn--exmple-cua.org", "ann@example.org"]
    assert "To: ünï@xn--exmple-cua.org".encode() in box.contents[0]
    assert box.contents[1].isascii()


def test_a_server_that_does_not_take_them_costs_that_recipient_alone():
    with postbox(enable_SMTPUTF8=False) as box, Smtp(box.url) as sender:
        with pytest.raises(DeliveryError, match="SMTPUTF8") as refused:
            sender.send(mail(to="ünï@example.org"), lambda: pytest.fail("nothing may be committed"))
        sender.send(mail(to="ann@example.org"), lambda: None)
    assert refused.value.is_final
    assert [to for to, _ in box.taken] == ["ann@example.org"]


@pytest.mark.parametrize("reply", ["999 what", "600 no", "199 hm"])
def test_a_reply_that_no_mail_server_gives_is_not_for_good(reply):
    with postbox() as box, Smtp(box.url) as sender:
        box.rcpt["all"] = reply
        with pytest.raises(DeliveryError) as refused:
            sender.send(mail(), lambda: None)
        assert not refused.value.is_final
        box.rcpt.clear()
        box.data = reply
        with pytest.raises(OSError, match="none that a mail server gives"):  # It may have the message.
            sender.send(mail(), lambda: None)


def test_a_refused_recipient_keeps_the_connection_for_the_next():
    with postbox() as box, Smtp(box.url) as sender:
        box.rcpt["reader@example.org"] = "550 no such person"
        with pytest.raises(DeliveryError):
            sender.send(mail(), lambda: None)
        connection = sender._server
        sender.send(mail(to="ann@example.org"), lambda: None)
        assert sender._server is connection is not None


def test_a_server_that_closed_an_idle_connection_is_called_again():
    with postbox() as box, Smtp(box.url) as sender:
        sender.send(mail(), lambda: None)
        sender._server.sock.shutdown(2)
        sender.send(mail(to="ann@example.org"), lambda: None)
    assert len(box.taken) == 2


def test_a_silent_server_is_given_up_after_the_time_that_was_set():
    with (
        deaf_server() as (url, _),
        Smtp(url, timeout_s=0.2) as sender,
        pytest.raises(DeliveryError, match=r"no answer within 0\.2 seconds") as failed,
    ):
        sender.send(mail(), lambda: None)
    assert failed.value.is_server


def test_a_server_without_starttls_gets_neither_mail_nor_password():
    with postbox() as box:
        url = box.url.replace("smtp://", "smtp+starttls://user:secret@")
        with Smtp(url) as sender, pytest.raises(DeliveryError, match=r"STARTTLS.*newsletter\.smtp_url"):
            sender.send(mail(), lambda: None)
    assert box.taken == []


def test_an_outbox_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with Outbox(tmp_path / "file") as sender, pytest.raises(DeliveryError, match="nothing can be written there"):
        sender.send(mail(), lambda: None)
