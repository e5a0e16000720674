"""What the script in the browser must know to fold texts and read queries as we do, as one small file."""

from functools import cache
from typing import Any

import orjson

from yibao import categories
from yibao.search import folding, language, terms
from yibao.search.conditions import All, Concept, Filter, Node, Not
from yibao.search.language import Query


@cache
def render_tables() -> bytes:
    """Render signs, terms, fields and categories as JSON; same program, same bytes."""
    simplified = folding.load_simplified()
    tables = {
        "commands": folding.load_commands(),
        "letters": folding.load_letters(),
        "simplified": "".join(f"{old}{new}" for old, new in simplified.items()),
        "terms": [[" ".join(way) for way in group] for group in terms.load_groups()],
        "fields": language.FIELDS,
        "categories": {code: categories.find_canonical(code) for code in categories.list_known_codes()},
    }
    return orjson.dumps(tables)


def write_query(query: Query) -> dict[str, Any]:
    """Write a query as the script does, to compare the two."""
    return {"condition": _write_node(query.condition), "beside": list(query.beside)}


def _write_node(node: Node) -> list[Any]:
    if isinstance(node, Concept):
        phrases = [[" ".join(phrase.tokens), phrase.weight] for phrase in node.phrases]
        return ["concept", node.field, phrases, [" ".join(part) for part in node.parts], node.need]
    if isinstance(node, Filter):
        return ["filter", node.name, node.value]
    if isinstance(node, Not):
        return ["not", _write_node(node.child)]
    return ["all" if isinstance(node, All) else "any", *map(_write_node, node.children)]
