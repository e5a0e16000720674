"""Authors written as one string, as people: names in order, each with what stands in brackets behind it."""

import re
from collections.abc import Iterator

from yibao.models import Author
from yibao.text import one_line

_AND = re.compile(r"\s+and\s+|\s*&\s+")
_WITH_PLACE = re.compile(r"(?P<name>[^(]+?)\s*\((?P<place>.*)\)", re.DOTALL)


def people(byline: str) -> tuple[Author, ...]:
    """The authors of a byline as authors write it: `A. Lee (MIT), B. Cho and C. Diaz`."""
    if "(" not in byline:
        parts = _AND.sub(",", one_line(byline)).split(",")
        return tuple([Author(name) for part in parts if (name := part.strip())])
    return tuple(author for part in _outside_brackets(byline) for author in _joined_by_and(part))


def listed(names: str) -> tuple[Author, ...]:
    """The authors of a list that arXiv joined by commas; an `and` is part of a name there."""
    return tuple(_author(part) for part in _outside_brackets(names))


def _joined_by_and(part: str) -> Iterator[Author]:
    before, bracket, place = part.partition("(")
    *first, last = _AND.split(before)
    yield from (Author(one_line(name)) for name in first if name.strip())
    if last.strip() or bracket:
        yield _author(one_line(last + bracket + place))


def _author(part: str) -> Author:
    found = _WITH_PLACE.fullmatch(part)
    return Author(found["name"], (found["place"],)) if found else Author(part)


def _outside_brackets(joined: str) -> Iterator[str]:
    """What stands between commas, those inside brackets apart; never empty."""
    depth, start, parts = 0, 0, []
    for place, letter in enumerate(joined):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth <= 0:
            parts.append(joined[start:place])
            start = place + 1
    parts.append(joined[start:])
    return filter(None, map(one_line, parts))
