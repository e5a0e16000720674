"""Mails that are judged: made-up papers with titles and abstracts as long as real ones."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, starmap
from operator import itemgetter
from pathlib import Path

import duckdb

from yibao.newsletter.compose import Recipient, compose_message, prepare_issue
from yibao.newsletter.dkim import Signer
from yibao.newsletter.links import Links
from yibao.newsletter.messages import Message
from yibao.records import AnnounceType, Author, Edition, Entry, Paper, Subscription, Translation
from yibao.settings import Newsletter, Site

DAY = date(2025, 1, 17)
AT = datetime(2025, 1, 17, 14, tzinfo=UTC)
SITE = Site.model_validate({"base_url": "https://yibao.example"})
LINKS = Links(
    f"{SITE.base_url}/subscribe/preferences/WyI0ZjE5YzBhMiIsMF0.Zk3hX0cS1v9tQmU7eJrLq2bYpAo",
    f"{SITE.base_url}/subscribe/leave/WyI0ZjE5YzBhMiIsMF0.b8TzqkD5gN0wEoVxRmHs4cJ2yLf",
)
_TITLES = (
    ("Reading Long Reports with a Small Memory", "用很小的记忆读很长的报告"),
    ("When to Stop Thinking: Budgets for Reasoning in Language Models", "何时停止思考：语言模型推理的预算"),
    ("A Benchmark of Everyday Errands for Agents on the Web", "网页智能体的日常跑腿任务：一个评测基准"),
    ("Sparse Attention with $O(n \\log n)$ Keys", "只需 $O(n \\log n)$ 个键的稀疏注意力"),
    ("Pixels or Words? What Vision Models Look at in Charts", "看像素还是看文字？视觉模型读图表时的注意力"),
    ("Translating Poems without Losing the Rhyme", "译诗而不失其韵"),
)
_ABSTRACT = (
    "Long reports are read by people in parts, and by models all at once. We ask whether a model can do with as little "
    "memory as a person, and train one that decides after each page what to keep. It needs $O(\\sqrt{n})$ tokens for a "
    "text of $n$, and answers 93.1\\% of the questions of three benchmarks, two points below a model that keeps all. "
    "Most of its errors are about numbers that were mentioned once. We publish the code, the notes that it takes, and "
    "the questions that it fails, so that others can find out why."
)
_ABSTRACT_ZH = (
    "人读长报告时分段来读，模型却一次读完。我们想知道模型能否只用与人相近的记忆，于是训练了一个模型，"
    "让它每读一页就决定留下什么。对长度为 $n$ 的文本，它只需 $O(\\sqrt{n})$ 个词元，"
    "在三个基准上答对 93.1% 的问题，比保留全部内容的模型低两个百分点。"
    "它的错误大多与只出现过一次的数字有关。我们公开代码、它所做的笔记以及答错的问题，"
    "供他人查明原因；并讨论这种记忆在多轮对话、代码仓库与法律文书中的表现，以及它在什么情况下会失效。"
)
_AUTHORS = ("Anna Lindqvist", "Tomás Herrera", "Wenjing Zhao", "Priya Raman", "Jean-Luc Morel", "Ingrid Sørensen")


def make_entry(number: int, *, is_translated: bool = True) -> Entry:
    title, title_zh = _TITLES[number % len(_TITLES)]
    authors = tuple(map(Author, _AUTHORS[: 1 + number % len(_AUTHORS)]))
    codes = (("cs.CL", "cs.AI"), ("cs.CV",), ("cs.LG", "cs.CL", "stat.ML"))[number % 3]
    paper = Paper(f"2501.{number:05d}", 1, title, _ABSTRACT, authors, codes, codes[0], "api")
    translation = Translation(
        paper.arxiv_id, "zh-Hans", title_zh, _ABSTRACT_ZH, title, "2025/0113-0117.md", number, translator="王小明"
    )
    return Entry(paper.arxiv_id, paper, translation if is_translated else None, DAY, AnnounceType.NEW)


def make_day(translated: int, others: int = 0) -> Edition:
    entries = [make_entry(number, is_translated=number < translated) for number in range(translated + others)]
    rest = tuple(entries[translated:])
    return Edition(DAY.isoformat(), DAY, DAY, tuple(entries[:translated]), (("cs.CL", rest),) if rest else (), ())


def make_week(translated: int, others: int = 0) -> Edition:
    monday = DAY - timedelta(days=4)
    return replace(make_day(translated, others), key="2025-W03", starts_on=monday, ends_on=monday + timedelta(days=6))


def read_real_weeks(data: Path, step: int) -> Iterator[list[Entry]]:
    """Read the real translations of every so many weeks, with their papers as far as these are known."""
    rows = duckdb.execute(
        "SELECT file, line, arxiv_id, title_en, title_zh, abstract_zh, title, authors, abstract FROM read_parquet(?) "
        "LEFT JOIN read_parquet(?) ON id = arxiv_id WHERE arxiv_id IS NOT NULL ORDER BY file, pos",
        [str(data / name) for name in ("translations-weekly/entries.parquet", "arxiv-records/records.parquet")],
    ).fetchall()
    weeks = [list(group) for _, group in groupby(rows, key=itemgetter(0))]
    return (list(starmap(_make_real_entry, week)) for week in weeks[::step])


def _make_real_entry(path, line, arxiv_id, title, title_zh, abstract_zh, known, authors, abstract) -> Entry:
    names = tuple(map(Author, (authors or "").split(", ")))
    paper = Paper(arxiv_id, 1, known or title, abstract or "", names, ("cs.CL", "cs.AI"), "cs.CL", "api")
    translation = Translation(arxiv_id, "zh-Hans", title_zh, abstract_zh or "", title, path, line)
    return Entry(arxiv_id, paper if known else None, translation, DAY, AnnounceType.NEW)


def compose_mail(edition: Edition, subscription: Subscription, signer: Signer | None = None) -> Message:
    issue = prepare_issue(edition, SITE, Newsletter(), signer)
    return compose_message(issue, Recipient("reader@example.net", subscription, LINKS, "bounces@example.org"), AT)
