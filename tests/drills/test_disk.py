"""A disk that is full or cannot be written to is told as what it is, and nobody else is blamed."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from commands import prefect_server

ROOT = Path(__file__).parents[2]
COMMANDS = (["run", "--on", "2025-01-13"], ["schedule"])


def run_command(config, *arguments):
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "YIBAO_"))}
    return subprocess.run(
        [sys.executable, "-m", "commands.main", *arguments, "--config", str(config)],
        check=False,
        env={**environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )


@contextmanager
def mount(folder, options):
    """A small disk of its own; skips where this user may not mount."""
    folder.mkdir()
    program = shutil.which("mount")
    done = program and subprocess.run([program, "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False)
    if not done or done.returncode:
        pytest.skip("a disk of its own cannot be mounted by this user")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def config(tmp_path):
    (tmp_path / "translations").mkdir()
    path = tmp_path / "yibao.toml"
    path.write_text('[arxiv]\ncontact = "test@example.org"\nrss_url = "http://127.0.0.1:9"\n[prefect]\nport = 4329\n')
    return path


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_full_disk_is_told_as_such_with_its_folder_and_what_to_do(tmp_path, config, arguments):
    with mount(tmp_path / "data", "size=2m"):
        (tmp_path / "data" / "ballast").write_bytes(bytes(2**21 - 2**13))
        done = run_command(config, *arguments)
    assert done.returncode == 1
    assert f"{tmp_path}/data" in done.stderr
    assert "No space left on device" in done.stderr
    assert "Make room" in done.stderr
    assert "Prefect's server" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_disk_that_cannot_be_written_to_is_told_as_such(tmp_path, config, arguments):
    with mount(tmp_path / "data", "size=2m,ro"):
        done = run_command(config, *arguments)
    assert done.returncode == 1
    assert f"{tmp_path}/data" in done.stderr
    assert "cannot be written: Read-only file system" in done.stderr
    assert "Prefect's server" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_file_where_the_data_folder_should_be_is_told_as_such(tmp_path, config, arguments):
    (tmp_path / "data").write_text("a file")
    done = run_command(config, *arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "cannot be written" in done.stderr


def test_a_disk_that_fills_up_while_prefects_server_makes_its_tables_is_told_as_full(tmp_path, config):
    # Something else takes the room after it was looked for.
    start = (
        "import os, sys\nfrom pathlib import Path\nfrom commands import prefect_server\n"
        "from yibao.errors import YibaoError\n"
        "try:\n"
        "    with prefect_server.serve_api(prefect_server.isolate_prefect(Path(sys.argv[1]))): pass\n"
        "except YibaoError as error: print(error, flush=True)\n"
        "os._exit(0)\n"
    )
    with mount(tmp_path / "data", "size=300k"):
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        done = subprocess.run(
            [sys.executable, "-c", start, str(tmp_path / "data" / "prefect")],
            check=False,
            env={**environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert "No space left on device" in done.stdout, done.stdout + done.stderr


def test_prefects_own_records_are_blamed_only_where_they_are_at_fault(tmp_path, monkeypatch):
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    explanation = prefect_server.explain_failure("…\nsqlite3.DatabaseError: database disk image is malformed")
    assert "database disk image is malformed" in explanation
    assert f"Delete {tmp_path} and try again" in explanation
    assert "No space" in prefect_server.explain_failure("sqlite3.OperationalError: database or disk is full")
    explanation = prefect_server.explain_failure("sqlite3.OperationalError: attempt to write a readonly database")
    assert "Read-only file system" in explanation
