"""Whatever file `yibao import` is given, it ends in bounded memory and with a sentence."""

import gzip
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import zstandard

from storage import snapshot_files
from tests.conftest import further_values
from tests.flows.test_sql import MEASURE
from tests.storage.test_bulk import Installed, record
from yibao.errors import YibaoError

pytestmark = pytest.mark.soak

RECORDS = b"".join(json.dumps(record(number)).encode() + b"\n" for number in range(1, 400))


@pytest.fixture
def installed(tmp_path):
    return Installed(tmp_path)


def parquet(folder):
    lines, target = folder / "lines.json", folder / "x.parquet"
    lines.write_bytes(RECORDS)
    duckdb.connect().execute(f"COPY (FROM read_json('{lines}')) TO '{target}' (COMPRESSION zstd)")
    return target.read_bytes()


def noise(content, start, end):
    chance = random.Random(7)
    return content[:start] + bytes(chance.randrange(256) for _ in range(end - start)) + content[end:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"PAR1",
        lambda _: b"PAR1" + b"garbage" * 1000,
        lambda _: b"PAR1" + b"garbage" * 1000 + b"PAR1",
        lambda whole: whole[: len(whole) // 2],
        lambda whole: noise(whole, 200, len(whole) // 2),
        lambda whole: noise(whole, len(whole) - 300, len(whole) - 20),
    ],
)
def test_a_parquet_file_that_is_none_or_damaged_is_told_so(installed, damage):
    path = installed.folder / "x.parquet"
    path.write_bytes(damage(parquet(installed.folder)))
    with pytest.raises(YibaoError, match=r"x\.parquet: .*Get it again"):
        installed.take(path)
    assert installed.ask("SELECT count(*) FROM paper") == [(0,)]


@pytest.mark.parametrize("name", ["x.json", "x.json.zst"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
@pytest.mark.parametrize("knows_size", [True, False])
def test_a_zstd_file_that_was_cut_off_is_never_taken_for_a_short_one(installed, name, share, knows_size):
    whole = zstandard.ZstdCompressor(write_content_size=knows_size, write_checksum=True).compress(RECORDS)
    path = installed.folder / name
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(YibaoError, match="damaged or cut off"):
        installed.take(path)
    path.write_bytes(whole + whole)
    assert installed.take(path).papers_new == 399


def test_a_damaged_zstd_or_gzip_file_is_told_so(installed):
    content = b"".join(json.dumps(record(n, abstract=os.urandom(2000).hex())).encode() + b"\n" for n in range(1, 200))
    # Without a checksum, which the program zstd always writes, nothing tells other letters from the right ones.
    checked = zstandard.ZstdCompressor(write_checksum=True).compress(content)
    packed = gzip.compress(content)
    for name, whole in (("x.json.zst", checked), ("y.json", checked), ("x.json.gz", packed), ("z.json", packed)):
        path = installed.folder / name
        path.write_bytes(noise(whole, len(whole) // 2, len(whole) // 2 + 500))
        with pytest.raises(YibaoError, match="damaged or cut off"):
            installed.take(path)
    assert installed.ask("SELECT count(*) FROM paper") == [(0,)]


def test_a_line_that_is_too_long_is_set_aside_with_its_number_and_the_others_are_read(installed):
    long = json.dumps(record(2, abstract="x" * (40 << 20))).encode() + b"\n"
    path = installed.folder / "x.json"
    path.write_bytes(json.dumps(record(1)).encode() + b"\n" + long + json.dumps(record(3)).encode() + b"\n")
    report = installed.take(path)
    assert [(one.line, one.message) for one in report.problems] == [(2, "It is longer than 16 MiB.")]
    assert installed.ask("SELECT arxiv_id FROM paper ORDER BY ALL") == [("2501.00001",), ("2501.00003",)]


def test_more_lines_that_are_no_records_than_anybody_would_read_end_the_import(installed, monkeypatch):
    monkeypatch.setattr(snapshot_files, "_MOST_BAD_LINES", 100)
    path = installed.folder / "x.json"
    path.write_bytes(RECORDS + b"no record\n" * 101)
    with pytest.raises(YibaoError, match=r"more than 100 of its lines are no records.*Line 400"):
        installed.take(path)


PROGRAM = """
import sys
from pathlib import Path
from tests.storage.test_bulk import Installed
from yibao.errors import YibaoError
try:
    Installed(Path(sys.argv[1])).take(Path(sys.argv[2]))
except YibaoError as error:
    print(error)
"""


@pytest.mark.parametrize("kind", ["gz within gz", *further_values("gz of one endless line", "zst of one endless line")])
def test_a_bomb_fills_no_memory(installed, kind):
    path = installed.folder / "bomb.json"
    size = 1536 << 20
    if kind.startswith("zst"):
        with path.open("wb") as file, zstandard.ZstdCompressor(19).stream_writer(file) as writer:
            for _ in range(size >> 20):
                writer.write(b"x" * (1 << 20))
    else:
        with gzip.open(path, "wb", 6) as writer:
            for _ in range(size >> 20):
                writer.write(b"x" * (1 << 20))
        if kind == "gz within gz":
            path.write_bytes(gzip.compress(path.read_bytes()))
    program = [sys.executable, "-c", PROGRAM, str(installed.folder), str(path)]
    environ = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *program], env=environ, capture_output=True, text=True, check=False
    )
    assert "none of its lines is a record" in done.stdout, done.stdout + done.stderr
    assert int(done.stderr.splitlines()[-1]) < 900 << 10
    assert list((installed.folder / "data" / "import").iterdir()) == []


def test_what_is_no_file_is_told_so(installed):
    (installed.folder / "folder").mkdir()
    os.mkfifo(installed.folder / "pipe")
    for name in ("folder", "pipe"):
        with pytest.raises(YibaoError, match=f"{name}: this is no file"):
            installed.take(installed.folder / name)
    with pytest.raises(YibaoError, match=r"gone\.json: No such file"):
        installed.take(installed.folder / "gone.json")
