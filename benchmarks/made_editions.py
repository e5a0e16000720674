"""Editions and subscriptions for benchmarks: made up, the same in every run."""

import random
from collections.abc import Iterator
from datetime import date
from itertools import accumulate

from yibao import categories
from yibao.records import AnnounceType, Author, Edition, Entry, Language, Paper, Subscription, Translation

DAY = date(2025, 1, 17)
_CHINESE = "模型语言视觉推理训练数据方法学习注意力机制生成对齐评测检索智能体强化多模态图像文本序列优化理论实验结果"
_CODES = ("cs.CL", "cs.CV", "cs.LG", "cs.AI", "stat.ML", "eess.AS", "math.NA", "quant-ph", "hep-th", "q-bio.QM")


class Words:
    """Words as texts use them: few often, most seldom."""

    def __init__(self, count: int, seed: int = 1) -> None:
        self._random = random.Random(seed)
        signs = "abcdefghijklmnoprstuvw"
        self.all = ["".join(self._random.choices(signs, k=self._random.randint(3, 10))) for _ in range(count)]
        # Summed up once: `choices` would do it at each call.
        self._sums = list(accumulate(1 / (rank + 5) for rank in range(count)))

    def choose(self, count: int) -> str:
        return " ".join(self._random.choices(self.all, cum_weights=self._sums, k=count))

    def choose_seldom(self, count: int) -> str:
        return " ".join(self._random.choices(self.all, k=count))

    def write_chinese(self, count: int) -> str:
        signs = "".join(self._random.choices(_CHINESE, k=count))
        return "，".join(signs[start : start + 18] for start in range(0, count, 18)) + "。"

    def name(self) -> str:
        return f"{self.choose_seldom(1).title()} {self.choose_seldom(1).title()}"


def make_entries(count: int, translated: int, words: Words, abstract: int = 300) -> list[Entry]:
    """Make papers with abstracts of 180 English words; the first ones with a translation of so many characters."""
    rng = random.Random(2)
    entries = []
    for number in range(count):
        arxiv_id = f"2501.{number:05d}"
        codes = tuple(dict.fromkeys(rng.choices(_CODES, k=rng.randint(1, 3))))
        authors = tuple(Author(words.name()) for _ in range(rng.randint(1, 8)))
        text = ". ".join(words.choose(18).capitalize() for _ in range(10)) + "."
        paper = Paper(arxiv_id, 1, words.choose(9).capitalize(), text, authors, codes, codes[0], "arXivRaw")
        translation = Translation(
            arxiv_id, "zh-Hans", words.write_chinese(24), words.write_chinese(abstract), paper.title, "a.md", number
        )
        entries.append(Entry(arxiv_id, paper, translation if number < translated else None, DAY, AnnounceType.NEW))
    return entries


def make_edition(count: int, translated: int, words: Words, abstract: int = 300) -> Edition:
    """Make the edition of a day."""
    entries = make_entries(count, translated, words, abstract)
    by_category = {
        code: tuple(entry for entry in entries[translated:] if entry.categories[0] == code)
        for code in categories.load_taxonomy()
        if code in _CODES
    }
    listed = tuple((code, members) for code, members in by_category.items() if members)
    return Edition(DAY.isoformat(), DAY, DAY, tuple(entries[:translated]), listed, ())


def make_subscriptions(count: int, words: Words) -> Iterator[Subscription]:
    """Make subscriptions of one to five topics, all different: words, phrases, Chinese words, authors, categories."""
    rng = random.Random(3)
    for _ in range(count):
        kinds = rng.choices(("category", "word", "phrase", "chinese", "author"), (2, 4, 3, 2, 1), k=rng.randint(1, 5))
        yield Subscription(
            language=rng.choice(list(Language)),
            categories=tuple({rng.choice(_CODES) for kind in kinds if kind == "category"}),
            keywords=tuple(_make_keyword(kind, rng, words) for kind in kinds if kind in ("word", "phrase", "chinese")),
            authors=tuple(words.name() for kind in kinds if kind == "author"),
        )


def _make_keyword(kind: str, rng: random.Random, words: Words) -> str:
    if kind == "chinese":
        start = rng.randrange(len(_CHINESE) - 4)
        return _CHINESE[start : start + rng.randint(2, 4)]
    return words.choose(1) if kind == "word" else words.choose(rng.randint(2, 3))
