"""What a reader asks for: words, categories, people. Read from the query of an address, and checked."""

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from yibao import categories
from yibao.errors import QueryError

_NAMES = ("q", "category", "author", "translator", "translated")
_TRANSLATED = {"yes": True, "no": False}
_MOST_CHARACTERS = 200
_MOST_VALUES = 8
_WORD = re.compile(r'"([^"]+)"|(\S+)')


class SearchQuery(NamedTuple):
    """Conditions, all of which must hold; of several categories, authors or translators any will do."""

    #: Words or phrases in the reader's order, each of which is in the title or abstract, in one language or the other.
    words: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    #: Names as arXiv spells them, whole.
    authors: tuple[str, ...] = ()
    translators: tuple[str, ...] = ()
    #: Only with a translation, or only without; None for both.
    translated: bool | None = None

    @property
    def query(self) -> str:
        """The question as the query of an address; its words stay in the reader's order, all else is sorted."""
        words = " ".join(f'"{word}"' if " " in word else word for word in self.words)
        pairs = [("q", words)] if words else []
        for name, values in zip(_NAMES[1:4], self[1:4], strict=True):
            pairs += [(name, value) for value in values]
        if self.translated is not None:
            pairs.append(("translated", "yes" if self.translated else "no"))
        return urlencode(pairs)


def parse_query(pairs: Iterable[tuple[str, str]]) -> SearchQuery:
    """Parse the query of an address; values that are empty ask nothing.

    Raises:
        QueryError: it asks for something unknown, or for too much; the message says what to change.
    """
    given: dict[str, list[str]] = {name: [] for name in _NAMES}
    for name, value in pairs:
        if name not in given:
            raise QueryError(f"没有条件 {name}，可用的有 {', '.join(_NAMES)}。There is no such condition.")
        if len(value) > _MOST_CHARACTERS:
            raise QueryError(f"{name} 太长，最多 {_MOST_CHARACTERS} 个字。Too long.")
        if value.strip():
            given[name].append(" ".join(value.split()))
    words = [quoted or bare.strip('"') for value in given["q"] for quoted, bare in _WORD.findall(value)]
    for values in (words, *given.values()):
        if len(values) > _MOST_VALUES:
            raise QueryError(f"条件太多，每种最多 {_MOST_VALUES} 个。Too many conditions of one kind.")
    return SearchQuery(
        tuple(dict.fromkeys(word for word in words if word)),
        _sort_unique(_category(code) for code in given["category"]),
        _sort_unique(given["author"]),
        _sort_unique(given["translator"]),
        _is_translated(given["translated"]),
    )


def _sort_unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(dict.fromkeys(values)))


def _category(code: str) -> str:
    canonical = categories.find_canonical(code)
    if not categories.is_category(canonical):
        near = difflib.get_close_matches(code, categories.list_known_codes(), n=1)
        raise QueryError(f"arXiv 没有分类 {code}{'，是不是 ' + near[0] if near else ''}。There is no such category.")
    return canonical


def _is_translated(values: Sequence[str]) -> bool | None:
    if not values:
        return None
    if len(values) > 1 or values[0] not in _TRANSLATED:
        raise QueryError("translated 只能是 yes 或 no。It is yes or no.")
    return _TRANSLATED[values[0]]
