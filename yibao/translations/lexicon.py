"""Words of abstracts with their usual renderings, and how often those stand in a translation and by chance.

The table is `lexicon.tsv`: the stem of an English word, Chinese renderings, how many of 100 sentences that translate
one with the word hold a rendering, and how many of 100 others do. `benchmarks/evaluation/lexicon.py` counted it.
"""

import math
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

_STEM = re.compile(r"(?:ations?|ings?|ies|ed|es|s|e|y)$")
_WORD = re.compile(r"[a-z]{3,}(?:-[a-z]{3,})*")
#: No count is so sure that it excludes the other.
_LEAST, _MOST = 0.002, 0.98
#: Of renderings, the longest first.
_LENGTHS = (5, 4, 3, 2)


class Word(NamedTuple):
    """A word that has renderings."""

    stem: str
    renderings: tuple[str, ...]
    #: How much it speaks for a translation that a rendering is there, and that none is (natural logarithms).
    if_there: float
    if_not: float


@lru_cache(maxsize=1 << 14)  # The same words come again in every abstract.
def stem_word(word: str) -> str:
    """Cut the ending off an English word in small letters."""
    return _STEM.sub("", word) if len(word) > 4 else word  # noqa: PLR2004  (short words are their own stems)


def is_word(word: str) -> bool:
    """Check whether the table knows an English word."""
    return stem_word(word) in _load_table()


def find_words(english: str) -> list[Word]:
    """Find the words of an English text that have renderings, each once, in order."""
    table = _load_table()
    stems = dict.fromkeys(stem_word(word) for word in _WORD.findall(english.lower()))
    return [table[stem] for stem in stems if stem in table]


def weigh_words(words: Iterable[Word], chinese: str) -> float:
    """Weigh how much speaks for the Chinese text translating these words: above 0 for, below 0 against."""
    return sum(word.if_there if any(one in chinese for one in word.renderings) else word.if_not for word in words)


@lru_cache(maxsize=1)
def _load_table() -> dict[str, Word]:
    lines = (files("yibao.translations") / "lexicon.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {stem: _parse_word(stem, renderings, own, other) for stem, renderings, own, other in rows}


def _parse_word(stem: str, renderings: str, own: str, other: str) -> Word:
    there, chance = (min(_MOST, max(_LEAST, float(share) / 100)) for share in (own, other))
    return Word(stem, tuple(renderings.split()), math.log(there / chance), math.log((1 - there) / (1 - chance)))


def explain_renderings(english: str, chinese: str) -> float:
    """Measure how much of what a Chinese text says by known renderings the English has words for, from 0 to 1.

    Rare renderings count more. 1 where the text has none.
    """
    table, index = _load_table(), _index_renderings()
    stems = {stem_word(word) for part in _WORD.findall(english.lower()) for word in (part, *part.split("-"))}
    explained = total = 0.0
    for rendering in dict.fromkeys(_find_renderings(chinese)):
        candidates = index[rendering]
        weight = max(table[stem].if_there for stem in candidates)
        total += weight
        explained += weight if any(stem in stems for stem in candidates) else 0.0
    return explained / total if total else 1.0


def _find_renderings(chinese: str) -> Iterator[str]:
    """Find the longest known rendering at each place."""
    index, at = _index_renderings(), 0
    while at < len(chinese):
        found = next((chinese[at : at + n] for n in _LENGTHS if chinese[at : at + n] in index), None)
        if found:
            yield found
        at += len(found) if found else 1


@lru_cache(maxsize=1)
def _index_renderings() -> dict[str, list[str]]:
    """Index stems by rendering."""
    index: dict[str, list[str]] = {}
    for word in _load_table().values():
        for rendering in word.renderings:
            index.setdefault(rendering, []).append(word.stem)
    return index
