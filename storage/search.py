"""The search index of a server: which papers satisfy a query, the best first.

It lies beside the library, is brought up to date by each publication and rebuilt where it does not fit: nothing is
known only here, and records stay in the library. What is indexed are the tokens of `yibao.search`, Chinese character by
character; so a word is found wherever it stands. Source: https://github.com/quickwit-oss/tantivy-py.
"""

import shutil
import tempfile
from collections.abc import Collection, Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any as AnyValue
from typing import NamedTuple

import orjson
import tantivy

from storage import search_conditions
from storage.disk import explain_disk_errors, explain_words
from yibao.errors import LibraryError
from yibao.search import matching
from yibao.search.folding import write_tokens
from yibao.search.language import Query
from yibao.search.matching import SearchText

#: Raised whenever what is indexed changes in kind: an index of another version is made anew.
_VERSION = 3
_INDEXED = "indexed.json"
_REMEDY = "Run `yibao publish`, which makes it anew."
#: Characters of tantivy's own words in a message.
_MOST_REASON = 200
#: Memory for what is not yet written; more makes fewer pieces, which merge sooner.
_HEAP = 400_000_000
_FIRST_DAY, _DAYS = date(1986, 1, 1), 22_000
#: Between equals the newer comes first: a day is what single precision can tell, sixty years less than a word.
_FRESHNESS = 0.05

_TOKENS = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()


class Found(NamedTuple):
    """Papers in order, and how many there are in all."""

    arxiv_ids: list[str]
    total: int


def read_signature(folder: Path) -> str | None:
    """Read the signature of what is indexed; None where the index is missing, damaged or of another version."""
    try:
        noted = orjson.loads((folder / _INDEXED).read_bytes())
        signature = str(noted["signature"]) if noted["version"] == _VERSION else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None if is_damaged(folder) else signature


def mark_outdated(folder: Path) -> None:
    """Note that the index lacks something: it still answers, and the next publication makes it anew."""
    if read_signature(folder) is not None:
        with explain_disk_errors(folder):
            _write_signature(folder, "")


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
    folder: Path, changed: Iterable[SearchText], gone: Collection[str], signature: str = "", *, is_whole: bool = False
) -> None:
    """Index these papers as they are now, take out those that are gone, and note the signature.

    With `is_whole` the index holds nothing else afterwards. Killed at any moment, it finds what it found before or what
    it shall find, and does not bear the signature; the same call again completes it.
    """
    if is_whole and read_signature(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)
    with explain_disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            _write_papers(folder, changed, gone, is_whole=is_whole)
        except ValueError as error:
            reason = (
                explain_words(str(error)) or f"the search index cannot be written ({_shorten_reason(error)}). {_REMEDY}"
            )
            raise LibraryError(f"{folder}: {reason}") from error
        _write_signature(folder, signature)


def _write_papers(folder: Path, changed: Iterable[SearchText], gone: Collection[str], *, is_whole: bool) -> None:
    if not is_whole and not (changed or gone):
        return
    writer = _make_index(folder).writer(heap_size=_HEAP if is_whole else _HEAP // 8, num_threads=1)
    if is_whole:
        writer.delete_all_documents()
    for arxiv_id in () if is_whole else gone:
        writer.delete_documents_by_term("arxiv_id", arxiv_id)
    for paper in changed:
        if not is_whole:
            writer.delete_documents_by_term("arxiv_id", paper.arxiv_id)
        writer.add_document(_make_document(paper))
    writer.commit()
    writer.wait_merging_threads()


def _write_signature(folder: Path, signature: str) -> None:
    partial = folder / f"{_INDEXED}.part"
    partial.write_bytes(orjson.dumps({"version": _VERSION, "signature": signature}))
    partial.replace(folder / _INDEXED)


def find_papers(folder: Path, query: Query, most: int, *, offset: int = 0, newest_first: bool = False) -> Found:
    """Find the papers that satisfy a query, the best first or the newest first, so many from an offset on.

    Raises:
        LibraryError: nothing has been published yet, or the index is damaged.
    """
    with explain_disk_errors(folder):
        if not (folder / _INDEXED).exists():
            raise LibraryError("Nothing has been published yet. Run `yibao publish`.")
        changed_at = (folder / _INDEXED).stat().st_mtime_ns
    built = search_conditions.build_query(_schema(), query)
    is_ranked = built.has_words and not newest_first
    try:
        searcher = _open_index(folder, changed_at).searcher()
        result = (
            searcher.search(built.query, most, offset=offset, weight_by_field="freshness")
            if is_ranked
            else searcher.search(built.query, most, offset=offset, order_by_field="moment")
        )
        ids = [str(searcher.doc(address)["arxiv_id"][0]) for _, address in result.hits]
    except (OSError, ValueError) as error:
        raise LibraryError(f"{folder}: the search index is damaged ({_shorten_reason(error)}). {_REMEDY}") from error
    # Its stub has forgotten the count.
    return Found(ids, result.count or 0)  # type: ignore[attr-defined]


@lru_cache(maxsize=1)
def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("arxiv_id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("category", "language"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in matching.FIELDS:
        builder.add_text_field(name, tokenizer_name="tokens", index_option="position")
    for name in ("translated", "shown"):
        builder.add_boolean_field(name, indexed=True)
    builder.add_integer_field("moment", indexed=True, fast=True)
    builder.add_float_field("freshness", fast=True)
    return builder.build()


def _make_index(folder: Path) -> tantivy.Index:
    index = tantivy.Index(_schema(), path=str(folder), reuse=True)
    index.register_tokenizer("tokens", _TOKENS)
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


def _make_document(paper: SearchText) -> tantivy.Document:
    day = paper.day or date.min
    values: dict[str, AnyValue] = {
        "arxiv_id": paper.arxiv_id,
        "category": matching.list_category_names(paper.categories),
        "language": matching.list_language_names(paper.languages),
        "title": write_tokens(paper.titles),
        "abstract": write_tokens(paper.abstracts),
        "author": write_tokens(paper.authors),
        "translator": write_tokens(paper.translators),
        "translated": bool(paper.languages),
        "shown": paper.is_shown,
        "moment": search_conditions.find_moment(day, paper.arxiv_id),
        "freshness": max(0.0, min(1.0, (day - _FIRST_DAY).days / _DAYS)) * _FRESHNESS,
    }
    return tantivy.Document(**values)
