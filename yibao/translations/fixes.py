"""What can be mended without knowing what was meant: typography, the form of addresses, headings, known damage."""

import difflib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from yibao import identifiers
from yibao.translations import markdown, typography
from yibao.translations.markdown import Document, LocatedEntry, Place, build_canonical_url
from yibao.translations.typography import Edit

_BOM = b"\xef\xbb\xbf"


class Repair(NamedTuple):
    """What to put in the place of what, and the rule that asks for it. The edit counts from the place."""

    rule: str
    place: Place
    edit: Edit


def fix_content(raw: bytes, path: str, language: str) -> bytes:
    """Mend all that is safe, in UTF-8, line ends as they were; the same bytes where nothing is to be mended.

    No record changes but in what was mended; rules that the file silences are left alone. Doing it again changes
    nothing.
    """
    document = markdown.parse_document(raw, path, language)
    if not document.text:
        return raw
    text = "\n".join(_apply_repairs(document, list_repairs(document)))
    if b"\r\n" in raw:
        text = text.replace("\n", "\r\n")
    return (_BOM if raw.startswith(_BOM) else b"") + text.encode()


def mend_line(document: Document, rule: str, line: int) -> str:
    """Mend one line, from 1, of what one rule asks for there; what decoding mended is mended in it, too."""
    wanted = [one for one in list_repairs(document) if (one.rule, one.place.line) == (rule, line)]
    return _apply_repairs(document, wanted)[line - 1]


def list_repairs(document: Document) -> list[Repair]:
    """List all repairs that are safe, by place; silenced rules ask for none."""
    lines = document.text.split("\n")
    misspelt = {(one.line, one.column) for one in document.problems if one.rule == "misspelt-host"}
    repairs = [
        repair
        for entry in document.entries
        for repair in _list_entry_repairs(entry, lines, is_misspelt=entry.url_at in misspelt)
        if repair.rule not in document.silenced and repair.rule not in entry.silenced
    ]
    return sorted(repairs, key=lambda one: (one.place.line, one.place.column + one.edit.start))


def diff_content(before: bytes, after: bytes, path: str) -> str:
    """Show what would change, as a unified diff; empty where nothing does."""
    old, new = _decode_readable(before).splitlines(), _decode_readable(after).splitlines()
    return "\n".join(difflib.unified_diff(old, new, path, path, lineterm="", n=0))


def _decode_readable(raw: bytes) -> str:
    return raw.decode("utf-8-sig", errors="backslashreplace")


def _apply_repairs(document: Document, repairs: Iterable[Repair]) -> list[str]:
    lines = document.text.split("\n")
    # The last of a line first, so that the places of the others stay true.
    for _, place, edit in reversed(list(repairs)):
        line, at = lines[place.line - 1], place.column - 1
        lines[place.line - 1] = line[: at + edit.start] + edit.text + line[at + edit.end :]
    return lines


def _list_entry_repairs(entry: LocatedEntry, lines: list[str], *, is_misspelt: bool) -> Iterator[Repair]:
    translation = entry.translation
    if translation.language.startswith("zh"):
        yield from _list_typography_repairs(entry, lines)
    url = build_canonical_url(identifiers.Identifier(translation.arxiv_id, translation.version))
    if entry.url != url:
        rule = "misspelt-host" if is_misspelt else "address-form"
        yield Repair(rule, entry.url_at, Edit(0, len(entry.url), url))
    heading = lines[translation.line - 1]
    marks = len(heading) - len(heading.lstrip("#"))
    if marks > len("##"):
        yield Repair("heading-level", Place(translation.line, 1), Edit(0, marks, "##"))


def _list_typography_repairs(entry: LocatedEntry, lines: list[str]) -> Iterator[Repair]:
    texts = [*zip(entry.abstract_at, entry.translation.abstract.split("\n"), strict=False)]
    if entry.translation.title:
        texts.append((entry.title_at, entry.translation.title))
    for place, text in texts:
        if lines[place.line - 1][place.column - 1 :].startswith(text):
            yield from (Repair(rule, place, edit) for rule, edit in typography.propose_edits(text))
