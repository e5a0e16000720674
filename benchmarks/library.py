"""The library at full size: a bulk import against DuckDB's own copy and two peers, a year of daily batches, growth.

    python -m benchmarks.library [--records 3000000] [--batches 260] [--peers PEERS_PYTHON] [--folder FOLDER] [--small]

The snapshot is made by `benchmarks.bulk_data`. A batch is 2,000 full records: 500 new, 1,000 changed, 500 unchanged,
the known ones at random. What it costs is the whole way of a run: open the library, one transaction, close.
Peers' times are of their work, without the start of the interpreter and its imports, as ours are.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

import duckdb

from benchmarks import bulk_data, options
from storage.library import connection, papers
from yibao.records import Author, Paper, Version

_DAY = date(2026, 1, 1)


class Size(NamedTuple):
    """How many records are imported, how many of them as peers do, and into how few the same batches come."""

    records: int
    batches: int
    slice: int
    few: int
    few_batches: int


_FULL, _SMALL = Size(3_000_000, 260, 300_000, 30_000, 20), Size(6000, 2, 2000, 4000, 1)
#: Each way of reading the file, in a process of its own, so that its peak memory is its own.
BARE = """
import duckdb, sys, time
before = time.perf_counter()
duckdb.connect(sys.argv[2]).execute(f"CREATE TABLE x AS SELECT * FROM read_json('{sys.argv[1]}')").close()
print("seconds", time.perf_counter() - before)
"""
OURS = """
import sys, time
from pathlib import Path
from benchmarks import options
from commands import flow_runs
options.without_prefect()
config = Path(sys.argv[2], "yibao.toml")
config.parent.mkdir(parents=True, exist_ok=True)
config.write_text("[paths]\\ndata = '.'\\npublic = '../public'\\n")
before = time.perf_counter()
flow_runs.run_flow("import", file=sys.argv[1], config=str(config))
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


def timed(python: str, program: str, *arguments: object) -> tuple[float, float]:
    """Seconds that a program says its work took, in a process of its own, and that process's peak memory in GiB."""
    process = subprocess.Popen([python, "-c", program, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    output = process.stdout.read().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, arguments
    return float(output[-1].split()[1]), usage.ru_maxrss / 2**20


def _tell_size(folder: Path) -> None:
    with connection.read_library(folder / "library.duckdb") as library:
        rows = library.execute("SELECT count(DISTINCT arxiv_id), count(*) FROM paper_state").fetchall()
    print("      {} papers in {} states".format(*rows[0]), flush=True)


def imports(path: Path, folder: Path) -> None:
    me = sys.executable
    bare_s, bare_gib = timed(me, BARE, path, folder / "bare.duckdb")
    print(f"  DuckDB's bare CREATE TABLE AS  {bare_s:6.1f} s  {bare_gib:.1f} GiB")
    first_s, gib = timed(me, OURS, path, folder / "library")
    _tell_size(folder / "library")
    print(f"  import                         {first_s:6.1f} s  {gib:.1f} GiB  {first_s / bare_s:.2f} of the bare copy")
    again_s, gib = timed(me, OURS, path, folder / "library")
    _tell_size(folder / "library")
    print(f"  import again                   {again_s:6.1f} s  {gib:.1f} GiB  {again_s / first_s:.2f} of the first")
    (folder / "bare.duckdb").unlink()


def against_peers(folder: Path, peers: str | None, records: int) -> None:
    """A part of the records, taken in by us and by the peers where there are any."""
    part = folder / "slice.jsonl"
    bulk_data.write(records, part)
    ours, _ = timed(sys.executable, OURS, part, folder / "slice")
    print(f"  {records} records: import          {ours:6.1f} s")
    for name, module, program in (("sqlite-utils", "sqlite_utils", SQLITE_UTILS), ("dlt, append", "dlt", DLT)):
        if options.is_installed(peers, module):
            seconds, _ = timed(peers, program, part, folder / f"{name}.db")
            print(f"  {records} records: {name:15} {seconds:6.1f} s  ours is {seconds / ours:.1f} times as fast")


class Batches:
    """Days of records, drawn at random from what the library holds; no paper comes twice."""

    def __init__(self, library: Path, count: int) -> None:
        self._chance = Random(5)
        self._text, self._names = bulk_data.vocabulary(self._chance)
        self._new = 0
        with connection.read_library(library) as opened:
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
        values = bulk_data.record(self._chance, "2601.00001", self._text, self._names)
        at = datetime(2026, 1, 1, tzinfo=UTC)
        return Paper(
            arxiv_id,
            version,
            " ".join(values["title"].split()),
            values["abstract"].strip(),
            tuple(Author(f"{first} {last}") for last, first, _ in values["authors_parsed"]),
            tuple(values["categories"].split()),
            values["categories"].split()[0],
            "arXivRaw",
            comment=values["comments"],
            journal_ref=values["journal-ref"],
            doi=values["doi"],
            license=values["license"],
            submitted_at=at,
            updated_at=at,
            submitter=values["submitter"],
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
        with connection.write_library(library) as opened:
            merged = papers.store_papers(opened, batch, _DAY + timedelta(days=number + 1))
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


def measure(size: Size, folder: Path, peers: str | None) -> None:
    for name in ("library", "slice", "small", "sqlite-utils.db", "dlt, append.db", "dlt, append.db.dlt"):
        # What an earlier measurement left: into a library that has the records, nothing is imported.
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).unlink(missing_ok=True)
    path = folder / f"{size.records}.jsonl"
    if not path.exists():
        bulk_data.write(size.records, path)
    print(f"{size.records} records, {path.stat().st_size / 1e9:.2f} GB, DuckDB {duckdb.__version__}", flush=True)
    imports(path, folder)
    against_peers(folder, peers, size.slice)
    small = folder / "few.jsonl"
    bulk_data.write(size.few, small)
    timed(sys.executable, OURS, small, folder / "small")
    few = days(folder / "small" / "library.duckdb", size.few_batches)
    library = folder / "library" / "library.duckdb"
    costs = days(library, size.batches)
    print(f"  a batch of 2,000 into {size.records}: median {median(costs):.2f} s, longest {max(costs):.2f} s")
    print(f"  a batch of 2,000 into {size.few}: median {median(few):.2f} s; ratio {median(costs) / median(few):.1f}")
    held, compact = growth(library, folder)
    sizes = f"{held / 1e6:.0f} MB, compacted {compact / 1e6:.0f} MB: {held / compact:.2f}"
    print(f"  after {size.batches} batches the file holds {sizes}")


def main() -> None:
    parser = options.parser(__doc__)
    parser.add_argument("--records", type=int, default=_FULL.records)
    parser.add_argument("--batches", type=int, default=_FULL.batches)
    parser.add_argument("--peers", help="a Python that has dlt and sqlite-utils; see peers.txt")
    parser.add_argument("--folder", type=Path, default=Path("benchmarks/data"))
    chosen = parser.parse_args()
    if chosen.small:
        with tempfile.TemporaryDirectory() as scratch:
            measure(_SMALL, Path(scratch), chosen.peers)
    else:
        chosen.folder.mkdir(parents=True, exist_ok=True)
        size = _FULL._replace(records=chosen.records, batches=chosen.batches)
        measure(size, chosen.folder, chosen.peers)


if __name__ == "__main__":
    main()
