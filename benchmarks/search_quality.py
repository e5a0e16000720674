"""What search finds in real papers, and in which order: judged queries, titles of their own, and words as they stand.

    python -m benchmarks.search_quality [../shared/data] [--final]

Engines: ours on the server; ours in the browser, run by Node over a published index, with the bytes that it fetches;
the engine that we had (phrases of characters, the newest first); a plain scan for the query as it is typed, the newest
first; FTS5 with characters as words. `--final` reads the judged queries that nobody looks at while ranking is tuned.
"""

import json
import math
import random
import re
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import duckdb
import orjson

from benchmarks import options
from benchmarks.searching import Made
from storage import search
from yibao.search import shards, tables
from yibao.search.folding import fold_text, is_han, split_tokens
from yibao.search.language import parse_text
from yibao.search.matching import SearchText

_JUDGED = Path(__file__).parent / "judged"
_SCRIPTS = Path(__file__).parents[1] / "yibao" / "site"
_MONTHS, _TITLES, _WORDS, _MOST = 12, 2_000, 200, 5_000
_READ = """
CREATE TABLE translation AS
    SELECT arxiv_id, any_value(title_en) AS title_en, any_value(title_zh) AS title_zh,
        any_value(abstract_zh) AS abstract_zh, any_value(abstract_en) AS abstract_en
    FROM (
        SELECT arxiv_id, title_en, title_zh, abstract_zh, NULL AS abstract_en
        FROM '{data}/translations-weekly/entries.parquet' WHERE arxiv_id IS NOT NULL
        UNION ALL BY NAME
        SELECT arxiv_id, title_en, title_zh, abstract_zh, abstract_en
        FROM '{data}/translations-other/bilingual-md-pairs.parquet'
    )
    GROUP BY arxiv_id;
SELECT
    coalesce(id, arxiv_id), coalesce(title, title_en), coalesce(abstract, abstract_en, ''), coalesce(authors, ''),
    coalesce(categories, ''), coalesce(title_zh, ''), coalesce(abstract_zh, '')
FROM '{data}/arxiv-records/records.parquet' AS record
FULL JOIN translation ON id = arxiv_id
"""
_NODE = """
import fs from "node:fs";
const [scripts, folder] = process.argv.slice(1);
let fetched = 0;
globalThis.fetch = async (path) => {
  const content = fs.readFileSync(`${folder}/${path}`);
  const packed = path.endsWith(".json") ? fs.statSync(`${folder}/${path}.gz`).size : content.length;
  fetched += packed;
  return new Response(content);
};
const { openIndex } = await import(`${scripts}/search_index.js`);
const answers = [];
for (const query of JSON.parse(fs.readFileSync(0, "utf8"))) {
  fetched = 0;
  const began = performance.now();
  const index = await openIndex("");
  const found = await index.search(query);
  const shown = await found.take(20);
  answers.push({ ids: shown.map((one) => one.id), total: found.total, bytes: fetched, ms: performance.now() - began });
}
console.log(JSON.stringify(answers));
"""


def read_papers(data: Path) -> list[SearchText]:
    """The real papers, the oldest first."""
    rows = duckdb.connect().execute(_READ.format(data=data)).fetchall()
    papers = [
        SearchText(
            arxiv_id,
            tuple(filter(None, (title, title_zh))),
            tuple(filter(None, (abstract, abstract_zh))),
            tuple(filter(None, authors.split(", "))),
            tuple(codes.split()),
            _find_month(arxiv_id),
            (),
            ("zh-Hans",) if title_zh else (),
        )
        for arxiv_id, title, abstract, authors, codes, title_zh, abstract_zh in rows
    ]
    return sorted(papers, key=lambda paper: (paper.day, paper.arxiv_id))


def _find_month(arxiv_id: str) -> date:
    digits = arxiv_id.rpartition("/")[2]
    year = int(digits[:2])
    return date(year + (1900 if year > 85 else 2000), int(digits[2:4]), 1)


