"""Locks between processes."""

import subprocess
import sys

import pytest

from storage import file_locks
from yibao.errors import YibaoError

HOLDER = """
import sys
from pathlib import Path
from storage.file_locks import hold_lock
with hold_lock(Path(sys.argv[1]), "held"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_keeps_other_processes_out_until_its_holder_ends_even_by_a_kill(tmp_path):
    path = tmp_path / "data" / "run.lock"
    assert not file_locks.is_lock_held(path)
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        assert file_locks.is_lock_held(path)
        with pytest.raises(YibaoError, match="somebody else"), file_locks.hold_lock(path, "It is somebody else's."):
            pass
        holder.kill()
    assert not file_locks.is_lock_held(path)
    with file_locks.hold_lock(path, "never"):
        assert path.exists()
