"""Killed with SIGKILL at ten moments of a run, and run again: same library, same files, one mail each.

The real command line in a process of its own, a real arXiv stand-in, a real SMTP server.
"""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from tests.conftest import MONDAY, Installation, section, tree_of
from tests.postbox import subscribe
from tests.preloaded import Command, start_command
from tests.standin.server import Standin

READERS = [f"reader{n}@example.org" for n in range(3)]
#: Tables that hold our own clock, a random name, or how often we looked; everything else must be the same.
OURS = {f"operations.{table}" for table in ("response", "run", "source_report", "last_publication")}


class Postbox:
    """A mail server that can see to it that its client dies at a chosen moment."""

    def __init__(self):
        self.taken: list[str] = []
        self.asked = 0
        self.on_rcpt: Callable[[], None] = lambda: None
        self.on_data: Callable[[], None] = lambda: None

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        self.asked += 1
        self.on_rcpt()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        self.taken.append(envelope.rcpt_tos[0])
        self.on_data()
        return "250 taken"


@contextmanager
def postbox():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


def prepare(folder: Path, arxiv: Standin, smtp_url: str) -> Installation:
    from flows.steps import environment

    folder.mkdir()
    installation = Installation(folder)
    installation.configure(arxiv)
    text = (
        installation.config.read_text()
        .replace('outbox = "outbox"', f'smtp_url = "{smtp_url}"')
        .replace("pace_s = 0.0", "pace_s = 0.1")
    )
    installation.config.write_text(text)
    installation.write("2025/0113-0117.md", section("2501.05727") + section("2501.06252") + section("2501.09751"))
    subscribe(installation, *READERS, on=environment.now().date())
    return installation


def start(installation: Installation) -> Command:
    with (installation.folder / "said").open("wb") as said:
        return start_command(["run", "--on", MONDAY.isoformat()], installation.folder, said, said)


def wait_for_end(installation: Installation, process: Command) -> str:
    process.wait(120)
    return (installation.folder / "said").read_text(encoding="utf-8")


def contents(installation: Installation) -> dict[str, list]:
    tables = [
        row[0] for row in installation.ask("SELECT schema_name || '.' || table_name FROM duckdb_tables() ORDER BY 1")
    ]
    return {table: installation.rows(table) for table in tables if table not in OURS}


def files(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.is_file())


@pytest.mark.timeout(600)
def test_a_run_killed_at_ten_moments_and_run_again_leaves_what_an_unbroken_run_leaves(tmp_path):
    with Standin(today=MONDAY) as arxiv, postbox() as (box, smtp_url):
        unbroken = prepare(tmp_path / "unbroken", arxiv, smtp_url)
        process = start(unbroken)
        output = wait_for_end(unbroken, process)
        assert process.returncode == 0, output
        assert Counter(box.taken) == dict.fromkeys(READERS, 1)

        box.taken.clear()
        killed = prepare(tmp_path / "killed", arxiv, smtp_url)
        data, public, spare = (killed.folder / name for name in ("data", "public", "public.next"))
        moments: list[tuple[str, Callable[[int, int], bool]]] = [
            ("while the library is being made", lambda *_: any(data.glob("library.duckdb*"))),
            ("at the first request", lambda asked, _: len(arxiv.requests) > asked),
            ("when an answer is kept", lambda _, kept: files(data / "responses") > kept),
            ("at the second request", lambda asked, _: len(arxiv.requests) > asked + 1),
            ("at the request to the API", lambda asked, _: any("/api" in one.path for one in arxiv.requests[asked:])),
            ("when the first file is published", lambda *_: files(spare) >= 1),
            ("in the midst of publishing", lambda *_: files(spare) >= 12),
            ("when publishing is done", lambda *_: (public / "index.html").exists()),
        ]
        for moment, has_come in moments:
            asked, kept = len(arxiv.requests), files(data / "responses")
            kill_when(start(killed), partial(has_come, asked, kept), moment)
        for name in ("on_rcpt", "on_data"):
            come = threading.Event()
            setattr(box, name, come.set)
            kill_when(start(killed), come.is_set, name, box, name)
        process = start(killed)
        output = wait_for_end(killed, process)

        # Of a message that was being offered nobody can know: killed before its text it had not arrived, killed before
        # the server's answer it had. Neither is sent again by itself, and a person is told.
        assert "may or may not have reached the mail server" in output
        assert process.returncode == 1
        assert set(box.taken) <= set(READERS)
        assert sorted(Counter(box.taken).values()) == [1] * (len(READERS) - 1)
        assert contents(killed) == contents(unbroken)
        assert tree_of(public) == tree_of(unbroken.public)
        # Some moments have come already when the next run starts, which is then killed before it is on record.
        assert Counter(row[0] for row in killed.ask("SELECT state FROM operations.run"))["interrupted"] >= 5


def kill_when(process: Command, has_come, moment: str, box: Postbox | None = None, name: str = "") -> None:
    """Kills the process when the moment has come; inside the mail server, before it can answer."""
    if box is not None:
        # The server waits for the kill, so that the client dies without an answer.
        setattr(box, name, lambda: (process.kill(), process.wait()))
        process.wait(120)
        setattr(box, name, lambda: None)
    else:
        deadline = time.monotonic() + 60
        while not has_come():
            assert process.poll() is None, f"{moment}: the run ended before"
            assert time.monotonic() < deadline, moment
            time.sleep(0.0005)
        process.kill()
        process.wait(120)
    assert process.returncode == -9, moment
