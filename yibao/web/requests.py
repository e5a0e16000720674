"""What a person asks of a page that is made for them: method, address, body, and where it comes from."""

from asyncio import timeout
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from yibao.web.responses import Refusal

#: Of a body. A form with all of arXiv's categories and the most of everything else has 20 KiB.
MOST_BODY_BYTES = 64 * 1024
#: From the end of the header to the end of the body.
BODY_TIME_S = 15.0
METHODS = ("GET", "HEAD", "POST")


class Request(NamedTuple):
    """A request with its body."""

    #: GET or POST; HEAD counts as GET.
    method: str
    path: str
    query: str = ""
    body: bytes = b""
    #: Of the body, as the client names it, with its parameters; empty where it names none.
    media_type: str = ""
    #: The client's address as far as the proxies before us are believed; None where unknown.
    client: str | None = None
    #: Whether a browser says that a page of another site sent it.
    is_foreign: bool = False


async def read_request(scope: Scope, receive: Receive) -> Request | Refusal:
    """Read a whole request; one that is too long or too slow, or that nobody knows how to answer, is refused."""
    headers, method = Headers(scope=scope), scope["method"]
    if method not in METHODS:
        return Refusal(405, f"只能用 {'、'.join(METHODS)}。Use {', '.join(METHODS)}.")
    length = headers.get("content-length", "0")
    try:
        async with timeout(BODY_TIME_S):
            body = None if int(length) > MOST_BODY_BYTES else await _read_body(receive)
    except TimeoutError:
        return Refusal(408, "请求太慢，请再试一次。The request took too long; send it again.")
    if body is None:
        return Refusal(413, f"内容超过 {MOST_BODY_BYTES} 字节，请缩短。Send at most {MOST_BODY_BYTES} bytes.")
    return Request(
        "GET" if method == "HEAD" else method,
        scope["path"],
        scope["query_string"].decode("latin-1"),
        body,
        headers.get("content-type", ""),
        scope["client"][0] if scope.get("client") else None,
        is_foreign=is_foreign(headers),
    )


def is_foreign(headers: Headers) -> bool:
    """Tell whether a browser says that another site's page sent this.

    A browser says `Origin: null` even of our own forms, because our pages ask it to hide where people come from
    (Referrer-Policy); browsers since 2023 name the relation beside it.
    Source: https://fetch.spec.whatwg.org/#append-a-request-origin-header and https://www.w3.org/TR/fetch-metadata/.
    """
    relation = headers.get("sec-fetch-site")
    if relation is not None:
        return relation not in ("same-origin", "none")
    origin = headers.get("origin", "null")
    return origin != "null" and _find_host(origin) != headers.get("host")


def _find_host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None  # Brackets without an address between them.


async def _read_body(receive: Receive) -> bytes | None:
    """Read a body; None where it is longer than allowed, or where the client went away."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > MOST_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)
