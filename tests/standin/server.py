"""The stand-in's HTTP server, and the faults it shows on demand.

    with Standin() as arxiv:
        arxiv.today = date(2025, 1, 13)
        arxiv.fail("/rss/cs.CL", Fault.UNAVAILABLE, times=2, retry_after="1")

Requests are recorded, so that a test can look at pace, connections and names.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.standin import answers, oai_answers, pages
from tests.standin.answers import Damage
from tests.standin.papers import StandinPaper, load

_SILENCE_S = 30.0
_GRACE_S = 0.1
_ON_THE_WAY_S = 0.015


class Fault(Enum):
    # Any address.
    TOO_MANY = auto()
    UNAVAILABLE = auto()
    FORBIDDEN = auto()
    NOT_FOUND = auto()
    TEAPOT = auto()
    SILENCE = auto()
    CUT_OFF = auto()
    HTML = auto()
    MALFORMED = auto()
    EMPTY_BODY = auto()
    MOVED = auto()
    #: Valid, and nothing in it.
    NO_ITEMS = auto()
    #: One record less than there is, and nothing that says so.
    SHORT = auto()
    # Feeds.
    STALE = auto()
    #: An earlier list under today's date.
    STALE_FRESH = auto()
    #: Today's list under an earlier date.
    LAGGING = auto()
    WRONG_ENCODING = auto()
    CONTROL_CHARACTER = auto()
    # The API.
    ERROR_ENTRY = auto()
    #: Sorting ignored.
    SHUFFLED = auto()
    # Catch-up pages.
    MISCOUNTED = auto()
    WRONG_DATE = auto()
    # OAI-PMH.
    OAI_ERROR = auto()
    EXPIRED = auto()
    WRONG_ECHO = auto()
    DOUBLED = auto()


@dataclass
class Request:
    path: str
    at: float
    user_agent: str
    #: How many other requests were being answered when this one came.
    others: int


@dataclass
class Planned:
    prefix: str
    fault: Fault
    times: int = 1
    retry_after: str | None = None


@dataclass
class Standin:
    papers: list[StandinPaper] = field(default_factory=load)
    today: date = date(2025, 1, 13)
    port: int = 0
    #: Requests that come sooner after one another than this are a breach of arXiv's terms.
    pace_s: float = 0.0
    records_a_page: int = 5
    entries_a_page: int = 2000
    #: Asked for a fault at each request, beside those that are planned.
    weather: Callable[[str], "Planned | None"] = lambda _path: None
    #: What its answers' Date says, in seconds since the epoch; None: they bear no Date.
    clock: Callable[[], float] | None = time.time

    def __post_init__(self) -> None:
        self.requests: list[Request] = []
        #: What clients did against arXiv's terms: too early, a second connection, no name.
        self.breaches: list[str] = []
        self._planned: list[Planned] = []
        self._lock = threading.Lock()
        self._open = 0
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"standin": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if kind is None:
            assert not self.breaches, f"arXiv's terms were broken: {self.breaches[:5]}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """The addresses to put under `[arxiv]`."""
        names = {
            "rss_url": "rss",
            "atom_url": "atom",
            "api_url": "api/query",
            "oai_url": "oai",
            "catchup_url": "catchup",
        }
        return {name: f"{self.url}/{path}" for name, path in names.items()}

    @property
    def environ(self) -> dict[str, str]:
        """The same as environment variables."""
        return {f"YIBAO_ARXIV__{name.upper()}": value for name, value in self.settings.items()}

    def fail(self, prefix: str, fault: Fault, times: int = 1, retry_after: str | None = None) -> None:
        """The next requests whose path begins so meet this fault."""
        with self._lock:
            self._planned.append(Planned(prefix, fault, times, retry_after))

    def heal(self) -> None:
        """No planned fault is left."""
        with self._lock:
            self._planned.clear()

    def take_fault(self, path: str) -> Planned | None:
        with self._lock:
            planned = next((one for one in self._planned if one.times > 0 and path.startswith(one.prefix)), None)
            if planned:
                planned.times -= 1
            return planned or self.weather(path)

    def enter(self, path: str, user_agent: str) -> None:
        # A client that was killed leaves a connection behind for a moment.
        until = time.monotonic() + _GRACE_S
        while self._open and time.monotonic() < until:
            time.sleep(0.001)
        with self._lock:
            now = time.time()
            self._check(path, user_agent, now)
            self.requests.append(Request(path, now, user_agent, self._open))
            self._open += 1

    def _check(self, path: str, user_agent: str, now: float) -> None:
        if self._open:
            self.breaches.append(f"{path}: a second connection")
        if not user_agent:
            self.breaches.append(f"{path}: no User-Agent")
        gap = now - self.requests[-1].at if self.requests else self.pace_s
        # Requests are some milliseconds on their way, some more than others.
        if gap < self.pace_s - _ON_THE_WAY_S:
            self.breaches.append(f"{path}: {gap:.3f} s after the last request")

    def leave(self) -> None:
        with self._lock:
            self._open -= 1

    def be_silent(self) -> None:
        # The client goes away in the midst of it: that is no second connection.
        self.leave()
        self._closing.wait(_SILENCE_S)
        with self._lock:
            self._open += 1


class _Handler(BaseHTTPRequestHandler):
    standin: Standin
    protocol_version = "HTTP/1.1"
    #: Or a body waits, 40 ms on Linux, until the client has acknowledged the headers before it.
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with suppress(ConnectionResetError):  # A client that was killed between two requests.
            super().handle()

    def do_GET(self) -> None:
        self.standin.enter(self.path, self.headers.get("User-Agent", ""))
        try:
            self._answer()
        except (BrokenPipeError, ConnectionResetError):
            pass  # The client went away, as it does when it is killed.
        finally:
            self.standin.leave()

    def send_response(self, code: int, message: str | None = None) -> None:
        self.send_response_only(code, message)
        if self.standin.clock:
            self.send_header("Date", self.date_time_string(self.standin.clock()))

    def log_message(self, *_: object) -> None:
        return

    def _answer(self) -> None:
        planned = self.standin.take_fault(self.path)
        fault = planned.fault if planned else None
        if fault in _STATUSES:
            extra = {"Retry-After": planned.retry_after} if planned and planned.retry_after else {}
            self._send(_STATUSES[fault], b"<html><body>no</body></html>", "text/html", extra)
            return
        if fault is Fault.MOVED:
            self._send(301, b"", "text/html", {"Location": self.path})
            return
        if fault is Fault.SILENCE:
            self.standin.be_silent()
            self.close_connection = True
            return
        status, kind, body = self._document(fault)
        body = _damage(body, fault)
        if fault is Fault.CUT_OFF:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        self._send(status, body, kind, {})

    def _document(self, fault: Fault | None) -> tuple[int, str, bytes]:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        room, _, rest = parts.path.strip("/").partition("/")
        if room in ("rss", "atom"):
            return 200, f"application/{room}+xml", self._feed(room, rest, fault)
        if room == "api":
            asked = {**query, "id_list": ["abc"]} if fault is Fault.ERROR_ENTRY else query
            known = [] if fault is Fault.NO_ITEMS else self.standin.papers
            status, body = answers.api(known, asked, self.standin.today, _DAMAGES.get(fault, list))
            return status, "application/atom+xml", body
        if room == "oai":
            return 200, "text/xml", self._oai(query, fault)
        if room == "catchup":
            return self._catchup(rest, query, fault)
        return 404, "text/plain", b"not here"

    def _feed(self, room: str, category: str, fault: Fault | None) -> bytes:
        on, known = self.standin.today, self.standin.papers
        earlier = max((line.on for paper in known for line in paper.announced if line.on < on), default=on)
        write = answers.rss if room == "rss" else answers.atom
        shown = [] if fault is Fault.NO_ITEMS else known
        speaks_of = earlier if fault in (Fault.STALE, Fault.STALE_FRESH) else on
        stamped = earlier if fault in (Fault.STALE, Fault.LAGGING) else on
        return write(shown, unquote(category), on, speaks_of, stamped, _DAMAGES.get(fault, list))

    def _oai(self, query: dict[str, list[str]], fault: Fault | None) -> bytes:
        on, base_url = self.standin.today, f"{self.standin.url}/oai"
        if fault is Fault.NO_ITEMS:
            return oai_answers.error(base_url, "noRecordsMatch", "nothing", on)
        if fault is Fault.OAI_ERROR:
            return oai_answers.error(base_url, "badArgument", "the server is not itself", on)
        if fault is Fault.EXPIRED and "resumptionToken" in query:
            return oai_answers.error(base_url, "badResumptionToken", "The value is invalid or expired.", on)
        damaged = _DAMAGES.get(fault, list)
        body = oai_answers.oai(self.standin.papers, query, on, base_url, self.standin.records_a_page, damaged)
        return body.replace(b'verb="ListRecords"', b'verb="Identify"') if fault is Fault.WRONG_ECHO else body

    def _catchup(self, rest: str, query: dict[str, list[str]], fault: Fault | None) -> tuple[int, str, bytes]:
        category, _, day = unquote(rest).partition("/")
        on, today = date.fromisoformat(day), self.standin.today
        if not today - timedelta(days=90) <= on <= today:
            return 404, "text/html", b"<html><body>Dates are available for the last 90 days.</body></html>"
        on = on - timedelta(days=1) if fault is Fault.WRONG_DATE else on
        known = [] if fault is Fault.NO_ITEMS else self.standin.papers
        damaged = _DAMAGES.get(fault, list)
        counted = list if fault is Fault.MISCOUNTED else damaged
        page = int(query.get("page", ["1"])[0])
        return 200, "text/html", pages.catchup(known, category, on, page, self.standin.entries_a_page, damaged, counted)

    def _send(self, status: int, body: bytes, kind: str, extra: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in extra.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


#: What becomes of a list on its way out.
_DAMAGES: dict[Fault | None, Damage] = {
    Fault.SHORT: lambda found: found[:-1],
    Fault.MISCOUNTED: lambda found: found[:-1],
    Fault.SHUFFLED: lambda found: found[::-1],
    Fault.DOUBLED: lambda found: [*found, *found[:1]],
}
_STATUSES = {
    Fault.TOO_MANY: 429,
    Fault.UNAVAILABLE: 503,
    Fault.FORBIDDEN: 403,
    Fault.NOT_FOUND: 404,
    Fault.TEAPOT: 418,
}


def _damage(body: bytes, fault: Fault | None) -> bytes:
    if fault is Fault.HTML:
        return b"<!DOCTYPE html><html><body><h1>Please wait</h1></body></html>"
    if fault is Fault.MALFORMED:
        for end in (b"</item>", b"</entry>", b"</record>"):
            body = body.replace(end, b"", 1)
        return body.replace(b"</html>", b"")
    if fault is Fault.EMPTY_BODY:
        return b""
    if fault is Fault.WRONG_ENCODING:
        return body.replace(b"Enabling", b"Enabling caf\xe9", 1)
    if fault is Fault.CONTROL_CHARACTER:
        return body.replace(b"Enabling", b"Enab\x0bling", 1)
    return body
