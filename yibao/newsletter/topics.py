"""Which papers of an edition are for which subscription, and why. Pure.

An edition is indexed once; each subscription then costs a few look-ups, however many papers there are. What a keyword
matches is what `yibao.keywords` says.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cache, lru_cache, reduce
from operator import and_, or_
from typing import NamedTuple

from yibao import categories
from yibao.records import Entry, Subscription
from yibao.text import join_lines

_WORD = re.compile(r"\w+")
#: Between two texts of a paper: no phrase goes across.
_GAP = "\x00"
#: Answers that are kept: subscribers share most of their topics.
_MOST_ANSWERS = 20_000
#: Letters with a stroke or joined, which Unicode does not take apart.
_PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE"}
)


class TopicKind(StrEnum):
    """What a topic is compared with."""

    CATEGORY = "category"
    KEYWORD = "keyword"
    AUTHOR = "author"


class Topic(NamedTuple):
    """One thing that a subscriber asks for, as they wrote it."""

    kind: TopicKind
    text: str


class Choice(NamedTuple):
    """The papers of an edition that are for a subscription. Sets of papers are bits: 1 << place in the edition."""

    papers: int
    by_topic: tuple[tuple[Topic, int], ...]

    @property
    def named_papers(self) -> int:
        """Those that a keyword or author asks for, whatever their category."""
        return _unite(papers for topic, papers in self.by_topic if topic.kind is not TopicKind.CATEGORY)

    def find_reasons(self, place: int) -> tuple[Topic, ...]:
        """Find the topics that the paper at this place meets, in the subscription's order."""
        return tuple(topic for topic, papers in self.by_topic if papers >> place & 1)


class Phrase(NamedTuple):
    """A keyword, folded. An end of it that was ASCII is the end of a word."""

    text: str
    begins_word: bool
    ends_word: bool


class EditionIndex:
    """The categories, authors and words of an edition's papers."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._everything = (1 << len(entries)) - 1
        self._texts = [_fold_texts(entry) for entry in entries]
        self._by_category = _unite_by_name(map(_list_categories, entries))
        self._by_author = _unite_by_name(map(_list_authors, entries))
        # Lists, not bits: most words are in one or two papers.
        self._by_word = _list_by_name(set(_WORD.findall(text)) for text in self._texts)
        self._by_sign = _list_by_name({sign for sign in set(text) if not sign.isascii()} for text in self._texts)
        self._find_keyword = lru_cache(maxsize=_MOST_ANSWERS)(self._search_keyword)
        self._find_word = lru_cache(maxsize=_MOST_ANSWERS)(lambda word: _make_bits(self._by_word.get(word, ())))
        self._find_sign = cache(lambda sign: _make_bits(self._by_sign.get(sign, ())))

    def choose_papers(self, subscription: Subscription) -> Choice:
        """Choose the papers that meet any topic of a subscription; all of them where it has no topics."""
        if not subscription.has_topics:
            return Choice(self._everything, ())
        by_topic = (
            *((Topic(TopicKind.CATEGORY, code), self._find_category(code)) for code in subscription.categories),
            *((Topic(TopicKind.KEYWORD, word), self._find_keyword(word)) for word in subscription.keywords),
            *((Topic(TopicKind.AUTHOR, name), self._find_author(name)) for name in subscription.authors),
        )
        return Choice(_unite(papers for _, papers in by_topic), by_topic)

    def _find_category(self, code: str) -> int:
        return self._by_category.get(categories.find_canonical(code), 0)

    def _find_author(self, name: str) -> int:
        last, _, first = name.partition(",")
        return self._by_author.get(fold_name(name), 0) | self._by_author.get(fold_name(f"{first} {last}"), 0)

    def _search_keyword(self, keyword: str) -> int:
        phrase = make_phrase(keyword)
        if not phrase.text:
            return 0
        candidates = self._find_candidates(phrase)
        if _is_plain_word(phrase):
            return candidates
        return _make_bits(place for place in list_places(candidates) if has_phrase(self._texts[place], phrase))

    def _find_candidates(self, phrase: Phrase) -> int:
        """Find the papers that hold every whole word of a phrase, and the signs of what may be part of a word."""
        words, signs = _split_phrase(phrase)
        return reduce(and_, (*map(self._find_word, words), *map(self._find_sign, signs)), self._everything)


def list_places(papers: int) -> Iterator[int]:
    """List the places of the papers in a set of bits, in the edition's order."""
    while papers:
        lowest = papers & -papers
        yield lowest.bit_length() - 1
        papers ^= lowest


