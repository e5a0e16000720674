"""Check one file by all rules.

Without arXiv's text the rules that compare with it are silent; `Checked.unknown` counts what they passed over.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from yibao import glossary
from yibao.glossary import Term
from yibao.records import Problem, SourceText
from yibao.text import join_lines
from yibao.translations import belonging, fidelity, identity, residue, spans, typography
from yibao.translations.folder import EntryKey
from yibao.translations.markdown import Document, LocatedEntry, Place
from yibao.translations.rules import RULES, create_problem
from yibao.translations.spans import count_chinese, mask_non_prose

_LATIN_RUN = re.compile(r"[A-Za-z][A-Za-z'’,;:()\- ]*")
_WORDS = re.compile(r"[A-Za-z]{2,}")
#: Fewer words may be a name.
_SHORT = 12
#: No abstract is half as long.
_MOST_CHARACTERS = 20_000
#: An abstract in Chinese has more Chinese characters than this for each word of Latin.
_LEAST = 0.5
#: So many entries above and below may have changed places with one.
_NEAR = 25


class CheckResult(NamedTuple):
    """What came of checking a file."""

    entries: tuple[EntryKey, ...]
    #: By line and column, silenced ones left out.
    problems: tuple[Problem, ...]
    #: Entries whose English text was not at hand.
    unknown: int
    #: Rules silenced for the whole file.
    silenced: tuple[str, ...]


def check_document(
    document: Document, terms: Sequence[Term], english: Mapping[str, SourceText], owners: Mapping[str, str]
) -> CheckResult:
    """Check a file by all rules. `english` and `owners` may lack papers; see `identity.find_doubts`."""
    reported = [problem for problem in document.problems if problem.rule not in document.silenced]
    used = {problem.rule for problem in document.problems} & set(document.silenced)
    strangers: dict[int, list[Problem]] = {}
    for number, problem in _check_belonging(document, english):
        strangers.setdefault(number, []).append(problem)
    for entry in document.entries:
        source = english.get(entry.translation.arxiv_id)
        silenced = {**document.silenced, **entry.silenced}
        silenced_in_entry = [
            problem for problem in document.problems if problem.rule in entry.silenced and _is_within(problem, entry)
        ]
        reported = [problem for problem in reported if problem not in silenced_in_entry]
        entry_problems = [*_check_entry(entry, terms, source, owners), *strangers.get(entry.translation.line, ())]
        reported += [problem for problem in entry_problems if problem.rule not in silenced]
        broken = {problem.rule for problem in (*entry_problems, *silenced_in_entry)}
        used |= broken & set(document.silenced)
        reported += _report_unused(
            entry.silenced.keys() - broken, document.path, entry.translation.line, comparing=source is not None
        )
    is_comparing = all(entry.translation.arxiv_id in english for entry in document.entries)
    reported += _report_unused(document.silenced.keys() - used, document.path, 1, comparing=is_comparing)
    entries = tuple(
        EntryKey(entry.translation.arxiv_id, entry.translation.language, document.path, entry.translation.line)
        for entry in document.entries
    )
    unknown = sum(key.arxiv_id not in english for key in entries)
    return CheckResult(entries, tuple(sorted(reported, key=problem_position)), unknown, tuple(document.silenced))


def problem_position(problem: Problem) -> tuple[str, int, int, str]:
    """Order problems by place."""
    return (problem.path, problem.line, problem.column, problem.rule)


def _is_within(problem: Problem, entry: LocatedEntry) -> bool:
    last = entry.abstract_at[-1].line if entry.abstract_at else entry.url_at.line
    return entry.translation.line <= problem.line <= last


def _report_unused(rules: set[str], path: str, line: int, *, comparing: bool) -> Iterator[Problem]:
    for rule in sorted(rules):
        if comparing or not RULES[rule].needs_english:
            message = f"{rule} is silenced, and nothing breaks it."
            yield create_problem("unused-silence", path, line, 1, message, "Delete the silence.")


def _check_entry(
    entry: LocatedEntry, terms: Sequence[Term], english: SourceText | None, owners: Mapping[str, str]
) -> Iterator[Problem]:
    is_chinese = entry.translation.language.startswith("zh")
    if len(entry.translation.abstract) > _MOST_CHARACTERS:
        message, remedy = "No abstract is so long.", "Look whether a heading is missing; it was not looked at further."
        yield _create_problem(entry, "too-long", entry.abstract_at[0], message, remedy)
        return
    for text, places in _list_passages(entry):
        for number, line in enumerate(text.split("\n")):
            for slip in typography.find_slips(line, is_chinese=is_chinese):
                at, column = places[number]
                yield _create_problem(
                    entry, slip.rule, Place(at, column + slip.column), slip.message, slip.remedy, slip.length
                )
    if is_chinese:
        yield from _check_language(entry)
        yield from _check_terms(entry, terms, english)
    yield from _check_residue(entry, english)
    if english:
        yield from identity.find_doubts(entry, english, owners)
        if english.abstract and entry.translation.abstract and not _is_english(entry.translation.abstract):
            yield from _check_fidelity(entry, english, is_chinese=is_chinese)


def _list_passages(entry: LocatedEntry) -> list[tuple[str, Sequence[Place]]]:
    """List the texts in the translation's own language, with the place of each line."""
    title, abstract = entry.translation.title or "", entry.translation.abstract
    return [(text, places) for text, places in ((title, [entry.title_at]), (abstract, entry.abstract_at)) if text]


