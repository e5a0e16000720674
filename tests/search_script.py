"""The script of search, run by Node: what it makes of texts, queries and a published index."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "yibao" / "site"
_PROGRAM = """
import fs from "node:fs";
const { makeLanguage } = await import(process.argv[1]);
const { tables, folds, queries } = JSON.parse(fs.readFileSync(0, "utf8"));
const language = makeLanguage(tables);
const read = (text) => {
  try { return language.parse(text); } catch (error) { if (!error.place) throw error; return { place: error.place }; }
};
const folded = folds.map((text) => {
  const one = language.fold(text);
  return [one, [...language.split(one)], language.joined(one)];
});
console.log(JSON.stringify({ folds: folded, queries: queries.map(read) }));
"""


def run_node(program: str, given: object, *arguments: str) -> object:
    """What a program of Node answers, as JSON, to what it is given on its standard input."""
    node = shutil.which("node") or pytest.skip("Node is not installed")
    done = subprocess.run(
        [node, "--input-type=module", "-e", program, *arguments],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def read_by_script(tables: object, folds: list[str], queries: list[str]) -> dict[str, list[object]]:
    """How the script folds these texts and reads these queries."""
    script = (SCRIPTS / "search_language.js").as_uri()
    return run_node(_PROGRAM, {"tables": tables, "folds": folds, "queries": queries}, script)