def write_browser_index(papers: Sequence[SearchText], folder: Path) -> tuple[int, int, float]:
    """The index of the browser, as if all had come within a year; returns files, bytes and seconds."""
    began = time.perf_counter()
    size = -(-len(papers) // _MONTHS)
    months = []
    for number in range(_MONTHS):
        members = papers[number * size : (number + 1) * size]
        name = f"2025-{number + 1:02d}"
        place = folder / "search" / "index" / name
        (place / "papers").mkdir(parents=True)
        for shard, content in enumerate(shards.index_month(members)):
            (place / f"{shard:x}.bin").write_bytes(content)
        for start in range(0, len(members), shards.BLOCK):
            block = [_describe(paper) for paper in members[start : start + shards.BLOCK]]
            (place / "papers" / f"{start // shards.BLOCK}.bin").write_bytes(shards.pack_block(block))
        months.insert(0, {"month": name, "papers": len(members), "shards": shards.count_shards(len(members))})
    manifest = {"version": 1, "block": shards.BLOCK, "stop": sorted(shards.STOP_WORDS), "months": months}
    for name, content in (("manifest", orjson.dumps(manifest)), ("tables", tables.render_tables())):
        (folder / "search" / "index" / f"{name}.json").write_bytes(content)
        (folder / "search" / "index" / f"{name}.json.gz").write_bytes(zlib.compress(content, 6))
    files = [path.stat().st_size for path in folder.rglob("*.bin")]
    return len(files), sum(files), time.perf_counter() - began


def _describe(paper: SearchText) -> dict[str, object]:
    languages = ("en", "zh-Hans")
    return {
        "id": paper.arxiv_id,
        "address": f"papers/{paper.arxiv_id}/",
        "titles": list(zip(languages, paper.titles, strict=False)),
        "abstracts": list(zip(languages, paper.abstracts, strict=False)),
        "authors": paper.authors[:40],
        "more": max(0, len(paper.authors) - 40),
        "translators": [],
        "categories": paper.categories,
        "languages": paper.languages,
        "day": paper.day.isoformat() if paper.day else None,
        "withdrawn": False,
    }


def ask_browser(folder: Path, queries: Sequence[str]) -> list[dict[str, object]]:
    """What the script answers to each query, opened anew for each, as Node runs it."""
    node = shutil.which("node") or "node"
    program = [node, "--input-type=module", "-e", _NODE, _SCRIPTS.as_uri(), str(folder)]
    done = subprocess.run(program, input=json.dumps(queries), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


class Scans:
    """The engines that we compare with, over the same papers."""

    def __init__(self, papers: Sequence[SearchText]) -> None:
        self._newest = [(paper.arxiv_id, "\n".join((*paper.titles, *paper.abstracts))) for paper in reversed(papers)]
        self._lower = [(arxiv_id, text.lower()) for arxiv_id, text in self._newest]
        self._library = sqlite3.connect(":memory:")
        self._library.execute("CREATE VIRTUAL TABLE paper USING fts5(id UNINDEXED, title, abstract, author)")
        rows = ((one.arxiv_id, _space(one.titles), _space(one.abstracts), _space(one.authors)) for one in papers)
        self._library.executemany("INSERT INTO paper VALUES (?, ?, ?, ?)", rows)

    def scan(self, query: str) -> list[str]:
        """The query as it is typed, wherever it stands."""
        return [arxiv_id for arxiv_id, text in self._lower if query.lower() in text]

    def search_as_before(self, query: str) -> list[str]:
        """All words: Chinese as phrases of characters, Latin words whole; the newest first."""
        words = re.findall(r'"([^"]+)"|(\S+)', query)
        tests = [_compile(quoted or bare) for quoted, bare in words]
        return [arxiv_id for arxiv_id, text in self._lower if all(test and test.search(text) for test in tests)]

    def search_fts5(self, query: str) -> list[str]:
        words = [f'"{_space([word])}"' for word in re.findall(r"[^\W_]+", query)]
        asked = "SELECT id FROM paper WHERE paper MATCH ? ORDER BY bm25(paper, 0, 3, 1, 2)"
        return [row[0] for row in self._library.execute(asked, [" ".join(words)])]


def _space(texts: Sequence[str]) -> str:
    """Blanks around Chinese characters: words for FTS5."""
    return re.sub(r"([\u3400-\u9fff])", r" \1 ", "\n".join(texts))


def _compile(word: str) -> re.Pattern[str] | None:
    tokens = re.findall(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+", word.lower())
    between = [r"[\W_]*" if is_han(one) and is_han(two) else r"[\W_]+" for one, two in pairwise(tokens)]
    joined = "".join(part for pair in zip(map(re.escape, tokens), [*between, ""], strict=True) for part in pair)
    return re.compile(rf"(?<![a-z0-9]){joined}(?![a-z0-9])") if tokens else None


def measure_order(relevant: Mapping[str, int], ids: Sequence[str]) -> float:
    """nDCG@10, with gains of 2^grade - 1."""
    gains = [(2 ** relevant.get(one, 0) - 1) / math.log2(place + 2) for place, one in enumerate(ids[:10])]
    best = sorted(relevant.values(), reverse=True)[:10]
    return sum(gains) / sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(best))


def show_judged(engines: Mapping[str, Callable[[str], list[str]]], browser: Path, name: str) -> None:
    judged = json.loads((_JUDGED / f"{name}.json").read_text(encoding="utf-8"))
    by_browser = ask_browser(browser, [one["query"] for one in judged])
    print(f"\njudged queries, {name}: nDCG@10 and recall of each engine")
    print(f"{'query':38}" + "".join(f"{engine:>15}" for engine in (*engines, "browser")) + "   browser KB")
    sums: dict[str, list[tuple[float, float]]] = {engine: [] for engine in (*engines, "browser")}
    for one, browsed in zip(judged, by_browser, strict=True):
        relevant, cells = one["relevant"], []
        for engine, find in engines.items():
            ids = find(one["query"])
            sums[engine].append((measure_order(relevant, ids), len(set(ids[:_MOST]) & set(relevant)) / len(relevant)))
            cells.append(f"{sums[engine][-1][0]:8.3f} {sums[engine][-1][1]:6.3f}")
        sums["browser"].append((measure_order(relevant, browsed["ids"]), float("nan")))
        cells.append(f"{sums['browser'][-1][0]:15.3f}")
        print(f"{one['query']:38}" + "".join(cells) + f"{browsed['bytes'] / 1e3:12.0f}")
    means = [
        f"{statistics.mean(row[0] for row in rows):8.3f} {statistics.mean(row[1] for row in rows):6.3f}"
        for rows in sums.values()
    ]
    print(f"{'mean':38}" + "".join(means))


def show_titles(folder: Path, papers: Sequence[SearchText]) -> None:
    """How often a paper is the first for its own title, in either language."""
    chance = random.Random(3)
    pairs = chance.sample([paper for paper in papers if len(paper.titles) > 1], _TITLES)
    for language, name in enumerate(("English", "Chinese")):
        firsts = 0
        for paper in pairs:
            plain = re.sub(r'["()“”（）]|(?<!\S)-|\b(OR|AND)\b', " ", paper.titles[language])
            found = search.find_papers(folder, parse_text(plain[:600]), 1).arxiv_ids
            firsts += found == [paper.arxiv_id]
        print(f"first for its own {name} title: {firsts} of {len(pairs)}", flush=True)


def show_words(folder: Path, papers: Sequence[SearchText]) -> None:
    """Recall and precision of words as they stand, against a scan of all papers."""
    chance = random.Random(4)
    texts = {paper.arxiv_id: "\n".join((*paper.titles, *paper.abstracts)).lower() for paper in papers}
    words = []
    while len(words) < _WORDS:
        paper = chance.choice(papers)
        found = (
            re.findall(r"(?<![\w$\\^_{}-])[a-z]{4,}(?![\w$\\^_{}-])", paper.abstracts[0].lower())
            if paper.abstracts
            else []
        )
        words += [chance.choice(found)] if found else []
    recalls = []
    for word in words:
        test = re.compile(rf"(?<![\w\\])(?<!\\[a-z]){word}(?!\w)")
        there = {arxiv_id for arxiv_id, text in texts.items() if word in text and test.search(text)}
        found = set(search.find_papers(folder, parse_text(f'"{word}"'), len(papers)).arxiv_ids)
        recalls.append(len(there & found) / len(there))
    print(
        f"recall of {_WORDS} words as they stand: {statistics.mean(recalls):.4f}, least {min(recalls):.4f}", flush=True
    )


def _list_sizes(answers: Sequence[Mapping[str, object]]) -> Iterator[float]:
    yield from (float(str(one["bytes"])) / 1e3 for one in answers)


def show_bytes(folder: Path, papers: Sequence[SearchText]) -> None:
    """What the browser fetches for its first query, and for one that finds nothing."""
    chance = random.Random(6)
    asked = []
    for paper in chance.sample(list(papers), 100):
        words = [token for token in split_tokens(fold_text(paper.titles[-1])) if not is_han(token)] or ["model"]
        asked.append(" ".join(chance.sample(words, min(len(words), chance.choice((1, 2, 3))))))
    asked += [
        "large language model",
        "model",
        "learning",
        "deep neural network training",
        "大模型推理",
        '"we propose a novel method"',
    ]
    sizes = sorted(_list_sizes(ask_browser(folder, asked)))
    missing = [
        '"purple elephant model learning"',
        "qqqzzz model",
        "large language model -model",
        '"model model network"',
        "不存在的词语呀",
    ]
    misses = ask_browser(folder, missing)
    late = sizes[int(0.95 * len(sizes))]
    print(
        f"first query of the browser, KB: median {statistics.median(sizes):.0f}, p95 {late:.0f}, most {sizes[-1]:.0f}"
    )
    print(f"a miss, KB: most {max(_list_sizes(misses)):.0f} ({[one['total'] for one in misses]} left)", flush=True)


def main() -> None:
    parser = options.parser(__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=Path("../shared/data"))
    parser.add_argument("--final", action="store_true")
    given = parser.parse_args()
    is_real = given.data.exists() and not given.small
    papers = read_papers(given.data) if is_real else list(Made(1_000).papers())
    if not is_real:
        print("made papers: of order and recall these figures say nothing")
    with tempfile.TemporaryDirectory(prefix="yibao-quality-") as place:
        folder, browser = Path(place) / "server", Path(place) / "browser"
        search.update_index(folder, papers, (), "1", is_whole=True)
        files, size, seconds = write_browser_index(papers, browser)
        print(
            f"{len(papers)} papers; the browser's index: {files} files, {size / 1e6:.0f} MB, made in {seconds:.0f} s",
            flush=True,
        )
        scans = Scans(papers)
        engines = {
            "ours": lambda query: search.find_papers(folder, parse_text(query), _MOST).arxiv_ids,
            "before": scans.search_as_before,
            "plain scan": scans.scan,
            "FTS5": scans.search_fts5,
        }
        for name in ("tuning", "final") if given.final else ("tuning",):
            show_judged(engines, browser, name)
        show_bytes(browser, papers)
        if is_real:
            show_titles(folder, papers)
            show_words(folder, papers)


if __name__ == "__main__":
    main()
