"""What the world does to a command ends in one sentence and an exit status, never in a traceback."""

import contextlib
import ctypes
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.soak

ROOT = Path(__file__).parents[2]


def environment(**environ):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "YIBAO_"))}
    return {**inherited, "PYTHONPATH": str(ROOT), **environ}


def command(*arguments, cwd, environ=None, **more):
    """The command line in a process of its own: (exit status, stdout, stderr), as bytes decoded."""
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    done = subprocess.run(
        [sys.executable, "-m", "commands.main", *arguments],
        check=False,
        cwd=cwd,
        env=environment(**(environ or {})),
        timeout=120,
        **given,
    )
    return done.returncode, (done.stdout or b"").decode(), (done.stderr or b"").decode()


def shell(line, cwd):
    """A line of a shell in which $Y is the command line."""
    y = f"{sys.executable} -m commands.main"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line.replace("$Y", y)],
        check=False,
        cwd=cwd,
        env=environment(),
        capture_output=True,
        timeout=120,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def is_one_sentence(err, *words):
    lines = err.strip().splitlines()
    return len(lines) == 1 and lines[0].startswith("yibao: ") and all(word in err for word in words)


def has_one_sentence(err, *words):
    """Whether one line tells the fault; a command may tell other things beside its answer."""
    sentences = [line for line in err.splitlines() if line.startswith("yibao: ")]
    return "Traceback" not in err and len(sentences) == 1 and is_one_sentence(sentences[0], *words)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """An installation with a library in which a Chinese title is, published."""
    folder = tmp_path_factory.mktemp("published")
    assert command("init", "--contact", "me@example.org", cwd=folder)[0] == 0
    (folder / "snapshot.json").write_text(json.dumps(RECORD) + "\n", encoding="utf-8")
    (folder / "translations" / "a.md").write_text(
        "## A title\n[译文标题](https://arxiv.org/abs/2501.00001)\n\n译文。\n", encoding="utf-8"
    )
    status, out, err = command("import", "snapshot.json", cwd=folder)
    assert status == 0, out + err
    status, out, err = command("publish", cwd=folder)
    assert status == 0, out + err
    return folder


RECORD = {
    "id": "2501.00001",
    "title": "译报 A title",
    "abstract": "An abstract.",
    "authors": "A. Author",
    "authors_parsed": [["Author", "A.", ""]],
    "categories": "cs.CL",
    "license": "http://creativecommons.org/licenses/by/4.0/",
    "versions": [{"version": "v1", "created": "Wed, 01 Jan 2025 00:00:00 GMT"}],
    "update_date": "2025-01-02",
}
MANY = "SELECT range AS n, repeat('x', 100) AS filler FROM range(100000)"


def test_output_that_nobody_reads_any_more_ends_the_command_quietly(published):
    status, out, err = shell(f'$Y sql --library "{MANY}" | head -n 1', published)
    assert (out, err) == ("n,filler\n", "")
    assert status in (0, 1, 141)
    assert shell("$Y --help | head -n 1", published)[2] == ""


@pytest.mark.parametrize("arguments", ['sql --library "SELECT title FROM paper"', "--help", "status", "search title"])
def test_a_closed_stdout_is_no_fault_and_harms_no_file(published, arguments):
    before = (published / "data" / "library.duckdb").read_bytes()
    status, out, err = shell(f"$Y {arguments} >&-", published)
    assert (status in (0, 1), out, "yibao:" in err, "Traceback" in err) == (True, "", False, False)
    assert shell(f"$Y {arguments} >&- 2>&- <&-", published)[1:] == ("", "")
    assert (published / "data" / "library.duckdb").read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "arguments",
    [f'sql --library "{MANY}"', 'sql --library "SELECT 1" --json', "--help", "status", "translations check"],
)
def test_an_output_without_room_is_told(published, arguments):
    status, _, err = shell(f"$Y {arguments} > /dev/full", published)
    assert status == 1
    assert has_one_sentence(err, "the output could not be written", "Make room"), err


@pytest.mark.parametrize(
    "environ",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"LC_ALL": "C", "LANG": "C"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0"},
    ],
    ids=str,
)
def test_a_terminal_that_knows_no_chinese_is_shown_escapes(published, environ):
    for arguments in (("--help",), ("sql", "--library", "SELECT title FROM paper")):
        status, out, err = command(*arguments, cwd=published, environ=environ)
        assert (status, err) == (0, "")
        assert "译报" in out or "\\u8bd1\\u62a5" in out
    status, _, err = command("search", "译报", cwd=published, environ=environ)
    assert (status, err) == (0, "") or (status == 1 and is_one_sentence(err, "UTF-8"))


