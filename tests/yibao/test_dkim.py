"""Signatures of mail, judged by dkimpy."""

import re

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from yibao.newsletter.dkim import Signer

MESSAGE = (
    b"From: =?utf-8?q?=E8=AF=91=E6=8A=A5?= <digest@example.org>\r\nTo: reader@example.net\r\n"
    b"Subject: =?utf-8?q?=E8=AF=91=E6=8A=A5?=\r\n =?utf-8?q?=E6=8A=A5?=\r\nDate: Fri, 17 Jan 2025 20:00:00 +0800\r\n"
    b"Message-ID: <2025-01-17.abc@example.org>\r\nList-Unsubscribe: <https://example.org/leave>,\r\n"
    b" <mailto:digest@example.org>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nA body.\r\n-- \r\nIts   end.\r\n\r\n"
)


def write_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture(scope="module")
def pem():
    return write_pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture(scope="module")
def signer(pem):
    return Signer("example.org", "yibao", pem)


def is_valid(signer, message):
    asked = []

    def look_up(name, timeout=5):
        asked.append(name)
        return signer.dns_value.encode()

    valid = dkim.verify(message, dnsfunc=look_up)
    assert asked in ([b"yibao._domainkey.example.org."], [])
    return valid


def test_dkimpy_verifies_the_signature_with_the_key_that_the_dns_publishes(signer):
    assert is_valid(signer, signer.sign_message(MESSAGE))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"digest@example.org>\r\nTo", b"other@example.org>\r\nTo"),
        (b"To: reader", b"To: another"),
        (b"<2025-01-17.abc", b"<2025-01-18.abc"),
        (b"https://example.org/leave", b"https://example.com/leave"),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Click"),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        (b"A body.", b"A  body!"),
        (b"Its   end.", b"Its end. More."),
        (b"MIME-Version", b"From: Somebody <else@example.org>\r\nMIME-Version"),
        (b"MIME-Version", b"Subject: Another\r\nMIME-Version"),
        (b"Fri, 17 Jan", b"Sat, 18 Jan"),
        (b"text/plain", b"text/html"),
    ],
)
def test_a_change_of_what_is_signed_is_noticed(signer, before, after):
    signed = signer.sign_message(MESSAGE)
    assert signed.count(before) == 1
    assert not is_valid(signer, signed.replace(before, after))


def test_servers_may_fold_and_add_what_is_not_signed(signer):
    signed = signer.sign_message(MESSAGE).replace(b"To: reader", b"To:\r\n  reader").replace(b"Its   end", b"Its end")
    assert is_valid(signer, b"Received: from somewhere\r\n" + signed)


def test_both_fields_for_leaving_are_under_the_signature_and_lines_are_short(signer):
    field = signer.sign_message(MESSAGE).partition(b"\r\nFrom:")[0].decode()
    names = re.sub(r"\s", "", field).partition(";h=")[2].partition(";")[0].split(":")
    assert {"from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post"} <= set(names)
    assert names.count("from") == 2
    assert max(map(len, field.split("\r\n"))) <= 78


BODIES = st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"b c", "译".encode()]), max_size=12).map(b"".join)


@given(BODIES)
def test_every_body_is_canonicalized_as_dkimpy_does(signer, body):
    assert is_valid(signer, signer.sign_message(MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body + b"\r\n"))
