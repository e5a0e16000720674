"""The published tree as a web application: conditional requests, ranges, compression, and headers that protect readers.

For one machine by itself; before it a server such as nginx or Caddy does all of this faster.
Source: https://www.rfc-editor.org/rfc/rfc9110.
"""

import gzip
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache, partial
from http import HTTPStatus
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
        "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Last-Modified, Content-Range",
}
#: The worker in which DuckDB runs compiles WebAssembly: a policy of its own, which no page has.
WORKER = "/sql_worker.js"
WORKER_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": HEADERS["Content-Security-Policy"].replace(
        "script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'"
    ),
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since, If-Range, Range",
    "Access-Control-Max-Age": "86400",
}
CACHE = "public, max-age=300"
METHODS = ("GET", "HEAD")
#: Below here are no files, only answers.
QUESTIONS = "/feeds/search/"
#: Below here pages are made that are no files.
_MADE_PATH = re.compile(r"/(?:[\w-]+/)?papers/.")
#: Content codings of what is made for a question, the best first.
_MADE: dict[str, Callable[[bytes], bytes]] = {
    "zstd": partial(zstandard.compress, level=3),
    "gzip": partial(gzip.compress, compresslevel=6, mtime=0),
}
#: What is answered to a path and a query.
Answer = Callable[[str, str], Reply | Redirect | Refusal | None]


def make_application(public: Path, answer: Answer = lambda _path, _query: None) -> ASGIApp:
    """Make an application that serves what is below the folder at each request; `public` need not exist yet.

    `answer` is asked first where the address has a query, and last where a page may be made that is no file, with path
    and query; None leaves it to the folder.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})  # Refused, before it was accepted.
        if scope["type"] != "http":
            return  # Nothing is to be done when the server starts or stops.
        method, path, headers = scope["method"], scope["path"], Headers(scope=scope)
        if method == "OPTIONS":
            response = Response(None, 204, {**HEADERS, **PREFLIGHT})
        elif method not in METHODS:
            response = PlainTextResponse("405 Method not allowed\n", 405, {**HEADERS, "Allow": "GET, HEAD, OPTIONS"})
        else:
            query = scope["query_string"].decode("latin-1")
            response = await _respond(public, answer, path, query, headers, method)
        await response(scope, receive, send)

    return serve


async def _respond(  # noqa: PLR0913  (what is asked, and of what)
    public: Path, answer: Answer, path: str, query: str, request_headers: Headers, method: str
) -> Response:
    """Respond with an answer to a question, with a file, or with a page that is made where there is no file."""
    reply = await run_in_threadpool(answer, path, query) if query or path.startswith(QUESTIONS) else None
    if reply is not None:
        return _respond_to_question(reply, request_headers, method)
    response = _respond_from_tree(public, path, request_headers, method)
    if response.status_code == HTTPStatus.NOT_FOUND and _MADE_PATH.match(path):
        reply = await run_in_threadpool(answer, path, "")
    return response if reply is None else _respond_to_question(reply, request_headers, method)


def _respond_to_question(reply: Reply | Redirect | Refusal, request_headers: Headers, method: str) -> Response:
    if isinstance(reply, Redirect):
        return RedirectResponse(reply.address, 302, HEADERS)
    if isinstance(reply, Refusal):
        return PlainTextResponse(f"{reply.status} {reply.message}\n", reply.status, HEADERS)
    return respond_with_document(reply, request_headers, method)


def respond_with_document(reply: Reply, request_headers: Headers, method: str) -> Response:
    """Respond with a document, compressed as the client takes it, or with 304 where it has these bytes."""
    etag = hashlib.blake2b(reply.content, digest_size=12).hexdigest()
    coding = _choose_coding(_MADE, request_headers)
    content = _MADE[coding](reply.content) if coding else reply.content
    etag = f'"{etag}-{coding}"' if coding else f'"{etag}"'
    headers = {**HEADERS, "ETag": etag, "Cache-Control": CACHE, "Vary": "Accept-Encoding"}
    if _is_known(request_headers, etag, None):
        return Response(None, 304, headers)
    headers |= {"Content-Encoding": coding} if coding else {}
    headers["Content-Length"] = str(len(content))
    return Response(None if method == "HEAD" else content, 200, headers, reply.media_type)


def _respond_from_tree(public: Path, path: str, request_headers: Headers, method: str) -> Response:
    file = files.find_file(public, path)
    if isinstance(file, str):
        return RedirectResponse(file, 308, HEADERS)
    if file is None:
        return _respond_with_nothing(public, request_headers, is_head=method == "HEAD")
    return _respond_with_file(file, request_headers, is_head=method == "HEAD", is_worker=path == WORKER)


def _respond_with_nothing(public: Path, request_headers: Headers, *, is_head: bool) -> Response:
    """Respond with the tree's page for what is not there, to who reads pages."""
    page = files.find_file(public, "/404.html") if "text/html" in request_headers.get("accept", "") else None
    if not isinstance(page, File):
        return PlainTextResponse("404 页面不存在 Not found\n", 404, HEADERS)
    return Response(None if is_head else page.path.read_bytes(), 404, HEADERS, page.media_type)


