"""Conditions of `yibao.search` as queries of tantivy, with what each counts in the order of papers."""

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import tantivy
from tantivy import Occur
from tantivy import Query as Tantivy

from yibao.search import matching
from yibao.search.concepts import list_name_orders
from yibao.search.conditions import All, Any, Concept, Filter, Node, Not, Tokens
from yibao.search.language import Query, list_concepts

#: What it counts where a word stands.
_BOOSTS = {"title": 3.0, "abstract": 1.0, "author": 2.0, "translator": 2.0}
#: Where most parts of it stand, in whatever order: less than the thing itself.
_NEAR = 0.3
#: A title that has all the query's words in a row; an abstract that has; a person of that name.
_ROW_IN_TITLE, _ROW_IN_ABSTRACT, _NAME = 4.0, 1.5, 4.0
#: Longer rows stand in no abstract but by chance.
_LONGEST_ROW = 6
_TEXTS = ("title", "abstract")
#: Papers of one day are told apart by the numbers in their identifiers.
_NUMBERS = 1 << 24


class Built(NamedTuple):
    """A query for tantivy, and whether there are words in it by which papers can be ranked."""

    query: Tantivy
    has_words: bool


def build_query(schema: tantivy.Schema, query: Query) -> Built:
    """Build the query that finds what satisfies a condition."""
    builder = _Builder(schema)
    found = builder.build(query.condition)
    rows = builder.build_rows(query.beside)
    if rows:
        found = Tantivy.boolean_query([(Occur.Must, found), *((Occur.Should, row) for row in rows)])
    return Built(found, any(concept.phrases for concept in list_concepts(query.condition)))


def find_moment(day: date, arxiv_id: str) -> int:
    """Find the number by which papers are ordered in time: by day, and within a day by identifier."""
    digits = re.sub(r"\D", "", arxiv_id.rpartition(".")[2] or arxiv_id)
    return day.toordinal() * _NUMBERS + int(digits or 0) % _NUMBERS


class _Builder:
    """Builds queries for a schema."""

    def __init__(self, schema: tantivy.Schema) -> None:
        self._schema = schema

    def build(self, node: Node) -> Tantivy:
        match node:
            case All(children):
                return self._build_all(children)
            case Any(children):
                return Tantivy.boolean_query([(Occur.Should, self.build(child)) for child in children])
            case Not():
                return self._build_all([node])
            case Filter():
                return Tantivy.const_score_query(self._build_filter(node), 0.0)
        return self._build_concept(node)

    def build_rows(self, tokens: Tokens) -> list[Tantivy]:
        """Build what raises a paper where the query's words stand in a row."""
        if len(tokens) < 2:  # noqa: PLR2004  (one word is no row)
            return []
        rows = [self._phrase("title", tokens, _ROW_IN_TITLE)]
        if len(tokens) <= _LONGEST_ROW:
            rows.append(self._phrase("abstract", tokens, _ROW_IN_ABSTRACT))
        names = list_name_orders(tokens)
        return rows + [self._phrase("author", name, _NAME) for name in names if len(names) > 1]

    def _build_all(self, children: Iterable[Node]) -> Tantivy:
        clauses = [
            (Occur.MustNot, self.build(child.child)) if isinstance(child, Not) else (Occur.Must, self.build(child))
            for child in children
        ]
        if all(occur == Occur.MustNot for occur, _ in clauses):
            clauses.append((Occur.Must, Tantivy.const_score_query(Tantivy.all_query(), 0.0)))
        return Tantivy.boolean_query(clauses)

    def _build_filter(self, condition: Filter) -> Tantivy:
        if isinstance(condition.value, tuple):
            return self._build_dates(*condition.value)
        name = "arxiv_id" if condition.name == "id" else condition.name
        return Tantivy.term_query(self._schema, name, condition.value, "basic")

    def _build_dates(self, start: str, end: str) -> Tantivy:
        first = 1 if start.startswith("0000") else date.fromisoformat(start).toordinal()
        last = date.max.toordinal() if end.startswith("9999-99") else date.fromisoformat(end).toordinal()
        if first > last:
            return Tantivy.empty_query()
        # A paper of which nobody knows the day has that of the beginning of time.
        bounds = (max(first, 2) * _NUMBERS, last * _NUMBERS + _NUMBERS - 1)
        return Tantivy.range_query(self._schema, "moment", tantivy.FieldType.Integer, *bounds)

    def _build_concept(self, concept: Concept) -> Tantivy:
        fields = (concept.field,) if concept.field else matching.FIELDS
        ways = [
            self._phrase(field, phrase.tokens, phrase.weight * _BOOSTS[field])
            for phrase in concept.phrases
            for field in fields
        ]
        if concept.parts:
            ways.append(self._build_near(concept))
        return Tantivy.disjunction_max_query(ways, 0.1) if ways else Tantivy.empty_query()

    def _build_near(self, concept: Concept) -> Tantivy:
        fields = (concept.field,) if concept.field else _TEXTS
        parts = [
            Tantivy.disjunction_max_query([self._phrase(field, part, _BOOSTS[field]) for field in fields], 0.1)
            for part in concept.parts
        ]
        if concept.need == len(parts):
            near = Tantivy.boolean_query([(Occur.Must, part) for part in parts])
        else:
            near = Tantivy.boolean_query([(Occur.Should, part) for part in parts], concept.need)
        return Tantivy.boost_query(near, _NEAR)

    def _phrase(self, field: str, tokens: Tokens, boost: float) -> Tantivy:
        if len(tokens) == 1:
            query = Tantivy.term_query(self._schema, field, tokens[0])
        else:
            query = Tantivy.phrase_query(self._schema, field, list(tokens))
        return Tantivy.boost_query(query, boost)
