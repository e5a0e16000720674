"""What the world does to an installation, what a command then says, and that nothing is lost.

Each row happens to a copy of an installation that has lived through a day; the real command line runs in a process of
its own. The rows make the table in docs/operations/drills.md: when it differs, it is written again, and the test fails
once so that the change is looked at.
"""

import re
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from tests.conftest import MONDAY, Installation, section
from tests.drills import world as w
from tests.drills.world import ROOT, Mailbox, Result, World, holdings, type_command
from tests.standin.server import Fault, Standin

pytestmark = pytest.mark.timeout(300)

TABLE = ROOT / "docs" / "operations" / "drills.md"
RUN = f"run --on {MONDAY}"


@dataclass(frozen=True)
class Row:
    """A fault, a command that meets it, and what must come of it."""

    what: str
    make: Callable[[World], AbstractContextManager[object]]
    command: str
    status: int
    #: Must be among what the command says.
    says: str
    #: Where standard output goes, when it is not read.
    stdout: str = ""

    @property
    def name(self) -> str:
        return f"{self.what}: {self.command}"


def rows_of(
    what: str, make: Callable[[World], AbstractContextManager[object]], *expected: tuple[str, int, str]
) -> list[Row]:
    return [Row(what, make, command, status, says) for command, status, says in expected]


def library(
    make: Callable[[Path], AbstractContextManager[object]],
) -> Callable[[World], AbstractContextManager[object]]:
    return lambda world: make(world.library)


def settings(before: str, after: str) -> Callable[[World], AbstractContextManager[object]]:
    return lambda world: w.edited(world.config, before, after)


def arxiv(prefix: str, fault: Fault, **more: object) -> Callable[[World], AbstractContextManager[object]]:
    return lambda world: w.upstream(world.arxiv, prefix, fault, **more)


def as_it_is(_world: World) -> AbstractContextManager[object]:
    return nullcontext()


