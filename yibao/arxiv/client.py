"""Asks arXiv, politely: one connection, one pace for all processes of a host, and a name to be reached by.

Refuses to retry: who calls knows whether a request may be made again. It only says, by the error's
`is_repeatable`, whether that may help, and makes the next request of anyone wait as long as the server asked.
Source: https://info.arxiv.org/help/api/tou.html ("no more than one request every three seconds, and limit
requests to a single connection at a time", for all machines under one's control together).
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self
from urllib.parse import urljoin, urlsplit

import httpx
from filelock import FileLock

from yibao import __version__
from yibao.errors import PATIENCE_S, ClockError, GarbledError, RefusedError, UnreachableError, YibaoError
from yibao.settings import Arxiv

_OK = 200
_DENIED = 403
_MOVED = (301, 302, 303, 307, 308)
_LONGEST_S = 24 * 3600.0
#: How long everyone keeps quiet after a refusal that names no time, in paces: a minute after 429, an hour after 403
#: at arXiv's three seconds. Polite spacing alone does not protect from 429, and asking on after 403 "will be
#: interpreted as an attack". Source: https://info.arxiv.org/help/robots.html
_COOL_DOWN_PACES = {429: 20.0, 503: 5.0, 403: 1200.0}
_STAMP_BYTES = 18
#: Clocks may differ by this much: what we store bears dates, and an answer may have lain in a cache for a while.
_CLOCK_TOLERANCE = timedelta(days=1)
#: No answer of arXiv is near this size; a body that is larger is a fault, not news.
_BODY_LIMIT_BYTES = 64 * 2**20


class Clock(Protocol):
    """The time, and patience; passed in, so that tests need no waiting."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Returns after so many seconds."""


class Response(NamedTuple):
    """What arXiv sent, whole."""

    url: str
    status: int
    body: bytes
    content_type: str
    #: Our clock.
    fetched_at: datetime


def pace_file(arxiv: Arxiv, folder: Path | None = None) -> Path:
    """The file that all processes of this host share for one set of servers, whatever their installation."""
    urls = (arxiv.rss_url, arxiv.atom_url, arxiv.api_url, arxiv.oai_url, arxiv.catchup_url)
    hosts = ",".join(sorted({urlsplit(url).netloc for url in urls}))
    name = hashlib.sha256(hosts.encode()).hexdigest()[:16]
    return (folder or Path(tempfile.gettempdir())) / f"yibao-pace-{name}"


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
        """Our turn to ask, and nobody else's.

        Raises:
            RefusedError: arXiv asked for more patience than a run has. It is not repeatable.
            YibaoError: another user of this host asks arXiv too, and we cannot share a file with them.
        """
        with self._alone():
            wait_s = self._not_before() - self._clock.now()
            # A clock that was set back must not silence us for longer than any server asks.
            if PATIENCE_S + self._pace_s < wait_s <= _LONGEST_S:
                raise RefusedError(url, f"arXiv asked us to wait, {wait_s:.0f} s are left", 503, wait_s)
            if 0 < wait_s <= _LONGEST_S:
                self._clock.sleep(wait_s)
            self._set(self._pace_s)
            try:
                yield
            finally:
                self.postpone(self._pace_s)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            self._lock.acquire()
        except PermissionError:
            # In a shared folder the system keeps users from opening each other's files, for good reason.
            owner = f"{self._path} belongs to another user, who asks arXiv from this host too."
            raise YibaoError(f"{owner} arXiv wants one pace a host: run Yibao as one user.") from None
        try:
            yield
        finally:
            self._lock.release()

    def postpone(self, seconds: float) -> None:
        """Nobody asks within so many seconds from now; never shortens what was promised before."""
        self._set(max(self._not_before() - self._clock.now(), min(seconds, _LONGEST_S)))

    def cool_down(self, status: int, retry_after_s: float | None) -> None:
        """Nobody asks for as long as the server wants, or as long as such a refusal demands."""
        demanded = _COOL_DOWN_PACES.get(status, 0.0) * self._pace_s
        self.postpone(demanded if retry_after_s is None or status == _DENIED else retry_after_s)

    def _set(self, seconds: float) -> None:
        # Never truncated first: a kill between the two would leave no moment at all.
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(file, f"{self._clock.now() + seconds:0{_STAMP_BYTES}.3f}".encode("ascii"), 0)
        finally:
            os.close(file)

    def _not_before(self) -> float:
        try:
            return float(self._path.read_text(encoding="ascii"))
        except FileNotFoundError:
            return 0.0
        except ValueError:
            # Somebody else's file, or a disk that was full: nobody knows when arXiv was asked last.
            return self._clock.now() + self._pace_s


