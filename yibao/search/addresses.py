"""A query as the query of an address: what was typed, and what was chosen beside it. Read and checked."""

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlencode

from yibao.errors import QueryError
from yibao.search import language
from yibao.search.concepts import make_author
from yibao.search.conditions import Any, Node, join_all, make_filter, simplify
from yibao.search.language import Query

#: What may be asked beside the text; of several values of one, any will do.
_NAMES = ("q", "category", "author", "translator", "translated", "lang", "from", "until")
_FIELDS = {"lang": "language"}
_MOST_CHARACTERS, _MOST_VALUES = 200, 8


class SearchQuery(NamedTuple):
    """What a reader asks for, as they wrote it, sorted so that one question has one address."""

    #: Names and values; the text is named `q`.
    pairs: tuple[tuple[str, str], ...] = ()

    @property
    def query(self) -> str:
        """The question as the query of an address."""
        return urlencode(self.pairs)

    @property
    def words(self) -> str:
        """The question in words, for a title."""
        return " ".join(value for name, value in self.pairs if name != "translated")

    def parse(self) -> Query:
        """Parse what is asked for.

        Raises:
            QueryError: it cannot be read; the message says where.
        """
        asked = language.parse_text(" ".join(value for name, value in self.pairs if name == "q"))
        chosen = [_make_choice(name, values) for name, values in _group(self.pairs).items() if name != "q"]
        return asked._replace(condition=simplify(join_all([asked.condition, *chosen])))


def parse_query(pairs: Iterable[tuple[str, str]]) -> SearchQuery:
    """Parse the query of an address; values that are empty ask nothing.

    Raises:
        QueryError: it asks for something unknown, or for too much; the message says what to change.
    """
    given: dict[str, list[str]] = {name: [] for name in _NAMES}
    for name, value in pairs:
        if name not in given:
            raise QueryError(f"没有条件 {name}，可用的有 {', '.join(_NAMES)}。There is no such condition.")
        if name != "q" and len(value) > _MOST_CHARACTERS:
            raise QueryError(f"{name} 太长，最多 {_MOST_CHARACTERS} 个字。Too long.")
        if value.strip():
            given[name].append(" ".join(value.split()))
    for name, values in given.items():
        if len(values) > _MOST_VALUES:
            raise QueryError(f"{name} 太多，最多 {_MOST_VALUES} 个。Too many conditions of one kind.")
    text = " ".join(given.pop("q"))
    chosen = [(name, value) for name, values in given.items() for value in sorted(dict.fromkeys(values))]
    question = SearchQuery(
        ((("q", text),) if text else ()) + tuple((name, _canonical(name, value)) for name, value in chosen)
    )
    question.parse()
    return question


def _canonical(name: str, value: str) -> str:
    return str(make_filter(name, value).value) if name == "category" else value


def _group(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name, value in pairs:
        groups.setdefault(name, []).append(value)
    return groups


def _make_choice(name: str, values: list[str]) -> Node:
    made: list[Node] = [
        make_author(value, name) if name in ("author", "translator") else make_filter(_FIELDS.get(name, name), value)
        for value in values
    ]
    return made[0] if len(made) == 1 else Any(tuple(made))