SEND = f"newsletter send --edition {MONDAY}"
ROWS: list[Row] = [
    # Disks.
    *rows_of(
        "the disk is read-only",
        lambda world: w.read_only_disk(world.folder),
        (RUN, 1, "ead-only"),
        ("publish", 1, "ead-only"),
        ("status", 1, "complete"),
        ("sql --library 'SELECT count(*) AS papers FROM paper'", 0, "papers"),
        ("search 第一篇", 0, "2501.05727"),
        ("translations check", 1, "other-paper"),
        ("translations new 2501.06252", 1, "ead-only"),
        ("subscribers list", 1, "ead-only"),
        ("subscribers add new@example.org", 1, "ead-only"),
        (f"newsletter preview --edition {MONDAY} | grep ^Message-ID", 0, "Message-ID"),
        (SEND, 1, "ead-only"),
        ("import yibao.toml", 1, "ead-only"),
        ("init other", 1, "ead-only"),
    ),
    *rows_of(
        "the disk of the data is full",
        lambda world: w.full_disk(world.data),
        (RUN, 1, "space"),
        ("publish", 1, "space"),
        ("status", 1, "complete"),
        ("sql --library 'SELECT count(*) AS papers FROM paper'", 0, "papers"),
        ("subscribers add new@example.org", 1, "full"),
    ),
    *rows_of(
        "the disk of the site is full", lambda world: w.full_disk(world.folder / "public"), ("publish", 1, "space")
    ),
    # The library.
    *rows_of(
        "the library is no database",
        library(lambda path: w.replaced(path, b"not a database")),
        (RUN, 1, "harvest --kept"),
        ("status", 1, "harvest --kept"),
        ("sql --library 'SELECT 1'", 1, "harvest --kept"),
        ("publish", 1, "harvest --kept"),
        ("translations status", 1, "harvest --kept"),
    ),
    *rows_of(
        "the library is cut short", library(w.cut_short), (RUN, 1, "harvest --kept"), ("status", 1, "harvest --kept")
    ),
    *rows_of(
        "a reader holds the library open",
        library(lambda path: w.held_open(path, read_only=True)),
        (RUN, 0, "mail"),
        ("status", 1, "complete"),
    ),
    *rows_of(
        "another run is at work",
        lambda world: w.locked(world.data / "run.lock"),
        (RUN, 1, "Another run"),
        ("publish", 1, "Another run"),
    ),
    # People.
    *rows_of(
        "people.sqlite is damaged",
        w.damaged_people,
        (RUN, 1, "people.sqlite"),
        (SEND, 1, "people.sqlite"),
        ("subscribers list", 1, "people.sqlite"),
        ("subscribers add new@example.org", 1, "people.sqlite"),
    ),
    # What can be made again.
    *rows_of(
        "the search index is damaged",
        lambda world: w.cut_short(world.data / "search" / "meta.json"),
        ("search 第一篇", 1, "yibao publish"),
        (RUN, 0, "mail"),
    ),
    *rows_of(
        "the site's manifest is damaged",
        lambda world: w.cut_short(world.folder / "public" / ".yibao.json"),
        ("publish", 0, "published"),
    ),
    *rows_of(
        "a page was changed by somebody",
        lambda world: w.replaced(world.folder / "public" / "index.html", b"<p>"),
        ("publish", 0, "1 files written"),
    ),
    *rows_of(
        "a kept answer is damaged",
        lambda world: w.cut_short(next((world.data / "responses").rglob("*.zst"))),
        ("harvest --kept", 1, ".zst"),
    ),
    # Settings and addresses.
    *rows_of(
        "yibao.toml is a folder",
        lambda world: w.made_folder(world.config),
        ("status", 2, "yibao.toml"),
        (RUN, 2, "yibao.toml"),
    ),
    *rows_of(
        "yibao.toml is not UTF-8",
        lambda world: w.replaced(world.config, b"\xff\xfe[site]"),
        ("status", 2, "yibao.toml"),
    ),
    *rows_of(
        'public = "."',
        settings("[arxiv]", '[paths]\npublic = "."\n\n[arxiv]'),
        (RUN, 2, "paths.public"),
        ("serve", 2, "paths.public"),
    ),
    *rows_of('public = "data"', settings("[arxiv]", '[paths]\npublic = "data"\n\n[arxiv]'), (RUN, 2, "paths.public")),
    *rows_of(
        "the sender has a second line",
        settings("[newsletter]", '[newsletter]\nsender = "a@example.org\\nBcc: b@example.org"'),
        (RUN, 2, "newsletter.sender"),
    ),
    *rows_of(
        "the mail server's port is no number",
        settings('smtp_url = "smtp://127.0.0.1:', 'smtp_url = "smtp://127.0.0.1:abc'),
        (RUN, 2, "newsletter.smtp_url"),
    ),
    *rows_of(
        "the translations' folder is not there",
        lambda world: w.moved_away(world.folder / "translations"),
        ("translations check", 1, "translations"),
        (RUN, 1, "translations"),
    ),
    # arXiv.
    *rows_of(
        "arXiv does not answer",
        arxiv("/", Fault.UNAVAILABLE),
        ("run --on 2025-01-14", 1, "503"),
        ("translations new 2501.99999", 1, "503"),
    ),
    *rows_of("arXiv denies access", arxiv("/", Fault.FORBIDDEN), ("run --on 2025-01-14", 1, "access denied")),
    # Mail.
    *rows_of(
        "the mail server refuses everybody",
        lambda world: w.answering(world.mailbox, "550 no such user"),
        (f"newsletter send --edition 2025-W03 --on {MONDAY}", 1, "550"),
    ),
    *rows_of(
        "the mail server answers nonsense",
        lambda world: w.answering(world.mailbox, "999 what"),
        (f"newsletter send --edition 2025-W03 --on {MONDAY}", 1, "999"),
    ),
    *rows_of(
        "there is no mail server",
        lambda world: w.replaced_text(world.config, r"smtp://127\.0\.0\.1:\d+", "smtp://127.0.0.1:9"),
        (f"newsletter send --edition 2025-W03 --on {MONDAY}", 1, "refused"),
    ),
    # What is typed.
    *rows_of(
        "as typed",
        as_it_is,
        ("run --on 9999-12-31", 2, "9999-12-31"),
        ("run --on 2030-01-01", 2, "2030-01-01"),
        ("run --on 1980-01-01", 2, "1980-01-01"),
        ("newsletter send --edition today", 2, "today"),
        ("newsletter preview --edition 2025-02-30", 2, "2025-02-30"),
        ("sql --library ''", 2, "query"),
        ("sql --library 'SELEC 1'", 1, "SELEC"),
        ("sql --library \"COPY paper TO 'paper.csv'\"", 1, ""),
        ("sql --library \"SELECT * FROM read_text('/etc/hostname')\"", 1, ""),
        ("subscribers add 'a@b..c'", 2, "a@b..c"),
        ("import yibao.toml", 1, "yibao.toml"),
        ("init yibao.toml/x", 1, "yibao.toml"),
    ),
    *rows_of(
        "a Parquet file that is none",
        lambda world: w.made_file(world.folder / "fake.parquet", b"PAR1 and nothing else"),
        ("import fake.parquet", 1, "fake.parquet"),
    ),
    # Where output goes.
    Row("standard output is full", as_it_is, "status", 1, "space", stdout="/dev/full"),
    *rows_of("standard output is closed at once", as_it_is, ("status | head -0", 0, "")),
]


