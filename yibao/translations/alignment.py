"""Which sentences of the English and of the translation say the same.

Both texts are aligned sentence by sentence, in order, by dynamic programming over lengths (Gale and Church, "A Program
for Aligning Sentences in Bilingual Corpora", Computational Linguistics 19, 1993) and over anchors: words with their
usual renderings, names and figures. Sentences may be joined, split, left out and added. Only pairs near the diagonal
are looked at, so that time grows with the texts and not with their product.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from yibao.translations import lexicon, quantities
from yibao.translations.lexicon import Word
from yibao.translations.sentences import split_chinese_spans, split_english_spans
from yibao.translations.spans import count_chinese, mask_non_prose

_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-.][A-Za-z0-9]+)*")
#: Letters of English that one Chinese character stands for, and how far sentences stray from it.
_LETTERS_PER_CHARACTER = 4.1
_SPREAD = 4.5
#: What a step costs beside its lengths, by (English sentences, Chinese ones).
_MOVES = {(1, 1): 0.0, (1, 2): 3.0, (2, 1): 4.5, (2, 2): 8.0, (1, 3): 6.0, (3, 1): 9.0, (0, 1): 7.0, (1, 0): 6.5}
#: What a word of evidence weighs beside length, and the most that one sentence's words weigh.
_WEIGHT, _MOST = 0.9, 12.0
#: A name or figure that both sides have, and one that only the English has.
_ANCHOR_THERE, _ANCHOR_NOT = 3.0, -1.0
#: How far from the diagonal a pair may be, in sentences.
_BAND = 6
#: What lacking words weigh beside lengths. This and the prices were chosen among 18 settings on 300 seen pairs.
_EVIDENCE = 0.4

#: How many sentences of each side are behind us.
_At = tuple[int, int]


class Sentence(NamedTuple):
    """A sentence, as alignment sees it."""

    text: str
    #: From 0, within the whole text.
    start: int
    #: Without formulas, addresses and code, which are blanked.
    prose: str
    #: In letters of English.
    length: float
    #: Names and figures, in a form that both languages share.
    anchors: frozenset[str]
    #: Of English sentences: words that have renderings.
    words: tuple[Word, ...]


class Bead(NamedTuple):
    """Sentences that say the same; one side is empty where something was left out or added."""

    english: tuple[Sentence, ...]
    chinese: tuple[Sentence, ...]

    @property
    def english_prose(self) -> str:
        """The English sentences as one text."""
        return " ".join(sentence.prose for sentence in self.english)

    @property
    def chinese_prose(self) -> str:
        """The Chinese sentences as one text."""
        return "".join(sentence.prose for sentence in self.chinese)


def align_sentences(english: str, chinese: str) -> list[Bead]:
    """Align two texts, in order. Each sentence is in one bead."""
    source = [_measure_english(text, start) for start, text in split_english_spans(english)]
    own = [_measure_chinese(text, start) for start, text in split_chinese_spans(chinese)]
    if not source or not own:
        return [Bead((sentence,), ()) for sentence in source] + [Bead((), (sentence,)) for sentence in own]
    return [
        Bead(tuple(source[before[0] : after[0]]), tuple(own[before[1] : after[1]]))
        for before, after in _find_path(source, own)
    ]


def _measure_english(text: str, start: int) -> Sentence:
    prose = mask_non_prose(text)
    length = float(len(re.sub(r"\s+", " ", prose)))
    return Sentence(text, start, prose, length, _find_anchors(prose), tuple(lexicon.find_words(prose)))


def _measure_chinese(text: str, start: int) -> Sentence:
    prose = mask_non_prose(text)
    length = count_chinese(prose) * _LETTERS_PER_CHARACTER + sum(len(word) for word in _LATIN.findall(prose))
    return Sentence(text, start, prose, length, _find_anchors(prose), ())


def _find_anchors(prose: str) -> frozenset[str]:
    names = {word.lower().removesuffix("s") for word in _LATIN.findall(prose) if not word.islower()}
    figures = {str(value.normalize()) for quantity in quantities.find_quantities(prose) for value in quantity.values}
    return frozenset(names | figures)


def _find_path(source: Sequence[Sentence], own: Sequence[Sentence]) -> list[tuple[_At, _At]]:
    """Find the cheapest steps from the beginning of both texts to their end."""
    evidence = _Evidence(source, own)
    end = (len(source), len(own))
    best: dict[_At, tuple[float, _At]] = {(0, 0): (0.0, (0, 0))}
    slope = end[1] / end[0]
    for i in range(end[0] + 1):
        middle = round(i * slope)
        width = _BAND + round(slope)
        for j in range(max(0, middle - width), min(end[1], middle + width) + 1):
            at = (i, j)
            if at not in best:
                continue
            for step, price in _MOVES.items():
                to = (i + step[0], j + step[1])
                if to[0] <= end[0] and to[1] <= end[1]:
                    total = best[at][0] + price + (evidence.measure_distance(at, to) if all(step) else 0.0)
                    if to not in best or total < best[to][0]:
                        best[to] = (total, at)
    return _trace_path(best, end)


def _trace_path(best: Mapping[_At, tuple[float, _At]], end: _At) -> list[tuple[_At, _At]]:
    """Trace the steps to the end, in order."""
    steps = []
    while end != (0, 0):
        before = best[end][1]
        steps.append((before, end))
        end = before
    return steps[::-1]


class _Evidence:
    """How likely sentences say the same; what was weighed once is kept."""

    def __init__(self, source: Sequence[Sentence], own: Sequence[Sentence]) -> None:
        self._source, self._own = source, own
        self._shared = frozenset().union(*(sentence.anchors for sentence in own))
        self._weights: dict[tuple[int, int, int], float] = {}
        self._rendered: dict[_At, int] = {}

    def measure_distance(self, at: _At, to: _At) -> float:
        """Measure how unlikely it is that these say the same: by length, less what they share."""
        source, own = self._source[at[0] : to[0]], self._own[at[1] : to[1]]
        length, other = sum(one.length for one in source), sum(one.length for one in own)
        deviation = (other - length) / math.sqrt((length + other) / 2 + 1) / _SPREAD
        lacking = sum(_MOST - self._weigh(i, at[1], to[1]) for i in range(at[0], to[0]))
        return deviation * deviation + lacking * _EVIDENCE

    def _weigh(self, i: int, start: int, end: int) -> float:
        key = (i, start, end)
        if key not in self._weights:
            sentence, own = self._source[i], self._own[start:end]
            there = 0
            for j in range(start, end):
                there |= self._find_rendered(i, j)
            weight = _WEIGHT * sum(
                word.if_there if there >> place & 1 else word.if_not for place, word in enumerate(sentence.words)
            )
            expected = sentence.anchors & self._shared
            if expected:
                shared = len(expected & frozenset().union(*(one.anchors for one in own)))
                weight += _ANCHOR_THERE * shared + _ANCHOR_NOT * (len(expected) - shared)
            self._weights[key] = max(-_MOST, min(_MOST, weight))
        return self._weights[key]

    def _find_rendered(self, i: int, j: int) -> int:
        """Find which words of an English sentence a Chinese one renders, a bit each."""
        if (i, j) not in self._rendered:
            prose, bits = self._own[j].prose, 0
            for place, word in enumerate(self._source[i].words):
                for rendering in word.renderings:
                    if rendering in prose:
                        bits |= 1 << place
                        break
            self._rendered[i, j] = bits
        return self._rendered[i, j]
