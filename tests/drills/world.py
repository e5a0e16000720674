"""An installation that has lived through a day, and what the world may do to it.

Each fault is a context manager: inside it the fault is there, after it the fault is mended as a person would mend it.
"""

import os
import re
import shlex
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import duckdb
import pytest

from tests.conftest import OUR_CLOCK
from tests.preloaded import run_command
from tests.standin.server import Fault, Standin

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class World:
    """An installation's folder, with the servers that it talks to."""

    folder: Path
    arxiv: Standin
    mailbox: "Mailbox"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def library(self) -> Path:
        return self.data / "library.duckdb"

    @property
    def people(self) -> Path:
        return self.data / "people.sqlite"

    @property
    def config(self) -> Path:
        return self.folder / "yibao.toml"


class Mailbox:
    """A mail server that takes everything, or answers as it is told."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.answer = "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, _server, _session, envelope):
        self.taken += envelope.rcpt_tos
        return "250 taken"


class Result:
    """What a command printed, and how it ended."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def said(self) -> str:
        return f"{self.out}\n{self.err}"


def type_command(world: World, line: str, *, environ: dict[str, str] | None = None, stdout: IO | None = None) -> Result:
    """Run `yibao LINE` in the installation's folder, as a person would."""
    cache = str(world.folder / "cache")
    if "|" not in line:
        words = shlex.split(line)
        return Result(*run_command(*words, cwd=world.folder, stdout=stdout, XDG_CACHE_HOME=cache, **(environ or {})))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "YIBAO_"))}
    done = subprocess.run(
        f"{sys.executable} -m commands.main {line}",
        shell=True,
        check=False,
        cwd=world.folder,
        env={**inherited, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": cache, **(environ or {})},
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=subprocess.PIPE,
        timeout=150,
    )
    out = done.stdout.decode(errors="replace") if done.stdout else ""
    return Result(done.returncode, out, done.stderr.decode(errors="replace"))


# What is held, to tell what was lost.


def holdings(world: World) -> dict[str, object]:
    """What must not be lost: what the library knows, who gets mail, what was sent, what was kept, what was written."""
    with duckdb.connect(str(world.library), read_only=True) as library:
        tables = ("paper_state", "announcement", "translation")
        columns = f"COLUMNS(lambda name: name NOT IN {OUR_CLOCK})"
        rows: dict[str, object] = {
            name: sorted(map(str, library.execute(f"SELECT {columns} FROM {name}").fetchall())) for name in tables
        }
    with sqlite3.connect(world.people) as people:
        rows["subscriber"] = people.execute(
            "SELECT email, frequency FROM subscriber JOIN subscription USING (subscriber_id) ORDER BY 1"
        ).fetchall()
    written = sorted(path.read_bytes() for path in (world.folder / "translations").rglob("*.md"))
    return {**rows, "translations": written, "mail": sorted(world.mailbox.taken)}


# Faults of files.


@contextmanager
def replaced(path: Path, content: bytes) -> Iterator[None]:
    """The file holds something else; mended from a copy, as from a backup."""
    before = path.read_bytes() if path.exists() else None
    path.write_bytes(content)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        if before is not None:
            path.write_bytes(before)


def cut_short(path: Path) -> AbstractContextManager[None]:
    return replaced(path, path.read_bytes()[: path.stat().st_size // 2])


@contextmanager
def damaged_people(world: World) -> Iterator[None]:
    """The file of subscribers is damaged, and SQLite's log beside it is lost."""
    beside = list(world.data.glob("people.sqlite-*"))
    kept = {path: path.read_bytes() for path in beside}
    for path in beside:
        path.unlink()
    with replaced(world.people, b"not a database at all" * 300):
        yield
    for path in world.data.glob("people.sqlite-*"):
        path.unlink()
    for path, content in kept.items():
        path.write_bytes(content)


@contextmanager
def moved_away(path: Path) -> Iterator[None]:
    aside = path.with_name(f"{path.name}.aside")
    path.rename(aside)
    try:
        yield
    finally:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        aside.rename(path)


@contextmanager
def made_folder(path: Path) -> Iterator[None]:
    """A folder stands where a file was."""
    with moved_away(path):
        path.mkdir()
        yield


@contextmanager
def made_file(path: Path, content: bytes) -> Iterator[None]:
    path.write_bytes(content)
    yield


@contextmanager
def edited(path: Path, before: str, after: str) -> Iterator[None]:
    text = path.read_text(encoding="utf-8")
    assert before in text, before
    path.write_text(text.replace(before, after), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")


def replaced_text(path: Path, pattern: str, after: str) -> AbstractContextManager[None]:
    return replaced(path, re.sub(pattern, after, path.read_text(encoding="utf-8")).encode())


@contextmanager
def read_only_disk(folder: Path) -> Iterator[None]:
    """The folder is mounted read-only over itself."""
    _mount("--bind", folder, folder)
    try:
        _mount("-o", "remount,bind,ro", folder)
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """The folder is on a disk of its own, which is full to the last block."""
    aside = folder.with_name(f"{folder.name}.aside")
    folder.rename(aside)
    folder.mkdir()
    size = sum(path.stat().st_size for path in aside.rglob("*") if path.is_file()) + 8 * 2**20
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
    try:
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        _fill(folder / "ballast")
        yield
        (folder / "ballast").unlink()
        after = folder.with_name(f"{folder.name}.after")
        shutil.copytree(folder, after)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()
    shutil.rmtree(aside)
    after.rename(folder)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as ballast:
        for size in (2**20, 2**12, 1):
            try:
                while ballast.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue


def _mount(*arguments: object) -> None:
    done = subprocess.run(["mount", *map(str, arguments)], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"this machine lets us mount nothing: {done.stderr.strip()}")


@contextmanager
def held_open(path: Path, *, read_only: bool) -> Iterator[None]:
    """Another process has the library open."""
    code = (
        "import duckdb, sys; duckdb.connect(sys.argv[1], read_only=sys.argv[2] == 'True'); "
        "print('open', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(path), str(read_only)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        yield
    finally:
        holder.kill()
        holder.communicate()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another run is at work."""
    from filelock import FileLock

    with FileLock(path):
        yield


@contextmanager
def listening() -> Iterator[int]:
    """Somebody else has a port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


# Faults of servers.


@contextmanager
def upstream(arxiv: Standin, prefix: str, fault: Fault, **more: object) -> Iterator[None]:
    arxiv.fail(prefix, fault, times=10_000, **more)
    try:
        yield
    finally:
        arxiv.heal()


@contextmanager
def answering(mailbox: Mailbox, answer: str) -> Iterator[None]:
    mailbox.answer = answer
    try:
        yield
    finally:
        mailbox.answer = "250 OK"


nothing = nullcontext
