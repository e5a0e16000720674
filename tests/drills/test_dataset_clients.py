"""A release opened by the programs that people open it with: each finds every row that was published."""

import json
import os
import subprocess
import sys

import duckdb
import pytest

from tests.flows.test_incremental import Life
from tests.judges.conftest import JUDGES, node_package, program, python_program
from tests.releases import TABLES, folders, live, rows_of

pytestmark = pytest.mark.drill
NAMES = [table.name for table in TABLES]
#: Prints how many rows each table has, and the titles of translations.
DUCKDB = """
import json, sys
sys.modules["pytz"] = None
import duckdb
database = duckdb.connect(sys.argv[1], read_only=True)
counts = {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in sys.argv[2:]}
texts = database.execute("SELECT title_en FROM translation ORDER BY arxiv_id, language").fetchall()
database.execute("FROM paper_as_of(DATE '2025-02-01')").fetchall()
print(json.dumps([duckdb.__version__, counts, [row[0] for row in texts]]))
"""
POLARS = """
import json, sys
import polars
tables = {name: polars.read_parquet(f"{sys.argv[1]}/{name}/*.parquet") for name in sys.argv[2:]}
texts = tables["translation"].sort("arxiv_id", "language")["title_en"].to_list()
print(json.dumps([polars.__version__, {name: one.height for name, one in tables.items()}, texts]))
"""
PYARROW = """
import json, sys
import pyarrow, pyarrow.dataset
tables = {name: pyarrow.dataset.dataset(f"{sys.argv[1]}/{name}", format="parquet").to_table() for name in sys.argv[2:]}
texts = tables["translation"].sort_by([("arxiv_id", "ascending"), ("language", "ascending")])["title_en"].to_pylist()
print(json.dumps([pyarrow.__version__, {name: one.num_rows for name, one in tables.items()}, texts]))
"""
HYPARQUET = """
import { readdirSync } from "node:fs";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { decompress } from "fzstd";
const [folder, ...names] = process.argv.slice(2);
const compressors = { ZSTD: (bytes, length) => decompress(bytes, new Uint8Array(length)) };
const counts = {}, translations = [];
for (const name of names) {
  counts[name] = 0;
  for (const path of readdirSync(`${folder}/${name}`)) {
    const file = await asyncBufferFromFile(`${folder}/${name}/${path}`);
    const rows = await parquetReadObjects({ file, compressors });
    counts[name] += rows.length;
    if (name === "translation") translations.push(...rows);
  }
}
const key = (row) => `${row.arxiv_id} ${row.language}`;
translations.sort((one, other) => (key(one) < key(other) ? -1 : 1));
console.log(JSON.stringify(["hyparquet", counts, translations.map((row) => row.title_en)]));
"""
NODE_API = """
import { DuckDBInstance } from "@duckdb/node-api";
const [path, ...names] = process.argv.slice(2);
const connection = await (await DuckDBInstance.create(path, { access_mode: "READ_ONLY" })).connect();
const ask = async (query) => (await connection.runAndReadAll(query)).getRowsJS();
const counts = {};
for (const name of names) counts[name] = Number((await ask(`SELECT count(*) FROM ${name}`))[0][0]);
const texts = await ask("SELECT title_en FROM translation ORDER BY arxiv_id, language");
console.log(JSON.stringify(["node-api", counts, texts.map((row) => row[0])]));
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """A release's folder."""
    return folders(live(Life(tmp_path_factory.mktemp("clients"), 3), 2))[-1]


@pytest.fixture(scope="module")
def expected(release):
    """How many rows each table has, and the titles of translations."""
    with duckdb.connect(str(release / "yibao.duckdb"), read_only=True) as database:
        texts = database.execute("SELECT title_en FROM translation ORDER BY arxiv_id, language").fetchall()
    return {name: len(rows) for name, rows in rows_of(release).items()}, [row[0] for row in texts]


def ask(command, *arguments, script="", **environ):
    """What a client prints: its version, the counts and the titles."""
    done = subprocess.run(
        [*map(str, command), *map(str, arguments)],
        input=script,
        env={**os.environ, "TZ": "Asia/Shanghai", **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def ask_node(tmp_path, script, *arguments):
    """The same of a script for Node, beside the packages that it imports."""
    file = tmp_path / "ask.mjs"
    file.write_text(script)
    (tmp_path / "node_modules").symlink_to(node_package("hyparquet").parent)
    return json.loads(ask([program("node"), file], *arguments))


@pytest.mark.parametrize("version", ["1.3", "1.4", "1.5"])
def test_duckdb_of_python_opens_it(release, expected, version):
    places = sorted((JUDGES / "duckdb").glob(f"{version}.*"))
    if not places and not duckdb.__version__.startswith(version):
        pytest.skip(f"duckdb {version} is not installed: run `make judges`")
    path = {"PYTHONPATH": str(places[-1])} if places else {}
    said, *found = json.loads(ask([sys.executable, "-c", DUCKDB], release / "yibao.duckdb", *NAMES, **path))
    assert said.startswith(version)
    assert found == [*expected]


def test_duckdbs_command_line_opens_it(release, expected):
    counted = " UNION ALL ".join(f"SELECT '{name}' AS name, count(*) AS rows FROM {name}" for name in NAMES)
    said = ask([python_program("duckdb"), "-readonly", "-json"], release / "yibao.duckdb", counted)
    assert {row["name"]: row["rows"] for row in json.loads(said)} == expected[0]


@pytest.mark.parametrize("script", [POLARS, PYARROW], ids=["polars", "pyarrow"])
def test_readers_of_parquet_in_python_read_it(release, expected, script):
    _, *found = json.loads(ask([python_program("python"), "-c", script], release, *NAMES))
    assert found == [*expected]


def test_hyparquet_reads_it(release, expected, tmp_path):
    _, *found = ask_node(tmp_path, HYPARQUET, release, *NAMES)
    assert found == [*expected]


def test_duckdb_of_node_opens_it(release, expected, tmp_path):
    node_package("@duckdb/node-api")
    _, *found = ask_node(tmp_path, NODE_API, release / "yibao.duckdb", *NAMES)
    assert found == [*expected]


def test_mlcroissant_validates_it(release):
    ask([python_program("mlcroissant"), "validate", "--jsonld"], release / "croissant.json")


def test_frictionless_validates_every_file(release):
    said = json.loads(ask([python_program("frictionless"), "validate", "--json"], release / "datapackage.json"))
    assert said["valid"], said["tasks"]
    files = [path for name in NAMES for path in (release / name).glob("*.parquet")]
    assert len(said["tasks"]) == len(files)
