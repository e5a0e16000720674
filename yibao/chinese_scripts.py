"""Simplified Chinese as Traditional, in the words of Taiwan. Formulas, code and addresses stay as they are.

The conversion is OpenCC's, phrase by phrase; pages say that it is one. Source: https://github.com/BYVoid/OpenCC.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from opencc import OpenCC

from yibao import maths
from yibao.records import Translation

LANGUAGE = "zh-Hant"
_SIMPLIFIED = ("zh", "zh-Hans", "zh-CN", "zh-SG", "zh-Hans-CN")
_TRADITIONAL = ("zh-Hant", "zh-TW", "zh-HK", "zh-MO")
_CODE_OR_ADDRESS = re.compile(r"`[^`\n]+`|https?://[!-~]+|<[^<>]*>")


def is_simplified(language: str) -> bool:
    """Check whether texts in this language (BCP 47) can be converted."""
    return language in _SIMPLIFIED


def is_traditional(language: str) -> bool:
    """Check whether texts in this language (BCP 47) are Traditional as they are."""
    return language.startswith(_TRADITIONAL)


def convert_text(text: str) -> str:
    """Convert a text to Traditional characters and words; formulas, code, tags and addresses stay as they are."""
    parts, end = [], 0
    for start, stop in _find_literals(text):
        parts += [_load_converter().convert(text[end:start]), text[start:stop]]
        end = stop
    return "".join([*parts, _load_converter().convert(text[end:])])


def convert_translation(translation: Translation) -> Translation:
    """Convert a translation to Traditional; the names of its people, its licence and its path stay as they are."""
    return replace(
        translation,
        language=LANGUAGE,
        title=convert_text(translation.title) if translation.title else translation.title,
        abstract=convert_text(translation.abstract),
    )


def choose_traditional(
    written: Translation | None, others: Iterable[Translation] = ()
) -> tuple[Translation | None, bool]:
    """Choose the translation that readers of Traditional Chinese are shown, and whether it is converted.

    What a person wrote in Traditional Chinese comes first; what is not Chinese stays as it is.
    """
    candidates = [one for one in (written, *others) if one]
    by_hand = next((one for one in candidates if is_traditional(one.language)), None)
    if by_hand or written is None or not is_simplified(written.language):
        return by_hand or written, False
    return convert_translation(written), True


def _find_literals(text: str) -> Iterator[tuple[int, int]]:
    """Find the spans that are not converted, in order, without overlaps."""
    spans = [match.span() for match in _CODE_OR_ADDRESS.finditer(text)]
    spans += [match.span() for match in maths.FORMULA.finditer(text)] if "$" in text else []
    end = 0
    for start, stop in sorted(spans):
        if stop > end:
            yield max(start, end), stop
            end = stop


@lru_cache(maxsize=1)
def _load_converter() -> OpenCC:
    return OpenCC("s2twp")
