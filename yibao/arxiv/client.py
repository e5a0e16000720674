"""Asks arXiv, politely: one connection, one pace for all processes of a host, and a name to be reached by.

Refuses to retry: who calls knows whether a request may be made again. It only says, by the error's
`is_repeatable`, whether that may help, and makes the next request of anyone wait as long as the server asked.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import httpx

from yibao import __version__
from yibao.arxiv.pace import LONGEST_S, Clock, Pace, find_pace_file
from yibao.errors import ClockError, RefusedError
from yibao.http_client import Answer, HttpClient
from yibao.settings import Arxiv

_OK = 200
_MOVED = (301, 302, 303, 307, 308)
#: Clocks may differ by this much: what we store bears dates, and an answer may have lain in a cache for a while.
_CLOCK_TOLERANCE = timedelta(days=1)
#: Of an address in a message.
_SHOWN_LETTERS = 200


class Response(NamedTuple):
    """What arXiv sent, whole."""

    url: str
    status: int
    body: bytes
    content_type: str
    #: Our clock.
    fetched_at: datetime


class Client:
    """A connection to arXiv. Use as a context manager."""

    def __init__(self, arxiv: Arxiv, clock: Clock, *, folder: Path | None = None) -> None:
        self._pace = Pace(find_pace_file(arxiv, folder), arxiv.pace_s, clock)
        self._clock = clock
        self._http = HttpClient(arxiv.timeout_s, build_user_agent(arxiv.contact))
        urls = (arxiv.rss_url, arxiv.atom_url, arxiv.api_url, arxiv.oai_url, arxiv.catchup_url)
        self._servers = [httpx.URL(url) for url in urls]

    def __enter__(self) -> Self:
        self._http.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.__exit__(kind, error, trace)

    def get(self, url: str, accept: Callable[[int], bool] = lambda status: status == _OK, hops: int = 3) -> Response:
        """Fetch an address and return the whole response. Follows `hops` redirections at most; each waits its turn.

        Raises:
            UnreachableError: nobody answered within the time limit.
            RefusedError: the status is not accepted, with the seconds to wait where the server named them; or the
                answer leads to a server that is not arXiv's.
            GarbledError: the body ended before its announced length, or is larger than anything arXiv sends.
            ClockError: by the answer's date, this machine's clock is wrong by more than a day.
        """
        with self._pace.turn(url):
            answer = self._http.request("GET", url, wants_body=accept)
            check_clock(answer.headers.get("date"), answer.headers.get("age"), self._clock.now())
            is_moved = answer.status in _MOVED and "location" in answer.headers and hops > 0
            if not is_moved and not accept(answer.status):
                raise self._explain_refusal(url, answer)
        if is_moved:
            return self.get(self._resolve_redirect(url, answer), accept, hops - 1)
        at = datetime.fromtimestamp(self._clock.now(), UTC).replace(microsecond=0)
        return Response(url, answer.status, answer.body, answer.headers.get("content-type", ""), at)

    def _explain_refusal(self, url: str, answer: Answer) -> RefusedError:
        """Silence this host for as long as the refusal demands, and say so."""
        retry_after_s = parse_retry_after(answer.headers.get("retry-after"), self._clock.now())
        self._pace.cool_down(answer.status, retry_after_s)
        reason = _describe_refusal(answer.status, retry_after_s)
        return RefusedError(url, reason, answer.status, retry_after_s, self._pace.explain_silence())

    def _resolve_redirect(self, url: str, answer: Answer) -> str:
        """Find the address that the answer leads to.

        Raises:
            RefusedError: it is not arXiv's, and has no business with the operator's address; or it gives up https.
        """
        location = answer.headers["location"]
        try:
            # Parsed by who connects: nobody else reads a strange address in another way.
            source, target = httpx.URL(url), httpx.URL(url).join(location)
        except httpx.InvalidURL:
            raise self._explain_redirect(url, answer, "is no address") from None
        if target.scheme not in ("http", "https") or (source.scheme == "https" and target.scheme != "https"):
            raise self._explain_redirect(url, answer, "gives up https")
        if not any(_is_beneath(target, server) for server in (source, *self._servers)):
            raise self._explain_redirect(url, answer, "is no server of arXiv's that the settings name")
        return str(target)

    def _explain_redirect(self, url: str, answer: Answer, fault: str) -> RefusedError:
        location = answer.headers["location"][:_SHOWN_LETTERS]
        reason = f"arXiv answers HTTP {answer.status} and leads to {location!r}, which {fault}; it is not followed"
        return RefusedError(url, reason, answer.status)


def _is_beneath(target: httpx.URL, server: httpx.URL) -> bool:
    """Check whether it is this server or one of its names, such as export.arxiv.org beneath arxiv.org."""
    is_near = target.host == server.host or target.host.endswith(f".{server.host}")
    return is_near and bool(server.host) and target.port == server.port


def build_user_agent(contact: str) -> str:
    """Build the name under which we ask: the program, its version, and whom to write to."""
    return f"yibao/{__version__} ({f'mailto:{contact}' if '@' in contact else contact or 'no contact given'})"


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Parse the seconds to wait from now, a day at most; None where the header is missing or makes no sense.

    Both forms count: seconds, and a date. Source: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    """
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return min(float(value), LONGEST_S)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return min(max(0.0, at.replace(tzinfo=at.tzinfo or UTC).timestamp() - now), LONGEST_S)


def check_clock(date: str | None, age: str | None, now: float) -> None:
    """Compare our clock with the `Date` header of an answer; `Age` is how long the answer lay in a cache.

    Raises:
        ClockError: they differ by more than a day.
    """
    try:
        arxiv_time = parsedate_to_datetime(date or "")
    except ValueError:
        return
    cached_for = timedelta(seconds=int(age) if age and age.isdecimal() else 0)
    arxiv_time = arxiv_time.replace(tzinfo=arxiv_time.tzinfo or UTC) + cached_for
    our_time = datetime.fromtimestamp(now, UTC)
    if abs(our_time - arxiv_time) > _CLOCK_TOLERANCE:
        raise ClockError(
            f"This machine's clock says {our_time:%Y-%m-%d %H:%M} UTC, arXiv's {arxiv_time:%Y-%m-%d %H:%M} UTC. "
            "Nothing of this run is kept under a wrong date. Set the clock (`timedatectl` shows it) and run again."
        )


def _describe_refusal(status: int, retry_after_s: float | None) -> str:
    wait = "" if retry_after_s is None else f", and asks for {retry_after_s:.0f} s of patience"
    meaning = {403: " (access denied: stop, and write to arXiv)", 429: " (too many requests)"}.get(status, "")
    return f"arXiv answers HTTP {status}{meaning}{wait}"
