"""Letters as a mail program reads them."""

import email
from datetime import UTC, datetime
from email import policy

import pytest
from lxml import html

from yibao.newsletter.letters import Occasion, compose_confirmation, compose_links
from yibao.newsletter.links import Links
from yibao.records import Language
from yibao.settings import Newsletter, Site

SITE = Site.model_validate({"base_url": "https://yibao.example"})
NEWS = Newsletter(reply_to="译报 <ask@example.org>")
AT = datetime(2025, 1, 17, 12, tzinfo=UTC)
LINK = "https://yibao.example/subscribe/confirm/abc.def-_"
LINKS = Links("https://yibao.example/subscribe/preferences/p", "https://yibao.example/subscribe/leave/l")


def occasion(email="reader@example.org", language=Language.CHINESE, letter_id=7, at=AT):
    return Occasion(letter_id, email, language, at)


def read(message):
    return email.message_from_bytes(message.content, policy=policy.default)


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        (Language.CHINESE, "请确认订阅译报", ["确认订阅"]),
        (Language.ENGLISH, "Please confirm your subscription to 译报", ["Confirm the subscription"]),
        (Language.BOTH, "请确认订阅译报", ["确认订阅", "Confirm the subscription"]),
    ],
)
def test_a_confirmation_says_what_to_do_in_the_language_that_was_asked_for(language, subject, words):
    letter = read(compose_confirmation(occasion(language=language), LINK, SITE, NEWS))
    assert letter["Subject"] == subject
    text = letter.get_body(("plain",)).get_content()
    assert text.count(LINK) == len(words)
    page = html.fromstring(letter.get_body(("html",)).get_content())
    assert page.xpath("//a[contains(@href, 'confirm')]/text()") == words
    assert set(page.xpath("//a[contains(@href, 'confirm')]/@href")) == {LINK}


def test_the_letter_of_links_brings_both():
    letter = read(compose_links(occasion(), LINKS, SITE, NEWS))
    assert letter["Subject"] == "你的译报订阅链接"
    for part in ("plain", "html"):
        content = letter.get_body((part,)).get_content()
        assert LINKS.preferences in content
        assert LINKS.leave in content


def test_its_headers_name_sender_recipient_and_that_a_program_wrote_it():
    message = compose_confirmation(occasion(), LINK, SITE, NEWS)
    letter = read(message)
    assert letter["From"].addresses[0].addr_spec == "digest@example.org"
    assert (letter["To"], letter["Auto-Submitted"]) == ("reader@example.org", "auto-generated")
    assert letter["Reply-To"].addresses[0].addr_spec == "ask@example.org"
    assert letter["Date"].datetime == AT
    assert (message.recipient, message.return_path) == ("reader@example.org", "digest@example.org")
    assert letter["Message-ID"] == message.message_id


def test_the_same_letter_is_the_same_bytes_at_every_try_but_for_its_date():
    first, again = (compose_confirmation(occasion(), LINK, SITE, NEWS) for _ in range(2))
    assert first == again
    later = compose_confirmation(occasion(at=AT.replace(hour=13)), LINK, SITE, NEWS)
    assert later.message_id == first.message_id
    assert later.content.replace(b"13:00:00", b"12:00:00") == first.content
    others = {
        compose_links(occasion(**one), LINKS, SITE, NEWS).message_id for one in ({"letter_id": 8}, {"email": "a@b.org"})
    }
    assert len(others | {first.message_id}) == 3


def test_lines_are_ascii_and_short_and_end_as_smtp_wants_them():
    content = compose_confirmation(occasion(language=Language.BOTH), LINK * 10, SITE, NEWS).content
    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 998


def test_an_address_beyond_ascii_goes_out_as_servers_take_it():
    domain = compose_confirmation(occasion("r@例子.中国"), LINK, SITE, NEWS)
    assert (domain.recipient, domain.content.isascii()) == ("r@xn--fsqu00a.xn--fiqs8s", True)
    name = compose_confirmation(occasion("读者@例子.中国"), LINK, SITE, NEWS)
    assert name.recipient == "读者@xn--fsqu00a.xn--fiqs8s"
    assert "To: 读者@xn--fsqu00a.xn--fiqs8s" in name.content.decode()


def test_who_reads_failures_is_told_where_the_settings_say_so():
    news = Newsletter(return_path="bounces@example.org")
    assert compose_links(occasion(), LINKS, SITE, news).return_path == "bounces@example.org"


def test_a_letter_is_signed_over_its_own_bytes():
    class Signer:
        def sign_message(self, content):
            return b"DKIM-Signature: v=1\r\n" + content

    plain = compose_confirmation(occasion(), LINK, SITE, NEWS)
    signed = compose_confirmation(occasion(), LINK, SITE, NEWS, Signer())
    assert signed.content == b"DKIM-Signature: v=1\r\n" + plain.content


def test_a_title_cannot_add_headers_or_markup():
    site = Site.model_validate({"base_url": "https://yibao.example", "title": "A\r\nBcc: x@example.org <b>"})
    letter = read(compose_confirmation(occasion(language=Language.ENGLISH), LINK, site, NEWS))
    assert letter["Bcc"] is None
    assert "<b>" not in letter.get_body(("html",)).get_content()
