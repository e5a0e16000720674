"""Which entries a feed of the operator's own holds."""

import re
from collections.abc import Iterable

from yibao import keywords
from yibao.records import Entry
from yibao.settings import FeedChoice


def choose_entries(chosen: FeedChoice, entries: Iterable[Entry]) -> list[Entry]:
    """The entries that satisfy all that is named, in the order given; of several values of one kind any will do."""
    patterns = [keywords.compile_keyword(keyword) for keyword in chosen.keywords]
    return [entry for entry in entries if _fits(chosen, patterns, entry)]


def _fits(chosen: FeedChoice, patterns: list[re.Pattern[str]], entry: Entry) -> bool:
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
    return not patterns or any(found.search(text) for found in patterns for text in _texts(entry))


def _is_by(name: str, wanted: Iterable[str]) -> bool:
    return name.casefold() in {one.casefold() for one in wanted}


def _texts(entry: Entry) -> list[str]:
    texts = [entry.title_en, entry.paper.abstract if entry.paper else ""]
    if entry.translation:
        texts += [entry.translation.title or "", entry.translation.abstract]
    return texts
