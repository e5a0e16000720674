"""Which parts of a text are prose, and which are formulas, addresses and code, which rules for prose leave alone."""

import re

from yibao.maths import FORMULA

CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
ADDRESS = re.compile(
    r"https?://[^\s{}<>\"\u0080-\uffff]+[A-Za-z0-9/#=_~-]"
    r"|[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]+\.[A-Za-z0-9.-]*[A-Za-z]"
)
_CODE = re.compile(r"`[^`\n]*`")
_TARGET = re.compile(r"(?<=\])\([^()\s]*\)")
_LETTERS = re.compile(f"[{CJK}]")
_LATIN_PER_CHARACTER = 3
#: Stands for each character that is no prose: neither a letter nor a sign of punctuation.
BLANK = "\ufffc"


def mask_non_prose(text: str) -> str:
    """Blank each character of a formula, an address or code; the text keeps its length."""
    for sign, pattern in (("$", FORMULA), ("`", _CODE), ("](", _TARGET), ("://", ADDRESS), ("@", ADDRESS)):
        if sign in text:
            text = pattern.sub(_blank_match, text)
    return text


def count_chinese(text: str) -> int:
    """Count the Chinese characters."""
    return len(_LETTERS.findall(text))


def is_chinese(text: str) -> bool:
    """Check whether a title is in Chinese, and not an English one with a Chinese word in it."""
    return count_chinese(text) * _LATIN_PER_CHARACTER > len(text)


def _blank_match(match: re.Match[str]) -> str:
    return BLANK * (match.end() - match.start())
