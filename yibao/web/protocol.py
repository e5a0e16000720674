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
#: Of a body, while the request is answered. Only pages that are made for one person read it; they take less.
MOST_BODY_BYTES = 128 * 1024
#: From the connection, or from the first byte of a later request, to the end of the header.
HEADER_TIME_S = 15.0
#: Between two requests over one connection.
IDLE_TIME_S = 5
#: Connections at a time. One more closes the oldest that is not being answered.
MOST_CONNECTIONS = 512
#: Connections that the system holds for us until we take them.
BACKLOG = 256
_OF_BODIES = (b"content-length", b"transfer-encoding")
_NO_WEBSOCKET = PlainTextResponse("426 No WebSocket here\n", 426, {**HEADERS, "Upgrade": "HTTP/1.1"})


class BoundedProtocol(HttpToolsProtocol):
    """One connection, within the limits above. What is done for each request is little: most are answered by 304."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        #: Connections of this server, the oldest first.
        self._arrived: dict[BoundedProtocol, None] = vars(self.server_state).setdefault("arrived", {})
        self._deadline: TimerHandle | None = None
        #: The header that was read last; while another is being read, it is not the one in `headers`.
        self._complete: list[tuple[bytes, bytes]] | None = []
        #: Bytes since then.
        self._received = 0
        self._is_too_long = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Take a connection, in place of the oldest that is not being answered where there are too many."""
        super().connection_made(transport)
        self._arrived[self] = None
        self._deadline = self.loop.call_later(HEADER_TIME_S, transport.abort)
        if len(self._arrived) > MOST_CONNECTIONS:
            oldest = next((connection for connection in self._arrived if not connection._is_answering), self)  # noqa: SLF001  (of our kind)
            del self._arrived[oldest]
            oldest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._arrived.pop(self, None)
        self._cancel_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read a part of a request, unless its header is too long or too slow."""
        self._received += len(data)
        super().data_received(data)
        if self.headers is self._complete:
            if self._received > MOST_BODY_BYTES:
                self.transport.abort()
        elif self.transport.is_closing():
            return
        elif self._received > MOST_HEADER_BYTES:
            self._refuse_header()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_TIME_S, self.transport.abort)

    def on_headers_complete(self) -> None:
        """Answer the request. A body may not have been read: the connection ends with the answer to such a one."""
        if self._received > MOST_HEADER_BYTES:
            # Part of it may be of another request, or a body.
            self._is_too_long = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > (
                MOST_HEADER_BYTES
            )
            if self._is_too_long:
                raise ValueError("the header is too long")  # The parser stops, and the request is refused.
        self._complete, self._received = self.headers, 0
        self._cancel_deadline()
        is_upgrade = self.parser.should_upgrade()
        if is_upgrade and self._get_upgrade() == b"websocket":
            self.app = _NO_WEBSOCKET
        super().on_headers_complete()
        self.cycle.keep_alive &= not is_upgrade
        for name, value in self.headers:
            if name in _OF_BODIES and value != b"0":
                self.cycle.keep_alive = False

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, or one whose header is too long."""
        if self._is_too_long:
            self._refuse_header()
        else:
            super().send_400_response(msg)

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse_header(self) -> None:
        content = f"431 The header is longer than {MOST_HEADER_BYTES} bytes\n".encode()
        lines = (
            STATUS_LINE[431],
            b"content-type: text/plain; charset=utf-8\r\n",
            b"content-length: %d\r\nconnection: close\r\n\r\n" % len(content),
            content,
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
