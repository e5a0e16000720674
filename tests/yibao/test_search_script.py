"""The browser's script folds texts and reads queries as the server does: one language, two programs."""

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

from tests.search_script import read_by_script
from yibao.errors import QueryError
from yibao.search.folding import fold_text, join_compounds, split_tokens
from yibao.search.language import parse_text
from yibao.search.tables import render_tables, write_query

TEXTS = [
    "naïve Bayes, Erd\\H{o}s–R\\'enyi, \\v{C}ech, Poincar\\'{e}, Gödel, Łukasz, Ørsted, İstanbul, ΣΑΣ",
    "$\\ell_1$ norm ℓ₁ ℓ_1 \\ell_{1}, $\\alpha$-divergence α, O(n^2) n² CO_2 CO₂ \\mathcal{O}(\\log n) \\mathbb R^d",
    "C++ and C#, C\\# C/C++, F#, g++, pre-training state‑of‑the‑art GPT-4o ＧＰＴ－4",
    "大語言模型的幻覺，圖神經網絡；軟體與臺灣。混合专家(MoE)模型",
    "a_b MATH_500 x_{i+1} 10^{-3} {D}^{3}${ETOR}$ \\textbf{bold} \\% \\& \\_ ~tilde 100\\%\\",
    "ﬁne ﬂow ½ Ⅳ ㎏ 한국어 かな がぎ नमस्ते \u00ad soft\u00adhyphen e\u0301",
]
QUERIES = r"""
mixture of experts routing
mixture-of-experts
MoE
混合专家
专家混合的路由
思维链忠实性
推测解码
KV缓存量化
大語言模型水印
大模型的推理
的
ℓ_1 minimization
naïve bayes
C++ C#
α
https://arxiv.org/pdf/2501.12948v1 x
arXiv: 2501.12948
math.PR/0708123v2
hep-th/9901001
2501.1
1501.0001
https://huggingface.co/papers/2501.12948?x=1#y
10.48550/arXiv.2501.12948
oai:arXiv.org:2501.12948
title:agents 标题：智能体
title:(a
author:He作者:何
author:"Tao, Terence" 译者:王小明
cat:CS.cl cat:cs cat:math.*
cat:cs.SY
cat:cs.XX
lang:zh-Hant
lang:1
translated:yes translated:maybe
id:2501.12948 id:x
from:2025 until:2025-02
date:2024-02..2024-03-05
date:..2024
date:2024..
from:2025-13
date:2025-02-30
a "b
"
""
(a
a)
()
OR b
a OR
a OR OR b
(a OR b) c OR d
- a -
-
--a
-"a b"
-(a b)
-title:x
a AND b
a AND AND b
!?
f(x) O(n^2)
a -pre-training
（a OR b）“c d”
he kaiming
(((((((((((((a)))))))))))))
((((((((((((a))))))))))))
studies boxes classes bias analyses LLMs
vision-language models
in-context learning
强化学习在大模型推理中的应用
模型模型模型模型模型模型模型模型模型模型模型模型模型模型模型模型模型模型模型模型
agents AND OR x
""".splitlines()
QUERIES += ["\\alpha", "", "  ", "x" * 601, "a " * 81, "模型" * 20]
QUERIES += ["(" * count + "a" + ")" * count for count in (12, 13)]
_PIECES = r"""
( ) " - OR AND a agents 大模型 推理 的 混合专家 mixture of experts title: cat:cs.CL author: from:2025 : “ ） 2501.12948
C++ pre-training ℓ_1 𠀀 😀 繁體 \alpha from:x ß
"""


def _by_server(text: str) -> object:
    try:
        return json.loads(json.dumps(write_query(parse_text(text))))
    except QueryError as error:
        place = re.match(r"第 (\d+) 个字", str(error))
        return {"place": int(place[1]) if place else 1}


def test_the_script_folds_every_text_and_reads_every_query_as_the_server_does():
    chance = random.Random(5)
    mixed = [
        "".join(chance.choice((piece, f"{piece} ")) for piece in chance.choices([*_PIECES.split(), " "], k=6))
        for _ in range(1000)
    ]
    scrambled = ["".join(chance.choices("".join(TEXTS) + "\\{}$_^~ -", k=30)) for _ in range(1000)]
    texts, queries = [*TEXTS, *scrambled], [*QUERIES, *mixed]
    by_script = read_by_script(json.loads(render_tables()), texts, queries)
    folded = [fold_text(text) for text in texts]
    for text, ours, theirs in zip(texts, folded, by_script["folds"], strict=True):
        assert [ours, split_tokens(ours), join_compounds(ours)] == theirs, text
    for query, theirs in zip(queries, by_script["queries"], strict=True):
        assert _by_server(query) == theirs, query


def test_the_tables_are_the_same_bytes_in_every_process():
    program = "import sys; from yibao.search.tables import render_tables; sys.stdout.buffer.write(render_tables())"
    made = {
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(made) == 1