def fold_text(text: str) -> str:
    """Write a text so that two are equal exactly where a regular expression that ignores case finds them equal."""
    return text.replace("İ", "i").lower().translate(_load_equal_letters())


def fold_name(name: str) -> str:
    """Write a person's name without accents, capitals and full stops."""
    letters = unicodedata.normalize("NFKD", name.translate(_PLAIN_LETTERS))
    plain = "".join(sign for sign in letters if not unicodedata.combining(sign))
    return join_lines(plain.casefold().replace(".", " "))


def make_phrase(keyword: str) -> Phrase:
    """Make what is looked for of a keyword."""
    words = join_lines(keyword)
    return Phrase(fold_text(words), words[:1].isascii(), words[-1:].isascii())


def has_phrase(text: str, phrase: Phrase) -> bool:
    """Check whether a folded text holds a phrase."""
    start = text.find(phrase.text)
    while start >= 0:
        end = start + len(phrase.text)
        is_cut_before = phrase.begins_word and start > 0 and _is_word_sign(text[start - 1])
        is_cut_behind = phrase.ends_word and end < len(text) and _is_word_sign(text[end])
        if not is_cut_before and not is_cut_behind:
            return True
        start = text.find(phrase.text, start + 1)
    return False


@cache
def _load_equal_letters() -> dict[int, str]:
    """Load the small letters that stand for another one when case is ignored, such as ς for σ."""
    small = (chr(code) for code in range(0x80, 0x10000) if chr(code).islower())
    equal = {ord(letter): letter.casefold() for letter in small if len(letter.casefold()) == 1}
    # Pairs that grow when they are folded, and the Turkish i.
    return equal | {0x131: "i", 0x1FD3: "\u0390", 0x1FE3: "\u03b0", 0xFB05: "\ufb06"}


def _fold_texts(entry: Entry) -> str:
    texts = [entry.title_en, entry.paper.abstract if entry.paper else ""]
    if entry.translation:
        texts += [entry.translation.title or "", entry.translation.abstract]
    return _GAP.join(fold_text(join_lines(text)) for text in texts)


def _list_categories(entry: Entry) -> Iterator[str]:
    """List an entry's categories and the archives that they belong to: `cs` stands for all of cs."""
    for code in entry.categories:
        yield code
        archive = code.partition(".")[0]
        if archive != code and archive in categories.ARCHIVES:
            yield archive


def _list_authors(entry: Entry) -> Iterator[str]:
    return (fold_name(author.name) for author in entry.paper.authors) if entry.paper else iter(())


def _list_by_name(names_of_papers: Iterable[Iterable[str]]) -> dict[str, list[int]]:
    places = defaultdict(list)
    for place, names in enumerate(names_of_papers):
        for name in names:
            places[name].append(place)
    return dict(places)


def _unite_by_name(names_of_papers: Iterable[Iterable[str]]) -> dict[str, int]:
    return {name: _make_bits(places) for name, places in _list_by_name(names_of_papers).items()}


def _make_bits(places: Iterable[int]) -> int:
    return _unite(1 << place for place in places)


def _unite(sets: Iterable[int]) -> int:
    return reduce(or_, sets, 0)


def _split_phrase(phrase: Phrase) -> tuple[list[str], set[str]]:
    """Split a phrase into words that a text must hold whole, and signs of words that may go on."""
    words: list[str] = []
    signs: set[str] = set()
    for match in _WORD.finditer(phrase.text):
        begins = match.start() > 0 or phrase.begins_word
        ends = match.end() < len(phrase.text) or phrase.ends_word
        if begins and ends:
            words.append(match[0])
        else:
            signs.update(sign for sign in match[0] if not sign.isascii())
    return words, signs


def _is_plain_word(phrase: Phrase) -> bool:
    """Check whether a phrase is one whole word, so that the index alone knows where it is."""
    return phrase.begins_word and phrase.ends_word and _WORD.fullmatch(phrase.text) is not None


def _is_word_sign(sign: str) -> bool:
    return sign.isalnum() or sign == "_"
