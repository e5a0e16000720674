"""The index that the browser reads: for each month of publication, terms in shards and papers in blocks.

A query fetches the shards of its words, a few kilobytes a month, and the blocks of the papers that it shows. A shard
holds terms with the papers in which they stand, as numbers within the month (words in the singular, pairs of Chinese
characters, and as one term each what our lists of terms have in several words); a block holds eight papers as they are
shown. Both are deflated, so that no server has to compress them. What a shard says of a phrase is that its words are
there; the script then looks at the papers' texts. `yibao/site/search_index.js` reads all of this.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from yibao.search import terms
from yibao.search.folding import is_han
from yibao.search.matching import FoldedPaper, SearchText, fold_paper, list_category_names, list_language_names

#: Papers in a block: twenty that are shown are in about twenty blocks.
BLOCK = 8
#: What a paper takes in all shards together, as measured, and what a shard is to be at most, about.
_PAPER_BYTES, _SHARD_BYTES = 340, 1_200
#: In nearly every text: not indexed, and not asked for.
_STOP_WORDS = "a an and are as at be by for from in is it of on or that the this to we with our can"
STOP_WORDS = frozenset(_STOP_WORDS.split())
#: A posting is the distance from the paper before, and these bits: in its title, in a name, how often in its abstract.
IN_TITLE, IN_NAME, OFTEN, MOST_OFTEN = 1, 2, 4, 3
_BITS = 4


def count_shards(papers: int) -> int:
    """Count the shards of a month with so many papers: a power of two."""
    return 1 << max(0, (papers * _PAPER_BYTES // _SHARD_BYTES).bit_length())


def find_shard(term: str, shards: int) -> int:
    """Find the shard in which a term is. Source: http://www.isthe.com/chongo/tech/comp/fnv/ (FNV-1a, 32 bits)."""
    digest = 0x811C9DC5
    for byte in term.encode():
        digest = (digest ^ byte) * 0x01000193 & 0xFFFFFFFF
    return digest & (shards - 1)


def index_month(papers: Sequence[SearchText]) -> list[bytes]:
    """Index the papers of a month, in their order; returns its shards."""
    postings: defaultdict[str, bytearray] = defaultdict(bytearray)
    last: defaultdict[str, int] = defaultdict(lambda: -1)
    for number, paper in enumerate(papers):
        for term, bits in _list_terms(fold_paper(paper)).items():
            _write_number(postings[term], (number - last[term] - 1) << _BITS | bits)
            last[term] = number
    shards: list[list[str]] = [[] for _ in range(count_shards(len(papers)))]
    for term in sorted(postings):
        shards[find_shard(term, len(shards))].append(term)
    return [_deflate(b"".join(_write_term(term, postings[term]) for term in names)) for names in shards]


def pack_block(papers: Sequence[dict[str, Any]]) -> bytes:
    """Pack papers as they are shown."""
    return _deflate(orjson.dumps(papers))


def _list_terms(paper: FoldedPaper) -> dict[str, int]:
    """List every term of a paper, with its bits; a pair of Chinese characters is a term, too."""
    found: dict[str, int] = {}
    for field, bit in (("title", IN_TITLE), ("author", IN_NAME), ("translator", IN_NAME)):
        for token in _read_tokens(paper.fields[field]):
            found[token] = found.get(token, 0) | bit
    often: defaultdict[str, int] = defaultdict(int)
    for token in _read_tokens(paper.fields["abstract"]):
        often[token] += 1
    for token, count in often.items():
        found[token] = found.get(token, 0) | min(count, MOST_OFTEN) * OFTEN
    return found | dict.fromkeys(_list_facts(paper.text), 0)


def _list_facts(text: SearchText) -> Iterator[str]:
    """List what is not in the texts; no token has a colon in it."""
    yield f"id:{text.arxiv_id}"
    yield from (f"cat:{name}" for name in list_category_names(text.categories))
    yield from (f"lang:{name}" for name in list_language_names(text.languages))
    if text.languages:
        yield "is:translated"
    if text.day:
        yield f"day:{text.day.isoformat()}"


def _read_tokens(texts: Sequence[Sequence[str]]) -> Iterator[str]:
    """Read the terms of texts: words in the singular, pairs of Chinese characters, and our terms that are longer."""
    ways = terms.find_ways_by_first()
    for text in texts:
        for place, token in enumerate(text):
            if token not in STOP_WORDS:
                yield terms.write_singular(token)
            if is_han(token) and place + 1 < len(text) and is_han(text[place + 1]):
                yield token + text[place + 1]
            for way in ways.get(token, ()):
                # Pairs of Chinese characters are terms already.
                is_pair = len(way) == 2 and all(map(is_han, way))  # noqa: PLR2004
                if not is_pair and tuple(text[place : place + len(way)]) == way:
                    yield terms.name_way(way)


def _write_term(term: str, postings: bytearray) -> bytes:
    head = bytearray()
    name = term.encode()
    _write_number(head, len(name))
    head += name
    _write_number(head, len(postings))
    return bytes(head + postings)


def _write_number(target: bytearray, number: int) -> None:
    """Write a number in sevens of bits, the lowest first, as LEB128 does."""
    while number > 0x7F:  # noqa: PLR2004  (seven bits)
        target.append(number & 0x7F | 0x80)
        number >>= 7
    target.append(number)


def _deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(content) + packer.flush()
