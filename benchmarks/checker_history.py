"""The checker beside an older version of itself, as ratios in one run: the real weekly files with arXiv's English.

    python -m benchmarks.checker_history [--commit COMMIT] [--rounds COUNT]

Checks out the older version into a temporary folder and lets both check the same files in turn, each in processes of
its own: with the English at hand, and by the command's work a first and a second time.
"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import options

_ROOT = Path(__file__).parents[1]
_SHARED = _ROOT.parent / "shared" / "data"
#: The version that the figures to reach are relative to.
BEFORE = "8e3e281"
#: What both versions understand; prints seconds.
_PROBE = """
import json, sys, time
from pathlib import Path
from tempfile import TemporaryDirectory
import duckdb
from commands import linter
from yibao import records as kinds
from yibao.translations import check, folder, identity, markdown
try:
    from yibao import glossary
except ImportError:
    from yibao.translations import glossary
SourceText = getattr(kinds, "SourceText", None) or kinds.English

where, records = map(Path, sys.argv[1:3])
rows = duckdb.execute("SELECT id, title, abstract, source FROM read_parquet($1)", [str(records)]).fetchall()
english = {row[0]: SourceText(row[1], "" if "truncated" in row[3] else row[2] or "") for row in rows}
owners = {identity.normalize_title(one.title): arxiv_id for arxiv_id, one in english.items()}
files, terms = folder.find_files([where])[0][: int(sys.argv[3])], glossary.load_terms(None)
seconds = {"files": len(files)}

def time_work(name, work):
    started = time.perf_counter()
    work()
    seconds[name] = time.perf_counter() - started

def compare():
    for file in files:
        document = markdown.parse_document(file.path.read_bytes(), file.shown, "zh-Hans")
        check.check_document(document, terms, english, owners)

time_work("with English", compare)
with TemporaryDirectory() as scratch:
    for name in ("command, first", "command, again"):
        kept = Path(scratch) / "checked.sqlite3"
        time_work(name, lambda: linter.check_files([file.path for file in files], "zh-Hans", terms, None, kept))
print(json.dumps(seconds))
"""


def measure_version(tree: Path, where: Path, records: Path, most: int) -> dict[str, float]:
    """Measure the version in a folder on the first files; seconds by what was done."""
    command = [sys.executable, "-c", _PROBE, str(where), str(records), str(most)]
    run = subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True)
    # DuckDB shows its progress on stdout, where a query takes long.
    return json.loads(run.stdout.splitlines()[-1])


def main() -> None:
    parser = options.parser(__doc__)
    parser.add_argument("--commit", default=BEFORE)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    where, records = (_SHARED / one for one in ("translations-weekly/weekly", "arxiv-records/records.parquet"))
    if not where.exists() or not records.exists():
        print("No real files: ../shared/data is not there.")
        return
    with TemporaryDirectory() as scratch:
        tree = Path(scratch) / "before"
        git = ["git", "-C", str(_ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), chosen.commit], check=True)
        try:
            count = 1 if chosen.small else chosen.rounds
            rounds = [
                [measure_version(one, where, records, 3 if chosen.small else 10_000) for one in (tree, _ROOT)]
                for _ in range(count)
            ]
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)
    print(f"{rounds[0][1]['files']} files, {count} rounds, medians, seconds")
    for name in rounds[0][1]:
        if name != "files":
            before, now = (median(one[place][name] for one in rounds) for place in (0, 1))
            print(f"  {name:16} {chosen.commit} {before:7.3f}   now {now:7.3f}   {before / now:5.2f} of its speed")


if __name__ == "__main__":
    main()
