"""Server and browser find exactly what `yibao.search.matching` says of each paper, and rank alike."""

import base64
import random
import re
from datetime import date, timedelta

import orjson

from storage import search
from tests.search_script import SCRIPTS, run_node
from yibao.search import matching, shards, tables
from yibao.search.language import parse_text
from yibao.search.matching import SearchText

_PIECES = """
mixture of experts|MoE|混合专家|专家混合|routing|大模型|大语言模型|推理|的|加速|推测解码|推测性解码|speculative decoding
agents|agent|multi-agent|pre-training|pretraining|GPT-4|naïve Bayes|$\\ell_1$|ℓ₁ norm|\\alpha|α|C++|C#|C
圖神經網絡|图神经网络|the|survey|知识编辑|编辑知识
"""
PIECES = re.split(r"[|\n]", _PIECES.strip())
_NAMES = ["Kaiming He", "He Kaiming Wang", "Terence Tao", "Erdős, P.", "Poincar\\'e"]
_CODES = ["cs.CL", "cs.CV", "math.NT"]
_QUERIES = """
大模型推理|mixture of experts|MoE -survey|混合专家 routing|"mixture of experts"|推测解码
agents OR 智能体|multi-agent|multiagent|pretraining|"pre-training"|gpt4|naive bayes|l1
ℓ_1 norm|α|\\alpha|C++|C#|C|图神经网络|圖神經網絡|the|"the survey"|-the|-"of experts"
author:"He, Kaiming"|he kaiming|author:erdos|title:agents|title:推理|cat:cs
cat:math.NT -survey|translated:yes|translated:no 推理|from:2025-01-10
until:2025-01-10|date:2025-01-05..2025-02-03 agent|2501.00003|-id:2501.00003 MoE
(agents OR survey) -(C OR C++)|知识编辑|大模型知识编辑|lang:zh|lang:zh-Hans -title:MoE|王小明
translator:王小明 C|加速推理加速推理|-title:"mixture of experts"|!?
"""
QUERIES = [*re.split(r"[|\n]", _QUERIES.strip()), ""]
_NODE = """
import fs from "node:fs";
const [scripts] = process.argv.slice(1);
const { files, queries } = JSON.parse(fs.readFileSync(0, "utf8"));
globalThis.fetch = async (path) => new Response(Buffer.from(files[path], "base64"));
const { openIndex } = await import(`${scripts}/search_index.js`);
const index = await openIndex("");
const answers = [];
for (const query of queries) {
  const found = await index.search(query);
  const ids = [];
  while (!found.isDone) ids.push(...(await found.take(20)).map((one) => one.id));
  answers.push(ids);
}
console.log(JSON.stringify(answers));
"""


