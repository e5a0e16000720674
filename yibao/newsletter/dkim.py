"""DKIM: a signature of the sender's domain on the header fields that people and programs rely on, and on the body.

Source: RFC 6376 (rsa-sha256, relaxed/relaxed); RFC 8058 wants both fields for leaving under the signature.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from yibao.errors import SettingsError

#: Signed wherever a message has them.
_SIGNED = (
    *(b"from", b"to", b"cc", b"reply-to", b"subject", b"date", b"message-id", b"auto-submitted"),
    *(b"mime-version", b"content-type", b"content-transfer-encoding"),
    *(b"list-id", b"list-help", b"list-archive", b"list-subscribe", b"list-unsubscribe", b"list-unsubscribe-post"),
)
#: Signed once more than they are there, so that nobody can add a second one.
_SIGNED_ABSENT = (b"from", b"subject", b"to")
#: What receivers still accept. Source: RFC 8301.
_FEWEST_BITS = 1024
_LINE = 72
#: Most fields of a message are those of the one before.
_MOST_FIELDS = 256
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:((?:[^\r\n]|\r\n[ \t])*)\r\n")
_BLANKS = re.compile(rb"[ \t]+")
_EMPTY_BODY = b""


class Signer:
    """Signs messages for a domain with one of its keys."""

    def __init__(self, domain: str, selector: str, pem: bytes) -> None:
        """Load the private key.

        Raises:
            SettingsError: it is no private RSA key in PEM without a password; the message does not repeat it.
        """
        self._key = _load_key(pem)
        self._tags = f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s={selector}"

    @property
    def dns_value(self) -> str:
        """What the TXT record SELECTOR._domainkey.DOMAIN must say."""
        public = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"

    def sign_message(self, content: bytes) -> bytes:
        """Return the message with its signature before it. Lines end with CRLF."""
        head, _, body = content.partition(b"\r\n\r\n")
        fields = [(match[1].lower(), match[2]) for match in _FIELD.finditer(head + b"\r\n")]
        signed = [name for name, _ in fields if name in _SIGNED]
        names = _list_names(tuple(signed))
        digest = base64.b64encode(hashlib.sha256(canonicalize_body(body)).digest()).decode()
        field = f"{self._tags};\r\n bh={digest};\r\n h={names};\r\n b="
        hashed = [canonicalize_field(name, value) for name, value in _order_as_signed(fields, signed)]
        last = canonicalize_field(b"dkim-signature", b" " + field.encode()).removesuffix(b"\r\n")
        signature = self._key.sign(b"".join(hashed) + last, padding.PKCS1v15(), hashes.SHA256())
        return b"DKIM-Signature: " + field.encode() + _fold_signature(signature) + b"\r\n" + content


@lru_cache(_MOST_FIELDS)
def canonicalize_field(name: bytes, value: bytes) -> bytes:
    """Write a header field as it is signed: small letters, one line, single blanks."""
    return name + b":" + _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip() + b"\r\n"


def canonicalize_body(body: bytes) -> bytes:
    """Write a body as it is signed: single blanks, none at ends of lines, no empty lines at its end."""
    # What we compose has no such blanks, and looking for them costs less than replacing them.
    if b"  " in body or b"\t" in body or b" \r\n" in body or body.endswith(b" "):
        body = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n").removesuffix(b" ")
    text = body.rstrip(b"\r\n")
    return text + b"\r\n" if text else _EMPTY_BODY


def _order_as_signed(fields: Sequence[tuple[bytes, bytes]], names: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    """Order header fields as they are hashed: of several with one name, the last one first."""
    left: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        left.setdefault(name, []).append(value)
    return [(name, left[name].pop()) for name in names]


def _load_key(pem: bytes) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsError("this is no private key in PEM, or a password protects it") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _FEWEST_BITS:
        raise SettingsError("this is no RSA key of at least 1024 bits, which is what all receivers can verify")
    return key


@lru_cache(_MOST_FIELDS)
def _list_names(signed: tuple[bytes, ...]) -> str:
    """List the names of signed fields, folded behind the colons."""
    lines = [""]
    for name in (*signed, *_SIGNED_ABSENT):
        if len(lines[-1]) + len(name) > _LINE:
            lines.append("")
        lines[-1] += f"{name.decode()}:"
    return "\r\n  ".join(lines).removesuffix(":")


def _fold_signature(signature: bytes) -> bytes:
    text = base64.b64encode(signature)
    return b"\r\n ".join(text[start : start + _LINE] for start in range(0, len(text), _LINE))
