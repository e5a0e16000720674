"""The words of a paper's title that say what it is about. Pure."""

import re

from yibao import markup

_WORD = re.compile(r"[^\W\d_][\w-]*[^\W_]")
#: In titles of every subject; they relate nothing.
_COMMON = """
a about across after against all among an and any approach approaches are as at based be before beyond between by can
case do does during each efficient effective enhanced enhancing every evaluating evaluation exploring fast first for
framework from general high how improved improving in into is its large learning less low method methods model
modeling models more multi near need new no not novel of off on one only or our out over paper per problem problems
robust scale self simple some study system systems task tasks than that the their them they this through to toward
towards two under understanding unified up upon us use used using via we what when where which while who why will
with within without you your
"""
_COMMON_WORDS = frozenset(_COMMON.split())


def find_title_words(title: str) -> list[str]:
    """Find the words of an English title that say what its paper is about, each once and in lower case.

    A plural counts as its singular, as far as its last letter tells.
    """
    words = (match[0].lower() for match in _WORD.finditer(markup.render_plain(title)))
    return list(dict.fromkeys(_cut_plural(word) for word in words if word not in _COMMON_WORDS))


def _cut_plural(word: str) -> str:
    has_plural = len(word) > len("gan") and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return word.removesuffix("s") if has_plural else word
