"""The language of queries: words, phrases, fields, `-x`, OR and parentheses, read into conditions.

    大模型推理 (survey OR "a tutorial") author:"He Kaiming" cat:cs.CL -agent from:2025-01

`yibao/site/search_language.js` reads the same language; `tests/search_vectors.json` holds both to it.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from yibao.errors import QueryError
from yibao.search import conditions
from yibao.search.concepts import make_author, make_concepts, make_phrase
from yibao.search.conditions import All, Any, Concept, Node, Not
from yibao.search.folding import fold_text, split_tokens

#: More than any title of arXiv's has.
MOST_CHARACTERS, MOST_WORDS, _MOST_NESTED = 600, 80, 12
FIELDS = {
    "title": "title", "标题": "title", "author": "author", "作者": "author", "cat": "category", "category": "category",
    "分类": "category", "translator": "translator", "译者": "translator", "lang": "language", "language": "language",
    "translated": "translated", "from": "from", "until": "until", "date": "date", "id": "id",
}  # fmt: skip
_FIELD = re.compile(rf"({'|'.join(FIELDS)})[:：](?=\S)", re.IGNORECASE)
_SIGNS = str.maketrans("“”„（）", '"""()')


class Query(NamedTuple):
    """What a query asks for."""

    condition: Node
    #: Tokens that stand beside each other in it: where a title has them so, it comes first. None beside operators.
    beside: tuple[str, ...] = ()


class _Token(NamedTuple):
    """A sign (`(`, `)`, `-`, `OR`), a word or a phrase, and where it begins."""

    kind: str
    text: str
    #: From 1.
    place: int
    field: str = ""


def parse_text(text: str) -> Query:
    """Parse what a person typed.

    Raises:
        QueryError: it cannot be read; the message says where, and what to change.
    """
    if len(text) > MOST_CHARACTERS:
        raise QueryError(f"检索式太长，最多 {MOST_CHARACTERS} 个字。The query is too long.")
    tokens = list(_split_text(text.translate(_SIGNS)))
    if len(tokens) > MOST_WORDS:
        raise QueryError(f"检索式的词太多，最多 {MOST_WORDS} 个。The query has too many words.")
    parser = _Parser(tokens)
    condition = parser.read_choices(0)
    if parser.next:
        raise QueryError(f"第 {parser.next.place} 个字：右括号多了。This parenthesis closes nothing.")
    is_plain = all(token.kind == "word" for token in tokens)
    beside = " ".join(token.text for token in tokens if is_plain and not token.field)
    simple = conditions.simplify(condition)
    # Signs alone are found nowhere.
    asked = Concept("", ()) if tokens and simple == All(()) else simple
    return Query(asked, tuple(split_tokens(fold_text(beside))))


def _split_text(text: str) -> Iterator[_Token]:
    place = 0
    while place < len(text):
        sign = text[place]
        if sign.isspace():
            place += 1
        elif sign in "()":
            yield _Token(sign, sign, place + 1)
            place += 1
        elif sign == "-" and place + 1 < len(text) and not text[place + 1].isspace() and text[place + 1] not in "-)":
            yield _Token("-", sign, place + 1)
            place += 1
        else:
            token, place = _read_word(text, place)
            yield token


def _read_word(text: str, start: int) -> tuple[_Token, int]:
    """Read a word or phrase, with the field before it; returns also where it ends."""
    field = _FIELD.match(text, start)
    begin = field.end() if field else start
    name = FIELDS[field[1].lower()] if field else ""
    if text[begin] == '"':
        end = text.find('"', begin + 1)
        if end < 0:
            raise QueryError(f"第 {begin + 1} 个字：引号没有配对。This quotation mark is not closed.")
        return _Token("phrase", text[begin + 1 : end], start + 1, name), end + 1
    end, depth = begin, 0
    while end < len(text) and not text[end].isspace() and text[end] != '"':
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if depth < 0:
            break
        end += 1
    word = text[begin:end]
    kind = word if word in ("OR", "AND") and not field else "word"
    return _Token(kind, word, start + 1, name), end


class _Parser:
    """Reads tokens into conditions, by descent."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._place = 0

    @property
    def next(self) -> _Token | None:
        """The token that is to be read next."""
        return self._tokens[self._place] if self._place < len(self._tokens) else None

    def read_choices(self, depth: int) -> Node:
        """Read conditions with OR between them."""
        choices = [self._read_all(depth)]
        while self.next and self.next.kind == "OR":
            sign = self._take()
            if not self.next or self.next.kind in (")", "OR") or choices[-1] == All(()):
                raise QueryError(f"第 {sign.place} 个字：OR 前后都要有词。OR needs a word on either side.")
            choices.append(self._read_all(depth))
        return choices[0] if len(choices) == 1 else Any(tuple(choices))

    def _read_all(self, depth: int) -> Node:
        """Read conditions that all must hold."""
        found: list[Node] = []
        while self.next and self.next.kind not in (")", "OR"):
            token = self.next
            if token.kind == "AND":
                self._take()
            elif token.kind == "word" and not token.field:
                found += self._read_words()
            else:
                found.append(self._read_one(depth))
        return found[0] if len(found) == 1 else All(tuple(found))

    def _read_words(self) -> list[Node]:
        """Read words that follow each other, so that terms of several words are seen."""
        words = []
        while self.next and self.next.kind == "word" and not self.next.field:
            words.append(self._take().text)
        return make_concepts(words)

    def _read_one(self, depth: int) -> Node:
        token = self._take()
        if token.kind == "-":
            return self._read_negation(token, depth)
        if token.kind == "(":
            return self._read_group(token, depth)
        return _make_condition(token)

    def _read_negation(self, sign: _Token, depth: int) -> Node:
        if not self.next or self.next.kind in (")", "OR", "AND", "-"):
            raise QueryError(f"第 {sign.place} 个字：减号后要有词。The minus sign needs a word behind it.")
        token = self.next
        if token.kind == "word" and not token.field:
            self._take()
            return Not(conditions.join_all(make_concepts([token.text], is_exact=True)))
        return Not(self._read_one(depth))

    def _read_group(self, sign: _Token, depth: int) -> Node:
        if depth >= _MOST_NESTED:
            raise QueryError(f"第 {sign.place} 个字：括号太深，最多 {_MOST_NESTED} 层。Too many parentheses.")
        inner = self.read_choices(depth + 1)
        if not self.next or self.next.kind != ")":
            raise QueryError(f"第 {sign.place} 个字：左括号没有配对。This parenthesis is not closed.")
        self._take()
        return inner

    def _take(self) -> _Token:
        self._place += 1
        return self._tokens[self._place - 1]


def _make_condition(token: _Token) -> Node:
    """Make the condition of a phrase, or of whatever has a field."""
    if token.field in ("", "title"):
        if token.kind == "phrase":
            return make_phrase(token.text, token.field)
        return conditions.join_all(make_concepts([token.text], token.field))
    if token.field in ("author", "translator"):
        return make_author(token.text, token.field)
    try:
        return conditions.make_filter(token.field, token.text)
    except QueryError as error:
        raise QueryError(f"第 {token.place} 个字：{error}") from None


def list_concepts(node: Node) -> Iterator[Concept]:
    """List the concepts that a paper is to have, in order; not those that it must not have."""
    if isinstance(node, Concept):
        yield node
    elif isinstance(node, All | Any):
        for child in node.children:
            yield from list_concepts(child)
