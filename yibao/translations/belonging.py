"""Whose text it is: how likely a translated title or abstract is that of the English beside it.

Both directions count: how many of the English words have their usual rendering, how much of the Chinese the English has
words for, and which names the two share or not. The weights were fitted on seen pairs against the pairs next to them
(`benchmarks/evaluation/calibrate.py`), and the limits are where no true pair of theirs fell.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from yibao.records import SourceText, Translation
from yibao.text import join_lines
from yibao.translations import lexicon
from yibao.translations.spans import CJK, count_chinese, mask_non_prose

_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-.][A-Za-z0-9]+)*")
_RUN = re.compile(f"[{CJK}]+")
_NOT_ALNUM = re.compile(r"[^0-9a-z]")
#: More names say no more.
_MOST_NAMES = 4


class Signs(NamedTuple):
    """What speaks for and against a text's belonging to its English."""

    #: Mean weight of the English words, by their renderings.
    rendered: float
    #: Share of the Chinese renderings for which the English has a word.
    explained: float
    #: Names that both have, and names that only the Chinese has.
    shared: int
    foreign: int
    #: Of titles: the share of their signs, in twos, that the translated abstract has.
    repeated: float = 0.0


class Weights(NamedTuple):
    """What each sign weighs (logistic regression)."""

    bias: float
    rendered: float
    explained: float
    shared: float
    foreign: float
    repeated: float = 0.0


class Doubt(NamedTuple):
    """A title or abstract that is not its paper's."""

    rule: str
    message: str
    remedy: str
    #: Else it is about the abstract.
    is_title: bool


#: Below the first, neighbours are asked; above the second, one is the owner; below the third, it is a stranger's.
_DOUBTFUL, _SURE, _STRANGE = 0.5, 0.8, 0.12
#: Shorter English, in words with renderings, and shorter titles, in Chinese characters, say too little.
_LEAST_WORDS, _LEAST_TITLE = 6, 4
_DOUBTFUL_TITLE, _SURE_TITLE, _STRANGE_TITLE = 0.75, 0.3, 0.2
#: A neighbour owns a title, too, that fits it so many times as well as the paper.
_TIMES_LIKELIER, _LEAST_LIKELY = 6, 0.003
ABSTRACT = Weights(-5.17, 1.72, 8.91, 0.34, -1.59)
TITLE = Weights(-4.64, 1.35, 4.23, 1.39, -2.52, 5.45)


def measure_abstract(english_title: str, english: str, chinese: str) -> float:
    """Measure how likely an abstract is that of its English, from 0 to 1."""
    return weigh_signs(find_abstract_signs(english_title, english, chinese), ABSTRACT)


def measure_title(english_title: str, english: str, title: str, abstract: str) -> float:
    """Measure how likely a title is that of its English, from 0 to 1; `abstract` is the translated one."""
    return weigh_signs(find_title_signs(english_title, english, title, abstract), TITLE)


def find_doubts(translation: Translation, english: Mapping[str, SourceText], near: Sequence[str]) -> Iterator[Doubt]:
    """Find what of a translation is not its paper's. `near`: the papers around it, by identifier."""
    own = english[translation.arxiv_id]
    if len(lexicon.find_words(own.abstract)) < _LEAST_WORDS or not translation.abstract:
        return
    others = [(one, english[one]) for one in near if one != translation.arxiv_id and english[one].abstract]
    likely = measure_abstract(own.title, own.abstract, translation.abstract)
    if likely < _DOUBTFUL:
        owner, best = max(
            ((one, measure_abstract(text.title, text.abstract, translation.abstract)) for one, text in others),
            key=lambda pair: pair[1], default=("", 0.0),
        )  # fmt: skip
        if best > _SURE:
            yield Doubt("other-text", f"This is the abstract of {owner}.", f"Move it to {owner}.", is_title=False)
        elif likely < _STRANGE:
            yield Doubt(
                "other-text",
                "This abstract has next to nothing of the English one.",
                "Look whose it is.",
                is_title=False,
            )
    if translation.title and count_chinese(translation.title) >= _LEAST_TITLE:
        yield from _doubt_title(translation.title, translation.abstract, own, others)
    elif translation.title:
        yield from _doubt_short_title(translation.title, own, others)


def _doubt_title(
    title: str, abstract: str, own: SourceText, others: Sequence[tuple[str, SourceText]]
) -> Iterator[Doubt]:
    likely = measure_title(own.title, own.abstract, title, abstract)
    if likely >= _DOUBTFUL_TITLE:
        return
    # The abstract is no neighbour's, so that titles are compared by themselves.
    bare = measure_title(own.title, own.abstract, title, "")
    owner, best = max(
        ((one, measure_title(text.title, text.abstract, title, "")) for one, text in others),
        key=lambda pair: pair[1], default=("", 0.0),
    )  # fmt: skip
    if best > min(_SURE_TITLE, _TIMES_LIKELIER * max(bare, _LEAST_LIKELY)) and best > bare:
        yield Doubt("other-title", f"This is the title of {owner}.", f"Move it to {owner}.", is_title=True)
    elif likely < _STRANGE_TITLE:
        yield Doubt(
            "unlike-title", f"This title has little of “{join_lines(own.title)}”.", "Compare the two.", is_title=True
        )


def _doubt_short_title(title: str, own: SourceText, others: Sequence[tuple[str, SourceText]]) -> Iterator[Doubt]:
    """Ask by name whose title it is that has too few Chinese characters to be weighed: DINOv3."""
    if _count_names(f"{own.title}\n{own.abstract}", title)[0]:
        return
    owner = next((one for one, text in others if (names := _count_names(text.title, title))[0] and not names[1]), None)
    if owner:
        yield Doubt("other-title", f"This is the title of {owner}.", f"Move it to {owner}.", is_title=True)


def find_abstract_signs(english_title: str, english: str, chinese: str) -> Signs:
    """Find what speaks for an abstract and against it."""
    prose, source = mask_non_prose(chinese), f"{english_title}\n{english}"
    words = lexicon.find_words(english)
    rendered = lexicon.weigh_words(words, prose) / max(1, len(words))
    return Signs(rendered, lexicon.explain_renderings(source, prose), *_count_names(source, prose))


def find_title_signs(english_title: str, english: str, title: str, abstract: str) -> Signs:
    """Find what speaks for a title and against it."""
    source = f"{english_title}\n{english}"
    words = lexicon.find_words(english_title)
    rendered = lexicon.weigh_words(words, title) / max(1, len(words))
    twos = {run[at : at + 2] for run in _RUN.findall(title) for at in range(len(run) - 1)}
    repeated = sum(two in abstract for two in twos) / max(1, len(twos))
    return Signs(rendered, lexicon.explain_renderings(source, title), *_count_names(source, title), repeated)


def weigh_signs(signs: Signs, weights: Weights) -> float:
    """Weigh signs to a likelihood."""
    total = weights.bias + sum(sign * weight for sign, weight in zip(signs, weights[1:], strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def _count_names(english: str, chinese: str) -> tuple[int, int]:
    """Count the names of the Chinese that the English has, and those that it does not have."""
    squeezed = _NOT_ALNUM.sub("", english.lower())
    names = {_NOT_ALNUM.sub("", name.lower()) for name in _LATIN.findall(chinese)}
    names = {name for name in names if len(name) > 1}
    shared = sum(name in squeezed or name.removesuffix("s") in squeezed for name in names)
    return min(_MOST_NAMES, shared), min(_MOST_NAMES, len(names) - shared)
