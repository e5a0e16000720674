"""Listen on a port of this machine, or say what holds it."""

import errno
import socket
from collections.abc import Iterator
from pathlib import Path

from yibao.errors import YibaoError

HOST = "127.0.0.1"
_LISTENING = "0A"


def listen(port: int, setting: str) -> socket.socket:
    """Listen on `port`; nobody else can answer there from now on.

    Raises:
        YibaoError: the port is taken or not allowed. The message names the setting, and the program that holds the
            port where the system tells.
    """
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise YibaoError(f"{setting}: port {port} cannot be used: {error.strerror}. Choose another one.") from None
    holder = find_holder(port)
    raise YibaoError(
        f"{setting}: port {port} is taken by {holder or 'another program'}. "
        f"Stop that program, or choose a free port: each installation of a host needs one of its own."
    )


def find_holder(port: int) -> str | None:
    """Find who listens on `port`, as `process 123 (its command line)`; None where the system does not tell."""
    inodes = {f"socket:[{inode}]" for inode in _find_inodes(port)}
    for folder in Path("/proc").glob("[0-9]*") if inodes else ():
        try:
            if any(str(link.readlink()) in inodes for link in (folder / "fd").iterdir()):
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
                return f"process {folder.name} ({' '.join(words).strip()[:200]})"
        except OSError:
            continue  # it has ended, or belongs to somebody else
    return None


def _find_inodes(port: int) -> Iterator[str]:
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        try:
            rows = [line.split() for line in table.read_text().splitlines()[1:]]
        except OSError:
            continue
        yield from (row[9] for row in rows if row[3] == _LISTENING and int(row[1].rpartition(":")[2], 16) == port)
