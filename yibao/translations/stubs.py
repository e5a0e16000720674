"""What a curator begins with: a paper's title and link, and its abstract where only the curator sees it."""

from collections.abc import Sequence

from yibao import identifiers
from yibao.glossary import Term
from yibao.records import SourceText
from yibao.text import join_lines, split_paragraphs


def write_stub(arxiv_id: str, english: SourceText, terms: Sequence[Term]) -> str:
    """Write an entry that is not published until it is filled in. `terms`: those of which the English speaks."""
    lines = [f"## {join_lines(english.title)}", f"[]({identifiers.build_abs_url(arxiv_id)})", "", "<!--"]
    lines += [_escape_comment(paragraph) for paragraph in split_paragraphs(english.abstract)]
    lines += [f"{term.english} = {' / '.join(term.preferred)}" for term in terms if term.preferred]
    return "\n".join([*lines, "-->", ""])


def _escape_comment(line: str) -> str:
    """Escape a line so that, in a comment, it neither ends it nor opens an entry."""
    escaped = line.replace("-->", "-- >")
    return f"\\{escaped}" if escaped.startswith("#") else escaped