def _draw(chance, number):
    def text(count):
        return " ".join(chance.choices(PIECES, k=count))

    is_translated = chance.random() < 0.5
    more = ((text(2), text(5)), ("王小明",), ("zh-Hans",)) if is_translated else ((), (), ())
    return SearchText(
        f"2501.{number:05d}",
        (text(2), *more[0][:1]),
        (text(5), *more[0][1:]),
        tuple(chance.sample(_NAMES, 2)),
        tuple(chance.sample(_CODES, 2)),
        date(2025, 1, 1) + timedelta(days=number // 2),
        *more[1:],
        is_shown=True,
    )


def make_papers(count):
    chance = random.Random(7)
    return [_draw(chance, number) for number in range(count)]


def publish(papers):
    """The browser's index of these papers, by address, as base64."""
    files, months = {"tables.json": tables.render_tables()}, []
    for month in ("2025-03", "2025-02", "2025-01"):
        members = [paper for paper in papers if f"{paper.day:%Y-%m}" == month]
        months.append({"month": month, "papers": len(members), "shards": shards.count_shards(len(members))})
        files |= {f"{month}/{number:x}.bin": content for number, content in enumerate(shards.index_month(members))}
        for start in range(0, len(members), shards.BLOCK):
            block = [_describe(paper) for paper in members[start : start + shards.BLOCK]]
            files[f"{month}/papers/{start // shards.BLOCK}.bin"] = shards.pack_block(block)
    manifest = {"version": 1, "block": shards.BLOCK, "stop": sorted(shards.STOP_WORDS), "months": months}
    files["manifest.json"] = orjson.dumps(manifest)
    return {f"search/index/{path}": base64.b64encode(content).decode() for path, content in files.items()}


def _describe(paper):
    return {
        "id": paper.arxiv_id,
        "titles": [["", title] for title in paper.titles],
        "abstracts": [["", abstract] for abstract in paper.abstracts],
        "authors": paper.authors,
        "more": 0,
        "translators": paper.translators,
        "categories": paper.categories,
        "languages": paper.languages,
        "day": paper.day.isoformat(),
    }


def test_server_and_browser_find_what_the_words_of_a_query_say_and_nothing_else(tmp_path):
    papers = make_papers(150)
    folded = [matching.fold_paper(paper) for paper in papers]
    search.update_index(tmp_path / "index", papers, (), "1", is_whole=True)
    by_browser = run_node(_NODE, {"files": publish(papers), "queries": QUERIES}, SCRIPTS.as_uri())
    some = 0
    for query, browsed in zip(QUERIES, by_browser, strict=True):
        asked = parse_text(query)
        expected = {one.text.arxiv_id for one in folded if matching.is_match(asked.condition, one)}
        assert set(search.find_papers(tmp_path / "index", asked, 200).arxiv_ids) == expected, query
        assert set(browsed) == expected, query
        assert len(browsed) == len(expected), query
        some += 0 < len(expected) < len(papers)
    assert some > 40


ORDERED = [
    SearchText("2501.00001", ("Notes on 推理 and 大模型",), ("",), (), ("cs.CL",), date(2025, 1, 1)),
    SearchText("2501.00002", ("大模型的推理",), ("一篇。",), (), ("cs.CL",), date(2025, 1, 2)),
    SearchText("2501.00003", ("大模型推理",), ("一篇。",), (), ("cs.CL",), date(2025, 1, 3)),
    SearchText("2501.00004", ("A title",), ("大模型推理。",), (), ("cs.CL",), date(2025, 1, 4)),
    SearchText("2501.00005", ("Graph agents",), ("Agents of graphs.",), ("Kaiming He",), ("cs.CL",), date(2025, 1, 5)),
    SearchText(
        "2501.00006",
        ("A survey",),
        ("It has agents on a graph.",),
        ("He Li", "Kaiming X"),
        ("cs.CL",),
        date(2025, 1, 6),
    ),
    SearchText("2501.00007", ("A survey",), ("It has agents on a graph.",), ("B. C",), ("cs.CL",), date(2025, 1, 7)),
]


def test_server_and_browser_rank_alike_titles_before_abstracts_exact_before_near_then_the_newer(tmp_path):
    search.update_index(tmp_path / "index", ORDERED, (), "1", is_whole=True)
    firsts = {
        "大模型推理": "3",
        "graph agents": "5",
        "Kaiming He": "5",
        "he kaiming": "5",
        "survey": "7",
        "agents": "5",
    }
    files = publish([*ORDERED, *make_papers(40)[20:]]) | publish(ORDERED)
    by_browser = run_node(_NODE, {"files": files, "queries": list(firsts)}, SCRIPTS.as_uri())
    for (query, first), browsed in zip(firsts.items(), by_browser, strict=True):
        by_server = search.find_papers(tmp_path / "index", parse_text(query), 20).arxiv_ids
        assert by_server[0][-1] == browsed[0][-1] == first, (query, by_server, browsed)
    by_server = search.find_papers(tmp_path / "index", parse_text("大模型推理"), 20).arxiv_ids
    assert by_server.index("2501.00003") < by_server.index("2501.00002") < by_server.index("2501.00001")


def test_a_query_of_any_size_is_answered_or_refused_within_bounds(tmp_path):
    search.update_index(tmp_path / "index", ORDERED, (), "1", is_whole=True)
    for query in (
        "大模型" * 200,
        "a" * 600,
        "x " * 80,
        "(" * 12 + "a OR b" + ")" * 12,
        "-" * 1 + "a " * 79,
        "模" * 600,
    ):
        search.find_papers(tmp_path / "index", parse_text(query), 20)
