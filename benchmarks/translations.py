"""Checking curators' files: against the bare Markdown parser, a second time, on bad input, and 100,000 entries.

    python -m benchmarks.translations [FOLDER] [--english RECORDS.parquet] [--small]

FOLDER: curators' files, the real weekly ones in ../shared by default, else generated ones, as always at the small size.
With arXiv's records (a Parquet file with id, title and abstract) it also compares, and prints how often each rule was
broken.
"""

import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

import duckdb
from markdown_it import MarkdownIt

from benchmarks import options
from commands import linter
from yibao import glossary
from yibao.records import SourceText
from yibao.translations import check, folder, identity, markdown
from yibao.translations.rules import RULES

_SHARED = Path(__file__).parents[2] / "shared" / "data"
_ROUNDS = 5
_ENTRIES_A_FILE, _ENTRIES = 25, 100_000
_TEXT = "我们 提出 一种 新的 方法 ， 模型 数据集 LLM 准确率 为 93.1% 。 实验 表明 GPT-4o 优于 $O(n)$ 代码 （CoT） 推理 "
_WORDS = _TEXT.split()


#: By name: the English and the Chinese of which a text is made, again and again.
_HOSTILE = {
    "no punctuation": ("we propose a model that improves accuracy by 3 points ", "我们提出一种模型把准确率提高三个点"),
    "Traditional Chinese": ("We propose GPT-4o for 5 tasks. ", "我們提出適用於五項任務的模型 GPT-4o。"),
    "mixed with Japanese": ("We study Japanese text. ", "本研究では、日本語テキストを研究します。我们研究日语。"),
    "formulas only": ("$x_1 + y^2 \\leq 3$ ", "$x_1 + y^2 \\leq 3$ "),
    "numbers only": ("12,345.6% 7 ", "一万二千三百四十五 7% "),
    "names only": ("GPT-4o BERT ", "GPT-4o BERT "),
}


