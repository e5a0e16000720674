"""The stand-in's HTTP server, and the faults it shows on demand.

    with Standin() as arxiv:
        arxiv.today = date(2025, 1, 13)
        arxiv.fail("/rss/cs.CL", Fault.UNAVAILABLE, times=2, retry_after="1")

Requests are recorded, so that a test can look at pace, connections and names.
"""

import threading
import time
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.standin import answers
from tests.standin.papers import StandinPaper, load

_SILENCE_S = 30.0


class Fault(Enum):
    TOO_MANY = auto()
    UNAVAILABLE = auto()
    FORBIDDEN = auto()
    SILENCE = auto()
    CUT_OFF = auto()
    HTML = auto()
    MALFORMED = auto()
    EMPTY_BODY = auto()
    NO_ITEMS = auto()
    STALE = auto()
    ERROR_ENTRY = auto()
    WRONG_ENCODING = auto()
    CONTROL_CHARACTER = auto()
    MOVED = auto()


@dataclass
class Request:
    path: str
    at: float
    user_agent: str
    #: How many other requests were being answered when this one came.
    others: int


@dataclass
class _Planned:
    prefix: str
    fault: Fault
    times: int
    retry_after: str | None


@dataclass
class Standin:
    papers: list[StandinPaper] = field(default_factory=load)
    today: date = date(2025, 1, 13)
    port: int = 0

    def __post_init__(self) -> None:
        self.requests: list[Request] = []
        self._planned: list[_Planned] = []
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

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

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
            self._planned.append(_Planned(prefix, fault, times, retry_after))

    def heal(self) -> None:
        """No planned fault is left."""
        with self._lock:
            self._planned.clear()

    def take_fault(self, path: str) -> _Planned | None:
        with self._lock:
            planned = next((one for one in self._planned if one.times > 0 and path.startswith(one.prefix)), None)
            if planned:
                planned.times -= 1
            return planned

    def enter(self, path: str, user_agent: str) -> None:
        with self._lock:
            self.requests.append(Request(path, time.time(), user_agent, self._open))
            self._open += 1

    def leave(self) -> None:
        with self._lock:
            self._open -= 1

    def be_silent(self) -> None:
        self._closing.wait(_SILENCE_S)


class _Handler(BaseHTTPRequestHandler):
    standin: Standin
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.standin.enter(self.path, self.headers.get("User-Agent", ""))
        try:
            self._answer()
        except (BrokenPipeError, ConnectionResetError):
            pass  # The client went away, as it does when it is killed.
        finally:
            self.standin.leave()

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
        on, known = self.standin.today, self.standin.papers
        room, _, rest = parts.path.strip("/").partition("/")
        shown = [] if fault is Fault.NO_ITEMS else known
        earlier = max((line.on for paper in known for line in paper.announced if line.on < on), default=on)
        if room in ("rss", "atom"):
            write = answers.rss if room == "rss" else answers.atom
            return 200, f"application/{room}+xml", write(shown, rest, on, earlier if fault is Fault.STALE else None)
        if room == "api":
            asked = {**query, "id_list": ["abc"]} if fault is Fault.ERROR_ENTRY else query
            status, body = answers.api(shown, asked, on)
            return status, "application/atom+xml", body
        if room == "oai":
            return 200, "text/xml", answers.oai(known, query, on, f"{self.standin.url}/oai")
        if room == "catchup":
            category, _, day = unquote(rest).partition("/")
            return 200, "text/html", answers.catchup(known, category, date.fromisoformat(day))
        return 404, "text/plain", b"not here"

    def _send(self, status: int, body: bytes, kind: str, extra: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in extra.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


_STATUSES = {Fault.TOO_MANY: 429, Fault.UNAVAILABLE: 503, Fault.FORBIDDEN: 403}


def _damage(body: bytes, fault: Fault | None) -> bytes:
    if fault is Fault.HTML:
        return b"<!DOCTYPE html><html><body><h1>Please wait</h1></body></html>"
    if fault is Fault.MALFORMED:
        return body.replace(b"</item>", b"", 1).replace(b"</entry>", b"", 1)
    if fault is Fault.EMPTY_BODY:
        return b""
    if fault is Fault.WRONG_ENCODING:
        return body.replace(b"Enabling", b"Enabling caf\xe9", 1)
    if fault is Fault.CONTROL_CHARACTER:
        return body.replace(b"Enabling", b"Enab\x0bling", 1)
    return body