def _respond_with_file(file: File, request_headers: Headers, *, is_head: bool, is_worker: bool) -> Response:
    coding = _choose_coding(file.compressed, request_headers)
    etag = f'{file.etag[:-1]}-{coding}"' if coding else file.etag
    if _is_known(request_headers, etag, file.modified_at):
        return _respond_unchanged(etag, file.modified_at, varies=bool(file.compressed), is_worker=is_worker)
    headers = _make_headers(etag, file.modified_at, varies=bool(file.compressed), is_worker=is_worker)
    content = file.compressed[coding] if coding else file.path
    headers |= {"Content-Encoding": coding} if coding else {}
    if isinstance(content, bytes):
        headers["Content-Length"] = str(len(content))
        return Response(None if is_head else content, 200, headers, file.media_type)
    return FileResponse(content, 200, headers, file.media_type)


def _make_headers(etag: str, modified_at: datetime, *, varies: bool, is_worker: bool) -> dict[str, str]:
    last_modified = format_datetime(modified_at, usegmt=True)
    policies = WORKER_HEADERS if is_worker else HEADERS
    headers = {**policies, "ETag": etag, "Last-Modified": last_modified, "Cache-Control": CACHE}
    return {**headers, "Vary": "Accept-Encoding"} if varies else headers


@lru_cache(maxsize=1024)
def _respond_unchanged(etag: str, modified_at: datetime, *, varies: bool, is_worker: bool) -> Response:
    """Respond with 304, as to most requests; the response holds nothing of the request."""
    return Response(None, 304, _make_headers(etag, modified_at, varies=varies, is_worker=is_worker))


def _is_known(request_headers: Headers, etag: str, modified_at: datetime | None) -> bool:
    """Tell whether the client has these bytes. An ETag decides; a date only where none is sent."""
    tags = request_headers.get("if-none-match")
    if tags is not None:
        client_tags = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return "*" in client_tags or etag in client_tags
    since = request_headers.get("if-modified-since")
    try:
        return since is not None and modified_at is not None and parsedate_to_datetime(since) >= modified_at
    except (ValueError, TypeError, OverflowError):
        return False  # No date, or one beyond all calendars.


def _choose_coding(codings: Mapping[str, Any], request_headers: Headers) -> str | None:
    """Choose the best content coding that the client takes; None for plain bytes, as parts of a file always are."""
    accepted = request_headers.get("accept-encoding") if codings else None
    if accepted is None or "range" in request_headers:
        return None
    taken = _parse_accepted_codings(accepted)
    return next((coding for coding in codings if taken.get(coding, taken.get("*", False))), None)


@lru_cache(maxsize=256)
def _parse_accepted_codings(accepted: str) -> dict[str, bool]:
    """Parse the header into whether each content coding is taken."""
    taken = {}
    for part in accepted.split(","):
        name, _, weight = part.partition(";")
        taken[name.strip().lower()] = weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return taken
