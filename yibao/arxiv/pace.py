"""Keep one pace for all processes of a host that ask arXiv.

Source: https://info.arxiv.org/help/api/tou.html ("no more than one request every three seconds, and limit
requests to a single connection at a time", for all machines under one's control together).
"""

import hashlib
import math
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from filelock import FileLock

from yibao.errors import PATIENCE_S, RefusedError, YibaoError
from yibao.settings import Arxiv

_DENIED = 403
#: No server silences a host for longer, whatever it asks.
LONGEST_S = 24 * 3600.0
#: How long everyone keeps quiet after a refusal that names no time, in paces: a minute after 429, an hour after 403
#: at arXiv's three seconds. Polite spacing alone does not protect from 429, and asking on after 403 "will be
#: interpreted as an attack". Source: https://info.arxiv.org/help/robots.html
_COOL_DOWN_PACES = {429: 20.0, 503: 5.0, 403: 1200.0}
_STAMP_BYTES = 18
#: Folders that every process of a host sees, whatever its TMPDIR: of Linux, of older ones, of macOS and of all.
_SHARED_FOLDERS = ("/run/lock", "/var/lock", "/tmp")  # noqa: S108  (a shared folder is what is wanted)
_EVERYBODY_WRITES = stat.S_ISVTX | stat.S_IWOTH


class Clock(Protocol):
    """The time, and patience; passed in, so that tests need no waiting."""

    def now(self) -> float:
        """Return the seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Wait for so many seconds."""


def find_shared_folder() -> Path:
    """Find the folder for locks that all processes of this host share.

    Chosen by what a folder is, not by what we may do: a service that may not write there must say so, and not keep
    a pace of its own.
    """
    for name in _SHARED_FOLDERS:
        with suppress(OSError):
            mode = Path(name).stat().st_mode
            if stat.S_ISDIR(mode) and mode & _EVERYBODY_WRITES == _EVERYBODY_WRITES:
                return Path(name)
    return Path(tempfile.gettempdir())


def find_pace_file(arxiv: Arxiv, folder: Path | None = None) -> Path:
    """Find the file that all processes of this host share for one set of servers, whatever their installation."""
    urls = (arxiv.rss_url, arxiv.atom_url, arxiv.api_url, arxiv.oai_url, arxiv.catchup_url)
    hosts = ",".join(sorted({urlsplit(url).netloc for url in urls}))
    name = hashlib.sha256(hosts.encode()).hexdigest()[:16]
    return (folder or arxiv.pace_folder or find_shared_folder()) / f"yibao-pace-{name}"


class Pace:
    """Lets one request of this host through at a time, and none too early.

    The file holds the moment before which nobody may ask. A process that dies lets go of the lock, and the
    moment was written before its request, in one write that no kill can halve, so that none makes the next request
    come too early.
    """

    def __init__(self, path: Path, pace_s: float, clock: Clock) -> None:
        self._path = path
        self._pace_s = pace_s
        self._clock = clock
        self._lock = FileLock(f"{path}.lock")

    @contextmanager
    def turn(self, url: str) -> Iterator[None]:
        """Wait for our turn to ask; nobody else asks until it ends.

        Raises:
            RefusedError: arXiv asked for more patience than a run has. It is not repeatable.
            YibaoError: the file cannot be shared: another user of this host asks arXiv too, or nobody may write it.
        """
        with self._hold_lock():
            wait_s = self._read_wait_s()
            if wait_s > PATIENCE_S + self._pace_s:
                reason = f"arXiv asked us to wait, {wait_s:.0f} s are left"
                raise RefusedError(url, reason, 503, wait_s, self.explain_silence())
            if wait_s > 0:
                self._clock.sleep(wait_s)
            self._store_moment(self._pace_s)
            try:
                yield
            finally:
                self.postpone(self._pace_s)

    def postpone(self, seconds: float) -> None:
        """Let nobody ask within so many seconds from now; never shortens what was promised before."""
        self._store_moment(max(self._read_wait_s(), min(seconds, LONGEST_S)))

    def cool_down(self, status: int, retry_after_s: float | None) -> None:
        """Keep everyone quiet for as long as the server wants, or as long as such a refusal demands.

        Only a refusal that speaks of the whole server counts: one page's 404 silences nobody.
        """
        if status in _COOL_DOWN_PACES or status >= 500:  # noqa: PLR2004
            demanded = _COOL_DOWN_PACES.get(status, 0.0) * self._pace_s
            self.postpone(demanded if retry_after_s is None or status == _DENIED else retry_after_s)

    def explain_silence(self) -> str:
        """Say until when nobody asks, and how to end that; empty where a run has the patience for it."""
        wait_s = self._read_wait_s()
        if wait_s <= PATIENCE_S + self._pace_s:
            return ""
        until = datetime.fromtimestamp(self._clock.now() + wait_s, UTC)
        return f"Nobody on this host asks before {until:%Y-%m-%d %H:%M} UTC; if that is a mistake, remove {self._path}"

    @contextmanager
    def _hold_lock(self) -> Iterator[None]:
        with self._explain_faults():
            self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def _explain_faults(self) -> Iterator[None]:
        try:
            yield
        except PermissionError:
            # In a shared folder the system keeps users from opening each other's files, for good reason.
            raise YibaoError(
                f"{self._path} may not be opened: another user of this host asks arXiv, too. arXiv wants one pace a "
                f"host: run Yibao as one user. If the other asks no more, remove {self._path} and {self._path}.lock."
            ) from None
        except OSError as error:
            raise YibaoError(
                f"{self._path}, by which all processes of this host share arXiv's pace, cannot be written: "
                f"{error.strerror}. Allow it (under systemd: ReadWritePaths={self._path.parent}), or name another "
                "folder in arxiv.pace_folder, the same for all installations of this host."
            ) from None

    def _store_moment(self, seconds: float) -> None:
        # Never truncated first: a kill between the two would leave no moment at all.
        with self._explain_faults(), self._open_file() as file:
            os.pwrite(file, f"{self._clock.now() + seconds:0{_STAMP_BYTES}.3f}".encode("ascii"), 0)
            os.ftruncate(file, _STAMP_BYTES)

    def _read_wait_s(self) -> float:
        """Read how many seconds from now nobody may ask."""
        with self._explain_faults(), self._open_file() as file:
            stamp = os.pread(file, _STAMP_BYTES + 1, 0)
        if not stamp:
            return 0.0
        try:
            moment = float(stamp.decode("ascii"))
        except ValueError:
            moment = math.inf  # Somebody else's file, or a disk that was full.
        # No server asks for more than the longest: the clock was set back, or it is no moment. Nobody knows who asked.
        # A second more: a stamp is rounded, and the longest silence must not pass for none.
        is_possible = 0 <= moment <= self._clock.now() + LONGEST_S + 1.0
        return max(0.0, moment - self._clock.now()) if is_possible else self._pace_s

    @contextmanager
    def _open_file(self) -> Iterator[int]:
        # Others may put things into a shared folder, too: a link is not followed, and a pipe not waited for.
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        try:
            yield file
        finally:
            os.close(file)
