"""The library at full size: a bulk import against DuckDB's own copy and two peers, a year of daily batches, growth.

    python -m benchmarks.library [--records 3000000] [--batches 260] [--peers PEERS_PYTHON] [--folder FOLDER]

The snapshot is made by `benchmarks.bulk_data`. A batch is 2,000 full records: 500 new, 1,000 changed, 500 unchanged,
the known ones at random. What it costs is the whole way of a run: open the library, one transaction, close.
Peers' times are of their work, without the start of the interpreter and its imports, as ours are.
"""

import argparse
import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median

import duckdb

from benchmarks import bulk_data
from flows import bulk, wiring
from storage.library import connection, papers
from yibao.models import Author, Paper, Version
from yibao.settings import Paths, Settings

_SLICE = 300_000
_DAY = date(2026, 1, 1)
#: Each way of reading the file, in a process of its own, so that its peak memory is its own.
BARE = """
import duckdb, sys, time
before = time.perf_counter()
duckdb.connect(sys.argv[2]).execute(f"CREATE TABLE x AS SELECT * FROM read_json('{sys.argv[1]}')").close()
print("seconds", time.perf_counter() - before)
"""
OURS = """
import sys, time
from benchmarks.library import take
before = time.perf_counter()
take(sys.argv[1], sys.argv[2])
print("seconds", time.perf_counter() - before)
"""
SQLITE_UTILS = """
import json, sys, time, sqlite_utils
before = time.perf_counter()
with open(sys.argv[1]) as lines:
    sqlite_utils.Database(sys.argv[2])["paper"].insert_all(map(json.loads, lines), pk="id", replace=True)
print("seconds", time.perf_counter() - before)
"""
DLT = """
import json, sys, time, dlt
before = time.perf_counter()
def lines():
    with open(sys.argv[1]) as file:
        yield from map(json.loads, file)
pipeline = dlt.pipeline("bench", destination=dlt.destinations.duckdb(sys.argv[2]), pipelines_dir=sys.argv[2] + ".dlt")
pipeline.run(lines(), table_name="paper", write_disposition="append")
print("seconds", time.perf_counter() - before)
"""


def take(path: str, folder: str) -> None:
    """The import, as the command does it, without Prefect."""
    settings = Settings(paths=Paths(data=Path(folder), public=Path(folder) / "public"))
    run = wiring.Run(settings, "import", _DAY)
    run.settings.paths.data.mkdir(parents=True, exist_ok=True)
    bulk.store_file.fn(run, Path(path))
    report = run.report
    told = f"{report.papers_new} new, {report.papers_changed} changed, {report.papers_unchanged} unchanged"
    print(f"      {told}, {report.duplicates} twice, {len(report.problems)} set aside or mended")