def generated(target: Path, entries: int) -> Path:
    """A folder of files of 25 entries each, with texts of realistic length."""
    chance = Random(11)
    for number in range(entries // _ENTRIES_A_FILE):
        file = target / f"{number // 100:03d}" / f"{number:05d}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        parts = []
        for one in range(_ENTRIES_A_FILE):
            arxiv_id = f"{2401 + number // 500 % 12:04d}.{number % 500 * _ENTRIES_A_FILE + one:05d}"
            text = "".join(chance.choices(_WORDS, k=160))
            parts.append(f"## Title {number} {one}\n[标题{one}](https://arxiv.org/abs/{arxiv_id})\n\n{text}\n")
        file.write_text("\n".join(parts), encoding="utf-8")
    return target


def timed(work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def speed(where: Path, count: int = _ROUNDS) -> None:
    files, _ = folder.find_files([where])
    texts = [file.path.read_text(encoding="utf-8-sig", errors="replace") for file in files]
    bare = MarkdownIt("commonmark")
    terms = glossary.load_terms(None)

    def parsed() -> None:
        for text in texts:
            bare.parse(text)

    def checked() -> None:
        for file in files:
            check.check_document(markdown.parse_document(file.path.read_bytes(), file.shown, "zh-Hans"), terms, {}, {})

    rounds = [(timed(parsed), timed(checked)) for _ in range(count)]
    theirs, ours = (median(one) for one in zip(*rounds, strict=True))
    print(f"{len(files)} files, {sum(map(len, texts)) / 1e6:.1f} million characters")
    print(f"  bare Markdown parser           {theirs:6.3f} s")
    print(f"  all rules that need no library {ours:6.3f} s  {theirs / ours:.2f} of the parser's speed")
    with TemporaryDirectory() as scratch:
        cache = Path(scratch) / "checked.sqlite3"

        def command() -> None:
            linter.check_files([where], "zh-Hans", terms, None, cache)

        first, again = timed(command), min(timed(command) for _ in range(count))
    print(f"  the command's work, first      {first:6.3f} s")
    print(f"  again, nothing changed         {again:6.3f} s  {first / again:.0f} times as fast")


def scale(entries: int) -> None:
    terms = glossary.load_terms(None)
    with TemporaryDirectory() as scratch:
        where = generated(Path(scratch) / "curated", entries)
        cache = Path(scratch) / "checked.sqlite3"

        def command() -> None:
            linter.check_files([where], "zh-Hans", terms, None, cache)

        first, again = timed(command), timed(command)
        file = where / "000" / "00007.md"
        file.write_text(file.read_text(encoding="utf-8").replace("标题3]", "改过的标题]"), encoding="utf-8")
        changed = timed(command)
    print(f"{entries} entries in {entries // _ENTRIES_A_FILE} files")
    print(f"  first {first:.1f} s; again {again:.2f} s; after a change in one file {changed:.2f} s")


def hits(where: Path, records: Path) -> None:
    rows = duckdb.execute("SELECT id, title, abstract, source FROM read_parquet($1)", [str(records)]).fetchall()
    english = {row[0]: SourceText(row[1], "" if "truncated" in row[3] else row[2] or "") for row in rows}
    owners = {identity.normalize_title(one.title): arxiv_id for arxiv_id, one in english.items()}
    files, _ = folder.find_files([where])
    terms = glossary.load_terms(None)
    started = time.perf_counter()
    results = [
        check.check_document(
            markdown.parse_document(file.path.read_bytes(), file.shown, "zh-Hans"), terms, english, owners
        )
        for file in files
    ]
    seconds = time.perf_counter() - started
    _, repeated = folder.resolve_entries(key for result in results for key in result.entries)
    counts = Counter(one.rule for one in [*repeated, *(one for result in results for one in result.problems)])
    entries, unknown = sum(len(result.entries) for result in results), sum(result.unknown for result in results)
    print(f"{entries} entries, {entries - unknown} of them compared with arXiv's text, {seconds:.1f} s")
    for name, rule in RULES.items():
        print(f"  {rule.severity:8} {name:26} {counts[name]:5}")


def hostile(characters: int, entries: int) -> None:
    """Print how time grows where input is four times as much: four times is linear."""
    print("bad input, four times as much of it takes")
    for name, (english, chinese) in _HOSTILE.items():
        times = [
            min(timed(_check_text(english, chinese, size)) for _ in range(3)) for size in (characters, 4 * characters)
        ]
        print(f"  {name:26} {times[1] / times[0]:5.1f} times as long: {times[1]:.2f} s for {4 * characters} characters")
    times = [timed(_check_many(count)) for count in (entries // 4, entries)]
    print(
        f"  {'entries in one file':26} {times[1] / times[0]:5.1f} times as long: {times[1]:.2f} s for {entries} entries"
    )


def _check_text(english: str, chinese: str, characters: int) -> Callable[[], object]:
    text, source = ((one * (characters // len(one) + 1))[:characters] for one in (chinese, english))
    content = f"## T\n[标题](https://arxiv.org/abs/2501.00001)\n\n{text}\n"
    return _check_content(content, {"2501.00001": SourceText("T", source)})


def _check_many(entries: int) -> Callable[[], object]:
    english, chinese = _HOSTILE["Traditional Chinese"]
    ids = [f"{2401 + number // 9999:04d}.{number % 9999 + 1:05d}" for number in range(entries)]
    content = "\n".join(f"## T{one}\n[标题](https://arxiv.org/abs/{one})\n\n{chinese}\n" for one in ids)
    return _check_content(content, {one: SourceText(f"T{one}", english) for one in ids})


def _check_content(content: str, english: dict[str, SourceText]) -> Callable[[], object]:
    terms = glossary.load_terms(None)

    def check_it() -> None:
        check.check_document(markdown.parse_document(content.encode(), "a.md", "zh-Hans"), terms, english, {})

    return check_it


def _records(scratch: Path, where: Path) -> Path:
    """What arXiv says of the papers of generated files, as far as it is asked here."""
    records = scratch / "records.parquet"
    ids = sorted(
        set(re.findall(r"abs/([\d.]+)", "".join(one.read_text(encoding="utf-8") for one in where.rglob("*.md"))))
    )
    texts = "'Title' AS title, 'One sentence.' AS abstract, '' AS source"
    duckdb.execute(f"CREATE TEMP TABLE record AS SELECT unnest($1) AS id, {texts}", [ids])
    duckdb.execute(f"COPY record TO '{records}'")
    return records


def main() -> None:
    parser = options.parser(__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=_SHARED / "translations-weekly" / "weekly")
    parser.add_argument("--english", type=Path, default=_SHARED / "arxiv-records" / "records.parquet")
    chosen = parser.parse_args()
    if chosen.small:
        with TemporaryDirectory() as scratch:
            where = generated(Path(scratch) / "curated", 250)
            speed(where, 1)
            hits(where, _records(Path(scratch), where))
    elif chosen.folder.exists():
        speed(chosen.folder)
        if chosen.english.exists():
            hits(chosen.folder, chosen.english)
    else:
        with TemporaryDirectory() as scratch:
            speed(generated(Path(scratch), 1250))
    hostile(*((1000, 400) if chosen.small else (4900, 10_000)))
    scale(250 if chosen.small else _ENTRIES)


if __name__ == "__main__":
    main()
