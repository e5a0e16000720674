"""Count which Chinese words stand for which English ones in the seen half: what `lexicon.tsv` was chosen from.

    python -m benchmarks.evaluation.lexicon FILE

Writes stems of English words with their likely renderings, by how surely the two come together in the same sentence
(Dunning, "Accurate methods for the statistics of surprise and coincidence", Computational Linguistics 19, 1993). Pairs
of words are all that is kept: no text, and nothing that occurs in fewer than a few papers.
"""

import math
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from benchmarks.evaluation.corpora import load_pairs
from yibao.translations import lexicon, sentences
from yibao.translations.spans import CJK, mask_non_prose

_WORD = re.compile(r"[a-z]{3,}(?:-[a-z]{3,})*")
_RUN = re.compile(f"[{CJK}]+")
_LEAST, _LONGEST, _MOST = 10, 5, 5
#: A rendering comes with its word at least so often, and is surely no chance.
_SHARE, _SURE = 0.06, 50.0
#: A part of a longer word is as frequent as that is.
_PART = 0.5
#: The renderings of a word that says something come with it so much more often than without.
_LIFT = 2.5
#: Signs of grammar: a rendering neither begins nor ends with one.
_GRAMMAR = set("的了和与在是对为以从于将被及或这其该并而也所可中上下等之个我们它")


def find_renderings() -> Iterator[tuple[str, list[str], float, float]]:
    """Find the likely renderings of each stem, and how often one of them stands in its translation, and in others."""
    words: Counter[str] = Counter()
    grams: Counter[str] = Counter()
    together: dict[str, Counter[str]] = defaultdict(Counter)
    rows = []
    for english, chinese in iterate_sentences():
        stems = {lexicon.stem_word(word) for word in _WORD.findall(mask_non_prose(english).lower())}
        bare = mask_non_prose(chinese)
        found = {
            run[at : at + length]
            for run in _RUN.findall(bare)
            for length in range(2, _LONGEST + 1)
            for at in range(len(run) - length + 1)
        }
        rows.append((stems, bare))
        words.update(stems)
        grams.update(found)
        for stem in stems:
            together[stem].update(found)
    for stem, count in sorted(words.items()):
        if count < _LEAST:
            continue
        renderings = choose_renderings(together[stem], count, grams, len(rows))
        if not renderings:
            continue
        hits = [stem in stems for stems, bare in rows if any(one in bare for one in renderings)]
        own, other = sum(hits), len(hits) - sum(hits)
        yield stem, renderings, own / count, other / (len(rows) - count)


def iterate_sentences():
    """Iterate over sentences and their translations, where both texts have as many."""
    for pair in load_pairs():
        if pair.is_seen:
            english = sentences.split_english(" ".join(pair.abstract_en.split()))
            chinese = sentences.split_chinese(pair.abstract_zh)
            if len(english) == len(chinese):
                yield from zip(english, chinese, strict=True)
            yield pair.title_en, pair.title_zh


def choose_renderings(joint: Counter[str], count: int, grams: Counter[str], total: int) -> list[str]:
    """Choose what comes with a word too often for chance, the surest first, none within another."""
    sure = []
    for gram, both in joint.items():
        surprise = measure_surprise(both, count, grams[gram], total) if both >= max(4, _SHARE * count) else 0.0
        if surprise > _SURE and both / count > _LIFT * grams[gram] / total and not _is_part(gram, grams):
            sure.append((surprise * (both / grams[gram]) ** 0.5, gram))
    chosen: list[str] = []
    for _, gram in sorted(sure, reverse=True):
        if (
            gram[0] not in _GRAMMAR
            and gram[-1] not in _GRAMMAR
            and not any(gram in one or one in gram for one in chosen)
        ):
            chosen.append(gram)
    return chosen[:_MOST]


def _is_part(gram: str, grams: Counter[str]) -> bool:
    """Check whether it is mostly a part of one longer word."""
    return any(count > _PART * grams[gram] for count in _count_longer(gram, grams))


def _count_longer(gram: str, grams: Counter[str]) -> list[int]:
    index = _index_longer(grams)
    return [grams[longer] for longer in index.get(gram, ())]


_LONGER: dict[str, list[str]] = {}


def _index_longer(grams: Counter[str]) -> dict[str, list[str]]:
    if not _LONGER:
        for longer, count in grams.items():
            if count >= 3 and len(longer) > 2 and longer[0] not in _GRAMMAR and longer[-1] not in _GRAMMAR:
                for part in (longer[1:], longer[:-1]):
                    _LONGER.setdefault(part, []).append(longer)
    return _LONGER


def measure_surprise(both: int, first: int, second: int, total: int) -> float:
    """Measure how surprising it is that two words come together so often (log-likelihood ratio)."""
    if both * total <= first * second:
        return 0.0
    cells = [
        (both, first, second),
        (first - both, first, total - second),
        (second - both, total - first, second),
        (total - first - second + both, total - first, total - second),
    ]
    return 2 * sum(n * math.log(n * total / (row * column)) for n, row, column in cells if n)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(
        "".join(
            f"{stem}\t{' '.join(chosen)}\t{100 * own:.0f}\t{100 * other:.1f}\n"
            for stem, chosen, own, other in find_renderings()
        ),
        encoding="utf-8",
    )
