"""HTTP/1.1 as uvicorn speaks it, with limits: no client holds more than a little memory, or a connection for long.

uvicorn bounds neither the size of a request's header nor the time that it takes to arrive.
Source: https://www.rfc-editor.org/rfc/rfc6585#section-5 (431) and rfc9110#section-15.5.22 (426).
"""

from asyncio import TimerHandle, Transport
from typing import Any

from starlette.responses import PlainTextResponse
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from yibao.web.application import HEADERS

#: Of a request's line and header together. Browsers send 2 KiB; nginx takes 32 KiB.
MOST_HEADER_BYTES = 32 * 1024
#: From the connection, or from the first byte of a later request, to the end of the header.
HEADER_TIME_S = 15.0
#: Between two requests over one connection.
IDLE_TIME_S = 5
#: Connections at a time. One more closes the one that has waited longest without a whole request.
MOST_CONNECTIONS = 512
#: Connections that the system holds for us until we take them.
BACKLOG = 256
_NO_WEBSOCKET = PlainTextResponse("426 No WebSocket here\n", 426, {**HEADERS, "Upgrade": "HTTP/1.1"})


class BoundedProtocol(HttpToolsProtocol):
    """One connection, within the limits above."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        #: Connections of this server without a whole request, the longest waiting first.
        self._waiting: dict[BoundedProtocol, None] = vars(self.server_state).setdefault("waiting", {})
        self._deadline: TimerHandle | None = None
        self._is_refused = False
        self._is_in_header = True
        self._has_body = False
        #: Of the header that is being read: bytes that were understood, and those that may still be part of it.
        self._header_bytes = 0
        self._open_bytes = 0
        #: Requests that began in the part that is being read.
        self._begun = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Take a connection, in place of the one that has waited longest where there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            oldest = next(iter(self._waiting), self)
            self._waiting.pop(oldest, None)
            oldest.transport.abort()
        self._waiting[self] = None
        self._deadline = self.loop.call_later(HEADER_TIME_S, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._waiting.pop(self, None)
        self._cancel_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read a part of a request, unless its header is too long or too slow."""
        if self._is_refused:
            return
        before, self._begun = self._header_bytes, 0
        super().data_received(data)
        if not self._is_in_header or self._is_refused or self.transport.is_closing():
            return
        # The parser tells of a line once it is whole.
        understood = self._header_bytes - (0 if self._begun else before)
        if self._begun or understood:
            self._open_bytes = max(0, len(data) - understood) if self._begun <= 1 else 0
        else:
            self._open_bytes += len(data)
        if self._header_bytes + self._open_bytes > MOST_HEADER_BYTES:
            self._refuse_header()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_TIME_S, self.transport.abort)

    def on_message_begin(self) -> None:
        """Begin with the header of a request."""
        super().on_message_begin()
        self._is_in_header, self._has_body = True, False
        self._begun += 1
        self._header_bytes = self._open_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self._count(len(url))
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a line of the header, or of a trailer."""
        self._count(len(name) + len(value) + 4)
        name = name.lower()
        if name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
            self._has_body = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Answer the request. Nobody here asks for its body: the connection ends with the answer to such a one."""
        self._is_in_header = False
        self._waiting.pop(self, None)
        self._cancel_deadline()
        is_upgrade = self.parser.should_upgrade()
        if is_upgrade and self._get_upgrade() == b"websocket":
            self.app = _NO_WEBSOCKET
        super().on_headers_complete()
        if self._has_body or is_upgrade:
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if not self.transport.is_closing() and self.cycle.response_complete:
            self._is_in_header = True
            self._waiting[self] = None

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, or one whose header is too long."""
        if self._header_bytes > MOST_HEADER_BYTES:
            self._refuse_header()
        else:
            self._is_refused = True
            super().send_400_response(msg)

    def _count(self, length: int) -> None:
        self._header_bytes += length
        if self._header_bytes > MOST_HEADER_BYTES:
            raise ValueError("the header is too long")  # The parser stops, and the request is refused.

    def _refuse_header(self) -> None:
        self._is_refused = True
        said = f"431 The header is longer than {MOST_HEADER_BYTES} bytes\n".encode()
        lines = (
            STATUS_LINE[431],
            b"content-type: text/plain; charset=utf-8\r\n",
            b"content-length: %d\r\nconnection: close\r\n\r\n" % len(said),
            said,
        )
        self.transport.write(b"".join(lines))
        self.transport.close()

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _should_upgrade_to_ws(self) -> bool:
        return False

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: to ignore an upgrade is a right answer."""
