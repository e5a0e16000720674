"""The command line in processes of its own, forked from one that has imported it: that is most of a command's time.

What comes before a command's first line is tried where `python -m commands.main` is typed, as tests of commands do.
"""

import atexit
import importlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
_MOST_BYTES = 1 << 20


class Command:
    """A running `yibao …`: what tests use of `subprocess.Popen`."""

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._connection = connection
        #: A test may wait while a server's thread that killed the process waits, too.
        self._waits = threading.Lock()

    def poll(self) -> int | None:
        if self._waits.acquire(blocking=False):
            try:
                self._receive_status(1e-6)
            finally:
                self._waits.release()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        with self._waits:
            self._receive_status(timeout)
        if self.returncode is None:
            raise TimeoutError(f"process {self.pid} is still at work after {timeout} s")
        return self.returncode

    def kill(self) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def _receive_status(self, timeout: float | None) -> None:
        if self.returncode is None:
            self._connection.settimeout(timeout)
            with suppress(BlockingIOError, TimeoutError):
                self.returncode = int(self._connection.recv(20))


def start_command(arguments: list[str], cwd: Path, out: IO, err: IO, **environ: str) -> Command:
    """Start `yibao …`, without the variables that Prefect and Yibao read but those that are given."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "YIBAO_"))}
    return _preload().start(arguments, cwd, {**inherited, **environ}, out, err)


def run_command(*arguments: str, cwd: Path, stdout: IO | None = None, **environ: str) -> tuple[int, str, str]:
    """Run `yibao …` to its end: exit status, what it wrote on stdout where that is not given, and on stderr."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        command = start_command(list(arguments), cwd, stdout or out, err, **environ)
        try:
            status = command.wait(150)
        finally:
            command.kill()
        texts = [file.seek(0) or file.read().decode(errors="replace") for file in (out, err)]
    return status, texts[0], texts[1]


@cache
def _preload() -> "Preloaded":
    preloaded = Preloaded()
    atexit.register(preloaded.close)
    return preloaded


class Preloaded:
    """A process that has imported the command line, and starts commands until it is closed."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="yibao-preloaded-")
        self._address = str(Path(self._folder.name) / "socket")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "YIBAO_"))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.preloaded", self._address], cwd=ROOT, env=environ, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def start(self, arguments: list[str], cwd: Path, environ: dict[str, str], out: IO, err: IO) -> Command:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.connect(self._address)
        order = json.dumps({"arguments": arguments, "cwd": str(cwd), "environ": environ}).encode()
        socket.send_fds(connection, [order], [out.fileno(), err.fileno()])
        return Command(connection, int(connection.recv(20)))

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()


def _serve(address: str) -> None:
    """Start what is asked for, and tell each one's exit status, as `subprocess` gives it, to who asked."""
    selector = selectors.DefaultSelector()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(address)
    listener.listen()
    selector.register(listener, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                connection, _ = listener.accept()
                pid = _fork_command(connection, listener)
                connection.send(str(pid).encode())
                selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, connection))
            else:
                pid, connection = key.data
                _, status = os.waitpid(pid, 0)
                selector.unregister(key.fileobj)
                os.close(key.fd)
                with suppress(OSError):
                    connection.send(str(os.waitstatus_to_exitcode(status)).encode())
                connection.close()


def _fork_command(connection: socket.socket, listener: socket.socket) -> int:
    order, files, *_ = socket.recv_fds(connection, _MOST_BYTES, 2)
    pid = os.fork()
    if pid:
        for file in files:
            os.close(file)
        return pid
    listener.close()
    connection.close()
    with Path(os.devnull).open("rb") as nothing:
        for file, place in ((nothing.fileno(), 0), (files[0], 1), (files[1], 2)):
            os.dup2(file, place)
    for file in files:
        os.close(file)
    _run_command(**json.loads(order))
    os._exit(70)


def _run_command(arguments: list[str], cwd: str, environ: dict[str, str]) -> None:
    """Run a command as the interpreter would; it ends the process."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["yibao", *arguments]
    main()


if __name__ == "__main__":
    import prefect.server.api.server  # noqa: F401  (what a run by hand imports)

    import commands.flow_runs
    import commands.manual_runs  # noqa: F401
    from commands.main import _MODULES, main

    for _name in _MODULES.values():
        importlib.import_module(f"commands.{_name}")
    _serve(sys.argv[1])
