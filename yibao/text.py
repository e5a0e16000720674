"""Repairs to text that tools have damaged on its way to us. Says what it repaired; drops nothing silently."""

import re
from typing import NamedTuple

# Characters that XML 1.0 forbids (https://www.w3.org/TR/xml/#charsets), lone surrogates included.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
# Zero-width space, joiners, word joiner, byte order mark, soft hyphen: invisible, and they break search.
# ZWJ and ZWNJ (200c, 200d) stay: some scripts need them.
_INVISIBLE = re.compile("[\u200b\u2060\ufeff\u00ad]")
# Embeddings, overrides and isolates: they make text read otherwise than it is written (CVE-2021-42574). The marks
# 200e and 200f stay, which right-to-left scripts need.
_BIDIRECTIONAL = re.compile("[\u202a-\u202e\u2066-\u2069]")
# What JSON or a Python string made of \b, \f, \a, \v before a letter is a control character; its letter
# is lost for good unless we put it back: U+000C then "rac" was "\frac".
_ESCAPED_AWAY = {"\x07": "a", "\x08": "b", "\x0b": "v", "\x0c": "f"}
_DAMAGED = re.compile("[\x07\x08\x0b\x0c](?=[a-z])")
# A tab is legal text, so it counts as damage only before the rest of a command that begins with t.
_DAMAGED_TAB = re.compile(
    r"\t(?=(?:ext(?:bf|it|tt|rm|sc|sf|style|color|superscript|subscript)?|imes|ilde|au|heta|riangle|frac|anh|op?)"
    r"(?![A-Za-z]))"
)
_DAMAGED_RETURN = re.compile(r"\r(?=(?:ho|ightarrow|angle|ight|m|ceil|floor)(?![a-z]))")


class MendedText(NamedTuple):
    """Text as it should be, and what was wrong with it."""

    text: str
    #: Names of the repairs made, each once: `damaged-tex`, `control-character`, `invisible-character`,
    #: `bidirectional-control`.
    repairs: tuple[str, ...]


def mend_text(text: str) -> MendedText:
    """Restore broken TeX commands, and remove characters that nobody can see or publish."""
    tex = _DAMAGED_RETURN.sub(r"\\r", text)
    tex = _DAMAGED.sub(lambda match: "\\" + _ESCAPED_AWAY[match[0]], _DAMAGED_TAB.sub(r"\\t", tex))
    legal = _ILLEGAL.sub("", tex)
    visible = _INVISIBLE.sub("", legal)
    straight = _BIDIRECTIONAL.sub("", visible)
    steps = (
        ("damaged-tex", text, tex),
        ("control-character", tex, legal),
        ("invisible-character", legal, visible),
        ("bidirectional-control", visible, straight),
    )
    return MendedText(straight, tuple(name for name, before, after in steps if before != after))


def remove_illegal_characters(text: str) -> str:
    """Remove the characters that XML forbids."""
    return _ILLEGAL.sub("", text)


def join_lines(text: str) -> str:
    """Fold every run of white space into one blank."""
    return " ".join(text.split())


def split_paragraphs(text: str) -> list[str]:
    """Split an arXiv abstract into paragraphs, each on one line.

    Authors mark a paragraph by a line that begins with blanks; hard wraps in between mean nothing.
    Source: https://info.arxiv.org/help/prep.html#abstracts
    """
    return [join_lines(part) for part in re.split(r"\n(?=[ \t]+\S)|\n\s*\n", text.strip("\n")) if part.strip()]


def shorten_text(text: str, limit: int) -> str:
    """Cut a text after the last whole sentence or word within the limit, with an ellipsis where cut."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    sentence = max(head.rfind(mark) for mark in "。！？")
    sentence = max(sentence, head.rfind(". "))
    if sentence >= limit // 2:
        return head[: sentence + 1] + "…"
    return head[: head.rfind(" ")].rstrip() + "…" if " " in head[limit // 2 :] else head + "…"
