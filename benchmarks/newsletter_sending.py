"""How fast mail goes out, beside postfix's load generator and beside Python's usual way; and how much memory it takes.

    python -m benchmarks.newsletter_sending [--small]

Messages of 60 KB, composed for each reader, signed by DKIM (RSA-2048) and recorded in the ledger (SQLite), go into
postfix's `smtp-sink` from one process. The peers send as many into the same sink: `smtp-source`, which sends one text
over and over and records nothing (over one connection a message, its default, and over connections that are kept); and
EmailMessage, dkimpy and smtplib over one connection, given the parts of each message. The processor's time is told
beside the rates, since the sink takes a share of a small machine. Then mail is planned, and given to a sender that
takes everything, for more and more subscribers.
"""

import contextlib
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self
from unittest import mock

from pydantic import SecretStr
from sqlalchemy import insert

from benchmarks import options
from benchmarks.composing import compose_anew, make_issue, make_pem, make_recipients, read_parts
from benchmarks.made_editions import Words, make_subscriptions
from flows.steps import newsletter_plan, newsletter_worker
from flows.steps.people import open_people
from flows.steps.run_record import Run
from storage.people.database import People
from storage.people.schema import SUBSCRIBER, SUBSCRIPTION
from yibao.newsletter.compose import Issue, Recipient, compose_message
from yibao.newsletter.messages import Message
from yibao.records import Subscription
from yibao.settings import Settings

SATURDAY = date(2025, 1, 18)
AT = datetime(2025, 1, 1, tzinfo=UTC)
PAPERS, SIZE = 100, 60_000
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
#: Rows that are written at once.
PORTION = 10_000


class Speed(NamedTuple):
    """How many messages a second, and the processor's milliseconds for each."""

    rate: float
    cpu_ms: float


# --- the sink and its peers ------------------------------------------------------------------------------------------


def find_tool(name: str) -> str | None:
    return shutil.which(name, path=PATH)


@contextlib.contextmanager
def run_sink(program: str) -> Iterator[int]:
    """Run smtp-sink; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    process = subprocess.Popen([program, *user, f"127.0.0.1:{port}", "1000"], stdout=subprocess.DEVNULL)
    try:
        while True:
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def measure(count: int, send: Callable[[], Any], who: int = resource.RUSAGE_SELF) -> Speed:
    """Measure sending so many messages."""

    def spend() -> float:
        used = resource.getrusage(who)
        return used.ru_utime + used.ru_stime

    began, spent = time.perf_counter(), spend()
    send()
    return Speed(count / (time.perf_counter() - began), 1000 * (spend() - spent) / count)


def measure_smtp_source(port: int, count: int, *more: str) -> Speed:
    command = [find_tool("smtp-source") or "", *more, "-l", str(SIZE), "-m", str(count), f"127.0.0.1:{port}"]
    return measure(count, lambda: subprocess.run(command, check=True, timeout=600), resource.RUSAGE_CHILDREN)


def measure_usual_way(port: int, recipients: list[Recipient]) -> Speed:
    """Send with EmailMessage, dkimpy and smtplib; the parts are rendered already."""
    import smtplib  # noqa: PLC0415  (the peer's)

    pem = make_pem()
    issue = make_issue(PAPERS, None)
    parts = [read_parts(compose_message(issue, one, AT).content) for one in recipients]

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", port) as server:
            for recipient, part in zip(recipients, parts, strict=True):
                server.sendmail(recipient.return_path, recipient.email, compose_anew(part, pem))

    return measure(len(recipients), send)


# --- ours ------------------------------------------------------------------------------------------------------------


def lay_out(folder: Path, subscriptions: Iterator[Subscription], **newsletter: Any) -> tuple[Run, People]:
    """Lay out an installation with these subscribers, without a library."""
    base = Settings.model_validate({"site": {"base_url": "https://yibao.example"}})
    settings = base.model_copy(
        update={
            "paths": base.paths.model_copy(update={"data": folder}),
            "newsletter": base.newsletter.model_copy(update=newsletter),
        }
    )
    people = open_people(settings)
    number = 0
    while portion := [one for _, one in zip(range(PORTION), subscriptions, strict=False)]:
        first, number = number + 1, number + len(portion)
        with people.begin() as connection:
            connection.execute(insert(SUBSCRIBER), [make_subscriber(n) for n in range(first, number + 1)])
            rows = [make_subscription(n, one) for n, one in enumerate(portion, first)]
            connection.execute(insert(SUBSCRIPTION), rows)
    return Run(settings, "1", "newsletter", SATURDAY), people


def make_subscriber(number: int) -> dict[str, object]:
    email = f"reader{number}@example.net"
    named = {"subscriber_id": number, "email": email, "email_key": email, "token_id": f"token{number:012}"}
    return {**named, "state": "active", "state_at": AT, "subscribed_at": AT}


def make_subscription(number: int, one: Subscription) -> dict[str, object]:
    topics = {name: list(getattr(one, name)) for name in ("categories", "keywords", "authors")}
    plain = {"frequency": "weekly", "language": one.language, "timezone": one.timezone, "wants_empty": True}
    return {"subscriber_id": number, **plain, **topics}


def measure_ours(port: int, pem: bytes, subscriptions: list[Subscription], connections: int) -> Speed:
    """Queue an edition for these subscribers, and send it."""
    issue = make_issue(PAPERS, pem)
    with tempfile.TemporaryDirectory() as folder:
        url = SecretStr(f"smtp://127.0.0.1:{port}")
        run, people = lay_out(Path(folder), iter(subscriptions), smtp_url=url, connections=connections)
        newsletter_plan.queue_edition(run, people, issue)

        def send() -> None:
            outcome = newsletter_worker.work_queues(run, people, {issue.edition.key: issue})
            assert outcome.sent == len(subscriptions), outcome

        return measure(len(subscriptions), send)


def compare(port: int, count: int) -> None:
    """Measure all, and print each beside smtp-source and the usual way."""
    pem = make_pem()
    readers = {
        "the same papers": [Subscription()] * count,
        "topics of their own": list(make_subscriptions(count, Words(5_000))),
    }
    usual = measure_usual_way(port, list(make_recipients(iter(readers["the same papers"][: max(20, count // 20)]))))
    peers = {
        "smtp-source": measure_smtp_source(port, count),
        "smtp-source over kept connections": measure_smtp_source(port, count, "-d"),
        "EmailMessage, dkimpy, smtplib": usual,
    }
    for name, speed in peers.items():
        print(f"  {name}: {speed.rate:,.0f} a second, {speed.cpu_ms:.2f} ms of a processor each", flush=True)
    for name, subscriptions in readers.items():
        for connections in (1, 2, 4):
            speed = measure_ours(port, pem, subscriptions, connections)
            ratios = f"{speed.rate / peers['smtp-source'].rate:.2f} of smtp-source, {speed.rate / usual.rate:.1f} times"
            print(
                f"  ours, {name}, {connections} connections: {speed.rate:,.0f} a second, {speed.cpu_ms:.2f} ms of a "
                f"processor each; {ratios} EmailMessage, dkimpy and smtplib ({usual.cpu_ms / speed.cpu_ms:.1f} by "
                "processor)",
                flush=True,
            )


# --- memory ----------------------------------------------------------------------------------------------------------


class Everything:
    """A sender that takes everything at once."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def send(self, _message: Message) -> str:
        return "250 taken"


