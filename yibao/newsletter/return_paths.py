"""Return paths of our own for each message, so that a report of failed mail says whose it was (VERP). Pure.

A mark holds the delivery's number and a signature: who cannot sign can make nobody's mail stop. It has small letters
and figures only, because some servers fold the case of what stands before the @.
"""

import base64
import hashlib
import hmac
import re

#: Base32 of 60 bits: whoever guesses sends us a mail for every try.
_SIGNATURE_LENGTH = 12
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
#: A number of 64 bits has up to 13 digits.
_MARK = re.compile(rf"\+([a-z2-7]{{{_SIGNATURE_LENGTH}}})([0-9a-z]{{1,13}})(?![0-9a-z])", re.IGNORECASE | re.ASCII)


def make_return_path(address: str, delivery_id: int, secret: bytes) -> str:
    """Make the address to which servers report what became of a delivery: `bounces@…` as `bounces+MARK@…`."""
    local, _, domain = address.rpartition("@")
    number = _write_number(delivery_id)
    return f"{local}+{_sign(number, secret)}{number}@{domain}"


def read_return_path(text: str, secret: bytes) -> int | None:
    """Find the first mark of ours in an address or any text, and return its delivery; None where there is none."""
    for match in _MARK.finditer(text):
        signature, number = match[1].lower(), match[2].lower()
        if hmac.compare_digest(signature, _sign(number, secret)):
            return int(number, 36)
    return None


def _sign(number: str, secret: bytes) -> str:
    digest = hmac.digest(secret, b"yibao.return_path " + number.encode(), hashlib.sha256)
    return base64.b32encode(digest).decode()[:_SIGNATURE_LENGTH].lower()


def _write_number(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"
