"""Whether a sentence of the English has no counterpart in the translation.

The two texts are aligned sentence by sentence, in order, by dynamic programming over lengths (after Gale and Church,
"A Program for Aligning Sentences in Bilingual Corpora", Computational Linguistics 19, 1993) and over what the two
sides share: names, figures, and common words of abstracts with their usual renderings.
"""

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import product
from typing import NamedTuple

from yibao.translations import quantities
from yibao.translations.spans import count_chinese, mask_non_prose

_ENGLISH_END = re.compile(
    r"(?<![A-Z])(?<!\be\.g)(?<!\bi\.e)(?<!\bet al)(?<!\bvs)(?<!\bcf)(?<!\bFig)(?<!\bEq)"
    r"[.!?](?:[\"')\]”]*)\s+(?=[A-Z0-9$\"'(\[\\“])"
)
_CHINESE_END = re.compile(r"(?<=[。！？；!?])[”」』）)\"]*|(?<=[\w）)])\.\s+(?=[\u4e00-\u9fffA-Z])|\n+")
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-.][A-Za-z0-9]+)*")
_STEM = re.compile(r"(?:ations?|ings?|ies|ed|es|s|e|y)$")
#: Letters of English that one Chinese character stands for, and how far sentences stray from it. These and the prices
#: below were fitted to 435 real pairs, with and without a sentence taken out: see docs/decisions/0009-translations.md.
_LETTERS_PER_CHARACTER = 4.1
_SPREAD = 3.5
#: What a step of the alignment costs beside its lengths, by (English sentences, Chinese ones).
_MOVES = {(1, 1): 0.0, (1, 2): 3.0, (2, 1): 5.0, (2, 2): 8.0, (1, 3): 6.0, (3, 1): 10.0, (0, 1): 6.0, (1, 0): 8.0}
#: The price of an English sentence of whose marks, those that are somewhere in the translation, none is found.
_EVIDENCE = 8.0
_PRIOR = 0.5


#: How many sentences of each side are behind us.
_At = tuple[int, int]


class Sentence(NamedTuple):
    """A sentence, as alignment sees it."""

    text: str
    #: In letters of English.
    length: float
    #: Names, figures and words, in a form that both languages share.
    marks: frozenset[str]


def find_missing_sentences(english: str, abstract: str) -> list[str]:
    """Find the sentences of the English that nothing in the abstract stands for, in order."""
    source = [_measure_sentence(sentence, is_chinese=False) for sentence in split_english(english)]
    own = [_measure_sentence(sentence, is_chinese=True) for sentence in split_chinese(abstract)]
    if not source or not own:
        return []
    return [source[i].text for i in _align(source, own)]


def split_english(text: str) -> list[str]:
    """Split an English text into sentences."""
    return _split_sentences(_ENGLISH_END, text)


def split_chinese(text: str) -> list[str]:
    """Split a Chinese text into sentences."""
    return _split_sentences(_CHINESE_END, text)


def _split_sentences(pattern: re.Pattern[str], text: str) -> list[str]:
    ends = [match.end() for match in pattern.finditer(text)]
    parts = (text[start:end].strip() for start, end in zip([0, *ends], [*ends, len(text)], strict=True))
    return [part for part in parts if len(part) > 1]


def _measure_sentence(text: str, *, is_chinese: bool) -> Sentence:
    bare = mask_non_prose(text)
    if is_chinese:
        characters = count_chinese(bare)
        length = characters * _LETTERS_PER_CHARACTER + sum(len(word) for word in _LATIN.findall(bare))
        marks = {index for rendering, indexes in _index_renderings().items() if rendering in bare for index in indexes}
    else:
        length = float(len(re.sub(r"\s+", " ", bare)))
        marks = {index for word in _LATIN.findall(bare.lower()) if (index := _index_words().get(_stem_word(word)))}
    marks |= {word.lower().removesuffix("s") for word in _LATIN.findall(bare) if not is_chinese or len(word) > 1}
    marks |= {str(value.normalize()) for quantity in quantities.find_quantities(bare) for value in quantity.values}
    return Sentence(text, length, frozenset(marks))


def _align(source: Sequence[Sentence], own: Sequence[Sentence]) -> list[int]:
    """Find the English sentences, by index, that the cheapest alignment leaves alone."""
    shared = frozenset().union(*(sentence.marks for sentence in own))
    origin = (0, 0)
    best = {origin: (0.0, origin)}
    for at in product(range(len(source) + 1), range(len(own) + 1)):
        if at not in best:
            continue
        for step, price in _MOVES.items():
            to = (at[0] + step[0], at[1] + step[1])
            if to[0] <= len(source) and to[1] <= len(own):
                cost = _measure_distance(source[at[0] : to[0]], own[at[1] : to[1]], shared) if all(step) else 0.0
                total = best[at][0] + price + cost
                if to not in best or total < best[to][0]:
                    best[to] = (total, at)
    return [before[0] for before, after in _trace_path(best, (len(source), len(own))) if before[1] == after[1]]


def _trace_path(best: Mapping[_At, tuple[float, _At]], end: _At) -> list[tuple[_At, _At]]:
    """Trace the steps to the end, in order."""
    steps = []
    while end != (0, 0):
        before = best[end][1]
        steps.append((before, end))
        end = before
    return steps[::-1]


def _measure_distance(source: Sequence[Sentence], own: Sequence[Sentence], shared: frozenset[str]) -> float:
    """Measure how unlikely it is that these say the same: by length, less what they share."""
    length, other = sum(sentence.length for sentence in source), sum(sentence.length for sentence in own)
    deviation = (other - length) / math.sqrt((length + other) / 2 + 1) / _SPREAD
    present = frozenset().union(*(sentence.marks for sentence in own))
    lacking = 0.0
    for sentence in source:
        expected = sentence.marks & shared
        lacking += 1 - (len(expected & present) + _PRIOR) / (len(expected) + 2 * _PRIOR)
    return deviation * deviation + _EVIDENCE * lacking


def _stem_word(word: str) -> str:
    return _STEM.sub("", word) if len(word) > 4 else word  # noqa: PLR2004  (short words are their own stems)


@lru_cache(maxsize=1)
def _load_lexicon() -> list[tuple[list[str], list[str]]]:
    lines = (files("yibao.translations") / "lexicon.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return [(english.split(), chinese_.split()) for english, chinese_ in rows]


@lru_cache(maxsize=1)
def _index_words() -> dict[str, str]:
    """Index marks by the stem of an English word."""
    return {_stem_word(word): f"#{number}" for number, (english, _) in enumerate(_load_lexicon()) for word in english}


@lru_cache(maxsize=1)
def _index_renderings() -> dict[str, list[str]]:
    """Index marks by Chinese rendering."""
    marks: dict[str, list[str]] = {}
    for number, (_, renderings) in enumerate(_load_lexicon()):
        for rendering in renderings:
            marks.setdefault(rendering, []).append(f"#{number}")
    return marks
