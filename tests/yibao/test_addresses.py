"""Which addresses may get mail, how they go out, and how reports keep them to themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao import addresses, settings
from yibao.addresses import hide_addresses, parse_address, parse_sender
from yibao.dates import parse_edition_key
from yibao.errors import SettingsError


@given(st.from_regex(addresses._PLAIN, fullmatch=True))
def test_a_plain_address_is_what_the_library_makes_of_it(text):
    try:
        expected = addresses._validate(text)
    except ValueError:
        with pytest.raises(ValueError):
            addresses.parse_address(text)
    else:
        assert addresses.parse_address(text) == expected


@pytest.mark.parametrize(
    ("typed", "text", "wire"),
    [
        (" Ann@EXAMPLE.org ", "Ann@example.org", "Ann@example.org"),
        ("ann@exämple.org", "ann@exämple.org", "ann@xn--exmple-cua.org"),
        ("ünï@exämple.org", "ünï@exämple.org", "ünï@xn--exmple-cua.org"),
        ("u\u0308@b.org", "ü@b.org", "ü@b.org"),
        ("o'hara/x=y+z@b.org", "o'hara/x=y+z@b.org", "o'hara/x=y+z@b.org"),
        ("root@localhost", "root@localhost", "root@localhost"),
    ],
)
def test_an_address_is_normalised_and_its_domain_goes_out_as_punycode(typed, text, wire):
    assert parse_address(typed) == (text, wire)


@pytest.mark.parametrize(
    "typed", ["a@b@c", "a@b..c", 'a"@b.c', "a@b\nBcc: c@d", "a b@c.d", "<a@b.c>", "a@b.c, d@e.f", "@b.c", "a@", ""]
)
def test_what_is_no_address_is_refused_with_a_reason(typed):
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        parse_address(typed)


@pytest.mark.parametrize(
    ("typed", "sender"),
    [
        ("译报 <digest@example.org>", "译报 <digest@example.org>"),
        ("digest@example.org", "digest@example.org"),
        ('"Doe, J" <j@exämple.org>', '"Doe, J" <j@xn--exmple-cua.org>'),
    ],
)
def test_a_sender_is_a_name_and_an_address(typed, sender):
    assert parse_sender(typed) == sender


@pytest.mark.parametrize(
    "typed", ["a\\nBcc: x@y.org <a@b.c>", "nobody", "a@b.c, d@e.f", "译报 <ü@b.c>", "译报 <a@b@c>", ""]
)
def test_a_sender_that_is_none_is_a_slip_in_the_settings(tmp_path, typed):
    (tmp_path / "yibao.toml").write_text(f'[newsletter]\nsender = "{typed}"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"newsletter\.sender: .*sender"):
        settings.load(tmp_path / "yibao.toml", {})


@pytest.mark.parametrize(
    "url",
    [
        "smtp://user:secret@host:abc",
        "smtp://host:99999",
        "smtp://host:0",
        "smtp://",
        "smtp://[secret",
        "smtp://secret℀@h",
    ],
)
def test_a_broken_address_of_the_mail_server_names_the_key_and_keeps_the_password(tmp_path, url):
    (tmp_path / "yibao.toml").write_text(f'[newsletter]\nsmtp_url = "{url}"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"newsletter\.smtp_url: .*mail server") as raised:
        settings.load(tmp_path / "yibao.toml", {})
    assert "secret" not in str(raised.value)


def test_a_servers_words_are_told_without_the_person():
    words = "550 5.1.1 <bob@example.org>: Bob unknown;\r\n see b.ob=x@other.example " + "x" * 999
    words_shown = hide_addresses(words, "bob@example.org")
    assert words_shown.startswith("550 5.1.1 <(address)>: (address) unknown; see (address) xxx")
    assert (len(words_shown), "\n" in words_shown) == (200, False)


@pytest.mark.parametrize(
    "key", ["today", "2025-W99", "2025-W3", "2025-02-30", "20250117", "9999-W52", "0000-01-01", ""]
)
def test_what_is_no_key_of_an_edition_says_what_one_looks_like(key):
    with pytest.raises(ValueError, match="2025-01-17, or an ISO week such as 2025-W03"):
        parse_edition_key(key)