@pytest.fixture(scope="module")
def lived(tmp_path_factory) -> Iterator[World]:
    """An installation after its first day: 7 papers, a translation, a mail."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    folder = tmp_path_factory.mktemp("drills") / "lived"
    folder.mkdir()
    try:
        with Standin(today=MONDAY) as arxiv:
            installation = Installation(folder)
            installation.configure(arxiv)
            with_mail = installation.config.read_text().replace(
                'outbox = "outbox"', f'smtp_url = "smtp://127.0.0.1:{port}"'
            )
            installation.config.write_text(with_mail)
            installation.write("2025/0113-0117.md", section("2501.05727", zh="第一篇"))
            one = World(folder, arxiv, mailbox)
            assert type_command(one, "subscribers add reader@example.org").status == 0
            assert type_command(one, "subscribers add other@example.org").status == 0
            assert type_command(one, "subscribers add weekly@example.org --frequency weekly").status == 0
            day = type_command(one, RUN)
            assert day.status == 0, day.said
            yield one
    finally:
        controller.stop()


@pytest.fixture
def world(lived: World, tmp_path: Path) -> World:
    """A copy of it; whoever was sent something stays on record."""
    folder = tmp_path / "gazette"
    shutil.copytree(lived.folder, folder, symlinks=True)
    return World(folder, lived.arxiv, lived.mailbox)


_TOLD: list[tuple[Row, Result]] = []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_fault_is_told_in_a_sentence_and_nothing_is_lost(world: World, row: Row, request):
    before = holdings(world)
    with row.make(world):
        if row.stdout:
            with Path(row.stdout).open("wb") as target:
                result = type_command(world, row.command, stdout=target)
        else:
            result = type_command(world, row.command)
    assert "Traceback" not in result.said, result.said
    assert result.status == row.status, result.said
    assert row.says in result.said, result.said
    assert holdings(world) == before
    _TOLD.append((row, result))


def test_the_table_in_the_documentation_is_what_happened():
    """Compare docs/operations/drills.md with the rows above; written again where it differs."""
    if len(_TOLD) < len(ROWS):
        pytest.skip("only a part of the table ran")
    lines = [
        f"| {row.what} | `yibao {_cell(row.command)}` | {_cell(_sentence(result))} | {result.status} |"
        for row, result in _TOLD
    ]
    page = _PAGE.format(table="\n".join(lines))
    before = TABLE.read_text(encoding="utf-8") if TABLE.exists() else ""
    TABLE.write_text(page, encoding="utf-8")
    assert page == before, "docs/operations/drills.md was out of date, and has been written again: look at the change"


_PAGE = """# Drills

What the world does to an installation, and what a command then says. `make drills` makes this table: each fault meets
an installation that has lived through a day, the real command line runs, the fault is mended, and library, subscribers,
translations and mail are compared with what they were before. **Nothing was lost in any row.**

| what happened | command | what it said | exit status |
|---|---|---|---|
{table}
"""


def _sentence(result: Result) -> str:
    """The line that matters, with what differs from run to run left out."""
    lines = [*result.err.splitlines(), *result.out.splitlines()]
    begins = ("yibao: ", "Error: ", "FAILED: ", "ALARM: ")
    chosen = next((line.strip() for begin in begins for line in lines if line.strip().startswith(begin)), "")
    printed = [line for line in result.out.splitlines() if line.strip()]
    text = chosen or (printed[-1].strip() if printed else "(nothing)")
    for pattern, words in _VARYING:
        text = re.sub(pattern, words, text)
    return text.removeprefix("yibao: ").removeprefix("Error: ")


#: What differs from run to run, or from machine to machine.
_VARYING = (
    (r"/\S*/gazette", "/srv/gazette"),
    (r"process \d+ \([^)]*\)|PID \d+", "process 4711"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"today is \d{4}-\d\d-\d\d", "today is DATE"),
    (r"it is [\d-]+ in New York. Give a date until [\d-]+", "it is TODAY in New York. Give a date until TOMORROW"),
    (r"damaged \(unexpected end of data: .*?\)\)", "damaged (…)"),
    (r"translations/\d{4}: ", "translations/YEAR: "),
    (r"\d+ unchanged", "N unchanged"),
    (r"\((?:[A-Za-z]+ Error|Data corrupted): .*?\)(?=[. ]+[A-Z])", "(…)"),
)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
