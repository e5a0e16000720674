"""Which entries a feed of the operator's own holds."""

import re
from collections.abc import Iterable

from yibao import keywords
from yibao.records import Entry
from yibao.settings import FeedChoice


def choose_entries(chosen: FeedChoice, entries: Iterable[Entry]) -> list[Entry]:
    """Choose the entries that satisfy all conditions, in the order given; of several values of one kind any will do."""
    patterns = [keywords.compile_keyword(keyword) for keyword in chosen.keywords]
    return [entry for entry in entries if _is_chosen(chosen, patterns, entry)]


def _is_chosen(chosen: FeedChoice, patterns: list[re.Pattern[str]], entry: Entry) -> bool:
    translation, paper = entry.translation, entry.paper
    if chosen.translated is not None and (translation is not None) != chosen.translated:
        return False
    if chosen.categories and not set(chosen.categories) & set(entry.categories):
        return False
    if chosen.authors and not any(_is_by(author.name, chosen.authors) for author in (paper.authors if paper else ())):
        return False
    if chosen.translators and (translation is None or translation.translator not in chosen.translators):
        return False
    if chosen.languages and (translation is None or translation.language not in chosen.languages):
        return False
    return not patterns or any(pattern.search(text) for pattern in patterns for text in _list_texts(entry))


def _is_by(name: str, authors: Iterable[str]) -> bool:
    return name.casefold() in {author.casefold() for author in authors}


def _list_texts(entry: Entry) -> list[str]:
    texts = [entry.title_en, entry.paper.abstract if entry.paper else ""]
    if entry.translation:
        texts += [entry.translation.title or "", entry.translation.abstract]
    return texts
