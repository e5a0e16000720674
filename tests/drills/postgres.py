"""A real PostgreSQL server for drills, from Debian's package."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.drills.scheduled import free_port, wait_for


@contextmanager
def running(command, log, **options):
    """A process with all that it starts, which are stopped at the end of the block."""
    with log.open("ab") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True, **options)
    try:
        yield process
    finally:
        # PostgreSQL's fast end. Prefect's processes take their time; nothing of theirs is worth it.
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(2)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


def postgres_folder():
    """Where PostgreSQL's programs are; Debian has them outside of the PATH."""
    programs = [*Path("/usr/lib/postgresql").glob("*/bin/initdb"), *filter(None, [shutil.which("initdb")])]
    return Path(programs[0]).parent if programs else pytest.skip("PostgreSQL is not installed on this machine")


@contextmanager
def postgres_server(port=None):
    """A PostgreSQL server of our own, gone with the block; yields the address of its database."""
    programs, port = postgres_folder(), port or free_port()
    # It refuses to run as root.
    user = {"user": "nobody"} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="yibao-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, "nobody")
        data = str(folder / "data")
        initdb = [programs / "initdb", "-D", data, "-U", "yibao", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        subprocess.run(initdb, check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=60, **user)
        command = [programs / "postgres", "-D", data, "-p", str(port), "-k", name, "-c", "fsync=off"]
        with running([*command, "-c", "listen_addresses=127.0.0.1"], folder / "log", cwd=folder, **user):
            is_ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
            assert wait_for(lambda: subprocess.run(is_ready, check=False).returncode == 0, 30)
            yield f"postgresql://yibao@127.0.0.1:{port}/postgres"


@contextmanager
def new_database(server_url):
    """An empty database on this server; yields its address."""
    import psycopg

    name = f"people_{time.monotonic_ns()}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield f"{server_url.rpartition('/')[0]}/{name}"
