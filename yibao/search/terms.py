"""Terms that count as one: the glossary's English with its Chinese, and acronyms with what they stand for."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from yibao.glossary import load_terms
from yibao.search.folding import fold_text, is_han, split_tokens

Tokens = tuple[str, ...]
#: Other ways to say a term, beside those of the glossary: a line each, the ways divided by `|`.
_ACRONYMS = "acronyms.txt"
#: What remains of a plural, by its ending, the longest first; words such as `bias` and `analysis` are none.
_PLURALS = (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"))
_NO_PLURALS = ("ss", "us", "is", "as")
_SHORTEST = 3


class Terms(NamedTuple):
    """Every way to say each term."""

    #: The other ways, by one of them.
    others: dict[Tokens, tuple[Tokens, ...]]
    #: Tokens of the longest.
    longest: int


@cache
def load_groups() -> tuple[tuple[Tokens, ...], ...]:
    """Load the groups of equal terms, each as tokens."""
    lines = (files("yibao.search") / _ACRONYMS).read_text(encoding="utf-8").splitlines()
    groups = [line.split("|") for line in lines if line and not line.startswith("#")]
    groups += [[term.english, *term.preferred] for term in load_terms(None)]
    return tuple(tuple(dict.fromkeys(_split(way) for way in group)) for group in groups)


@cache
def load_search_terms() -> Terms:
    """Load all terms. A term's other ways are those of the groups in which it stands, and of no further ones."""
    return _index_groups(load_groups())


def vary_number(token: str) -> str | None:
    """Write an English word in the other number, roughly; None where it has none."""
    if len(token) < _SHORTEST or not (token.isascii() and token.isalpha()):
        return None
    for plural, singular in _PLURALS:
        if token.endswith(plural):
            return token[: -len(plural)] + singular
    if token.endswith("s"):
        return None if token.endswith(_NO_PLURALS) else token[:-1]
    if token.endswith("y") and token[-2] not in "aeiou":
        return token[:-1] + "ies"
    return token + ("es" if token.endswith(("x", "ch", "sh")) else "s")


@lru_cache(100_000)
def write_singular(token: str) -> str:
    """Write an English word in the singular, roughly; other tokens as they are."""
    other = vary_number(token)
    return other if other and len(other) < len(token) else token


def name_way(way: Tokens) -> str:
    """Name a way of several tokens as one, in the singular."""
    return "".join(way) if all(map(is_han, way)) else " ".join((*way[:-1], write_singular(way[-1])))


@cache
def find_ways_by_first() -> dict[str, tuple[Tokens, ...]]:
    """Find the known ways of several tokens, by the first of them."""
    found: defaultdict[str, list[Tokens]] = defaultdict(list)
    for way in load_search_terms().others:
        if len(way) > 1:
            found[way[0]].append(way)
    return {first: tuple(ways) for first, ways in found.items()}


def _split(way: str) -> Tokens:
    return tuple(split_tokens(fold_text(way)))


def _index_groups(groups: Iterable[tuple[Tokens, ...]]) -> Terms:
    others: dict[Tokens, dict[Tokens, None]] = defaultdict(dict)
    for group in groups:
        for way in group:
            for spelling in _list_numbers(way):
                others[spelling] |= dict.fromkeys(other for other in group if other != way)
    known = {way: tuple(ways) for way, ways in others.items() if ways or len(way) > 1}
    return Terms(known, max(map(len, known)))


def _list_numbers(way: Tokens) -> list[Tokens]:
    """List a term in singular and plural."""
    other = None if is_han(way[-1]) else vary_number(way[-1])
    return [way, (*way[:-1], other)] if other else [way]
