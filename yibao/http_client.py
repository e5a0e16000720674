"""Send HTTP requests that end in time and stay within a size, whatever the server does.

httpx limits the silence between two packets only: a server that sends a byte a second is never silent. Here the whole
request has a deadline, from the look-up of the name to the last byte. httpx also decodes a packet at once, however
large it becomes: 64 KB of nested gzip are gigabytes. Here one coding is decoded, piece by piece, up to a limit.
"""

import ssl
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from types import TracebackType
from typing import NamedTuple, Protocol, Self

import httpx
from anyio import fail_after
from anyio.from_thread import start_blocking_portal

from yibao.errors import GarbledError, UnreachableError

#: A whole request may take as long as so many silences.
DEADLINE_TIMEOUTS = 5
#: No answer of arXiv is near this size; a body that is larger is a fault, not news.
BODY_LIMIT_BYTES = 64 * 2**20
_PIECE_BYTES = 2**20
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class Answer(NamedTuple):
    """What a server sent."""

    status: int
    headers: httpx.Headers
    #: Decoded; empty where it was not wanted.
    body: bytes


class HttpClient:
    """One connection to a server at a time. Use as a context manager.

    The requests run in an event loop on a thread of their own, because only there can one be cancelled at any point.
    """

    def __init__(self, timeout_s: float, user_agent: str) -> None:
        self._timeout_s = timeout_s
        self._deadline_s = DEADLINE_TIMEOUTS * timeout_s
        self._headers = {"User-Agent": user_agent, "Accept-Encoding": "gzip"}

    def __enter__(self) -> Self:
        http = httpx.AsyncClient(
            headers=self._headers,
            timeout=self._timeout_s,
            limits=httpx.Limits(max_connections=1),
            follow_redirects=False,
            verify=_read_trusted_authorities(),
        )
        with ExitStack() as stack:
            self._portal = stack.enter_context(start_blocking_portal())
            self._http = stack.enter_context(self._portal.wrap_async_context_manager(http))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def request(
        self,
        method: str,
        url: str,
        *,
        data: Mapping[str, object] | None = None,
        json: object = None,
        wants_body: Callable[[int], bool] = lambda _status: True,
    ) -> Answer:
        """Send a request, with a form (`data`) or JSON, and wait for its answer; redirects are not followed.

        The body is read only where `wants_body` says so of the status: a refusal counts, whatever follows it.

        Raises:
            UnreachableError: nobody answered, or the answer was not whole before the deadline.
            GarbledError: the answer broke off, is too large, or came in a coding that was not asked for.
        """
        with _explain_faults(url, self._deadline_s):
            future = self._portal.start_task_soon(self._send, method, url, data, json, wants_body)
            try:
                return future.result()
            finally:
                # Nothing goes on behind the back of a caller who was interrupted.
                future.cancel()

    async def _send(
        self,
        method: str,
        url: str,
        data: Mapping[str, object] | None,
        json: object,
        wants_body: Callable[[int], bool],
    ) -> Answer:
        with fail_after(self._deadline_s):
            async with self._http.stream(method, url, data=data, json=json) as response:
                body = await _read_body(url, response) if wants_body(response.status_code) else b""
                return Answer(response.status_code, response.headers, body)


@cache
def _read_trusted_authorities() -> ssl.SSLContext:
    """Read whom to trust with certificates, once a process: it takes longer than a request to a server nearby."""
    return httpx.create_ssl_context()


@contextmanager
def _explain_faults(url: str, deadline_s: float) -> Iterator[None]:
    """Turn what httpx raises into what a person can act on."""
    try:
        yield
    except TimeoutError as error:
        raise UnreachableError(url, f"no answer in time (not whole after {deadline_s:g} s)") from error
    except httpx.TimeoutException as error:
        raise UnreachableError(url, f"no answer in time ({type(error).__name__})") from error
    except (httpx.RemoteProtocolError, zlib.error) as error:
        raise GarbledError(url, f"the answer broke off or is damaged ({error})") from error
    except httpx.TransportError as error:
        raise UnreachableError(url, f"cannot be reached ({error or type(error).__name__})") from error
    except (httpx.InvalidURL, UnicodeError) as error:
        raise GarbledError(url, f"this is no address ({error})") from error


async def _read_body(url: str, response: httpx.Response) -> bytes:
    decoder = _choose_decoder(url, response.headers.get("content-encoding", ""))
    body, received_bytes = bytearray(), 0
    async for packet in response.aiter_raw():
        received_bytes += len(packet)
        for piece in decoder.decode(packet):
            body += piece
            if max(len(body), received_bytes) > BODY_LIMIT_BYTES:
                raise GarbledError(url, f"the answer is larger than {BODY_LIMIT_BYTES} bytes")
    if not decoder.is_whole:
        raise GarbledError(url, "the answer broke off (its compressed body has no end)")
    return bytes(body)


class _Decoder(Protocol):
    @property
    def is_whole(self) -> bool:
        """Whether what came so far may be all."""

    def decode(self, packet: bytes) -> Iterator[bytes]:
        """Decode the next bytes, in pieces of limited size."""


class _Identity:
    is_whole = True

    def decode(self, packet: bytes) -> Iterator[bytes]:
        yield packet


class _Gzip:
    """Decode gzip, of one member or several, or zlib (which HTTP calls deflate)."""

    def __init__(self) -> None:
        self._member: zlib._Decompress | None = None

    @property
    def is_whole(self) -> bool:
        return self._member is None or self._member.eof

    def decode(self, packet: bytes) -> Iterator[bytes]:
        while packet:
            if self._member is None or self._member.eof:
                self._member = zlib.decompressobj(_GZIP_OR_ZLIB)
            yield self._member.decompress(packet, _PIECE_BYTES)
            packet = self._member.unused_data if self._member.eof else self._member.unconsumed_tail


def _choose_decoder(url: str, encoding: str) -> _Decoder:
    codings = [name for name in (part.strip().lower() for part in encoding.split(",")) if name not in ("", "identity")]
    if not codings:
        return _Identity()
    if len(codings) == 1 and codings[0] in ("gzip", "x-gzip", "deflate"):
        return _Gzip()
    raise GarbledError(url, f"the answer is encoded as {', '.join(codings)[:60]!r}, which was not asked for")