def test_what_is_no_text_is_told(published):
    status, _, err = command("search", b"\xff\xfe", cwd=published)
    assert "Traceback" not in err
    assert status in (0, 1, 2)


@pytest.mark.parametrize(
    ("setting", "content"),
    [
        ("paths.data", '[paths]\ndata = "file/data"'),
        ("paths.public", '[paths]\npublic = "file/public"'),
        ("newsletter.outbox", '[newsletter]\noutbox = "file/outbox"'),
        ("paths.public", '[paths]\npublic = "file"'),
    ],
)
def test_a_file_where_a_folder_is_to_be_is_named_with_its_setting(tmp_path, setting, content):
    (tmp_path / "file").write_text("theirs")
    (tmp_path / "translations").mkdir()
    (tmp_path / "yibao.toml").write_text(f'{content}\n\n[arxiv]\ncontact = "me@example.org"\n')
    status, out, err = command("run", cwd=tmp_path)
    assert (status, out) == (1, "")
    assert is_one_sentence(err, f"{setting}: {tmp_path / 'file'}", "cannot be written"), err
    assert (tmp_path / "file").read_text() == "theirs"


@pytest.fixture
def as_somebody():
    """Arguments that make a process heed the rights of files, as root does not."""
    if os.geteuid() != 0:
        return {}
    if not sys.platform.startswith("linux"):
        pytest.skip("root heeds no rights here")
    library, drop = ctypes.CDLL(None), 24  # PR_CAPBSET_DROP of CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH.
    return {"preexec_fn": lambda: [library.prctl(drop, capability, 0, 0, 0) for capability in (1, 2)]}


@pytest.mark.parametrize("setting", ["paths.data", "paths.public", "newsletter.outbox"])
def test_a_folder_that_cannot_be_written_is_named_with_its_setting(tmp_path, as_somebody, setting):
    names = {"paths.data": "data", "paths.public": "public", "newsletter.outbox": "outbox"}
    for one, name in names.items():
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o555 if one == setting else 0o777)
    (tmp_path / "yibao.toml").write_text('[arxiv]\ncontact = "me@example.org"\n[newsletter]\noutbox = "outbox"\n')
    environ = {"HOME": str(tmp_path / "data")}
    status, _, err = command("run", cwd=tmp_path, environ=environ, **as_somebody)
    assert status == 1
    assert is_one_sentence(err, setting, str(tmp_path / names[setting]), "Permission denied", "rights"), err


def test_settings_and_folders_that_cannot_be_read_are_told(tmp_path, as_somebody):
    (tmp_path / "yibao.toml").write_text("")
    (tmp_path / "yibao.toml").chmod(0)
    status, _, err = command("status", cwd=tmp_path, **as_somebody)
    assert (status, "'yibao.toml' is not readable" in err, "Traceback" in err) == (2, True, False), err
    tmp_path.chmod(0o555)
    status, _, err = command("init", "new", cwd=tmp_path, **as_somebody)
    assert (status, is_one_sentence(err, "new", "Permission denied", "rights")) == (1, True), err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00", ("not UTF-8",)),
        (b"[site]\ntitle = '\xd2\xeb\xb1\xa8'\n", ("not UTF-8",)),
        (b"[site", ("not TOML",)),
        (b"a = " + b"[" * 5000, ("not TOML",)),
    ],
)
def test_settings_that_are_no_settings_are_told(tmp_path, content, words):
    (tmp_path / "yibao.toml").write_bytes(content)
    status, _, err = command("status", cwd=tmp_path)
    assert (status, is_one_sentence(err, "yibao.toml", *words)) == (2, True), err


def test_a_folder_as_settings_is_told(tmp_path):
    status, _, err = command("status", "--config", ".", cwd=tmp_path)
    assert (status, is_one_sentence(err, "this is a folder", "yibao.toml")) == (2, True), err


@pytest.mark.parametrize("arguments", [("init", "yibao.toml/x"), ("init", "yibao.toml/x/y")])
def test_init_below_a_file_is_told(tmp_path, arguments):
    (tmp_path / "yibao.toml").write_text("# mine\n")
    status, _, err = command(*arguments, cwd=tmp_path)
    assert (status, is_one_sentence(err, "yibao.toml/x", "is a file")) == (1, True), err
    assert (tmp_path / "yibao.toml").read_text() == "# mine\n"