def report_memory(count: int, composed: int) -> None:
    """Plan and send for so many subscribers, and say what it took; to be called in a process of its own.

    The first `composed` messages are composed, each for topics of its own: a million would take most of an hour, and
    what composing keeps is bounded and full long before.
    """
    issue, left = make_issue(PAPERS, None), composed

    def compose(of: Issue, recipient: Recipient, at: datetime) -> Message:
        nonlocal left
        left -= 1
        if left >= 0:
            return compose_message(of, recipient, at)
        return Message("<1@example.org>", recipient.return_path, recipient.email, b"")

    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(newsletter_worker, "compose_message", compose),
        mock.patch.object(newsletter_worker, "make_sender", return_value=Everything()),
    ):
        run, people = lay_out(Path(folder), make_subscriptions(count, Words(5_000)))
        before = read_memory("VmRSS")
        began = time.perf_counter()
        newsletter_plan.queue_edition(run, people, issue)
        planned, planned_mb = time.perf_counter() - began, read_memory("VmRSS")
        outcome = newsletter_worker.work_queues(run, people, {issue.edition.key: issue})
        assert outcome.sent == count, outcome
        sent = time.perf_counter() - began - planned
        at_end, most = read_memory("VmRSS"), read_memory("VmHWM")
        print(
            f"  {count:,} subscribers: planned in {planned:.1f} s, sent in {sent:.1f} s; {before:.0f} MB before, "
            f"{planned_mb:.0f} MB planned, {at_end:.0f} MB at the end, {most:.0f} MB at most",
            flush=True,
        )


def read_memory(name: str) -> float:
    """Read megabytes of this process."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024 / 1e6


def main() -> None:
    arguments = options.parser(__doc__)
    arguments.add_argument("--memory", type=int, help="only this: plan and send for so many subscribers")
    given = arguments.parse_args()
    composed = 200 if given.small else 10_000
    if given.memory:
        report_memory(given.memory, composed)
        return
    program = find_tool("smtp-sink")
    if program:
        with run_sink(program) as port:
            compare(port, 100 if given.small else 4_000)
    else:
        print("  sending: not measured; smtp-sink is not installed (Debian: postfix)")
    small = ["--small"] if given.small else []
    for subscribers in (1_000, 2_000) if given.small else (1_000, 10_000, 100_000, 1_000_000):
        command = [sys.executable, "-m", "benchmarks.newsletter_sending", "--memory", str(subscribers), *small]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
