"""Search over everything that is published, for questions that come to a server.

An index beside the library, brought up to date by each publication and rebuilt where it does not fit: nothing is known
only here. Chinese is indexed character by character and asked for as a phrase, so a word is found wherever it stands,
and nothing else is; Latin words are found whole. Source: https://github.com/quickwit-oss/tantivy-py.
"""

import shutil
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import tantivy
from pydantic import TypeAdapter

from yibao.errors import LibraryError
from yibao.models import Entry
from yibao.questions import Question

#: Raised whenever what is indexed changes in kind: an index of another version is made anew.
_VERSION = 2
_INDEXED = "indexed.json"
_WORDS = (
    tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex(r"\p{Han}|[\p{L}\p{M}\p{N}--\p{Han}]+"))
    .filter(tantivy.Filter.lowercase())
    .build()
)


def signature_of(folder: Path) -> str | None:
    """The signature of what is indexed; None where there is no index, or one of another version."""
    try:
        told = orjson.loads((folder / _INDEXED).read_bytes())
        return str(told["signature"]) if told["version"] == _VERSION else None
    except (OSError, ValueError, KeyError):
        return None


def bring_up_to_date(
    folder: Path, changed: Iterable[Entry], gone: Iterable[str], signature: str = "", *, is_whole: bool = False
) -> None:
    """The index holds these entries as they are now, not those that are gone, and bears this signature.

    `is_whole`: it holds nothing else. Killed at any moment, it finds what it found before, or what it shall find, and
    does not bear the signature; the same call again ends it.
    """
    if is_whole and signature_of(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    entries = list(changed)
    old = [*gone, *(entry.arxiv_id for entry in entries)]
    if old or is_whole:
        writer = _index(folder).writer(num_threads=1)
        if is_whole:
            writer.delete_all_documents()
        for arxiv_id in old if not is_whole else ():
            writer.delete_documents_by_term("arxiv_id", arxiv_id)
        for entry in entries:
            writer.add_document(_document(entry))
        writer.commit()
        writer.wait_merging_threads()
    partial = folder / f"{_INDEXED}.part"
    partial.write_bytes(orjson.dumps({"version": _VERSION, "signature": signature}))
    partial.replace(folder / _INDEXED)


def find(folder: Path, question: Question, most: int) -> list[Entry]:
    """What satisfies the question, newest first, at most so many.

    Raises:
        LibraryError: nothing has been published yet, or the index cannot be opened.
    """
    if not (folder / _INDEXED).exists():
        raise LibraryError("Nothing has been published yet. Run `yibao publish`.")
    try:
        index = _opened(folder, (folder / _INDEXED).stat().st_mtime_ns)
    except ValueError as error:
        raise LibraryError(
            f"{folder}: the index cannot be opened ({error}). It needs a folder that can be written; a damaged one is "
            "made again by `yibao publish` once the folder is deleted."
        ) from None
    searcher = index.searcher()
    found = searcher.search(_query(question), most, count=False, order_by_field="published_at")
    return [_records().validate_json(searcher.doc(address)["record"][0]) for _, address in found.hits]


@lru_cache(maxsize=1)
def _records() -> TypeAdapter[Entry]:
    return TypeAdapter(Entry)


@lru_cache(maxsize=1)
def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("arxiv_id", "category", "translator"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("text", "author"):
        builder.add_text_field(name, tokenizer_name="words", index_option="position")
    builder.add_boolean_field("translated", indexed=True)
    builder.add_integer_field("published_at", fast=True)
    builder.add_bytes_field("record", stored=True)
    return builder.build()


def _index(folder: Path) -> tantivy.Index:
    index = tantivy.Index(_schema(), path=str(folder), reuse=True)
    index.register_tokenizer("words", _WORDS)
    return index


@lru_cache(maxsize=1)
def _opened(folder: Path, _modified_ns: int) -> tantivy.Index:
    """The index as it was when it was last changed."""
    return _index(folder)


def _document(entry: Entry) -> tantivy.Document:
    paper, translation = entry.paper, entry.translation
    texts = [entry.title_en, paper.abstract if paper else ""]
    if translation:
        texts += [translation.title or "", translation.abstract]
    values: dict[str, Any] = {
        "arxiv_id": entry.arxiv_id,
        "category": list(entry.categories),
        "text": texts,
        "author": [author.name for author in paper.authors] if paper else [],
        "translated": translation is not None,
        "published_at": int(entry.stamp.published_at.timestamp()) if entry.stamp else 0,
        "record": orjson.dumps(entry),
    }
    if translation and translation.translator:
        values["translator"] = translation.translator
    return tantivy.Document(**values)


def _query(question: Question) -> tantivy.Query:
    wanted = [_phrase("text", word) for word in question.words]
    for name, values in (("category", question.categories), ("translator", question.translators)):
        if values:
            wanted.append(_any([tantivy.Query.term_query(_schema(), name, value) for value in values]))
    if question.authors:
        wanted.append(_any([_phrase("author", name) for name in question.authors]))
    if question.translated is not None:
        wanted.append(tantivy.Query.term_query(_schema(), "translated", question.translated))
    if not wanted:
        return tantivy.Query.all_query()
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, one) for one in wanted])


def _any(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, one) for one in queries])


def _phrase(field: str, text: str) -> tantivy.Query:
    tokens = _WORDS.analyze(text)
    if not tokens:
        return tantivy.Query.empty_query()
    if len(tokens) == 1:
        return tantivy.Query.term_query(_schema(), field, tokens[0])
    return tantivy.Query.phrase_query(_schema(), field, list(tokens))
