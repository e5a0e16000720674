"""The published tree as a web application: conditional requests, ranges, compression, and headers that protect readers.

For one machine by itself; before it a server such as nginx or Caddy does all of this faster.
Source: https://www.rfc-editor.org/rfc/rfc9110.
"""

from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from yibao.web import tree
from yibao.web.tree import File

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


def application(public: Path) -> ASGIApp:
    """Hands out what is below the folder at the moment of each request; `public` need not exist yet."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # Nothing is to be done when the server starts or stops.
        response = _answer(public, scope["method"], scope["path"], Headers(scope=scope))
        await response(scope, receive, send)

    return serve


def _answer(public: Path, method: str, path: str, headers: Headers) -> Response:
    if method == "OPTIONS":
        return Response(None, 204, {**HEADERS, **_PREFLIGHT})
    if method not in _METHODS:
        return PlainTextResponse("405 Method not allowed\n", 405, {**HEADERS, "Allow": "GET, HEAD, OPTIONS"})
    found = tree.find(public, path)
    if isinstance(found, str):
        return RedirectResponse(found, 308, HEADERS)
    if found is None:
        return PlainTextResponse("404 没有这一页 Not found\n", 404, HEADERS)
    return _file(found, headers, is_head=method == "HEAD")


def _file(file: File, asked: Headers, *, is_head: bool) -> Response:
    coding = _coding(file, asked)
    etag = f'{file.etag[:-1]}-{coding}"' if coding else file.etag
    headers = {**HEADERS, "ETag": etag, "Last-Modified": file.last_modified, "Cache-Control": CACHE}
    if file.compressed:
        headers["Vary"] = "Accept-Encoding"
    if _is_known(asked, etag, file.modified_at):
        return Response(None, 304, headers)
    if coding:
        content = file.compressed[coding]
        sizes = {"Content-Encoding": coding, "Content-Length": str(len(content))}
        return Response(None if is_head else content, 200, {**headers, **sizes}, file.media_type)
    return FileResponse(file.path, 200, headers, file.media_type)


def _is_known(asked: Headers, etag: str, modified_at: datetime) -> bool:
    """Whether who asks has these bytes. An ETag decides; a date only where none is sent."""
    tags = asked.get("if-none-match")
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return "*" in known or etag in known
    since = asked.get("if-modified-since")
    try:
        return since is not None and parsedate_to_datetime(since) >= modified_at
    except (ValueError, TypeError):
        return False


def _coding(file: File, asked: Headers) -> str | None:
    """The best content coding that who asks takes; None for the bytes as they are, as parts of a file always are."""
    if not file.compressed or "range" in asked:
        return None
    taken = {}
    for one in asked.get("accept-encoding", "").split(","):
        name, _, weight = one.partition(";")
        taken[name.strip().lower()] = weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return next((coding for coding in file.compressed if taken.get(coding, taken.get("*", False))), None)
