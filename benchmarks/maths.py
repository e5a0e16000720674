"""How much of the TeX in real titles and abstracts becomes clean, and a table of what remains.

    python -m benchmarks.maths [RECORDS.parquet]

Clean is a formula of which no backslash is left: said in Unicode, in HTML, or in MathML.
"""

import re
import sys
import time
from collections import Counter
from pathlib import Path

import duckdb

from yibao import maths

RECORDS = Path(__file__).parents[2] / "shared" / "data" / "arxiv-records" / "records.parquet"
_COMMAND = re.compile(r"\\([A-Za-z]+|.)")


def formulas(records: Path) -> Counter[str]:
    rows = duckdb.execute("SELECT title, abstract FROM read_parquet($1)", [str(records)]).fetchall()
    return Counter(formula for row in rows for text in row if text for formula in maths.formulas(text))


def main() -> int:
    records = Path(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    if not records.exists():
        print(f"{records} is not there: nothing was measured")
        return 1
    found = formulas(records)
    before = time.perf_counter()
    left = Counter({formula: count for formula, count in found.items() if not maths.is_clean(formula)})
    seconds = time.perf_counter() - before
    total = sum(found.values())
    clean = 100 * (1 - left.total() / total)
    print(f"{total} formulas, {len(found)} different, in {seconds:.1f} s: {clean:.1f} in 100 clean")
    commands: Counter[str] = Counter()
    for formula, count in left.items():
        for command in {one[1] for one in _COMMAND.finditer(formula)}:
            if not maths.is_clean(f"\\{command}{{x}}"):
                commands[command] += count
    print(f"what remains, {left.total()} formulas, by commands that nobody knows (a formula may have several):")
    shown = commands.most_common(25)
    for command, count in shown:
        print(f"  \\{command:20} {count:5}")
    others = f"{len(commands) - len(shown)} others"
    print(f"  {others:21} {commands.total() - sum(count for _, count in shown):5}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