class Client:
    """A connection to arXiv. Use as a context manager."""

    def __init__(self, arxiv: Arxiv, clock: Clock, *, folder: Path | None = None) -> None:
        self._pace = Pace(pace_file(arxiv, folder), arxiv.pace_s, clock)
        self._clock = clock
        self._http = httpx.Client(
            headers={"User-Agent": user_agent(arxiv.contact)},
            timeout=arxiv.timeout_s,
            limits=httpx.Limits(max_connections=1),
            # Followed by ourselves: the next address is a request like any other, and waits its turn.
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, url: str, accept: Callable[[int], bool] = lambda status: status == _OK, hops: int = 3) -> Response:
        """The whole answer. Waits its turn first; follows so many redirections, each in its turn.

        Raises:
            UnreachableError: nobody answered within the time limit.
            RefusedError: the status is not accepted; with the seconds to wait where the server named them.
            GarbledError: the body ended before its announced length, or is larger than anything arXiv sends.
            ClockError: by the answer's date, this machine's clock is wrong by more than a day.
        """
        with self._pace.turn(url):
            try:
                status, headers, body = self._read(url)
            except (httpx.RemoteProtocolError, httpx.DecodingError) as error:
                raise GarbledError(url, f"the answer broke off ({error})") from error
            except httpx.TimeoutException as error:
                raise UnreachableError(url, f"no answer in time ({type(error).__name__})") from error
            except httpx.TransportError as error:
                raise UnreachableError(url, f"cannot be reached ({error})") from error
            check_clock(headers.get("date"), headers.get("age"), self._clock.now())
            is_moved = status in _MOVED and "location" in headers and hops > 0
            if not is_moved and not accept(status):
                retry_after_s = retry_after(headers.get("retry-after"), self._clock.now())
                self._pace.cool_down(status, retry_after_s)
                raise RefusedError(url, _refusal(status, retry_after_s), status, retry_after_s)
        if is_moved:
            return self.get(urljoin(url, headers["location"]), accept, hops - 1)
        at = datetime.fromtimestamp(self._clock.now(), UTC).replace(microsecond=0)
        return Response(url, status, body, headers.get("content-type", ""), at)

    def _read(self, url: str) -> tuple[int, httpx.Headers, bytes]:
        with self._http.stream("GET", url) as answer:
            body = bytearray()
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > _BODY_LIMIT_BYTES:
                    raise GarbledError(url, f"the answer is larger than {_BODY_LIMIT_BYTES} bytes")
            return answer.status_code, answer.headers, bytes(body)


def user_agent(contact: str) -> str:
    """How we present ourselves: the program, its version, and whom to write to."""
    return f"yibao/{__version__} ({f'mailto:{contact}' if '@' in contact else contact or 'no contact given'})"


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait from now; None where the header is missing or makes no sense.

    Both forms count: seconds, and a date. Source: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    """
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, at.replace(tzinfo=at.tzinfo or UTC).timestamp() - now)


def check_clock(date: str | None, age: str | None, now: float) -> None:
    """Compare our clock with the `Date` header of an answer; `Age` is how long the answer lay in a cache.

    Raises:
        ClockError: they differ by more than a day.
    """
    try:
        at = parsedate_to_datetime(date or "")
    except ValueError:
        return
    at = at.replace(tzinfo=at.tzinfo or UTC) + timedelta(seconds=int(age) if age and age.isdecimal() else 0)
    ours = datetime.fromtimestamp(now, UTC)
    if abs(ours - at) > _CLOCK_TOLERANCE:
        raise ClockError(
            f"This machine's clock says {ours:%Y-%m-%d %H:%M} UTC, arXiv's {at:%Y-%m-%d %H:%M} UTC. "
            "Nothing of this run is kept under a wrong date. Set the clock (`timedatectl` shows it) and run again."
        )


def _refusal(status: int, retry_after_s: float | None) -> str:
    wait = "" if retry_after_s is None else f", and asks for {retry_after_s:.0f} s of patience"
    meaning = {403: " (access denied: stop, and write to arXiv)", 429: " (too many requests)"}.get(status, "")
    return f"arXiv answers HTTP {status}{meaning}{wait}"
