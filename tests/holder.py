"""A process that has the library open and answers queries until it is told to end."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PROGRAM = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reader")
print("open", flush=True)
for query in sys.stdin:
    print(connection.execute(query).fetchall(), flush=True)
"""


class Holder:
    """The process; it answers one query at a time."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process
        self.pid = process.pid

    def ask(self, query: str) -> str:
        self._process.stdin.write(query + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def holding(path: Path, role: str) -> Iterator[Holder]:
    """While the block runs, another process has the library open, as `reader` or as `writer`."""
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(path), role], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "open\n"
        yield Holder(process)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
