"""A list of 100,000 rows, as messy as lists are: each bad row is named, the good ones arrive, and it ends in time."""

import random
import subprocess
import sys
import time

import pytest

from storage.people import subscribers, suppressions
from storage.people.suppressions import SuppressionReason
from tests.conftest import Installation
from tests.drills.scheduled import ROOT
from tests.flows.test_sql import MEASURE
from tests.people import AT
from tests.postbox import people_of

COUNT = 100_000
#: Far more than it takes, which was ten seconds.
PATIENCE_S = 300
#: What a row may suffer, and the words in which it is named; None: nothing.
SORTS = [
    *[("{email},{frequency},cs.CL;math.NA,大模型,Asia/Shanghai", None)] * 14,
    ("=formula{n}@example.org,,,,", None),
    ('"{email}",WEEKLY,"cs.CV","graph, theory",UTC', None),
    ("ünï{n}@exämple.org,,,,", None),
    ("{email},hourly,,,", "is not known: write daily or weekly"),
    ("{email},,cs.cl,,", "write cs.CL"),
    ("{email},,,,Shanghai", "write Asia/Shanghai"),
    ("{email},,", "cells and the first line 5"),
    ('"{email},,,,', "quotes are not closed"),
    ("reader{n}@example..org,,,,", "is not an e-mail address"),
    ("r{n}(me)@example.org,,,,", "is not an e-mail address"),
    ('"r{n}@example.org\r\nBcc: all@example.org",,,,', "is not an e-mail address"),
    ("Ann <{email}>,,,,", "is not an e-mail address"),
    ("first@example.org,,,,", "already"),
    ("blocked{k}@example.org,,,,", "blocked"),
]


def make_list(chance):
    """Make the file's bytes, and the words by which each bad row is to be named, by its line."""
    rows, named, line = ["\ufeffemail,frequency,categories,keywords,timezone\r\nfirst@example.org,,,,\r\n"], {}, 3
    for n in range(COUNT):
        row, words = chance.choice(SORTS)
        text = row.format(n=n, k=n % 500, email=f"reader{n}@example.org", frequency=chance.choice(["daily", "weekly"]))
        rows.append(f"{text}\r\n")
        if words:
            named[line] = words
        line += 1 + text.count("\n")
    return "".join(rows).encode(), named


@pytest.mark.soak
@pytest.mark.timeout(2 * PATIENCE_S)
def test_each_bad_row_of_a_long_list_is_named_and_the_good_ones_are_imported_in_time(tmp_path):
    installation = Installation(tmp_path)
    installation.config.write_text("", encoding="utf-8")
    people = people_of(installation)
    for n in range(500):
        suppressions.suppress(people, f"Blocked{n}@example.org", SuppressionReason.BLOCKED, AT)
    content, named = make_list(random.Random(2501))
    (tmp_path / "list.csv").write_bytes(content)
    command = [sys.executable, "-m", "commands.main", "subscribers", "import", "list.csv", "--consent", "on paper"]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command, "--rejected", "rejected.csv"],
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        env={"PATH": "", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        timeout=PATIENCE_S,
    )
    took_s = time.monotonic() - began
    memory_mb = int(done.stderr) / 1024
    *lines, summary = done.stdout.splitlines()
    print(f"{COUNT} rows in {took_s:.1f} s, {len(named)} bad, {memory_mb:.0f} MB; {summary}")
    assert done.returncode == 1
    said = {int(line.split(":")[1]): line for line in lines}
    # A blocked address that comes again is named as repeated.
    assert said.keys() == named.keys()
    wrong = [(said[line], words) for line, words in named.items() if words not in said[line] and words != "blocked"]
    assert wrong == []
    good = COUNT + 1 - len(named)
    assert summary.startswith(f"{good} subscribed; 0 were subscribed already; {len(named)} rows were not imported")
    assert sum(1 for _ in subscribers.iterate_active_subscribers(people)) == good
    # Nothing is lost: what was refused is in the other file, byte for byte, in order.
    rejected = (tmp_path / "rejected.csv").read_bytes().split(b"\r\n")
    remaining = iter(content.removeprefix(b"\xef\xbb\xbf").split(b"\r\n"))
    assert all(line in remaining for line in rejected)
    assert memory_mb < 500
