"""Comments in a curator's file, which readers never see, and what some of them ask for.

A comment is `<!-- … -->` within one entry. One that begins with `yibao:` speaks to us:

    <!-- yibao: ignore number-changed: the second version counts three more -->
    <!-- yibao: translator: 王小明 -->        (also reviewer, corrector)
    <!-- yibao: lead -->                      (leads its edition)
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from yibao.records import Problem
from yibao.translations.rules import RULES, create_problem

#: Who may be credited, in front matter for a file and in a comment for an entry.
CREDITS = ("translator", "reviewer", "corrector", "license")
_OPENS, _CLOSES = "<!--", "-->"
_DIRECTIVE = re.compile(r"\s*yibao:\s*(?P<key>[\w-]+)\s*:?\s*(?P<rest>.*?)\s*$", re.DOTALL)
_LEAD = re.compile(r"\s*yibao:\s*lead\s*:?\s*", re.IGNORECASE)
_IGNORE = re.compile(r"(?P<rule>[\w-]+)\s*[:：]?\s*(?P<reason>.*)", re.DOTALL)


class SourceLine(NamedTuple):
    """A line of an entry's body without comments. Line and column from 0, within the body."""

    line: int
    column: int
    text: str


class EntryBody(NamedTuple):
    """An entry's body without its comments, and what those say."""

    lines: list[SourceLine]
    #: Reason by name of the rule that is silenced.
    silenced: dict[str, str]
    credits: dict[str, str]
    problems: list[Problem]
    #: Whether there was any comment.
    has_comment: bool
    #: Whether the entry is to lead its edition.
    is_lead: bool = False


def remove_comments(body: list[str], path: str, first_line: int) -> EntryBody:
    """Remove comments, and lines that held nothing else. `first_line` is the body's first, from 1."""
    joined = "\n".join(body)
    comments = list(_find_comments(joined))
    if not comments:
        return EntryBody(
            [SourceLine(number, 0, line) for number, line in enumerate(body)], {}, {}, [], has_comment=False
        )
    silenced: dict[str, str] = {}
    credits_: dict[str, str] = {}
    problems = []
    is_lead = False
    for comment in comments:
        line = first_line + joined.count("\n", 0, comment.start)
        inside = joined[comment.start + len(_OPENS) : comment.stop - len(_CLOSES)]
        is_lead |= bool(_LEAD.fullmatch(inside))
        problems += _apply_comment(inside, silenced, credits_, path, line)
    lines = list(_iterate_lines(joined, comments))
    return EntryBody(lines, silenced, credits_, problems, has_comment=True, is_lead=is_lead)


def parse_silence(rule: str, reason: str, path: str, line: int) -> tuple[dict[str, str], list[Problem]]:
    """Parse a silenced rule and its reason; a Problem if one of the two is not good."""
    if rule not in RULES:
        message, remedy = f"{rule!r} is no rule.", "The rules and their names: docs/translations/rules.md."
    elif not reason:
        message, remedy = f"{rule} is silenced without a reason.", f"Write `ignore {rule}: why it is right here`."
    else:
        return {rule: reason}, []
    return {}, [create_problem("silence", path, line, 1, message, remedy)]


def _find_comments(text: str) -> Iterator[range]:
    """Find where each comment begins and ends; one that is not closed is none."""
    # Not a pattern: of many that are not closed each would be looked for to the end.
    start = text.find(_OPENS)
    while start >= 0 and (end := text.find(_CLOSES, start + len(_OPENS))) >= 0:
        yield range(start, end + len(_CLOSES))
        start = text.find(_OPENS, end)


def _apply_comment(
    comment: str, silenced: dict[str, str], credits_: dict[str, str], path: str, line: int
) -> list[Problem]:
    directive = _DIRECTIVE.match(comment)
    if not directive or _LEAD.fullmatch(comment):
        return []
    key, rest = directive["key"].lower(), " ".join(directive["rest"].split())
    if key in CREDITS and rest:
        credits_[key] = rest
        return []
    if key == "ignore" and (ignored := _IGNORE.match(rest)):
        silences, problems = parse_silence(ignored["rule"], ignored["reason"], path, line)
        silenced.update(silences)
        return problems
    message = f"The comment says {key!r}, which means nothing here."
    remedy = f"Known are: ignore RULE: REASON, lead, {', '.join(CREDITS)}."
    return [create_problem("silence", path, line, 1, message, remedy)]


def _iterate_lines(joined: str, comments: list[range]) -> Iterator[SourceLine]:
    """Iterate over what remains; a line's column is where its first piece began."""
    line, place = 0, 0
    pieces: list[tuple[int, str]] = []
    touched = False
    for comment in [*comments, None]:
        text = joined[place : comment.start if comment else len(joined)]
        first, *later_pieces = text.split("\n")
        pieces.append((place - joined.rfind("\n", 0, place) - 1, first))
        for piece in later_pieces:
            yield from _join_pieces(line, pieces, touched=touched)
            line += 1
            pieces, touched = [(0, piece)], False
        if comment:
            touched, place = True, comment.stop
            breaks = joined.count("\n", comment.start, comment.stop)
            if breaks:
                yield from _join_pieces(line, pieces, touched=True)
                line += breaks
                pieces = []
    yield from _join_pieces(line, pieces, touched=touched)


def _join_pieces(line: int, pieces: list[tuple[int, str]], *, touched: bool) -> Iterator[SourceLine]:
    text = "".join(piece for _, piece in pieces)
    if touched and not text.strip():
        return
    yield SourceLine(line, next((column for column, piece in pieces if piece.strip()), 0), text)
