"""What a person typed of a subscription, in a command or a list: checked, and refused with a remedy. Pure."""

import difflib
from collections.abc import Iterable
from enum import StrEnum
from functools import cache, lru_cache
from typing import TypeVar
from zoneinfo import available_timezones

from yibao import categories
from yibao.text import join_lines

#: Keywords, or authors, in one subscription, and characters in each.
MOST_TOPICS, LONGEST_TOPIC = 50, 100
_YES, _NO = ("yes", "y", "true", "1"), ("no", "n", "false", "0", "")
#: What is longer is no misspelt name.
_LONGEST_MISTYPED = 40

_Choice = TypeVar("_Choice", bound=StrEnum)


def parse_choice(text: str, choices: type[_Choice]) -> _Choice:
    """Read one of the values of an enumeration, in small or capital letters.

    Raises:
        ValueError: it is none of them; the message names them.
    """
    try:
        return choices(text.strip().casefold())
    except ValueError:
        raise ValueError(f"{text!r} is not known: write {_list_words(choices)}") from None


def parse_categories(texts: Iterable[str]) -> tuple[str, ...]:
    """Read categories: canonical codes, aliases, or archives, which stand for all that is in them.

    Raises:
        ValueError: arXiv has no such category; the message names the nearest.
    """
    codes = (code for text in texts for code in _find_categories(text.strip()))
    return tuple(dict.fromkeys(codes))


def parse_topics(texts: Iterable[str]) -> tuple[str, ...]:
    """Read keywords or names of authors; empty ones are left out.

    Raises:
        ValueError: one is too long, holds what nobody sees, or looks like a regular expression; or there are too many.
    """
    topics = tuple(dict.fromkeys(filter(None, map(_parse_topic, texts))))
    if len(topics) > MOST_TOPICS:
        raise ValueError(f"these are {len(topics)} of a kind: give at most {MOST_TOPICS}")
    return topics


def parse_zone(text: str) -> str:
    """Read a time zone by its IANA name, in small or capital letters.

    Raises:
        ValueError: there is no such zone; the message names one of that city, if there is any.
    """
    name = join_lines(text).replace(" ", "_").casefold()
    if name in _load_zones():
        return _load_zones()[name]
    raise ValueError(f"{text!r} is no time zone: write {_find_nearest_zone(name) or 'a name such as Asia/Shanghai'}")


def parse_yes(text: str) -> bool:
    """Read yes or no; nothing is no.

    Raises:
        ValueError: it is neither.
    """
    word = text.strip().casefold()
    if word not in (*_YES, *_NO):
        raise ValueError(f"{text!r} is neither yes nor no: write one of them")
    return word in _YES


def _find_categories(code: str) -> tuple[str, ...]:
    canonical = categories.find_canonical(code)
    if canonical in categories.load_taxonomy():
        return (canonical,)
    if code in categories.ARCHIVES:
        return tuple(one for one in categories.load_taxonomy() if one.startswith(f"{code}."))
    remedy = f"write {_find_nearest(code)}" if _find_nearest(code) else "see https://arxiv.org/category_taxonomy"
    raise ValueError(f"arXiv has no category {code!r}: {remedy}")


@lru_cache(4096)
def _find_nearest(code: str) -> str:
    known = categories.list_known_codes()
    same = [one for one in known if one.casefold() == code.casefold()]
    return same[0] if same else _find_alike(code, known, 0.7)


@lru_cache(4096)
def _find_nearest_zone(name: str) -> str:
    zones = _load_zones()
    city = _load_cities().get(name.rpartition("/")[2])
    return city or zones.get(_find_alike(name, list(zones), 0.8), "")


def _find_alike(word: str, known: list[str], cutoff: float) -> str:
    if len(word) > _LONGEST_MISTYPED:
        return ""
    return "".join(difflib.get_close_matches(word, known, n=1, cutoff=cutoff))


def _parse_topic(text: str) -> str:
    topic = join_lines(text)
    if len(topic) > LONGEST_TOPIC:
        raise ValueError(f"{topic[:20]}… is too long: write at most {LONGEST_TOPIC} characters")
    if not topic.isprintable():
        raise ValueError(f"{topic!r} holds characters that nobody sees: type it again")
    if len(topic) > 1 and topic.startswith("/") and topic.endswith("/"):
        raise ValueError(f"{topic} looks like a regular expression: write words or phrases")
    return topic


@cache
def _load_zones() -> dict[str, str]:
    """Load the names of zones, by themselves in small letters."""
    return {name.casefold(): name for name in available_timezones()}


@cache
def _load_cities() -> dict[str, str]:
    """Load the names of zones by the city at the end, in small letters."""
    return {name.rpartition("/")[2].casefold(): name for name in sorted(available_timezones(), reverse=True)}


def _list_words(choices: Iterable[str]) -> str:
    *others, last = choices
    return f"{', '.join(others)} or {last}"
