"""A list of terms: how each is rendered, and how it must not be.

A glossary is a CSV file with the columns `english`, `preferred` and `forbidden`; several renderings are separated by
`|`. Curators keep theirs as `glossary.csv` in their folder; what it says of a term replaces what ours says of it.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from yibao.errors import YibaoError

#: What a curator's own glossary is called.
FILE_NAME = "glossary.csv"
_COLUMNS = ["english", "preferred", "forbidden"]


class Term(NamedTuple):
    """One term."""

    english: str
    #: The first is what to write.
    preferred: tuple[str, ...]
    forbidden: tuple[str, ...]


class Breach(NamedTuple):
    """A forbidden rendering in a text."""

    term: Term
    rendering: str
    #: From 0, within the text.
    start: int


def load_terms(path: Path | None) -> tuple[Term, ...]:
    """Load our own glossary, with the terms of the file laid over it.

    Raises:
        YibaoError: the file cannot be read, or is no glossary; the message names its line.
    """
    terms = {term.english.lower(): term for term in _load_own_terms()}
    if path:
        try:
            content = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise YibaoError(f"{path}: the glossary cannot be read: {error}.") from None
        terms |= {term.english.lower(): term for term in _parse_terms(content, str(path))}
    return tuple(terms.values())


def find_breaches(terms: Iterable[Term], text: str, english: str) -> Iterator[Breach]:
    """Find forbidden renderings of terms that the English speaks of.

    `english` is arXiv's text where it is known; else whatever English there is, such as the heading.
    """
    for term in terms:
        for rendering in term.forbidden:
            start = text.find(rendering)
            if start >= 0 and _is_mentioned(term, english):
                yield Breach(term, rendering, start)


def find_terms(terms: Iterable[Term], english: str) -> list[Term]:
    """Find the terms of which the English speaks, in the glossary's order."""
    return [term for term in terms if _is_mentioned(term, english)]


def _is_mentioned(term: Term, english: str) -> bool:
    return _compile_term(term.english).search(english) is not None


@lru_cache(maxsize=4096)
def _compile_term(english: str) -> re.Pattern[str]:
    """Compile the term as a word, in singular or plural; an acronym in its capitals."""
    flags = re.RegexFlag(0) if english.isupper() else re.IGNORECASE
    return re.compile(rf"(?<![A-Za-z]){re.escape(english)}(?:s|es)?(?![A-Za-z])", flags)


@lru_cache(maxsize=1)
def _load_own_terms() -> tuple[Term, ...]:
    return tuple(_parse_terms((files("yibao") / FILE_NAME).read_text(encoding="utf-8"), FILE_NAME))


def _parse_terms(content: str, name: str) -> Iterator[Term]:
    rows = csv.reader(io.StringIO(content, newline=""))
    head = [name.strip().lower() for name in next(rows, [])]
    if head != _COLUMNS:
        raise YibaoError(f"{name}:1: a glossary begins with the line {','.join(_COLUMNS)}.")
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(_COLUMNS) or not row[0].strip():
                raise YibaoError(f"{name}:{rows.line_num}: a term has three columns: {','.join(_COLUMNS)}.")
            yield Term(row[0].strip(), _split_renderings(row[1]), _split_renderings(row[2]))
    except csv.Error as error:
        raise YibaoError(f"{name}:{rows.line_num}: this is no CSV: {error}.") from None


def _split_renderings(cell: str) -> tuple[str, ...]:
    return tuple(part for rendering in cell.split("|") if (part := rendering.strip()))
