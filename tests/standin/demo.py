"""A week in one go, offline, through the real parts: local arXiv, flows, library, feeds, pages, mail by SMTP.

Everything it makes is under demo/. Run again, it finds everything done.
"""

import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
from rich.console import Console
from rich.table import Table

from commands.prefect_server import start_own_server
from flows.steps import environment
from flows.steps.people import open_people
from storage.library import connection, runs
from storage.people import subscribers
from tests.standin.server import Fault, Standin
from yibao.records import Frequency, Subscription
from yibao.run_report import Report

CURATED = Path(__file__).parent / "week" / "curated"
DAYS = [date(2025, 1, day) for day in range(13, 18)]
SETTINGS = """\
# Settings of the demo; the local servers' ports come from the environment.
[site]
base_url = "http://127.0.0.1:8000"
variants = ["zh-Hant", "en"]

[arxiv]
categories = ["cs.CL", "cs.CV", "cs.NA"]
contact = "demo@example.org"
pace_s = 0.1

[newsletter]
sender = "译报 <digest@example.org>"
"""


def main() -> int:
    began = time.monotonic()
    folder = Path("demo").resolve()
    lay_out(folder)
    os.chdir(folder)
    with Standin() as arxiv, mail_server(folder / "mailbox") as smtp_url:
        os.environ.update(arxiv.environ | {"YIBAO_NEWSLETTER__SMTP_URL": smtp_url})
        with start_own_server(folder / "data" / "prefect"):
            reports = [run_day(folder, arxiv, on) for on in DAYS]
            reports.append(run_flow("weekly", DAYS[-1]))
    show(folder, reports, time.monotonic() - began)
    return int(any(report.has_failed for report in reports))


def lay_out(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "yibao.toml").write_text(SETTINGS, encoding="utf-8")
    people = open_people(environment.load_settings(folder / "yibao.toml"))
    for frequency in Frequency:
        subscription = Subscription(frequency=frequency)
        subscribers.add_subscriber(people, f"{frequency}@example.org", subscription, environment.now())


@contextmanager
def mail_server(mailbox: Path) -> Iterator[str]:
    """A real SMTP server that puts what it takes into a Maildir."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(Mailbox(str(mailbox)), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


def run_day(folder: Path, arxiv: Standin, on: date) -> Report:
    arxiv.today = on
    if on == date(2025, 1, 15):
        arxiv.fail("/rss/cs.CV", Fault.UNAVAILABLE, retry_after="1")
    curate(folder, on)
    return run_flow("daily", on)


def curate(folder: Path, on: date) -> None:
    """The curator's files are as they were on this date; what was written later is never taken back."""
    marker = folder / "data" / "curated-until"
    if marker.exists() and marker.read_text() >= on.isoformat():
        return
    shutil.copytree(CURATED / on.isoformat(), folder / "translations", dirs_exist_ok=True)
    marker.write_text(on.isoformat())


def run_flow(name: str, on: date) -> Report:
    from commands import flow_runs

    flow_runs.run_flow(name, on=on)
    with connection.read_library(environment.load_settings(Path("yibao.toml")).paths.library) as library:
        return Report.from_json(runs.read_last_run(library).report)


def show(folder: Path, reports: list[Report], seconds: float) -> None:
    console = Console(width=110)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("flow", "date", "papers", "translations", "set aside", "files", "mail"):
        table.add_column(name)
    for report in reports:
        errors = sum(problem.severity == "error" for problem in report.problems)
        table.add_row(
            report.flow,
            str(report.on),
            f"{report.papers_new} new, {report.papers_changed} changed",
            f"{report.translations_new} new, {report.translations_revised} revised, {report.waiting} waiting",
            f"{errors} errors, {len(report.problems) - errors} warnings",
            f"{report.files_changed} written",
            f"{report.sent} sent",
        )
    console.print(table)
    last = reports[-1]
    if last.problems:
        console.print("\nSet aside or doubted at the last look:")
        for problem in last.problems:
            console.print(f"  {problem}", markup=False, soft_wrap=True)
    for fault in [fault for report in reports for fault in report.faults]:
        console.print(f"FAILED: {fault}", markup=False)
    if not any(
        report.files_changed or report.sent or report.papers_new or report.translations_new for report in reports
    ):
        console.print("\nNothing new: every paper, translation, file and message was there already.")
    query = "SELECT edition, translated, untranslated, replaced FROM edition ORDER BY edition"
    with connection.read_library(folder / "data" / "library.duckdb") as library:
        names, rows = connection.run_query(library, query)
    answer = Table(*names, box=None, pad_edge=False)
    for row in rows:
        answer.add_row(*map(str, row))
    mailbox = folder / "mailbox"
    console.print(
        f"\nDone in {seconds:.0f} s. To look:\n"
        f"  pages    cd demo && ../.venv/bin/yibao serve   then http://127.0.0.1:8000/\n"
        f"  a feed   demo/public/feeds/translated/atom.xml\n"
        f"  mail     demo/mailbox/new   ({len(list((mailbox / 'new').iterdir()))} messages)\n"
        f'  SQL      cd demo && ../.venv/bin/yibao sql "{query}"\n',
        markup=False,
        soft_wrap=True,
        highlight=False,
    )
    console.print(answer)


if __name__ == "__main__":
    sys.exit(main())
