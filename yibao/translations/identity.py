"""Whose translation it is: whether heading and link speak of one paper."""

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from yibao import tex
from yibao.records import Problem, SourceText
from yibao.text import join_lines
from yibao.translations.markdown import LocatedEntry
from yibao.translations.rules import create_problem
from yibao.translations.spans import is_chinese

_WORD = re.compile(r"[a-z0-9]{2,}")
#: Words of many titles, which distinguish nothing.
_COMMON_WORDS = """
and for of the in with to on from an by via as is at are all you need towards toward using based large
language model models learning llm llms deep neural network networks multimodal
"""
_COMMON = frozenset(_COMMON_WORDS.split())
#: No title is longer; comparing takes the product of both lengths.
_MOST = 1000
#: Below this share of common letters two titles are titles of two papers.
_OTHER = 0.5


def measure_likeness(first: str, second: str) -> float:
    """Measure how much two titles have in common, from 0 to 1, of letters in order or of words in any order."""
    first_words, second_words = (
        {word for word in _WORD.findall(title.lower()) if word not in _COMMON} for title in (first, second)
    )
    words = (
        len(first_words & second_words) / min(len(first_words), len(second_words))
        if first_words and second_words
        else 0.0
    )
    return max(
        words,
        SequenceMatcher(None, normalize_title(first)[:_MOST], normalize_title(second)[:_MOST], autojunk=False).ratio(),
    )


def find_doubts(entry: LocatedEntry, english: SourceText, owners: Mapping[str, str]) -> Iterator[Problem]:
    """Find what speaks against the paper being the one in the link. `owners`: identifier by `normalize_title`."""
    translation = entry.translation
    arxiv_id, path, length = translation.arxiv_id, translation.path, len(translation.title_en)
    if translation.version and english.version and translation.version > english.version:
        message = f"{arxiv_id} has no version {translation.version}; the latest is {english.version}."
        yield create_problem(
            "no-such-version", path, *entry.url_at, message, "Correct the link.", arxiv_id, len(entry.url)
        )
    if normalize_title(translation.title_en) == normalize_title(english.title):
        return
    if any(normalize_title(title) == normalize_title(translation.title_en) for title in english.earlier_titles):
        message = f"{arxiv_id} was renamed; its title is now “{join_lines(english.title)}”."
        yield create_problem(
            "retitled", path, *entry.heading_at, message, "Look whether the translation fits.", arxiv_id, length
        )
        return
    if is_chinese(translation.title_en):
        return  # Another rule says so; nothing can be compared.
    share = measure_likeness(translation.title_en, english.title)
    owner = owners.get(normalize_title(translation.title_en))
    if owner and owner != arxiv_id:
        message = f"The heading is the title of {owner}; {arxiv_id} is “{join_lines(english.title)}”."
        yield create_problem("other-paper", path, *entry.url_at, message, f"Link to {owner}.", arxiv_id, len(entry.url))
    elif share < _OTHER:
        message = f"{arxiv_id} is “{join_lines(english.title)}”; the heading has {share:.0%} of it in common."
        yield create_problem("other-paper", path, *entry.url_at, message, "Correct the link.", arxiv_id, len(entry.url))
    else:
        message = f"arXiv's title is “{join_lines(english.title)}”; {share:.0%} is the same."
        remedy = "Copy arXiv's title."
        yield create_problem("title-differs", path, *entry.heading_at, message, remedy, arxiv_id, length)


def normalize_title(title: str) -> str:
    """Reduce a title to what all of its spellings share."""
    return tex.extract_skeleton(title).lower()
