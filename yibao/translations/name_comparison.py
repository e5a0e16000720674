"""Whether the translation has the names of the English, each time that it names something, and no others.

A name is what no translator renders: letters with figures or capitals inside, acronyms, capitalised words. Spellings
that differ by hyphen, case or plural are one name (GPT-4, GPT4).
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from yibao.translations import lexicon
from yibao.translations.alignment import Bead
from yibao.translations.losses import Loss
from yibao.translations.spans import mask_non_prose

_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-.+][A-Za-z0-9]+)*")
#: CamelCase, or letters with figures: names that no translator renders. Acronyms are left out: many are rendered.
_NAME = re.compile(
    r"(?<![\w\\/.])(?:[A-Za-z0-9]+[-.+])*[A-Za-z]*(?:[a-z][A-Z]|[A-Z]{2,}[a-z]{2,}|[A-Za-z]-?\d)"
    r"[A-Za-z0-9]*(?:[-.+]?[A-Za-z0-9]+)*"
)
_NOT_A_NAME = re.compile(
    r"(?i)^(?:\d+d|\d+(?:st|nd|rd|th)|[a-z]-?\d|.*-(?:based|level|aware|style|like|shot)|\d.*|(?:rgb|2d|3d|4d).*|e\.g.*"
    r"|.*arxiv.*|[A-Z]+s|(?:top|round|stage|phase|step|level|type|figure|table|section|team|task|case|pass|hit)s?-?@?\d+)$"
)
_SQUEEZE = re.compile(r"[^0-9a-z]")
#: A word in capitals as in a title, and what may stand before it in brackets.
_ORDINARY = re.compile(r"[A-Z][a-z]+(?:-[A-Z]?[a-z]+)*")
_GLOSS = re.compile(r"[A-Za-z ,-]*")
_CITATION = re.compile(r"\\cite\w*\{[^}]*\}|\[[A-Z][A-Za-z+]*\d{2,4}[a-z]?\]")
#: SHapley, exPlanation: capitals that spell an acronym somewhere near.
_STYLISED = re.compile(r"^(?:[A-Z]{2,}[a-z]{2,}|[a-z]+[A-Z]+[a-z]+|[A-Z][a-z]+[A-Z][a-z]{1,4})$")
_FIGURES = re.compile(r"\d+")
#: What Chinese calls them.
_IN_CHINESE = {
    "co2": "二氧化碳", "covid19": "新冠", "iot": "物联网", "mmwave": "毫米波", "h2o": "水", "o3": "臭氧",
    "pm25": "细颗粒物", "lidar": "激光雷达",
    "sota": "最先进", "wifi": "无线", "phd": "博士", "n2o": "氧化亚氮", "ch4": "甲烷",
    "github": "代码", "youtube": "视频",
}  # fmt: skip
#: Latin that translators write whether or not the English has it.
_COMMON_NAMES = """
ai ml dl rl nlp cv llm mllm vlm lm lms gpu cpu api sota cnn rnn gnn gan mlp dnn qa ui gui ocr vr ar pc id pdf app
web token tokens agent agents transformer transformers github huggingface internet bug online 2d 3d 4d rgb ood moe
rag sft cot vqa http url usb iot gps dna rna ct mri t2i t2v asr tts kv hz ok vs i.e. e.g. s2s ode pde svm pca sgd iid
"""
_COMMON = frozenset(_COMMON_NAMES.split())
#: Names of fewer signs are too short to be sure of; of fewer than the second, one sign apart is another name.
_SHORT, _MIDDLE = 3, 6


class _Name(NamedTuple):
    text: str
    #: In small letters and figures only.
    bare: str
    start: int


def compare_names(title: str, english: str, abstract: str, beads: Sequence[Bead]) -> Iterator[Loss]:
    """Find names that are missing, another one, or not in the English. `title`: the English one."""
    english = _CITATION.sub(" ", english)
    known = _Known(f"{title}\n{english}")
    prose = mask_non_prose(abstract)
    changed: set[str] = set()
    for name in _find_tokens(prose):
        if known.has_name(name.bare) or name.bare in _COMMON or not _is_name(name.text):
            continue
        meant = known.find_similar(name)
        if meant:
            changed.add(meant.bare)
            message = f"The English has {meant.text}, the translation {name.text}."
            yield Loss("name-changed", name.text, message, f"Write {meant.text}.", name.start)
        elif not known.has_parts(name.text) and not _is_gloss(prose, name):
            message = f"{name.text} is not in the English."
            yield Loss("name-added", name.text, message, "Compare the two.", name.start)
    yield from _find_swapped(english, prose, beads)
    yield from _find_missing(english, abstract, beads, changed)


def _is_gloss(prose: str, name: _Name) -> bool:
    """Check whether ordinary words explain a Chinese term in brackets behind it: 重采样 (Tool Call Resampling)."""
    opened = max(prose.rfind("(", 0, name.start), prose.rfind("（", 0, name.start))
    inside = prose[opened + 1 : name.start] if opened >= 0 else ")"
    return bool(_ORDINARY.fullmatch(name.text)) and bool(_GLOSS.fullmatch(inside))


class _Known:
    """The names of the English, to be asked for in any spelling."""

    def __init__(self, english: str) -> None:
        prose = mask_non_prose(english)
        self._names = _find_tokens(prose)
        parts = (part for name in self._names for part in re.split(r"[-.+]", name.text))
        self._bare = {name.bare for name in self._names} | {_squeeze(part) for part in parts}
        self._bare |= {one.removesuffix("s") for one in self._bare}
        self._squeezed = _squeeze(english)
        words = re.findall(r"[A-Za-z][A-Za-z0-9]*|\d+", prose)
        self._initials = "".join(
            word if word.isupper() else "2" if word in ("to", "two") else word[0] for word in words
        ).lower()
        self._short_initials = "".join(
            word if word.isupper() else word[0]
            for word in words
            if word.lower() not in ("of", "and", "the", "for", "in", "to", "with", "a", "on")
        ).lower()

    def has_name(self, bare: str) -> bool:
        """Whether the English has this name, in some spelling, or words that it is an acronym of."""
        single = bare.removesuffix("s")
        if bare in self._bare or single in self._bare:
            return True
        if len(bare) >= _MIDDLE and (bare in self._squeezed or single in self._squeezed):
            return True
        return len(single) <= _MIDDLE and (single in self._initials or single in self._short_initials)

    def has_parts(self, text: str) -> bool:
        """Whether each part of a compound is known, or an ordinary word that a translator adds in brackets."""
        parts = [part for part in re.split(r"[-.+]", text) if part]
        return all(
            part.isdigit()
            or len(part) == 1
            or self.has_name(_squeeze(part))
            or _squeeze(part) in _COMMON
            or (not _FIGURES.search(part) and part[1:].islower() and lexicon.is_word(part.lower()))
            for part in parts
        )

    def find_similar(self, name: _Name) -> _Name | None:
        """Find the name that was probably meant: other figures, or another sign or two."""
        if len(name.bare) < _SHORT:
            return None
        limit = 1 if len(name.bare) <= _MIDDLE else 2
        return next(
            (
                one
                for one in self._names
                if _is_name(one.text)
                and len(one.bare) >= _SHORT
                and (_differ_in_figures(one.bare, name.bare) or _is_within(one.bare, name.bare, limit))
            ),
            None,
        )


def _find_swapped(english: str, prose: str, beads: Sequence[Bead]) -> Iterator[Loss]:
    """Find a name in place of a similar one that stands elsewhere in the English, such as GPT-4 for GPT-3."""
    source, own = (Counter(name.bare for name in _find_tokens(text)) for text in (mask_non_prose(english), prose))
    for bead in beads:
        if not bead.english or not bead.chinese:
            continue
        theirs, ours = _find_tokens(bead.english_prose), _find_tokens(bead.chinese_prose)
        expected = {name.bare for name in theirs}
        yield from _find_strange_acronyms(bead, theirs, ours, source, own, prose)
        lacking = [
            one
            for one in theirs
            if _FIGURES.search(one.bare)
            and own[one.bare] < source[one.bare]
            and one.bare not in {name.bare for name in ours}
        ]
        for name in ours:
            if name.bare in expected or not source[name.bare] or own[name.bare] <= source[name.bare]:
                continue
            meant = next((one for one in lacking if _differ_in_figures(one.bare, name.bare)), None)
            if meant:
                message = f"The English has {meant.text}, the translation {name.text}."
                start = prose.find(name.text, bead.chinese[0].start)
                yield Loss("name-changed", name.text, message, f"Write {meant.text}.", start)


def _find_strange_acronyms(  # noqa: PLR0913  (both sides of a bead, and of the whole)
    bead: Bead, theirs: Sequence[_Name], ours: Sequence[_Name], source: Counter[str], own: Counter[str], prose: str
) -> Iterator[Loss]:
    """Find a common acronym in place of one that the sentence has, such as RAG for SFT."""
    here = {name.bare for name in ours}
    lacking = [
        one
        for one in theirs
        if one.text.isupper() and len(one.bare) >= _SHORT and one.bare not in here and own[one.bare] < source[one.bare]
    ]
    for name in ours if lacking else ():
        if name.text.isupper() and len(name.bare) >= _SHORT and name.bare in _COMMON and not source[name.bare]:
            message = f"The English has {lacking[0].text}, the translation {name.text}."
            yield Loss(
                "name-added",
                name.text,
                message,
                f"Write {lacking[0].text}.",
                prose.find(name.text, bead.chinese[0].start),
            )


def _find_missing(english: str, abstract: str, beads: Sequence[Bead], changed: set[str]) -> Iterator[Loss]:
    squeezed = _squeeze(abstract)
    rendered = " ".join(bead.english_prose for bead in beads if bead.chinese) if beads else mask_non_prose(english)
    seen = set(changed)
    for match in _NAME.finditer(rendered):
        name = match[0].strip("-.+")
        parts = [part for part in re.split(r"-(?=[A-Za-z])", name) if _NAME.fullmatch(part)] or [name]
        bares = [_squeeze(part) for part in parts]
        if bares[0] in seen or _NOT_A_NAME.match(name) or _is_stylised(name, english) or len(bares[0]) < _SHORT:
            continue
        seen.add(bares[0])
        if not all(
            bare in squeezed or bare.removesuffix("s") in squeezed or _IN_CHINESE.get(bare, "-") in abstract
            for bare in bares
        ):
            yield Loss("name-missing", name, f"{name} of the English is missing.", "Keep names as they are.")


def _is_stylised(name: str, english: str) -> bool:
    """Check whether a word only shows where the letters of an acronym come from: BAlanced, exPlanation."""
    if not _STYLISED.match(name):
        return False
    capitals = "".join(sign for sign in name if sign.isupper())
    others = [one for one in _TOKEN.findall(english) if one != name and sum(map(str.isupper, one)) > 1]
    is_word = lexicon.is_word(name.lower())
    return is_word or any(
        _STYLISED.match(other) or (capitals.lower() in other.lower() and len(capitals) > 1) for other in others
    )


def _find_tokens(prose: str) -> list[_Name]:
    return [_Name(match[0], _squeeze(match[0]), match.start()) for match in _TOKEN.finditer(prose)]


def _is_name(text: str) -> bool:
    return len(text) > 1 and not text.islower()


@lru_cache(maxsize=1 << 12)  # A name is met again in its sentence, its paragraph and its whole text.
def _squeeze(text: str) -> str:
    return _SQUEEZE.sub("", text.lower())


def _differ_in_figures(first: str, second: str) -> bool:
    return (
        first != second
        and _FIGURES.search(second) is not None
        and _FIGURES.sub("#", first) == _FIGURES.sub("#", second)
    )


def _is_within(first: str, second: str, limit: int) -> bool:
    """Check whether two names are at most so many changed, added or dropped signs apart (Levenshtein)."""
    if abs(len(first) - len(second)) > limit or (first[0] != second[0] and first[-1] != second[-1]):
        return False
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        row, before = [i], row
        for j, b in enumerate(second, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
        if min(row) > limit:
            return False
    return row[-1] <= limit