def _check_language(entry: LocatedEntry) -> Iterator[Problem]:
    title, abstract, heading = entry.translation.title, entry.translation.abstract, entry.translation.title_en
    if spans.is_chinese(heading):
        message, remedy = "The heading is in Chinese.", "Copy arXiv's title; the translated one belongs to the link."
        yield _create_problem(entry, "heading-not-english", entry.heading_at, message, remedy, len(heading))
    if title and not count_chinese(title):
        message = "The title is in English."
        yield _create_problem(
            entry, "title-untranslated", entry.title_at, message, "Translate it, unless it is a name.", len(title)
        )
    if abstract and _is_english(abstract):
        yield _create_problem(
            entry, "untranslated", entry.abstract_at[0], "The abstract is in English.", "Translate it."
        )
    elif abstract:
        for match in _LATIN_RUN.finditer(mask_non_prose(abstract)):
            if len(match[0].split()) < _SHORT:
                continue
            at, length = _locate_character(entry, match.start()), len(match[0].split("\n")[0])
            message = f"“{match[0][:40]}…” was left in English."
            yield _create_problem(entry, "partly-untranslated", at, message, "Translate it.", length)


def _is_english(abstract: str) -> bool:
    words = len(_WORDS.findall(mask_non_prose(abstract)))
    return words > _SHORT and count_chinese(abstract) < words * _LEAST


def _check_residue(entry: LocatedEntry, english: SourceText | None) -> Iterator[Problem]:
    source = f"{english.title}\n{english.abstract}" if english else entry.translation.title_en
    for text, _ in _list_passages(entry):
        for left in residue.find_residue(text, source):
            at = entry.title_at if text is entry.translation.title else _locate_character(entry, left.start)
            message = f"{left.text[:40]!r} is {left.kind}, and no part of the paper."
            yield _create_problem(
                entry, "model-residue", at, message, "Delete what is not the translation.", len(left.text)
            )


def _check_terms(entry: LocatedEntry, terms: Sequence[Term], english: SourceText | None) -> Iterator[Problem]:
    title, abstract = entry.translation.title or "", entry.translation.abstract
    source = (
        f"{entry.translation.title_en}\n{english.title}\n{english.abstract}" if english else entry.translation.title_en
    )
    # What stands in brackets behind a term, such as (LLMs), is English too.
    speaks = f"{source}\n{abstract}"
    for text in filter(None, (title, abstract)):
        for breach in glossary.find_breaches(terms, text, speaks):
            at = entry.title_at if text is title else _locate_character(entry, breach.start)
            preferred = breach.term.preferred[0] if breach.term.preferred else breach.term.english
            message = f"{breach.rendering} is not what {breach.term.english} means here."
            yield _create_problem(entry, "forbidden-term", at, message, f"Write {preferred}.", len(breach.rendering))


def _check_fidelity(entry: LocatedEntry, english: SourceText, *, is_chinese: bool) -> Iterator[Problem]:
    abstract, original = entry.translation.abstract, join_lines(english.abstract)
    for loss in fidelity.find_losses(join_lines(english.title), original, abstract, is_chinese=is_chinese):
        at = _locate_character(entry, loss.start) if loss.start is not None else entry.abstract_at[0]
        length = len(loss.text) if loss.start is not None else 1
        yield _create_problem(entry, loss.rule, at, loss.message, loss.remedy, length)


def _check_belonging(document: Document, english: Mapping[str, SourceText]) -> Iterator[tuple[int, Problem]]:
    """Find texts that are not their paper's, and whose they are in this file; each with its entry's line."""
    known = [
        entry
        for entry in document.entries
        if entry.translation.arxiv_id in english and len(entry.translation.abstract) <= _MOST_CHARACTERS
    ]
    for number, entry in enumerate(known):
        if not entry.translation.language.startswith("zh"):
            continue
        near = [other.translation.arxiv_id for other in known[max(0, number - _NEAR) : number + _NEAR + 1]]
        for doubt in belonging.find_doubts(entry.translation, english, near):
            at, length = (
                (entry.title_at, len(entry.translation.title or "")) if doubt.is_title else (entry.abstract_at[0], 1)
            )
            yield entry.translation.line, _create_problem(entry, doubt.rule, at, doubt.message, doubt.remedy, length)


def _locate_character(entry: LocatedEntry, start: int) -> Place:
    """Locate a character of the abstract in the file."""
    lengths = [len(line) + 1 for line in entry.translation.abstract.split("\n")]
    ends = list(accumulate(lengths))
    number = min(bisect_right(ends, start), len(lengths) - 1)
    line, column = entry.abstract_at[number]
    return Place(line, column + start - (ends[number] - lengths[number]))


def _create_problem(  # noqa: PLR0913  (a place, and what to say of it)
    entry: LocatedEntry, rule: str, at: Place, message: str, remedy: str, length: int = 1
) -> Problem:
    return create_problem(
        rule, entry.translation.path, *at, message, remedy, entry.translation.arxiv_id, max(1, length)
    )
