"""The index of search in the browser, as documents: only months that changed are made again, only blocks that did."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import orjson

from yibao import markup
from yibao.build_graph import (
    Document,
    ItemRef,
    Items,
    Lists,
    define_document,
    digest_inputs,
    digest_program,
    wrap_content,
)
from yibao.records import Entry
from yibao.search import shards, tables
from yibao.search.matching import describe_entry

#: Begins the list of a month, and the paths of its files.
FOLDER = "search/index/"
#: Names that are shown, or compared with an author's.
_MOST_NAMES = 40
_VERSION = 1


class _Month:
    """The shards of one month, made once for all of their documents, and let go with the last."""

    def __init__(self, members: Sequence[ItemRef]) -> None:
        self._members = members
        self._made: dict[int, bytes] = {}

    def render(self, number: int, items: Items) -> bytes:
        if number not in self._made:
            texts = [describe_entry(one) for one in _choose_entries(self._members, items)]
            self._made = dict(enumerate(shards.index_month(texts)))
        return self._made.pop(number)


def list_search_documents(lists: Lists) -> dict[str, Document]:
    """List the tables of the language, the manifest, and the files of every month that is rendered again."""
    counts = {name: count for name, count in lists.counts.items() if name.startswith(FOLDER)}
    tree = {
        f"{FOLDER}tables.json": wrap_content(tables.render_tables()),
        f"{FOLDER}manifest.json": define_document(partial(_render_manifest, counts), _VERSION, sorted(counts.items())),
    }
    for name, members in lists.members.items():
        if name.startswith(FOLDER) and members:
            tree |= _list_month(name, members)
    return tree


def _list_month(name: str, members: list[ItemRef]) -> dict[str, Document]:
    # One digest for all: to digest a month for each of a thousand shards would take longer than to make them.
    digest = digest_inputs(digest_program().hex(), "shards", members)
    needs = tuple(ref.item for ref in members)
    month = _Month(members)
    tree = {
        f"{name}/{number:x}.bin": Document(f"{digest}-{number}", partial(month.render, number), needs)
        for number in range(shards.count_shards(len(members)))
    }
    for start in range(0, len(members), shards.BLOCK):
        block = members[start : start + shards.BLOCK]
        path = f"{name}/papers/{start // shards.BLOCK}.bin"
        tree[path] = define_document(partial(_render_block, block), "block", needs=block)
    return tree


def _render_manifest(counts: Mapping[str, int], _items: Items) -> bytes:
    months = [
        {"month": name.removeprefix(FOLDER), "papers": counts[name], "shards": shards.count_shards(counts[name])}
        for name in sorted(counts, reverse=True)
    ]
    return orjson.dumps(
        {"version": _VERSION, "block": shards.BLOCK, "stop": sorted(shards.STOP_WORDS), "months": months}
    )


def _render_block(members: Sequence[ItemRef], items: Items) -> bytes:
    return shards.pack_block([_describe(entry) for entry in _choose_entries(members, items)])


def _choose_entries(members: Sequence[ItemRef], items: Items) -> list[Entry]:
    return [entry for entry in (items[ref.item] for ref in members) if isinstance(entry, Entry)]


def _describe(entry: Entry) -> dict[str, Any]:
    """Describe a paper as results show it; texts are plain Unicode, formulas included."""
    paper, written = entry.paper, ([entry.translation] if entry.translation else []) + list(entry.others)
    names = [author.name for author in paper.authors] if paper else []
    return {
        "id": entry.arxiv_id,
        "address": entry.address,
        "titles": [
            ["en", markup.render_plain(entry.title_en)],
            *([one.language, markup.render_plain(one.title)] for one in written if one.title),
        ],
        "abstracts": [
            *([["en", markup.render_abstract_text(paper.abstract)]] if paper else []),
            *([one.language, markup.render_markdown_text(one.abstract)] for one in written if one.abstract),
        ],
        "authors": names[:_MOST_NAMES],
        "more": max(0, len(names) - _MOST_NAMES),
        "translators": list(dict.fromkeys(one.translator for one in written if one.translator)),
        "categories": list(entry.categories),
        "languages": [one.language for one in written],
        "day": entry.stamp.published_at.date().isoformat() if entry.stamp else None,
        "withdrawn": entry.is_withdrawn,
    }
