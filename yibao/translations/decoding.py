"""A curator's file, from bytes to text that can be published; what had to be mended becomes a Problem."""

from collections.abc import Iterator
from typing import NamedTuple

from yibao import text
from yibao.records import Problem
from yibao.translations.rules import create_problem

#: A week of the longest abstracts is a hundredth of it.
LIMIT_BYTES = 10_000_000
_SAYS = {
    "damaged-tex": (
        "A TeX command lost its backslash and first letter to a string escape; it was put back.",
        "Check the formula, and correct the file.",
    ),
    "control-character": ("A control character was removed.", "Delete it from the file."),
    "invisible-character": ("An invisible character (such as U+200B) was removed.", "Delete it from the file."),
    "bidirectional-control": (
        "A character that turns the direction of the text around was removed.",
        "Delete it from the file; right-to-left words need none.",
    ),
}


class DecodedContent(NamedTuple):
    """The text, line feeds at the ends of its lines, and what was wrong with the bytes."""

    text: str
    problems: list[Problem]


def decode_content(raw: bytes, path: str) -> DecodedContent:
    """Decode a file. Any bytes give a text; the text of a file too large to be read is empty."""
    if len(raw) > LIMIT_BYTES:
        message = f"The file has {len(raw) / 1e6:.0f} MB; it was not read."
        remedy = f"Divide it: a file may have {LIMIT_BYTES / 1e6:.0f} MB."
        return DecodedContent("", [create_problem("too-large", path, 1, 1, message, remedy)])
    content, problems = _decode_text(raw, path)
    content = content.replace("\r\n", "\n")
    # Before line ends are folded: a lone U+000D may be all that is left of `\rho`.
    mended = text.mend_text(content)
    for repair in mended.repairs:
        problems += _report_repair(content, path, repair)
    return DecodedContent(mended.text.replace("\r", "\n"), problems)


def _decode_text(raw: bytes, path: str) -> tuple[str, list[Problem]]:
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
    remedy = "Save the file as UTF-8."
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "gb18030"
    try:
        decoded = raw.decode(encoding)
    except UnicodeDecodeError:
        message = f"The bytes on line {line} are neither UTF-8 nor GB 18030; unreadable ones show as U+FFFD."
        unreadable = create_problem("unreadable-bytes", path, line, 1, message, remedy)
        return raw.decode("utf-8-sig", errors="replace"), [unreadable]
    message = f"The file is not UTF-8; it was read as {encoding.upper()}."
    return decoded, [create_problem("wrong-encoding", path, line, 1, message, remedy)]


def _report_repair(content: str, path: str, rule: str) -> Iterator[Problem]:
    message, remedy = _SAYS[rule]
    for number, line in enumerate(content.split("\n"), 1):
        mended = text.mend_text(line)
        if rule in mended.repairs:
            pairs = enumerate(zip(line, mended.text, strict=False))
            column = next((place for place, (old, new) in pairs if old != new), len(mended.text))
            yield create_problem(rule, path, number, column + 1, message, remedy)
