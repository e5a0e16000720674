"""Texts as they go over the wire: header fields that cannot be forged, and parts in the smaller of two encodings.

A part is put together from fragments, each encoded once for all messages that hold it. ASCII in lines of 76 throughout,
so that every server takes it and nothing on its way has to change what is signed.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from email.headerregistry import HeaderRegistry
from typing import Any, NamedTuple

from yibao.text import join_lines, remove_illegal_characters

#: RFC 2047 allows lines of 76 characters, and 75 a word; twelve of them are its frame.
_LINE, _FRAME = 76, "=?utf-8?q?{}?="
_WORD_CHARACTERS = 63
_BLANKS = re.compile(r"[ \t]+")
#: What may be written in a header field as it is.
_PLAIN = re.compile(r"[ -~]*")
_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\\\"\x00-\x20\x7f-\x9f]+@[^\s<>()\[\]:;,\\\"\x00-\x20\x7f-\x9f]+")
_HEADERS = HeaderRegistry()


class Fragment(NamedTuple):
    """A piece of a part in both encodings; each can be joined to others."""

    quoted: bytes
    base64: bytes


def encode_fragment(text: str) -> Fragment:
    """Encode a piece of text: lines without blanks at their ends or in a row, which servers may change on the way."""
    lines = _BLANKS.sub(" ", remove_illegal_characters(text)).splitlines()
    text = "".join([f"{line.strip(' ')}\n" for line in lines]) or "\n"
    # Base64 can be joined only behind whole groups of three bytes.
    padded = text.encode()
    padded = padded[:-1] + b" " * (-len(padded) % 3) + b"\n"
    encoded = base64.encodebytes(padded).replace(b"\n", b"\r\n")
    quoted = binascii.b2a_qp(text.encode(), istext=True)
    # Mailboxes in one file put a sign before such a line, which breaks signatures.
    quoted = re.sub(rb"^From ", b"=46rom ", quoted, flags=re.MULTILINE)
    return Fragment(quoted.replace(b"\n", b"\r\n"), encoded)


def build_part(subtype: str, fragments: Sequence[Fragment]) -> bytes:
    """Build a text part with its header, in the encoding in which it is smaller."""
    quoted = b"".join(fragment.quoted for fragment in fragments)
    encoded = b"".join(fragment.base64 for fragment in fragments)
    name, content = ("quoted-printable", quoted) if len(quoted) <= len(encoded) else ("base64", encoded)
    return (
        f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {name}\r\n\r\n".encode() + content
    )


def build_message(fields: Iterable[str], parts: Sequence[bytes], boundary: str) -> bytes:
    """Build a message whose parts say the same, the plainest first. `boundary` begins with `=_`, which no part has."""
    head = "\r\n".join(
        [*fields, "MIME-Version: 1.0", f'Content-Type: multipart/alternative; boundary="{boundary}"', "", ""]
    )
    mark = f"--{boundary}".encode()
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts)
    return head.encode() + body + mark + b"--\r\n"


def write_field(name: str, value: str) -> str:
    """Write a header field of words for people, folded; line breaks and control characters in it are blanks."""
    text = _clean_line(value)
    is_plain = _PLAIN.fullmatch(text) and "=?" not in text and len(name) + len(text) + 2 <= _LINE
    return f"{name}: {text if is_plain else encode_words(text, len(name) + 2)}"


def write_address_field(name: str, text: str) -> str:
    """Write a header field that names one mailbox, such as `译报 <digest@example.org>`.

    Raises:
        ValueError: it is not one address, or holds what could forge another field or recipient.
    """
    header: Any = _HEADERS(name, text) if text.isprintable() else None
    if header is None or len(header.addresses) != 1:
        raise ValueError("this is not one mailbox with one address")
    address = check_address(header.addresses[0].addr_spec)
    phrase = header.addresses[0].display_name
    return f"{name}: {write_phrase(phrase, len(name) + 2)}<{address}>" if phrase else f"{name}: {address}"


def check_address(address: str) -> str:
    """Return an address that can stand in a header field as it is.

    Raises:
        ValueError: it holds blanks, control characters, quotes or brackets, which could forge a recipient.
    """
    if not _ADDRESS.fullmatch(address):
        raise ValueError("this address cannot be written into a message")
    return address


def write_phrase(text: str, column: int) -> str:
    """Write the name before an address or identifier, with what parts it from that."""
    name = _clean_line(text)
    if re.fullmatch(r"[A-Za-z0-9 ]+", name) and column + len(name) + 3 <= _LINE:
        return f'"{name}" '
    return f"{encode_words(name, column)}\r\n "


def encode_words(text: str, column: int = 0) -> str:
    """Encode text in RFC 2047 words of whole characters, folded; the first line has `column` characters already.

    Base64 words would be shorter, but some clients (GMime's, notmuch) stop at the padding of the first.
    """
    words, room = [""], _WORD_CHARACTERS - column
    for sign in text:
        encoded = sign if sign.isascii() and sign.isalnum() else "".join(f"={byte:02X}" for byte in sign.encode())
        if len(words[-1]) + len(encoded) > room:
            words.append("")
            room = _WORD_CHARACTERS
        words[-1] += encoded
    return "\r\n ".join(_FRAME.format(word) for word in words)


def _clean_line(text: str) -> str:
    """Write text on one line; what nobody sees, line breaks included, is a blank."""
    return join_lines("".join(sign if sign.isprintable() else " " for sign in text))


def decode_fragments(fragments: Iterable[Fragment]) -> str:
    """Return the text that fragments hold."""
    return b"".join(base64.b64decode(fragment.base64) for fragment in fragments).decode()