def timed(python: str, program: str, *arguments: object) -> tuple[float, float]:
    """Seconds that a program says its work took, in a process of its own, and that process's peak memory in GiB."""
    process = subprocess.Popen([python, "-c", program, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    told = process.stdout.read().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, arguments
    print("\n".join(line for line in told if line.startswith("      ")), end="\n" if len(told) > 1 else "", flush=True)
    return float(told[-1].split()[1]), usage.ru_maxrss / 2**20


def imports(path: Path, folder: Path, peers: str | None) -> None:
    me = sys.executable
    bare_s, bare_gib = timed(me, BARE, path, folder / "bare.duckdb")
    print(f"  DuckDB's bare CREATE TABLE AS  {bare_s:6.1f} s  {bare_gib:.1f} GiB")
    first_s, gib = timed(me, OURS, path, folder / "library")
    print(f"  import                         {first_s:6.1f} s  {gib:.1f} GiB  {first_s / bare_s:.2f} of the bare copy")
    again_s, gib = timed(me, OURS, path, folder / "library")
    print(f"  import again                   {again_s:6.1f} s  {gib:.1f} GiB  {again_s / first_s:.2f} of the first")
    (folder / "bare.duckdb").unlink()
    if peers:
        _against_peers(folder, peers)


def _against_peers(folder: Path, peers: str) -> None:
    part = folder / "slice.jsonl"
    bulk_data.write(_SLICE, part)
    ours, _ = timed(sys.executable, OURS, part, folder / "slice")
    print(f"  {_SLICE} records: import          {ours:6.1f} s")
    for name, program in (("sqlite-utils", SQLITE_UTILS), ("dlt, append", DLT)):
        seconds, _ = timed(peers, program, part, folder / f"{name}.db")
        print(f"  {_SLICE} records: {name:15} {seconds:6.1f} s  ours is {seconds / ours:.1f} times as fast")


class Batches:
    """Days of records, drawn at random from what the library holds; no paper comes twice."""

    def __init__(self, library: Path, count: int) -> None:
        self._chance = Random(5)
        self._text, self._names = bulk_data.vocabulary(self._chance)
        self._new = 0
        with connection.reading(library) as opened:
            self._known = opened.execute(
                "SELECT arxiv_id, version, fingerprint FROM paper_state "
                f"WHERE known_until IS NULL USING SAMPLE reservoir({1500 * count} ROWS) REPEATABLE (5)"
            ).fetchall()

    def day(self) -> list[Paper]:
        """500 new papers, 1,000 changed and 500 unchanged ones."""
        if len(self._known) < 1500:
            raise SystemExit("Too few records for so many batches.")
        known, self._known = self._known[:1500], self._known[1500:]
        changed = [self._paper(arxiv_id, version, None) for arxiv_id, version, _ in known[:1000]]
        unchanged = [self._paper(arxiv_id, version, mark.hex) for arxiv_id, version, mark in known[1000:]]
        self._new += 500
        fresh = [self._paper(f"2612.{number:06d}", 1, None) for number in range(self._new - 500, self._new)]
        return [*changed, *unchanged, *fresh]

    def _paper(self, arxiv_id: str, version: int, fingerprint: str | None) -> Paper:
        told = bulk_data.record(self._chance, "2601.00001", self._text, self._names)
        at = datetime(2026, 1, 1, tzinfo=UTC)
        return Paper(
            arxiv_id,
            version,
            " ".join(told["title"].split()),
            told["abstract"].strip(),
            tuple(Author(f"{first} {last}") for last, first, _ in told["authors_parsed"]),
            tuple(told["categories"].split()),
            told["categories"].split()[0],
            "arXivRaw",
            comment=told["comments"],
            journal_ref=told["journal-ref"],
            doi=told["doi"],
            license=told["license"],
            submitted_at=at,
            updated_at=at,
            submitter=told["submitter"],
            versions=tuple(Version(number, at) for number in range(1, version + 1)),
            fingerprint=fingerprint or f"{self._chance.getrandbits(128):032x}",
        )


def days(library: Path, count: int) -> list[float]:
    """What each batch cost, in seconds."""
    batches = Batches(library, count)
    costs = []
    for number in range(count):
        batch = batches.day()
        before = time.perf_counter()
        with connection.writing(library) as opened:
            merged = papers.store(opened, batch, _DAY + timedelta(days=number + 1))
        costs.append(time.perf_counter() - before)
        assert merged == (500, 1000, 500), merged
    return costs


def growth(library: Path, folder: Path) -> tuple[int, int]:
    """The library's size, and that of a compacted copy of it, in bytes."""
    copy = folder / "compact.duckdb"
    copy.unlink(missing_ok=True)
    with duckdb.connect(str(copy)) as target:
        target.execute(f"ATTACH '{library}' AS old (READ_ONLY)")
        name = copy.stem
        target.execute(f"COPY FROM DATABASE old TO {name}")
    size = copy.stat().st_size
    copy.unlink()
    return library.stat().st_size, size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=3_000_000)
    parser.add_argument("--batches", type=int, default=260)
    parser.add_argument("--peers", help="a Python that has dlt and sqlite-utils; see peers.txt")
    parser.add_argument("--folder", type=Path, default=Path("benchmarks/data"))
    chosen = parser.parse_args()
    folder = chosen.folder
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{chosen.records}.jsonl"
    if not path.exists():
        bulk_data.write(chosen.records, path)
    print(f"{chosen.records} records, {path.stat().st_size / 1e9:.2f} GB, DuckDB {duckdb.__version__}", flush=True)
    imports(path, folder, chosen.peers)
    small = folder / "30000.jsonl"
    bulk_data.write(30_000, small)
    timed(sys.executable, OURS, small, folder / "small")
    few = days(folder / "small" / "library.duckdb", 20)
    library = folder / "library" / "library.duckdb"
    costs = days(library, chosen.batches)
    print(f"  a batch of 2,000 into {chosen.records}: median {median(costs):.2f} s, longest {max(costs):.2f} s")
    print(f"  a batch of 2,000 into 30,000: median {median(few):.2f} s; ratio {median(costs) / median(few):.1f}")
    size, compact = growth(library, folder)
    told = f"{size / 1e6:.0f} MB, compacted {compact / 1e6:.0f} MB: {size / compact:.2f}"
    print(f"  after {chosen.batches} batches the file holds {told}")


if __name__ == "__main__":
    main()
