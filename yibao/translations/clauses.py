"""Clauses of a Chinese sentence, the words of an English one, and whether the one renders the other."""

import re

from yibao.translations.lexicon import Word

CLAUSE = re.compile(r"[^，。；：,;:！？!?、（）()\n]+")
#: English words, and what ends a phrase.
WORDS = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*|[.,;:()]")
#: How many English words, and Chinese characters, belong to one that turns.
REACH, REACH_CHINESE = 6, 10
#: A word whose rendering says less than this is no anchor (natural logarithm of likelihoods).
TELLING = 2.0


def speaks_of(words: list[Word], clause: str, least: float) -> bool:
    """Check whether a clause renders one of these words, among those that tell at least so much."""
    return any(word.if_there > least and any(one in clause for one in word.renderings) for word in words)
