"""Search over everything that is published, for questions that come to a server.

An index beside the library, brought up to date by each publication and rebuilt where it does not fit: nothing is known
only here. Chinese is indexed character by character and asked for as a phrase, so a word is found wherever it stands,
and nothing else is; Latin words are found whole. Source: https://github.com/quickwit-oss/tantivy-py.
"""

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import tantivy
from pydantic import TypeAdapter

from storage.disk import explain_disk_errors, explain_words
from yibao.errors import LibraryError
from yibao.records import Entry
from yibao.search_queries import SearchQuery

#: Raised whenever what is indexed changes in kind: an index of another version is made anew.
_VERSION = 2
_INDEXED = "indexed.json"
_REMEDY = "Run `yibao publish`, which makes it anew."
#: Characters of tantivy's own words in a message.
_MOST_REASON = 200
_WORDS = (
    tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex(r"\p{Han}|[\p{L}\p{M}\p{N}--\p{Han}]+"))
    .filter(tantivy.Filter.lowercase())
    .build()
)


def read_signature(folder: Path) -> str | None:
    """Read the signature of what is indexed; None where the index is missing, damaged or of another version."""
    try:
        noted = orjson.loads((folder / _INDEXED).read_bytes())
        signature = str(noted["signature"]) if noted["version"] == _VERSION else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None if is_damaged(folder) else signature


def is_damaged(folder: Path) -> bool:
    """Tell whether there is an index in this folder that cannot be used, so that it must be made anew."""
    if not (folder / _INDEXED).exists():
        return False
    try:
        _open(folder)
    except (OSError, ValueError):
        return True
    return False


def update_index(
    folder: Path, changed: Iterable[Entry], gone: Iterable[str], signature: str = "", *, is_whole: bool = False
) -> None:
    """Index these entries as they are now, take out those that are gone, and note the signature.

    With `is_whole` the index holds nothing else afterwards. Killed at any moment, it finds what it found before or what
    it shall find, and does not bear the signature; the same call again completes it.
    """
    if is_whole and read_signature(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)
    with explain_disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            _write_entries(folder, list(changed), gone, is_whole=is_whole)
        except ValueError as error:
            reason = (
                explain_words(str(error)) or f"the search index cannot be written ({_shorten_reason(error)}). {_REMEDY}"
            )
            raise LibraryError(f"{folder}: {reason}") from error
        partial = folder / f"{_INDEXED}.part"
        partial.write_bytes(orjson.dumps({"version": _VERSION, "signature": signature}))
        partial.replace(folder / _INDEXED)


def _write_entries(folder: Path, entries: Sequence[Entry], gone: Iterable[str], *, is_whole: bool) -> None:
    old = [*gone, *(entry.arxiv_id for entry in entries)]
    if old or is_whole:
        writer = _make_index(folder).writer(num_threads=1)
        if is_whole:
            writer.delete_all_documents()
        for arxiv_id in old if not is_whole else ():
            writer.delete_documents_by_term("arxiv_id", arxiv_id)
        for entry in entries:
            writer.add_document(_make_document(entry))
        writer.commit()
        writer.wait_merging_threads()


def find_entries(folder: Path, question: SearchQuery, most: int) -> list[Entry]:
    """Find the entries that satisfy the question, newest first, at most so many.

    Raises:
        LibraryError: nothing has been published yet, or the index is damaged.
    """
    with explain_disk_errors(folder):
        if not (folder / _INDEXED).exists():
            raise LibraryError("Nothing has been published yet. Run `yibao publish`.")
        changed_at = (folder / _INDEXED).stat().st_mtime_ns
    query = _build_query(question)
    try:
        searcher = _open_index(folder, changed_at).searcher()
        result = searcher.search(query, most, count=False, order_by_field="published_at")
        return [_record_adapter().validate_json(searcher.doc(address)["record"][0]) for _, address in result.hits]
    except (OSError, ValueError) as error:
        raise LibraryError(f"{folder}: the search index is damaged ({_shorten_reason(error)}). {_REMEDY}") from error


@lru_cache(maxsize=1)
def _record_adapter() -> TypeAdapter[Entry]:
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


def _make_index(folder: Path) -> tantivy.Index:
    index = tantivy.Index(_schema(), path=str(folder), reuse=True)
    index.register_tokenizer("words", _WORDS)
    return index


@lru_cache(maxsize=1)
def _open_index(folder: Path, _modified_ns: int) -> tantivy.Index:
    """Open the index as it was when it was last changed."""
    return _open(folder)


def _open(folder: Path) -> tantivy.Index:
    """Open an index that is there, and all of its files.

    Raises:
        ValueError: it is damaged.
        OSError: a file of it is missing, or the disk refuses it.
    """
    (folder / "meta.json").stat()  # Without it tantivy would begin an empty index.
    try:
        index = _make_index(folder)
        index.searcher()
    except ValueError as error:
        if "Lockfile" not in str(error):
            raise
        return _open_read_only(folder)
    return index


def _open_read_only(folder: Path) -> tantivy.Index:
    """Open an index in a folder where nothing may be written: tantivy locks it even to read it."""
    place = Path(tempfile.mkdtemp(prefix="yibao-search-"))
    try:
        for path in folder.iterdir():
            if path.suffix != ".lock":
                (place / path.name).symlink_to(path.resolve())
        # It has every file open from here on.
        index = _make_index(place)
        index.searcher()
    finally:
        # Twice: tantivy may put its lock there again when it sees files go.
        shutil.rmtree(place, ignore_errors=True)
        shutil.rmtree(place, ignore_errors=True)
    return index


def _shorten_reason(error: Exception) -> str:
    """Shorten tantivy's message to its first line, without the file that it repeats."""
    return str(error).partition("Content:")[0].splitlines()[0][:_MOST_REASON].rstrip(" .'")


def _make_document(entry: Entry) -> tantivy.Document:
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


def _build_query(question: SearchQuery) -> tantivy.Query:
    conditions = [_match_phrase("text", word) for word in question.words]
    for name, values in (("category", question.categories), ("translator", question.translators)):
        if values:
            conditions.append(_match_any([tantivy.Query.term_query(_schema(), name, value) for value in values]))
    if question.authors:
        conditions.append(_match_any([_match_phrase("author", name) for name in question.authors]))
    if question.translated is not None:
        conditions.append(tantivy.Query.term_query(_schema(), "translated", question.translated))
    if not conditions:
        return tantivy.Query.all_query()
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, condition) for condition in conditions])


def _match_any(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])


def _match_phrase(field: str, text: str) -> tantivy.Query:
    tokens = _WORDS.analyze(text)
    if not tokens:
        return tantivy.Query.empty_query()
    if len(tokens) == 1:
        return tantivy.Query.term_query(_schema(), field, tokens[0])
    return tantivy.Query.phrase_query(_schema(), field, list(tokens))