@pytest.mark.parametrize(
    "contact", ['a"b', "nonsense", 'a"b@example.org', "a@b\nx = 1", "a@b@c", "me@", "a\\b@c.d", "a b@c.d"]
)
def test_init_refuses_a_contact_that_is_no_address(tmp_path, contact):
    status, _, err = command("init", "--contact", contact, cwd=tmp_path)
    assert (status, "is not an e-mail address" in err) == (2, True)
    assert not (tmp_path / "yibao.toml").exists()


@pytest.mark.parametrize(
    "contact", ["me@example.org", "o'neil".replace("'", "") + "+arxiv@sub.example.org", "李@例子.中国"]
)
def test_init_writes_settings_that_can_be_read_with_the_contact_in_them(tmp_path, contact):
    from yibao import settings

    assert command("init", "--contact", contact, cwd=tmp_path)[0] == 0
    assert settings.load(tmp_path / "yibao.toml", {}).arxiv.contact == contact


def test_a_file_that_may_not_grow_is_told(tmp_path, published):
    shutil.copytree(published, tmp_path / "copy", ignore=shutil.ignore_patterns("prefect"))

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    status, _, err = command("publish", cwd=tmp_path / "copy", preexec_fn=limit)
    assert (status, "Traceback" not in err, err.startswith("yibao: ")) == (1, True, True), err


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own, of 48 MB; it can be made read-only."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or not mount:
        pytest.skip("only root can mount a disk")
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_told_as_what_it_is(small_disk, published):
    for name in ("yibao.toml", "translations"):
        source = published / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, small_disk / name)
    filler = small_disk / "filler"
    number = os.open(filler, os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while os.write(number, b"x" * 4096):
            pass
    os.close(number)
    status, out, err = command("publish", cwd=small_disk)
    assert (status, out) == (1, "")
    assert is_one_sentence(err, "paths.data", "No space left", "Make room"), err
    # Too little room to begin.
    os.truncate(filler, filler.stat().st_size - 600_000)
    status, out, err = command("publish", cwd=small_disk)
    assert (status, out) == (1, "")
    assert is_one_sentence(err, "paths.data", "too little for a run", "Make room"), err
    filler.unlink()
    status, out, err = command("publish", cwd=small_disk)
    assert (status, err) == (0, ""), out + err


def test_a_read_only_disk_is_told_as_what_it_is_and_what_only_reads_works(small_disk, published):
    shutil.copytree(published, small_disk, dirs_exist_ok=True, ignore=shutil.ignore_patterns("prefect"))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for arguments in (("publish",), ("run",), ("harvest",)):
        status, out, err = command(*arguments, cwd=small_disk)
        assert (status, out) == (1, "")
        assert is_one_sentence(err, "paths.data", "Read-only", "read-only: make it writable"), err
    for arguments in (("init", "new"), ("subscribers", "add", "a@example.org")):
        status, _, err = command(*arguments, cwd=small_disk)
        assert (status, "Traceback" not in err, "ead-only" in err) == (1, True, True), err
    status, out, err = command("sql", "--library", "SELECT title FROM paper", cwd=small_disk)
    assert (status, "译报" in out, err) == (0, True, "")
    status, out, err = command("search", "title", cwd=small_disk)
    assert (status, err) == (0, ""), out


def test_ctrl_c_ends_a_run_with_130_and_one_sentence(tmp_path):
    import socket
    import threading

    (tmp_path / "translations").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        names = ("rss_url", "atom_url", "api_url", "oai_url", "catchup_url")
        settings = "\n".join(f'{name} = "{url}"' for name in names)
        (tmp_path / "yibao.toml").write_text(f'[arxiv]\ncontact = "me@example.org"\npace_s = 0\n{settings}\n')
        run = subprocess.Popen(
            [sys.executable, "-m", "commands.main", "run"],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Whoever starts the tests in the background has a shell that lets them ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        )
        silent.settimeout(100)
        asked, _ = silent.accept()
        threading.Event().wait(0.5)
        run.send_signal(signal.SIGINT)
        try:
            out, err = run.communicate(timeout=60)
        finally:
            run.kill()
            asked.close()
    assert run.returncode == 130, err
    assert (out, is_one_sentence(err.decode(), "stopped", "the same command")) == (b"", True), err


def test_a_fault_of_the_program_keeps_its_traceback(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import yibao.settings\nyibao.settings.load = lambda *_: 1 / 0\n")
    path = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    status, _, err = command("status", cwd=tmp_path, environ=path)
    assert (status, "ZeroDivisionError" in err, "Traceback" in err) == (1, True, True)
