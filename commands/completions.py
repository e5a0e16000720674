"""What an editor proposes where a curator types: identifiers, renderings of terms, names of rules."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from yibao import glossary, identifiers
from yibao.glossary import Term
from yibao.records import SourceText
from yibao.translations.comments import CREDITS
from yibao.translations.rules import RULES

_LINK = re.compile(r"\]\((?P<typed>[^()\s]*)$")
_IDENTIFIER = re.compile(r"(?:arxiv\.org/abs/|arxiv:)(?P<typed>[\w./-]*)$", re.IGNORECASE)
_RULE = re.compile(r"<!--\s*yibao:\s*ignore\s+(?P<typed>[\w-]*)$")
_DIRECTIVE = re.compile(r"<!--\s*yibao:\s*(?P<typed>\w*)$")
_WORD = re.compile(r"[A-Za-z][A-Za-z-]*$")
#: What speaks to us in a comment, with what follows it.
_DIRECTIVES = {"ignore ": "silence a rule, with a reason", "lead": "lead the edition"} | {
    f"{credit}: ": "credit for this entry" for credit in CREDITS
}


class Proposal(NamedTuple):
    """Something to write."""

    text: str
    detail: str
    #: How many characters before the cursor it takes the place of.
    replaces: int
    #: What an editor compares with what was typed.
    filter_text: str


def find_typed_identifier(before: str) -> str | None:
    """Find the beginning of an identifier that is being typed; None where none is. `before`: the line up to there."""
    typed = _IDENTIFIER.search(before)
    if typed:
        return typed["typed"]
    return "" if _LINK.search(before) else None


def propose_papers(before: str, papers: Iterable[tuple[str, str]]) -> list[Proposal]:
    """Propose papers, as identifier and title: the identifier behind an address's beginning, else the whole address."""
    typed = _IDENTIFIER.search(before)
    if typed:
        return [Proposal(arxiv_id, title, len(typed["typed"]), arxiv_id) for arxiv_id, title in papers]
    link = _LINK.search(before)
    replaces = len(link["typed"]) if link else 0
    urls = ((identifiers.build_abs_url(arxiv_id), title) for arxiv_id, title in papers)
    return [Proposal(url, title, replaces, f"{url} {title}") for url, title in urls]


def propose_directives(before: str) -> list[Proposal]:
    """Propose what a comment may say to us, and behind `ignore` the names of rules."""
    rule, directive = _RULE.search(before), _DIRECTIVE.search(before)
    if rule:
        replaces = len(rule["typed"])
        return [Proposal(f"{name}: ", one.says, replaces, name) for name, one in RULES.items()]
    if directive:
        replaces = len(directive["typed"])
        return [Proposal(text, says, replaces, text) for text, says in _DIRECTIVES.items()]
    return []


def propose_terms(before: str, terms: Sequence[Term], english: SourceText | None) -> list[Proposal]:
    """Propose renderings of terms, typed in English or begun in Chinese; those of which the English speaks first."""
    spoken = glossary.find_terms(terms, f"{english.title}\n{english.abstract}") if english else []
    word = _WORD.search(before)
    proposals = []
    for term in [*spoken, *(term for term in terms if term not in spoken)]:
        for rendering in term.preferred:
            begun = len(word[0]) if word else _measure_beginning(before, rendering)
            if begun or term in spoken:
                filter_text = f"{term.english} {rendering}" if word else rendering
                proposals.append(Proposal(rendering, term.english, begun, filter_text))
    return [one for one in proposals if not word or word[0].lower() in one.filter_text.lower()]


def _measure_beginning(before: str, rendering: str) -> int:
    """Measure how much of a rendering is written already, at the end of the line."""
    return next((size for size in range(len(rendering) - 1, 0, -1) if before.endswith(rendering[:size])), 0)
