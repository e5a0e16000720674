"""The published tree as a web application: conditional requests, ranges, compression, and headers that protect readers.

For one machine by itself; before it a server such as nginx or Caddy does all of this faster.
Source: https://www.rfc-editor.org/rfc/rfc9110.
"""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import zstandard
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from yibao.web import files
from yibao.web.files import File
from yibao.web.responses import Redirect, Refusal, Reply

#: Scripts (of search and the composer) and all else are the site's own; nothing is loaded from elsewhere. Readers that
#: are web pages themselves may fetch feeds.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Last-Modified, Content-Range",
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since, If-Range, Range",
    "Access-Control-Max-Age": "86400",
}
CACHE = "public, max-age=300"
_METHODS = ("GET", "HEAD")
#: Below here are no files, only answers.
QUESTIONS = "/feeds/search/"
#: Content codings of what is made for a question, the best first.
_MADE: dict[str, Callable[[bytes], bytes]] = {
    "zstd": partial(zstandard.compress, level=3),
    "gzip": partial(gzip.compress, compresslevel=6, mtime=0),
}
#: What is answered to a path and a query.
Answer = Callable[[str, str], Reply | Redirect | Refusal | None]


def make_application(public: Path, answer: Answer = lambda _path, _query: None) -> ASGIApp:
    """Hands out what is below the folder at the moment of each request; `public` need not exist yet.

    `answer` is asked first, with the path and the query of the address; None leaves it to the folder.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})  # Refused, before it was accepted.
        if scope["type"] != "http":
            return  # Nothing is to be done when the server starts or stops.
        method, path, asked = scope["method"], scope["path"], Headers(scope=scope)
        if method == "OPTIONS":
            response = Response(None, 204, {**HEADERS, **_PREFLIGHT})
        elif method not in _METHODS:
            response = PlainTextResponse("405 Method not allowed\n", 405, {**HEADERS, "Allow": "GET, HEAD, OPTIONS"})
        else:
            answered = None
            if scope["query_string"] or path.startswith(QUESTIONS):
                answered = await run_in_threadpool(answer, path, scope["query_string"].decode("latin-1"))
            response = (
                _answered(answered, asked, method) if answered is not None else _of_tree(public, path, asked, method)
            )
        await response(scope, receive, send)

    return serve


def _answered(answered: Reply | Redirect | Refusal, asked: Headers, method: str) -> Response:
    if isinstance(answered, Redirect):
        return RedirectResponse(answered.address, 302, HEADERS)
    if isinstance(answered, Refusal):
        return PlainTextResponse(f"{answered.status} {answered.message}\n", answered.status, HEADERS)
    etag = hashlib.blake2b(answered.content, digest_size=12).hexdigest()
    coding = _coding(_MADE, asked)
    content = _MADE[coding](answered.content) if coding else answered.content
    etag = f'"{etag}-{coding}"' if coding else f'"{etag}"'
    headers = {**HEADERS, "ETag": etag, "Cache-Control": CACHE, "Vary": "Accept-Encoding"}
    if _is_known(asked, etag, None):
        return Response(None, 304, headers)
    headers |= {"Content-Encoding": coding} if coding else {}
    headers["Content-Length"] = str(len(content))
    return Response(None if method == "HEAD" else content, 200, headers, answered.media_type)


def _of_tree(public: Path, path: str, asked: Headers, method: str) -> Response:
    found = files.find_file(public, path)
    if isinstance(found, str):
        return RedirectResponse(found, 308, HEADERS)
    if found is None:
        return PlainTextResponse("404 页面不存在 Not found\n", 404, HEADERS)
    return _file(found, asked, is_head=method == "HEAD")


def _file(file: File, asked: Headers, *, is_head: bool) -> Response:
    coding = _coding(file.compressed, asked)
    etag = f'{file.etag[:-1]}-{coding}"' if coding else file.etag
    if _is_known(asked, etag, file.modified_at):
        return _unchanged(etag, file.modified_at, varies=bool(file.compressed))
    headers = _headers(etag, file.modified_at, varies=bool(file.compressed))
    if coding:
        content = file.compressed[coding]
        sizes = {"Content-Encoding": coding, "Content-Length": str(len(content))}
        return Response(None if is_head else content, 200, {**headers, **sizes}, file.media_type)
    return FileResponse(file.path, 200, headers, file.media_type)


def _headers(etag: str, modified_at: datetime, *, varies: bool) -> dict[str, str]:
    last_modified = format_datetime(modified_at, usegmt=True)
    headers = {**HEADERS, "ETag": etag, "Last-Modified": last_modified, "Cache-Control": CACHE}
    return {**headers, "Vary": "Accept-Encoding"} if varies else headers


@lru_cache(maxsize=1024)
def _unchanged(etag: str, modified_at: datetime, *, varies: bool) -> Response:
    """Most answers are this one; it holds nothing of the request."""
    return Response(None, 304, _headers(etag, modified_at, varies=varies))


def _is_known(asked: Headers, etag: str, modified_at: datetime | None) -> bool:
    """Whether who asks has these bytes. An ETag decides; a date only where none is sent."""
    tags = asked.get("if-none-match")
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return "*" in known or etag in known
    since = asked.get("if-modified-since")
    try:
        return since is not None and modified_at is not None and parsedate_to_datetime(since) >= modified_at
    except (ValueError, TypeError, OverflowError):
        return False  # No date, or one beyond all calendars.


def _coding(codings: Mapping[str, Any], asked: Headers) -> str | None:
    """The best content coding that who asks takes; None for the bytes as they are, as parts of a file always are."""
    accepted = asked.get("accept-encoding") if codings else None
    if accepted is None or "range" in asked:
        return None
    taken = _taken(accepted)
    return next((coding for coding in codings if taken.get(coding, taken.get("*", False))), None)


@lru_cache(maxsize=256)
def _taken(accepted: str) -> dict[str, bool]:
    """Whether each content coding in the header is taken."""
    taken = {}
    for one in accepted.split(","):
        name, _, weight = one.partition(";")
        taken[name.strip().lower()] = weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return taken
