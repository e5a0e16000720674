"""What can be mended without knowing what was meant: typography, the form of addresses, headings, known damage."""

import difflib
from collections.abc import Iterator

from yibao import identifiers
from yibao.translations import markdown, typography
from yibao.translations.markdown import Document, LocatedEntry, Place, build_canonical_url
from yibao.translations.typography import Edit

_BOM = b"\xef\xbb\xbf"


def fix_content(raw: bytes, path: str, language: str) -> bytes:
    """Mend all that is safe, in UTF-8, line ends as they were; the same bytes where nothing is to be mended.

    No record changes but in what was mended; rules that the file silences are left alone. Doing it again changes
    nothing.
    """
    document = markdown.parse_document(raw, path, language)
    if not document.text:
        return raw
    lines = document.text.split("\n")
    for entry in document.entries:
        for place, edit in _list_edits(document, entry):
            line = lines[place.line - 1]
            at = place.column - 1
            lines[place.line - 1] = line[: at + edit.start] + edit.text + line[at + edit.end :]
    text = "\n".join(lines)
    if b"\r\n" in raw:
        text = text.replace("\n", "\r\n")
    return (_BOM if raw.startswith(_BOM) else b"") + text.encode()


def diff_content(before: bytes, after: bytes, path: str) -> str:
    """Show what would change, as a unified diff; empty where nothing does."""
    old, new = _decode_readable(before).splitlines(), _decode_readable(after).splitlines()
    return "\n".join(difflib.unified_diff(old, new, path, path, lineterm="", n=0))


def _decode_readable(raw: bytes) -> str:
    return raw.decode("utf-8-sig", errors="backslashreplace")


def _list_edits(document: Document, entry: LocatedEntry) -> Iterator[tuple[Place, Edit]]:
    """List what to put in the place of what, the last of a line first."""
    silenced = {*document.silenced, *entry.silenced}
    translation = entry.translation
    edits: list[tuple[Place, Edit]] = []
    if translation.language.startswith("zh"):
        edits += _list_typography_edits(document, entry, silenced)
    identifier = identifiers.Identifier(translation.arxiv_id, translation.version)
    if not silenced & {"address-form", "misspelt-host"} and entry.url != build_canonical_url(identifier):
        edits.append((entry.url_at, Edit(0, len(entry.url), build_canonical_url(identifier))))
    heading = document.text.split("\n")[translation.line - 1]
    marks = len(heading) - len(heading.lstrip("#"))
    if marks > len("##") and "heading-level" not in silenced:
        edits.append((Place(translation.line, 1), Edit(0, marks, "##")))
    yield from sorted(edits, key=lambda placed: (placed[0].line, placed[0].column + placed[1].start), reverse=True)


def _list_typography_edits(document: Document, entry: LocatedEntry, silenced: set[str]) -> Iterator[tuple[Place, Edit]]:
    lines = document.text.split("\n")
    texts = [*zip(entry.abstract_at, entry.translation.abstract.split("\n"), strict=False)]
    if entry.translation.title:
        texts.append((entry.title_at, entry.translation.title))
    for place, text in texts:
        if lines[place.line - 1][place.column - 1 :].startswith(text):
            yield from ((place, edit) for rule, edit in typography.propose_edits(text) if rule not in silenced)
