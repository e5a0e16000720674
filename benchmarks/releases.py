"""A release of everything against DuckDB's own CREATE TABLE AS of the same columns, and a daily one; sizes of both.

    python -m benchmarks.releases [--papers 3000000] [--translations 100000] [--folder FOLDER] [--small]

Papers are made by `benchmarks.bulk_data`; a day is 500 new papers and 1,500 changed ones, of which two thirds are of
the last three months, as on arXiv, and the others of any month. All of a release is measured: database, Parquet,
changes, DuckLake, documents, checksums.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from benchmarks import bulk_data, options
from benchmarks.library import OURS, timed
from flows.steps import dataset_release
from flows.steps.run_record import Run
from storage.dataset import database, making, shelf
from storage.library import connection
from yibao.dataset.schema import load_schema
from yibao.settings import Paths, Settings

_DAY = date(2026, 11, 25)
#: Columns of a translation that are not the paper's own.
TRANSLATE = """
INSERT INTO translation BY NAME
SELECT
    arxiv_id, 'zh-Hans' AS language, 1 AS revision, 'current' AS revision_state, 'fresh' AS freshness,
    repeat('译文标题', 5) || arxiv_id AS title, repeat('译文的摘要，一句接一句。', 30) || arxiv_id AS abstract,
    title AS title_en, 'Translator ' || (hash(arxiv_id) % 40) AS translator, '2026-W01' AS week,
    version AS source_version,
    '2026/0105-0109.md' AS path, 1 AS line, DATE '2026-01-09' AS arrived_on, DATE '2026-01-09' AS revised_on,
    now() AS revised_at, DATE '2026-01-09' AS freshness_on, false AS is_lead
FROM paper USING SAMPLE reservoir({count} ROWS) REPEATABLE (7)
"""
CHANGE = """
CREATE TEMP TABLE changed AS
    (SELECT arxiv_id FROM paper WHERE arxiv_id > '2608' USING SAMPLE reservoir(1000 ROWS) REPEATABLE ({seed}))
    UNION (SELECT arxiv_id FROM paper USING SAMPLE reservoir(500 ROWS) REPEATABLE ({seed}));
CREATE TEMP TABLE state AS
    SELECT * REPLACE (title || ', day {seed}' AS title, now() AS known_from_at, DATE '{on}' AS known_from)
    FROM paper_state WHERE known_until IS NULL AND arxiv_id IN (FROM changed)
    UNION ALL
    SELECT * REPLACE (
        '2611.9' || lpad((row_number() OVER () + 500 * {seed})::VARCHAR, 4, '0') AS arxiv_id, now() AS known_from_at,
        DATE '{on}' AS known_from
    ) FROM (FROM paper_state WHERE known_until IS NULL LIMIT 500);
UPDATE paper_state SET known_until = DATE '{on}', known_until_at = now()
    WHERE known_until IS NULL AND arxiv_id IN (FROM changed);
INSERT INTO paper_state FROM state;
DROP TABLE state; DROP TABLE changed;
"""


def clock(work: Callable[[], object]) -> float:
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def bare_copy(library: Path, folder: Path) -> float:
    """Seconds of CREATE TABLE AS for every relation of a release, in no order."""
    path = folder / "bare.duckdb"
    path.unlink(missing_ok=True)

    def copy() -> None:
        with database.open_database(path, library) as target:
            database._prepare_sources(target, [], is_whole=True)  # noqa: SLF001  (the same work, without the rest)
            for table in load_schema().tables:
                target.execute(f"CREATE TABLE {table.name} AS {database._read_relation(table)}")  # noqa: SLF001

    seconds = clock(copy)
    path.unlink()
    return seconds


def release(settings: Settings, on: date) -> float:
    outcomes = []
    seconds = clock(lambda: outcomes.append(dataset_release.release_dataset(Run(settings, "run", "release", on))))
    assert not outcomes[0].faults, outcomes[0].faults
    return seconds


def new_bytes(folder: Path) -> tuple[int, int]:
    """Bytes of Parquet that a release wrote itself, and of its database."""
    parts = [path for path in folder.rglob("*.parquet") if path.stat().st_nlink == 1]
    return sum(path.stat().st_size for path in parts), (folder / database.NAME).stat().st_size


def measure(papers: int, translations: int, folder: Path) -> None:
    source = folder / f"{papers}.jsonl"
    if not source.exists():
        bulk_data.write(papers, source)
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    timed(sys.executable, OURS, source, home)
    library = home / "library.duckdb"
    with connection.open_library(library) as opened:
        opened.execute(TRANSLATE.format(count=translations))
    settings = Settings(paths=Paths(data=home, public=folder / "home-public"))
    shutil.rmtree(settings.paths.public, ignore_errors=True)
    copied = clock(lambda: shutil.copyfile(library, folder / "copy.duckdb"))
    (folder / "copy.duckdb").unlink()
    bare = bare_copy(library, folder)
    print(f"{papers} papers, {translations} translations; library {library.stat().st_size >> 20} MiB")
    print(f"  cp of the library         {copied:7.1f} s")
    print(f"  CREATE TABLE AS           {bare:7.1f} s")
    whole = release(settings, _DAY)
    first = shelf.find_folder(settings.paths.public, f"{_DAY}.1")
    written, size = new_bytes(first)
    print(f"  release of everything     {whole:7.1f} s  {whole / bare:.2f} of CREATE TABLE AS")
    print(f"    database {size >> 20} MiB, Parquet {written >> 20} MiB in {len(list(first.rglob('*.parquet')))} files")
    for number in (1, 2, 3):
        on = _DAY + timedelta(days=number)
        with connection.write_library(library) as opened:
            opened.execute(CHANGE.format(seed=number, on=on))
        seconds = release(settings, on)
        folder_of_day = shelf.find_folder(settings.paths.public, f"{on}.1")
        parts, _ = new_bytes(folder_of_day)
        changes = sum(path.stat().st_size for path in (folder_of_day / making.CHANGES).iterdir())
        print(
            f"  daily, 2,000 papers       {seconds:7.1f} s  Parquet written {parts / 2**20:.1f} MiB, "
            f"changes {changes / 2**20:.1f} MiB"
        )


def main() -> None:
    parser = options.parser(__doc__)
    parser.add_argument("--papers", type=int, default=3_000_000)
    parser.add_argument("--translations", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    size = (1_000, 100) if given.small else (given.papers, given.translations)
    print(f"duckdb {duckdb.__version__}, {datetime.now(UTC).date()}")
    with tempfile.TemporaryDirectory(prefix="yibao-releases-") as temporary:
        measure(*size, given.folder or Path(temporary))


if __name__ == "__main__":
    main()
