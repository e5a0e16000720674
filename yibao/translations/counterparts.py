"""What a place in a curator's file speaks of: its entry, and the English sentences that it renders."""

from typing import NamedTuple

from yibao.records import SourceText
from yibao.text import join_lines
from yibao.translations import alignment
from yibao.translations.markdown import Document, LocatedEntry, Place


class Counterpart(NamedTuple):
    """The English of a place in a translation."""

    #: The English sentences, each with its number, from 1; none where nothing of the English stands for the place.
    sentences: tuple[tuple[int, str], ...]
    #: How many sentences the English has.
    total: int


def find_entry(document: Document, line: int) -> LocatedEntry | None:
    """Find the entry to which a line, from 1, belongs: the last that begins at or above it."""
    above = [entry for entry in document.entries if entry.translation.line <= line]
    return above[-1] if above else None


def find_counterpart(entry: LocatedEntry, at: Place, english: SourceText) -> Counterpart | None:
    """Find the English of the sentence at a place; None where that is not in the abstract.

    Paragraphs of the English count as one text, as arXiv shows them.
    """
    offset = _find_offset(entry, at)
    if offset is None:
        return None
    beads = alignment.align_sentences(join_lines(english.abstract), entry.translation.abstract)
    total = 0
    found: tuple[tuple[int, str], ...] = ()
    for bead in beads:
        # Blanks between two sentences belong to the first.
        if bead.chinese and bead.chinese[0].start <= offset:
            found = tuple((total + place, sentence.text) for place, sentence in enumerate(bead.english, 1))
        total += len(bead.english)
    return Counterpart(found, total)


def _find_offset(entry: LocatedEntry, at: Place) -> int | None:
    """Find which character of the abstract, from 0, stands at a place of the file."""
    offset = 0
    for start, line in zip(entry.abstract_at, entry.translation.abstract.split("\n"), strict=False):
        if start.line == at.line:
            return offset + min(max(0, at.column - start.column), len(line))
        offset += len(line) + 1
    return None
