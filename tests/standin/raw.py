"""A server that sends any bytes at any speed, as no decent one does."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Self


class RawServer:
    """Answers each connection by a function of it. Use as a context manager."""

    def __init__(self, answer: Callable[["RawServer", socket.socket], None]) -> None:
        self._answer = answer
        self._closing = threading.Event()
        #: What clients sent: request lines and headers, of each request.
        self.requests: list[bytes] = []

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def read_request(self, client: socket.socket) -> None:
        """Wait for a request's headers, and remember them."""
        said = b""
        while b"\r\n\r\n" not in said:
            got = client.recv(65536)
            if not got:
                raise ConnectionError
            said += got
        self.requests.append(said)

    def drip(self, client: socket.socket, piece: bytes, pause_s: float = 0.1) -> None:
        """Send the same bytes again and again, until the client or the server has enough."""
        until = time.monotonic() + 60
        while not self._closing.wait(pause_s) and time.monotonic() < until:
            client.sendall(piece)

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer_one, args=(client,), daemon=True).start()

    def _answer_one(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            self._answer(self, client)


def sending(content: bytes) -> Callable[[RawServer, socket.socket], None]:
    """Answer each request with these bytes, and close the connection."""

    def answer(server: RawServer, client: socket.socket) -> None:
        server.read_request(client)
        client.sendall(content)

    return answer


def dripping(start: bytes, piece: bytes) -> Callable[[RawServer, socket.socket], None]:
    """Answer each request with a start, and then with the same bytes for ever, slowly."""

    def answer(server: RawServer, client: socket.socket) -> None:
        server.read_request(client)
        client.sendall(start)
        server.drip(client, piece)

    return answer


def packed(coding: str, body: bytes) -> bytes:
    """A whole answer with a body in this content coding."""
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body
