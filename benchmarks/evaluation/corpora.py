"""Real translations with their English, in two halves: what rules may be written with, and what is held back.

A paper's half is fixed by a hash of its identifier, so that no paper is in both, whoever translated it; the half of
each translator and year is then about even. One translator is wholly seen (the weekly gazette that the rules grew up
with), and one is wholly unseen.
"""

import csv
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb

from yibao.translations import markdown

SHARED = Path(__file__).parents[3] / "shared" / "data"
#: Translators of whom all is in one half.
_WHOLLY_SEEN, _WHOLLY_UNSEEN = ("weekly",), ("newsletter",)
#: The feed cut its English after about so many characters: what is as long may lack its end.
_CUT_AT = 1000
_SHORTEST = 120
#: The daily digest put its pictures behind the English.
_IMAGE = re.compile(r"!\[[^\]]*\]\([^()\s]*\)")
#: What the digest wrote where it had no text, and a heading that its reader took for a title.
_NO_TEXT = re.compile(r"\s*(?:$|<?翻译失败>?|#)")
#: The feed put this behind its titles.
_ORIGIN = re.compile(r"\s*[(（]arXiv:[^()（）]*[)）]\s*$")
_COLUMNS = ("arxiv_id", "year", "title_en", "title_zh", "abstract_en", "abstract_zh")


class Pair(NamedTuple):
    """A translation and its English."""

    translator: str
    arxiv_id: str
    #: Of publication, four digits.
    year: str
    title_en: str
    title_zh: str
    abstract_en: str
    abstract_zh: str

    @property
    def is_seen(self) -> bool:
        """Whether rules may be written with it."""
        if self.translator in (*_WHOLLY_SEEN, *_WHOLLY_UNSEEN):
            return self.translator in _WHOLLY_SEEN
        return hashlib.sha256(self.arxiv_id.encode()).digest()[0] % 2 == 0


duckdb.execute("SET enable_progress_bar = false")


def load_pairs(shared: Path = SHARED, added: Iterable[Path] = ()) -> list[Pair]:
    """Load every pair whose English is whole, by translator, in the order in which they were published.

    `added`: further folders, each a translator, with CSV, JSON-lines or Parquet files of the columns arxiv_id, year,
    title_en, title_zh, abstract_en and abstract_zh.
    """
    sources = [_read_weekly, _read_daily, _read_feed, _read_newsletter]
    pairs = [pair for read in sources for pair in read(shared)] if shared.exists() else []
    pairs += [pair for folder in added for pair in _read_folder(folder)]
    return list({(pair.translator, pair.arxiv_id): pair for pair in pairs if _is_whole(pair)}.values())


def write_entry(pair: Pair) -> bytes:
    """Write a pair as a curator's file with one entry."""
    title_en, title_zh = " ".join(pair.title_en.split()), " ".join(pair.title_zh.split())
    return f"## {title_en}\n[{title_zh}](https://arxiv.org/abs/{pair.arxiv_id})\n\n{pair.abstract_zh}\n".encode(
        "utf-8", "replace"
    )


def _is_whole(pair: Pair) -> bool:
    """Check whether both sides are there, and Markdown can hold them: a heading within a text would end the entry."""
    if (
        not all(pair)
        or len(pair.abstract_en) < _SHORTEST
        or _NO_TEXT.match(pair.abstract_zh)
        or _NO_TEXT.match(pair.title_zh)
    ):
        return False
    entries = markdown.parse_document(write_entry(pair), "a.md", "zh-Hans").entries
    return len(entries) == 1 and bool(entries[0].translation.title and entries[0].translation.abstract)


def _read_weekly(shared: Path) -> Iterator[Pair]:
    rows = duckdb.execute(
        "SELECT arxiv_id, left(file, 4), title, title_zh, abstract, abstract_zh FROM read_parquet($1) "
        "JOIN read_parquet($2) ON id = arxiv_id WHERE source NOT LIKE '%truncated%' AND abstract <> '' "
        "AND title_zh IS NOT NULL AND abstract_zh IS NOT NULL ORDER BY file, pos",
        [str(shared / "translations-weekly/entries.parquet"), str(shared / "arxiv-records/records.parquet")],
    ).fetchall()
    return (Pair("weekly", *row) for row in rows)


def _read_daily(shared: Path) -> Iterator[Pair]:
    rows = duckdb.execute(
        "SELECT arxiv_id, left(published, 4), title_en, title_zh, abstract_en, abstract_zh FROM read_parquet($1) "
        "WHERE abstract_en <> '' AND abstract_zh <> '' AND title_zh <> '' AND published <> '' "
        "ORDER BY published, arxiv_id",
        [str(shared / "translations-other/bilingual-md-pairs.parquet")],
    ).fetchall()
    return (Pair("daily", *row[:4], _IMAGE.sub("", row[4]).strip(), row[5]) for row in rows)


def _read_feed(shared: Path) -> Iterator[Pair]:
    rows = duckdb.execute(
        "SELECT arxiv_id, '20' || left(arxiv_id, 2), title_en, title_zh, abstract_en_maybe_truncated, abstract_zh "
        "FROM read_parquet($1) WHERE abstract_zh <> '' AND title_zh <> '' "
        "AND length(abstract_en_maybe_truncated) < $2 AND abstract_en_maybe_truncated LIKE '%.' ORDER BY arxiv_id",
        [str(shared / "translations-other/rss-translated-pairs.parquet"), _CUT_AT],
    ).fetchall()
    for arxiv_id, year, title_en, title_zh, abstract_en, abstract_zh in rows:
        english = re.sub(r"^arXiv:\S+ Announce Type: \S+\s+Abstract:\s*", "", abstract_en)
        yield Pair("feed", arxiv_id, year, title_en, _ORIGIN.sub("", title_zh), english, abstract_zh)


def _read_newsletter(shared: Path) -> Iterator[Pair]:
    for path in sorted((shared / "hf-daily-papers/derived").glob("*_deepseek_clean.json")):
        for entry in json.loads(path.read_text(encoding="utf-8")):
            paper = entry.get("paper", entry)
            arxiv_id = paper.get("id") or entry.get("arxiv_url", "").rpartition("/")[2]
            both = re.search(r"标题[：:]\s*(.+?)\s*摘要[：:]\s*(.+)", entry.get("translation") or "", re.DOTALL)
            if both and arxiv_id:
                yield Pair(
                    "newsletter", arxiv_id, path.name[:4], paper["title"].strip(), both[1], paper["summary"], both[2]
                )


def _read_folder(folder: Path) -> Iterator[Pair]:
    for path in sorted(folder.iterdir()):
        if path.suffix == ".csv":
            rows: Iterable[dict[str, str]] = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
        elif path.suffix in (".json", ".jsonl", ".parquet"):
            reader = "read_parquet" if path.suffix == ".parquet" else "read_json_auto"
            found = duckdb.execute(f"SELECT {', '.join(_COLUMNS)} FROM {reader}($1)", [str(path)]).fetchall()
            rows = [dict(zip(_COLUMNS, map(str, row), strict=True)) for row in found]
        else:
            continue
        yield from (Pair(folder.name, *(row[name] for name in _COLUMNS)) for row in rows)
