"""The process that answers one query, apart from the command: what it takes and how it ends is its own affair.

    python -m commands.sql_worker < JOB

A job is a line of JSON, see `Job`. The answer goes to stdout or into a file; a failure is a sentence on stderr.
"""

import json
import os
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from commands import answers, failures
from storage.library import queries


@dataclass(frozen=True)
class Job:
    """One query, and what is to become of its answer."""

    database: str
    is_library: bool
    query: str
    #: table, records, csv, json or parquet.
    form: str
    #: Of the terminal, in characters.
    width: int
    memory: str
    disk: str
    #: An empty folder for what does not fit into memory.
    spill: str
    #: The file to be written; without one the answer goes to stdout.
    out: str | None = None
    #: The most rows of the answer; all without it.
    most: int | None = None


def answer_job(job: Job) -> None:
    """Ask the query and write its answer."""
    bounds, out = queries.Bounds(job.memory, job.disk), Path(job.out) if job.out else None
    parquet = out if job.form == "parquet" else None
    with queries.open_answer(
        Path(job.database), job.query, Path(job.spill), bounds, is_library=job.is_library, out=parquet
    ) as answer:
        if parquet:
            return
        with out.open("w", encoding="utf-8") if out else nullcontext(None) as target:
            answers.write_answer(job.form, answer.names, islice(answer.rows, job.most), job.width, target)


def main() -> None:
    """Answer the job that stdin holds."""
    job = Job(**json.loads(sys.stdin.read()))
    os._exit(failures.run_command(lambda: answer_job(job)))


if __name__ == "__main__":
    main()
