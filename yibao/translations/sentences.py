"""Where sentences end, in English and in Chinese."""

import re

_ENGLISH_END = re.compile(
    r"(?<![A-Z])(?<!\be\.g)(?<!\bi\.e)(?<!\bet"
    r" al)(?<!\bvs)(?<!\bcf)(?<!\bFig)(?<!\bEq)(?<!\bNo)(?<!\bresp)(?<!\bapprox)"
    r"[.!?](?:[\"')\]”]*)\s+(?=[A-Z0-9$\"'(\[\\“])"
    # A blank was forgotten: quality.Modular methods
    r"|(?<=[a-z]{3})\.(?=[A-Z][a-z]*,? [a-z])"
)
_CHINESE_END = re.compile(r"(?<=[。！？；!?])[”」』）)\"]*|(?<=[\w）)])\.\s+(?=[\u4e00-\u9fffA-Z])|\n+")


def split_english(text: str) -> list[str]:
    """Split an English text into sentences."""
    return [part for _, part in split_english_spans(text)]


def split_chinese(text: str) -> list[str]:
    """Split a Chinese text into sentences."""
    return [part for _, part in split_chinese_spans(text)]


def split_english_spans(text: str) -> list[tuple[int, str]]:
    """Split an English text into sentences, each with its place, from 0."""
    return _split_sentences(_ENGLISH_END, text)


def split_chinese_spans(text: str) -> list[tuple[int, str]]:
    """Split a Chinese text into sentences, each with its place, from 0."""
    return _split_sentences(_CHINESE_END, text)


def _split_sentences(pattern: re.Pattern[str], text: str) -> list[tuple[int, str]]:
    ends = [match.end() for match in pattern.finditer(text)]
    parts = []
    for start, end in zip([0, *ends], [*ends, len(text)], strict=True):
        part = text[start:end]
        if len(part.strip()) > 1:
            parts.append((start + len(part) - len(part.lstrip()), part.strip()))
    return parts
