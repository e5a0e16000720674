"""Search over three million made papers: what the index costs, and how long a page of twenty takes.

    python -m benchmarks.searching [--papers 3000000] [--peers 300000]

One paper in thirty has a translation. Questions are words as readers ask for them, common and rare, with and without
fields and phrases; each is asked once of an index just opened, for the best twenty and the number of all. Beside it, on
the same papers as far as `--peers` says: FTS5 of SQLite, and DuckDB's own full text search.
"""

import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb

from benchmarks import bulk_data, options
from storage import search
from yibao.search.language import parse_text
from yibao.search.matching import SearchText

_COUNT, _PEERS, _SHARE_TRANSLATED, _DAY = 3_000_000, 300_000, 30, 2_000
_CODES = ("cs.CL", "cs.CV", "cs.LG", "math.NT", "hep-th", "quant-ph", "astro-ph.GA", "cond-mat.str-el")
_BEGIN = date(2007, 4, 1)
_ASKED = 300


class Made:
    """Papers of a size and shape like arXiv's, seeded: the same each time."""

    def __init__(self, count: int) -> None:
        chance = random.Random(1)
        self._count = count
        self.text, self.names = bulk_data.vocabulary(chance)
        signs = [chr(0x4E00 + number) for number in range(3_000)]
        words = ["".join(chance.choices(signs[:1_200], k=chance.choice((1, 2, 2, 2, 3)))) for _ in range(9_000)]
        weights = [1 / (rank + 3) for rank in range(len(words))]
        self.chinese = "".join(chance.choices(words, weights, k=200_000))

    def papers(self, first: int = 0, last: int | None = None) -> Iterator[SearchText]:
        """Make the papers of these numbers."""
        for number in range(first, self._count if last is None else last):
            yield self.paper(number)

    def paper(self, number: int) -> SearchText:
        chance = random.Random(number)
        day = _BEGIN + timedelta(days=number * 7000 // self._count)
        english = [self._cut(chance, self.text, size) for size in (chance.randint(40, 110), chance.randint(500, 1700))]
        titles, abstracts = [english[0]], [english[1]]
        if is_translated := number % _SHARE_TRANSLATED == 0:
            titles.append(self._cut(chance, self.chinese, chance.randint(12, 35)))
            abstracts.append(self._cut(chance, self.chinese, chance.randint(150, 500)))
        people = tuple(f"{chance.choice(self.names)} {chance.choice(self.names)}" for _ in range(chance.randint(1, 7)))
        return SearchText(
            f"{day:%y%m}.{number % 100_000:05d}",
            tuple(titles),
            tuple(abstracts),
            people,
            (chance.choice(_CODES),),
            day,
            ("王小明",) if is_translated else (),
            ("zh-Hans",) if is_translated else (),
        )

    def _cut(self, chance: random.Random, text: str, size: int) -> str:
        start = chance.randrange(len(text) - size)
        return text[start : start + size].partition(" ")[2] or text[start : start + size]

    def questions(self, seed: int) -> list[str]:
        """Make questions from the texts themselves, so that each has an answer."""
        chance = random.Random(seed)
        asked = []
        for _ in range(_ASKED // 10):
            paper = self.paper(chance.randrange(self._count // _SHARE_TRANSLATED) * _SHARE_TRANSLATED)
            words = [word for word in paper.titles[0].split() if word.isalpha()] or ["al"]
            body = [word for word in paper.abstracts[0].split() if word.isalpha()]
            chinese = paper.titles[1]
            asked += [
                chance.choice(words),
                " ".join(chance.sample(body, 2)),
                " ".join(chance.sample(body, 3)),
                f'"{" ".join(words[:2])}"',
                f"{chance.choice(body)} cat:{paper.categories[0]} -{chance.choice(words)}",
                f"title:{chance.choice(words)} from:2020 {chance.choice(body)}",
                f'author:"{paper.authors[0]}"',
                chinese[2:4],
                chinese[2:8],
                paper.titles[0],
            ]
        return asked


def _measure(find: Callable[[str], object], asked: Sequence[str]) -> str:
    spent = []
    for question in asked:
        began = time.perf_counter()
        find(question)
        spent.append((time.perf_counter() - began) * 1e3)
    spent.sort()
    middle, late = statistics.median(spent), spent[int(0.95 * len(spent))]
    return f"{middle:8.1f} {late:8.1f} {spent[-1]:8.1f}"


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure_ours(made: Made, folder: Path, count: int) -> None:
    began, spent = time.perf_counter(), time.process_time()
    search.update_index(folder, made.papers(), (), "1", is_whole=True)
    built, spent = time.perf_counter() - began, time.process_time() - spent
    size = _size(folder)
    times = _measure(lambda text: search.find_papers(folder, parse_text(text), 20), made.questions(2))
    day = list(made.papers(count, count + _DAY))
    began, busy = time.perf_counter(), time.process_time()
    search.update_index(folder, day, (), "2")
    added, busy = time.perf_counter() - began, time.process_time() - busy
    print(f"{'ours':14} {count:9} {built:8.0f} {size / 1e6:8.0f} {times} {added:8.2f}", flush=True)
    print(f"{'':14} of one core: {spent:.0f} s to build, {busy:.2f} s for a day", flush=True)


def measure_fts5(made: Made, folder: Path, count: int) -> None:
    folder.mkdir()
    began = time.perf_counter()
    library = sqlite3.connect(folder / "fts.sqlite")
    library.execute("CREATE VIRTUAL TABLE paper USING fts5(title, abstract, author, content='')")
    library.executemany("INSERT INTO paper (title, abstract, author) VALUES (?, ?, ?)", _rows(made, 0, count))
    library.commit()
    built = time.perf_counter() - began
    size = _size(folder)

    def find(text: str) -> object:
        words = " ".join(f'"{word}"' for word in _plain(text))
        return library.execute("SELECT rowid FROM paper WHERE paper MATCH ? ORDER BY rank LIMIT 20", [words]).fetchall()

    times = _measure(find, made.questions(2))
    began = time.perf_counter()
    library.executemany(
        "INSERT INTO paper (title, abstract, author) VALUES (?, ?, ?)", _rows(made, count, count + _DAY)
    )
    library.commit()
    added = time.perf_counter() - began
    print(f"{'FTS5':14} {count:9} {built:8.0f} {size / 1e6:8.0f} {times} {added:8.2f}", flush=True)


def measure_duckdb(made: Made, folder: Path, count: int) -> None:
    """DuckDB's extension is made anew for each change: a day costs what the whole does."""
    folder.mkdir()
    library = duckdb.connect(str(folder / "fts.duckdb"))
    library.execute("CREATE TABLE paper (number INTEGER, title VARCHAR, abstract VARCHAR, author VARCHAR)")
    for first in range(0, count, 50_000):
        rows = list(_rows(made, first, min(count, first + 50_000)))
        columns = list(zip(*rows, strict=True))
        library.execute(
            "INSERT INTO paper SELECT unnest(range($1, $2)), unnest($3::VARCHAR[]), unnest($4::VARCHAR[]), "
            "unnest($5::VARCHAR[])",
            [first, first + len(rows), *map(list, columns)],
        )
    plain = _size(folder)
    began = time.perf_counter()
    library.execute("INSTALL fts; LOAD fts; PRAGMA create_fts_index('paper', 'number', 'title', 'abstract', 'author')")
    library.execute("CHECKPOINT")
    built = time.perf_counter() - began
    size = _size(folder) - plain

    def find(text: str) -> object:
        return library.execute(
            "SELECT number FROM (SELECT number, fts_main_paper.match_bm25(number, $1, conjunctive := 1) AS score "
            "FROM paper) WHERE score IS NOT NULL ORDER BY score DESC LIMIT 20",
            [" ".join(_plain(text))],
        ).fetchall()

    times = _measure(find, made.questions(2)[:60])
    print(f"{'DuckDB fts':14} {count:9} {built:8.0f} {size / 1e6:8.0f} {times} {built:8.2f}", flush=True)


def _rows(made: Made, first: int, last: int) -> Iterator[tuple[str, str, str]]:
    for paper in made.papers(first, last):
        yield " ".join(paper.titles), " ".join(paper.abstracts), ", ".join(paper.authors)


def _plain(text: str) -> list[str]:
    """The words of a question, for engines that know no fields."""
    words = [word.rpartition(":")[2].strip('"') for word in text.split()]
    return [word for word in words if word.isalpha()][:8] or ["al"]


def main() -> None:
    parser = options.parser(__doc__)
    parser.add_argument("--papers", type=int, default=_COUNT)
    parser.add_argument("--peers", type=int, default=_PEERS)
    given = parser.parse_args()
    count, peers = (3_000, 3_000) if given.small else (given.papers, min(given.papers, given.peers))
    print(f"{'engine':14} {'papers':>9} {'build s':>8} {'MB':>8} {'median':>8} {'p95':>8} {'worst ms':>8} {'day s':>8}")
    with tempfile.TemporaryDirectory(prefix="yibao-searching-") as place:
        measure_ours(Made(count), Path(place) / "ours", count)
        shutil.rmtree(Path(place) / "ours")
        if peers:
            made = Made(peers)
            if peers != count:
                measure_ours(made, Path(place) / "few", peers)
            for name, measure in (("FTS5", measure_fts5), ("DuckDB fts", measure_duckdb)):
                try:
                    measure(made, Path(place) / name.replace(" ", ""), peers)
                except (sqlite3.Error, duckdb.Error) as error:
                    print(f"{name:14} could not be measured: {error}", flush=True)


if __name__ == "__main__":
    main()
