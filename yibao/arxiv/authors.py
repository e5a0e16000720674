"""Authors written as one string, as people: names in order, each with what stands in brackets behind it."""

import re
from collections.abc import Iterator

from yibao.records import Author
from yibao.text import join_lines

_AND = re.compile(r"\s+and\s+|\s*&\s+")
#: Behind a collaboration, before its members.
_COLON = re.compile(r"\s*:\s*")
_WITH_PLACE = re.compile(r"(?P<name>[^(]+?)\s*\((?P<place>.*)\)", re.DOTALL)


def parse_byline(byline: str) -> tuple[Author, ...]:
    """Parse a byline as authors write it: `A. Lee (MIT), B. Cho and C. Diaz`."""
    if "(" not in byline:
        parts = _COLON.sub(",", _AND.sub(",", join_lines(byline))).split(",")
        return tuple([Author(name) for part in parts if _is_name(name := part.strip())])
    return tuple(author for part in _split_outside_brackets(byline) for author in _split_part(part, _AND, _COLON))


def parse_names(names: str) -> tuple[Author, ...]:
    """Parse a list of names that arXiv joined by commas; an `and` is part of a name there."""
    return tuple(author for part in _split_outside_brackets(names) for author in _split_part(part, _COLON))


def _split_part(part: str, *separators: re.Pattern[str]) -> Iterator[Author]:
    """Split a part between commas into authors; what stands in brackets behind the last is of the last alone."""
    before, bracket, place = part.partition("(")
    for separator in separators:
        before = separator.sub(",", before)
    *first, last = before.split(",")
    yield from (Author(join_lines(name)) for name in first if _is_name(name))
    # In brackets alone stands where others work: ((1) INAF, (2) ESO).
    if _is_name(last):
        yield _parse_author(join_lines(last + bracket + place))


def _is_name(text: str) -> bool:
    """Check whether it holds a letter; some write a lone colon between a collaboration and its members."""
    return any(letter.isalpha() for letter in text)


def _parse_author(part: str) -> Author:
    match = _WITH_PLACE.fullmatch(part)
    return Author(match["name"], (match["place"],)) if match else Author(part)


def _split_outside_brackets(joined: str) -> Iterator[str]:
    """Split at commas outside of brackets; no part is empty."""
    depth, start, parts = 0, 0, []
    for place, letter in enumerate(joined):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth <= 0:
            parts.append(joined[start:place])
            start = place + 1
    parts.append(joined[start:])
    return filter(None, map(join_lines, parts))
