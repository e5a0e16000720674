"""How much of the TeX in real titles and abstracts becomes clean, and a table of what remains.

    python -m benchmarks.maths [RECORDS.parquet] [--small]

RECORDS: titles and abstracts of papers, by default the real ones in ../shared; at the small size generated ones. Clean
is a formula of which no backslash is left: said in Unicode, in HTML, or in MathML.
"""

import re
import tempfile
import time
from collections import Counter
from pathlib import Path

import duckdb

from benchmarks import bulk_data, options
from yibao import maths

RECORDS = Path(__file__).parents[2] / "shared" / "data" / "arxiv-records" / "records.parquet"
_COMMAND = re.compile(r"\\([A-Za-z]+|.)")


def formulas(records: Path) -> Counter[str]:
    rows = duckdb.execute("SELECT title, abstract FROM read_parquet($1)", [str(records)]).fetchall()
    return Counter(formula for row in rows for text in row if text for formula in maths.find_formulas(text))


def generated(folder: Path) -> Path:
    """A Parquet file of a few records."""
    bulk_data.write(1000, folder / "records.jsonl")
    records = folder / "records.parquet"
    duckdb.execute(f"CREATE TEMP TABLE record AS SELECT title, abstract FROM read_json('{folder}/records.jsonl')")
    duckdb.execute(r"INSERT INTO record VALUES ('A macro of its own, $\nobodyknows{x}$', 'An abstract.')")
    duckdb.execute(f"COPY record TO '{records}'")
    return records


def main() -> None:
    parser = options.parser(__doc__)
    parser.add_argument("records", type=Path, nargs="?", default=RECORDS)
    chosen = parser.parse_args()
    if chosen.small:
        with tempfile.TemporaryDirectory() as scratch:
            measure(generated(Path(scratch)))
    elif chosen.records.exists():
        measure(chosen.records)
    else:
        print(f"maths: {chosen.records} is not there, so nothing was measured")


def is_clean(formula: str) -> bool:
    """Whether the formula can be said without TeX."""
    return maths.render_formula_text(formula) != f"${formula}$"


def measure(records: Path) -> None:
    counts = formulas(records)
    before = time.perf_counter()
    unclean = Counter({formula: count for formula, count in counts.items() if not is_clean(formula)})
    seconds = time.perf_counter() - before
    total = sum(counts.values())
    clean = 100 * (1 - unclean.total() / total)
    print(f"{total} formulas, {len(counts)} different, in {seconds:.1f} s: {clean:.1f} in 100 clean")
    commands: Counter[str] = Counter()
    for formula, count in unclean.items():
        for command in {one[1] for one in _COMMAND.finditer(formula)}:
            if not is_clean(f"\\{command}{{x}}"):
                commands[command] += count
    print(f"what remains, {unclean.total()} formulas, by commands that nobody knows (a formula may have several):")
    shown = commands.most_common(25)
    for command, count in shown:
        print(f"  \\{command:20} {count:5}")
    others = f"{len(commands) - len(shown)} others"
    print(f"  {others:21} {commands.total() - sum(count for _, count in shown):5}")


if __name__ == "__main__":
    main()
