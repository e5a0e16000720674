"""Rules of typography for one line of a translation, each with its cure where that is safe."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from yibao.maths import FORMULA
from yibao.translations.spans import CJK, mask_non_prose

_CHINESE = f"{CJK}，。：；！？、）》”"
_HALF = re.compile(
    rf"(?<=[{CJK}）》”])[ \t]*([,;:?!])[ \t]*(?=[{_CHINESE}（《“]|$)|(?<=[{CJK}）》”])\.[ \t]*(?=[{CJK}]|$)"
)
_FULL = str.maketrans(",;:?!.", "，；：？！。")
_SPACING = re.compile(rf"(?<=[{CJK}])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9%])(?=[{CJK}])")
_MACRO = re.compile(r"~?\\(?P<name>[A-Za-z]+)\*?~?")
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>")
_PERCENT = re.compile(r"(?<!\\)%")
_DOLLAR = re.compile(r"(?<!\\)\$(?!\d)")
#: Commands that stand in prose and that we show as what they mean, or that cite and refer.
_KNOWN = """
emph textbf textit texttt textsc textrm textsf textsuperscript textsubscript underline mbox text ldots
dots cite citep citet ref url href footnote LaTeX TeX quad qquad textasciitilde textbackslash ae AE oe OE
o O l L ss aa AA i j
"""


_KNOWN_MACROS = frozenset(_KNOWN.split())


class Slip(NamedTuple):
    """A breach within a line."""

    rule: str
    #: From 0, within the line.
    column: int
    length: int
    message: str
    remedy: str


class Edit(NamedTuple):
    """Text to put in the place of other text."""

    start: int
    end: int
    text: str


def find_slips(line: str, *, is_chinese: bool) -> Iterator[Slip]:
    """Find what is wrong in a line of prose, each rule once: the first place, and how many there are."""
    bare = mask_non_prose(line)
    if is_chinese:
        yield from _find_half_width(bare)
        yield from _find_spacing(bare)
    yield from _find_macros(bare)
    for tag in _TAG.finditer(bare) if "<" in bare else ():
        yield Slip("raw-html", tag.start(), len(tag[0]), f"{tag[0]} would be shown as it is written.", "Delete it.")
    yield from _find_maths_slips(line, bare)


def propose_edits(line: str) -> list[tuple[str, Edit]]:
    """Propose what would make the line's typography right, with the rule that asks for it, by place."""
    bare = mask_non_prose(line)
    edits = [
        ("half-width-punctuation", Edit(match.start(), match.end(), match[0].strip().translate(_FULL)))
        for match in _HALF.finditer(bare)
    ]
    edits += [("script-spacing", Edit(match.start(), match.start(), " ")) for match in _SPACING.finditer(bare)]
    for formula in FORMULA.finditer(line) if "%" in line and "$" in line else ():
        places = (formula.start() + match.start() for match in _PERCENT.finditer(formula[0]))
        edits += [("bare-percent", Edit(place, place + 1, r"\%")) for place in places]
    return sorted(edits, key=lambda edit: edit[1])


def _find_half_width(bare: str) -> Iterator[Slip]:
    matches = list(_HALF.finditer(bare))
    if matches:
        sign = matches[0][0].strip()
        message = f"Half-width {sign!r} stands in Chinese{_count_places(matches)}."
        yield Slip(
            "half-width-punctuation",
            matches[0].start(),
            len(matches[0][0]),
            message,
            f"Write {sign.translate(_FULL)!r}.",
        )


def _find_spacing(bare: str) -> Iterator[Slip]:
    matches = list(_SPACING.finditer(bare))
    if matches:
        message = f"No space stands between Chinese and Latin{_count_places(matches)}."
        yield Slip("script-spacing", matches[0].start() - 1, 2, message, "Put a space between them.")


def _find_macros(bare: str) -> Iterator[Slip]:
    for match in _MACRO.finditer(bare) if "\\" in bare else ():
        if match["name"] not in _KNOWN_MACROS:
            message = f"{match[0]} is a macro of the authors' own; readers would see it as it is written."
            yield Slip("undefined-macro", match.start(), len(match[0]), message, "Write what it stands for.")


def _find_maths_slips(line: str, bare: str) -> Iterator[Slip]:
    if "$" not in line:
        return
    for formula in FORMULA.finditer(line):
        percent = _PERCENT.search(formula[0])
        if percent:
            message = "In TeX a percent sign makes the rest of the formula a comment."
            yield Slip("bare-percent", formula.start() + percent.start(), 1, message, r"Write \%.")
    lone = list(_DOLLAR.finditer(bare))
    if len(lone) % 2:
        message = "A dollar sign has no partner, so that the formula is shown as it is written."
        yield Slip("unbalanced-maths", lone[-1].start(), 1, message, r"Close the formula, or write \$ for money.")


def _count_places(matches: list[re.Match[str]]) -> str:
    return f" ({len(matches)} places in this line)" if len(matches) > 1 else ""
