"""Words of a query as concepts: with their other ways to be said, and with what is near to them.

English words stand for their plural or singular, too. A Chinese text that goes on without blanks is cut where our terms
stand in it; of what is left, long pieces are also found where most of their pairs of characters are.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from yibao.search.conditions import Concept, Filter, Node, Phrase, Tokens, find_identifier
from yibao.search.folding import fold_text, is_han, join_compounds, split_tokens
from yibao.search.terms import load_search_terms, vary_number

#: How near to the word itself: another number of it, another way to say it.
_NUMBER, _OTHER = 0.85, 0.9
#: Shorter Chinese is found as it stands, or not at all; longer is not looked at pair by pair.
_SHORTEST_NEAR, _LONGEST_NEAR = 4, 24
#: Of all pairs of characters.
_NEAR_SHARE = 2 / 3
#: Alone between terms they ask nothing: 大模型的推理.
_PARTICLES = frozenset("的了和与及在之对中")
#: Names of more parts are looked for as they are written.
_MOST_NAMES = 4


class _Unit(NamedTuple):
    """A word of a query, or a piece of Chinese within one."""

    tokens: Tokens
    is_chinese: bool = False
    #: Written as one, where hyphens join it.
    joined: str = ""


def make_concepts(words: Sequence[str], field: str = "", *, is_exact: bool = False) -> list[Node]:
    """Make the conditions of words that follow each other; each must hold."""
    found: list[Node] = []
    units: list[_Unit] = []
    for word in words:
        identifier = None if field else find_identifier(word)
        if identifier:
            found += [*_make_all(units, field, is_exact=is_exact), Filter("id", identifier)]
            units = []
        elif word.lower() != "arxiv:":
            units += _split_word(word)
    return [*found, *_make_all(units, field, is_exact=is_exact)]


def make_phrase(text: str, field: str) -> Concept:
    """Make the condition that these words follow each other exactly so; nothing satisfies it where there are none."""
    folded = fold_text(text)
    phrases = [tuple(split_tokens(folded))]
    joined = join_compounds(folded)
    if len(joined) == 1 and not any(sign.isspace() for sign in folded.strip()):
        phrases.append((joined[0],))
    return Concept(field, tuple(Phrase(tokens, 1) for tokens in phrases if tokens))


def make_author(text: str, field: str) -> Concept:
    """Make the condition that one name has all these parts: `He, Kaiming` is `Kaiming He`."""
    return Concept(field, tuple(Phrase(name, 1) for name in list_name_orders(tuple(split_tokens(fold_text(text))))))


def list_name_orders(name: Tokens) -> list[Tokens]:
    """List a name as it is written, with its first part last, and with its last part first."""
    if not 1 < len(name) <= _MOST_NAMES or is_han(name[0]):
        return [name] if name else []
    return list(dict.fromkeys([name, (*name[1:], name[0]), (name[-1], *name[:-1])]))


def _split_word(word: str) -> Iterator[_Unit]:
    folded = fold_text(word)
    tokens = split_tokens(folded)
    joined = join_compounds(folded)
    for is_chinese, group in groupby(tokens, is_han):
        yield _Unit(tuple(group), is_chinese, joined[0] if len(joined) == 1 and not is_chinese else "")


def _make_all(units: list[_Unit], field: str, *, is_exact: bool) -> list[Node]:
    found: list[Node] = []
    place = 0
    while place < len(units):
        if units[place].is_chinese:
            found += _cut_chinese(units[place].tokens, field, is_exact=is_exact)
            place += 1
            continue
        count = 1 if is_exact else _count_units_of_term(units, place)
        tokens = tuple(token for unit in units[place : place + count] for token in unit.tokens)
        found.append(_make_words(tokens, units[place].joined if count == 1 else "", field, is_exact=is_exact))
        place += count
    return [one for one in found if not isinstance(one, Concept) or one.phrases]


def _count_units_of_term(units: Sequence[_Unit], place: int) -> int:
    """Count the words, from this place on, that are the longest term; one where there is none."""
    terms = load_search_terms()
    tokens: Tokens = ()
    best = 1
    for count, unit in enumerate(units[place:], 1):
        tokens += unit.tokens
        if unit.is_chinese or len(tokens) > terms.longest:
            break
        if tokens in terms.others:
            best = count
    return best


def _make_words(tokens: Tokens, joined: str, field: str, *, is_exact: bool) -> Concept:
    """Make the concept of an English word, of words that hyphens join, or of a term of several words."""
    if is_exact:
        ways = [Phrase(tokens, 1), *([Phrase((joined,), 1)] if joined else [])]
        return Concept(field, tuple(ways) if tokens else ())
    ways = [Phrase(tokens, 1), *([Phrase((joined,), 1)] if joined else [])] if tokens else []
    ways += [Phrase(way, _OTHER) for way in load_search_terms().others.get(tokens, ())]
    phrases = {way.tokens: way for way in reversed([other for way in ways for other in _add_number(way)])}
    is_term = tokens in load_search_terms().others
    parts = tuple((token,) for token in tokens) if len(tokens) > 1 and not joined and not is_term else ()
    return Concept(field, tuple(sorted(phrases.values(), key=lambda way: (-way.weight, way.tokens))), parts, len(parts))


def _add_number(way: Phrase) -> list[Phrase]:
    """Add a way in its other number, which is a little less near."""
    other = vary_number(way.tokens[-1])
    return [way, Phrase((*way.tokens[:-1], other), round(way.weight * _NUMBER, 3))] if other else [way]


def _cut_chinese(run: Tokens, field: str, *, is_exact: bool) -> list[Concept]:
    """Cut Chinese at our terms, the longest first from the left; each piece is a concept."""
    if is_exact:
        return [Concept(field, (Phrase(run, 1),))]
    others = load_search_terms().others
    found: list[Concept] = []
    start = place = 0
    while place < len(run):
        length = _measure_term(run, place)
        if not length:
            place += 1
            continue
        found += [*_make_piece(run[start:place], field), _make_term(run[place : place + length], others, field)]
        start = place = place + length
    return [*found, *_make_piece(run[start:], field)] if found else _make_piece(run, field, is_alone=True)


def _measure_term(run: Tokens, place: int) -> int:
    terms = load_search_terms()
    lengths = range(min(terms.longest, len(run) - place), 1, -1)
    return next((length for length in lengths if run[place : place + length] in terms.others), 0)


def _make_term(tokens: Tokens, others: dict[Tokens, tuple[Tokens, ...]], field: str) -> Concept:
    ways = [Phrase(tokens, 1), *(Phrase(way, _OTHER) for way in others[tokens])]
    phrases = {way.tokens: way for way in reversed([other for way in ways for other in _add_number(way)])}
    return Concept(field, tuple(sorted(phrases.values(), key=lambda way: (-way.weight, way.tokens))))


def _make_piece(run: Tokens, field: str, *, is_alone: bool = False) -> list[Concept]:
    """Make the concept of a piece of Chinese; single characters between terms are too little to ask for."""
    if not is_alone and (len(run) <= 1 or _PARTICLES.issuperset(run)):
        return []
    pairs: tuple[Tokens, ...] = ()
    if _SHORTEST_NEAR <= len(run) <= _LONGEST_NEAR:
        pairs = tuple(dict.fromkeys((run[place], run[place + 1]) for place in range(len(run) - 1)))
    return [Concept(field, (Phrase(run, 1),), pairs, math.ceil(_NEAR_SHARE * len(pairs)))]
