"""What a query matches, said as plainly as can be: the measure of the server's engine and of the browser's script."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from yibao.records import Entry
from yibao.search.conditions import All, Any, Concept, Filter, Node, Not, Tokens
from yibao.search.folding import write_tokens

#: Where a concept without a field is looked for, and where its parts are.
FIELDS, _TEXTS = ("title", "abstract", "author", "translator"), ("title", "abstract")


class SearchText(NamedTuple):
    """All that search knows of a paper, as it is written."""

    arxiv_id: str
    titles: tuple[str, ...]
    abstracts: tuple[str, ...]
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    #: When readers first met it; when it was submitted, where they did not; None where nobody knows.
    day: date | None = None
    translators: tuple[str, ...] = ()
    #: BCP 47, of its translations.
    languages: tuple[str, ...] = ()
    #: Whether readers are shown it: it stands in an edition and in feeds.
    is_shown: bool = False


class FoldedPaper(NamedTuple):
    """A paper as it is searched: for each field the tokens of each of its texts, then the words that hyphens join."""

    text: SearchText
    fields: dict[str, list[list[str]]]


def describe_entry(entry: Entry) -> SearchText:
    """Describe an entry as search knows it."""
    paper = entry.paper
    written = ([entry.translation] if entry.translation else []) + list(entry.others)
    submitted = paper.submitted_at.date() if paper and paper.submitted_at else None
    return SearchText(
        entry.arxiv_id,
        (entry.title_en, *(one.title for one in written if one.title)),
        (paper.abstract if paper else "", *(one.abstract for one in written)),
        tuple(author.name for author in paper.authors) if paper else (),
        entry.categories,
        entry.stamp.published_at.date() if entry.stamp else submitted,
        tuple(dict.fromkeys(one.translator for one in written if one.translator)),
        tuple(dict.fromkeys(one.language for one in written)),
        is_shown=entry.stamp is not None,
    )


def fold_paper(text: SearchText) -> FoldedPaper:
    """Fold all texts of a paper."""
    named = {"title": text.titles, "abstract": text.abstracts, "author": text.authors, "translator": text.translators}
    return FoldedPaper(text, {name: [text.split() for text in write_tokens(texts)] for name, texts in named.items()})


def list_category_names(codes: Sequence[str]) -> list[str]:
    """List the categories by which a paper is found: its own, and the archives that they belong to."""
    return list(dict.fromkeys([*codes, *(code.partition(".")[0] for code in codes)]))


def list_language_names(languages: Sequence[str]) -> list[str]:
    """List the tags by which a translation is found: zh-Hans-CN is zh-Hans and zh, too."""
    parts = [language.lower().split("-") for language in languages]
    return list(dict.fromkeys("-".join(part[:count]) for part in parts for count in range(1, len(part) + 1)))


def is_match(condition: Node, paper: FoldedPaper) -> bool:
    """Check whether a paper satisfies a condition."""
    match condition:
        case All(children):
            return all(is_match(child, paper) for child in children)
        case Any(children):
            return any(is_match(child, paper) for child in children)
        case Not(child):
            return not is_match(child, paper)
        case Filter():
            return _is_fact(condition, paper.text)
    return _speaks_of(condition, paper)


def has_phrase(texts: Sequence[Sequence[str]], phrase: Tokens) -> bool:
    """Check whether one of these texts has the tokens in a row."""
    first, count = phrase[0], len(phrase)
    return any(
        tuple(text[place : place + count]) == phrase
        for text in texts
        for place, token in enumerate(text)
        if token == first
    )


def _speaks_of(concept: Concept, paper: FoldedPaper) -> bool:
    fields = (concept.field,) if concept.field else FIELDS
    for phrase in concept.phrases:
        if any(has_phrase(paper.fields[field], phrase.tokens) for field in fields):
            return True
    texts = [text for field in ((concept.field,) if concept.field else _TEXTS) for text in paper.fields[field]]
    return bool(concept.parts) and sum(has_phrase(texts, part) for part in concept.parts) >= concept.need


def _is_fact(condition: Filter, text: SearchText) -> bool:
    match condition:
        case Filter("category", str() as code):
            return code in list_category_names(text.categories)
        case Filter("language", str() as language):
            return language in list_language_names(text.languages)
        case Filter("translated", bool() as wanted):
            return bool(text.languages) == wanted
        case Filter("shown", bool() as wanted):
            return text.is_shown == wanted
        case Filter("date", (start, end)):
            return text.day is not None and start <= text.day.isoformat() <= end
    return condition.value == text.arxiv_id
