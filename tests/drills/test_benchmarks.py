"""Every benchmark runs. What it measures at this size says nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import checker_history
from tests.conftest import further_values

ROOT = Path(__file__).parents[2]
#: What other benchmarks import; everything else in the folder is one, and runs here by itself.
_PARTS = {"__init__", "bulk_data", "made_editions", "options"}
#: What takes some seconds; the others take a minute together with what else runs.
QUICK = {"checker_history", "choosing", "composing", "maths", "oai_pages", "searching"}
BENCHMARKS = sorted({path.stem for path in (ROOT / "benchmarks").glob("*.py")} - _PARTS)


@pytest.mark.parametrize("name", [*sorted(QUICK), *further_values(*sorted({*BENCHMARKS} - QUICK))])
def test_a_benchmark_runs_at_the_small_size_without_peers(name, request):
    if name == "checker_history":
        request.getfixturevalue("shared")
        before = ["git", "cat-file", "-e", checker_history.BEFORE]
        if subprocess.run(before, cwd=ROOT, capture_output=True, check=False).returncode:
            pytest.skip("this clone lacks the older version that the checker is measured beside")
    command = [sys.executable, "-W", "default", "-m", f"benchmarks.{name}", "--small"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert any(figure.isdigit() for figure in done.stdout), done.stdout
    assert "nothing was measured" not in done.stdout


def test_make_bench_runs_every_benchmark():
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [name for name in BENCHMARKS if f"-m benchmarks.{name}" not in recipe] == []
