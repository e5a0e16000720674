"""What every answer of arXiv has in common: bytes that should be a feed, read with feedparser.

A document that is cut off, is HTML, or is not XML at all is a fault of the whole answer. A damaged byte or a
control character inside a well-formed document is mended, reported, and costs no neighbour.
"""

import codecs
import re
from typing import Any

import feedparser

from yibao.errors import GarbledError
from yibao.records import Problem, Severity

_CONTROLS = bytes(code for code in range(0x20) if code not in (0x09, 0x0A, 0x0D))
_CONTROL = re.compile(b"[" + re.escape(_CONTROLS) + b"]")
_CONTROL_REFERENCE = re.compile(rb"&#(?:[0-8]|1[1245-9]|2\d|3[01]|x0*(?:[0-8bcBC]|0[bcBC]|1[0-9a-fA-F]));")
_HTML = re.compile(rb"\s*(?:<!doctype\s+html|<html)", re.IGNORECASE)
_ENCODING = re.compile(rb"<\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)[\"']")
_DECLARATION = re.compile(r"^\ufeff?\s*<\?xml[^>]*\?>")


def _decode_windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


codecs.register_error("yibao.windows", _decode_windows)


def parse_feed_document(body: bytes, url: str) -> tuple[Any, list[Problem]]:
    """Parse a feed with feedparser, and say what had to be mended in it.

    Raises:
        GarbledError: the body is empty, HTML, cut off or not XML. Ask again later; nothing in it can be trusted.
    """
    text, problems = decode_body(body, url)
    document = feedparser.parse(
        text.encode("utf-8", errors="replace"),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if document.bozo and not isinstance(document.bozo_exception, feedparser.exceptions.CharacterEncodingOverride):
        raise GarbledError(url, f"the answer is not well-formed XML ({document.bozo_exception})")
    if not document.get("version"):
        raise GarbledError(url, "the answer is XML, but neither RSS nor Atom")
    return document, problems


def decode_body(body: bytes, url: str) -> tuple[str, list[Problem]]:
    """Decode a body to text without an XML declaration, and say what had to be mended in it.

    Raises:
        GarbledError: the body is empty or an HTML page.
    """
    if not body.strip():
        raise GarbledError(url, "the answer is empty")
    if _HTML.match(body):
        raise GarbledError(url, "the answer is an HTML page, not a feed")
    problems = []
    is_wide = body.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE))
    # Ten times as fast as a regular expression for both: a page of records has megabytes.
    clean = body if is_wide else _CONTROL_REFERENCE.sub(b"", body.translate(None, _CONTROLS))
    if clean != body:
        problems.append(_report_mended(body, url, "control-character", "Characters that XML forbids were removed."))
    declared = _ENCODING.match(clean.lstrip())
    encoding = declared[1].decode("ascii") if declared else "utf-8-sig"
    try:
        # Without its declaration, which would no longer be true and which parsers believe.
        return _strip_declaration(clean.decode(encoding)), problems
    except (UnicodeDecodeError, LookupError):
        text = clean.decode("utf-8-sig", errors="yibao.windows")
        problems.append(
            _report_mended(
                body, url, "wrong-encoding", f"The bytes are not the {encoding} that they say; read as Windows-1252."
            )
        )
        return _strip_declaration(text), problems


def _strip_declaration(text: str) -> str:
    match = _DECLARATION.match(text)
    return text[match.end() :] if match else text


def _report_mended(body: bytes, url: str, rule: str, message: str) -> Problem:
    is_control = rule == "control-character"
    match = (_CONTROL.search(body) or _CONTROL_REFERENCE.search(body)) if is_control else None
    line = body.count(b"\n", 0, match.start()) + 1 if match else 1
    return Problem(url, line, 1, rule, Severity.WARNING, message, "Nothing to do; the rest was read as it is.")
