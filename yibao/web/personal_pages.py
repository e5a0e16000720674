"""Pages that are made for one person, under headers that keep them private: nobody stores, lists or embeds them."""

from collections.abc import Callable, Mapping, Sequence

from anyio import CapacityLimiter, to_thread
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from yibao.web.requests import METHODS, Request, read_request
from yibao.web.responses import Page, Redirect, Refusal

#: No script at all. No other site reads, embeds or learns of them; where a link goes learns nothing of their address.
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; manifest-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_UNLISTED = {"X-Robots-Tag": "noindex"}
#: Of this machine itself: where nginx and Caddy stand.
LOOPBACK = ("127.0.0.1", "::1")
#: Pages that are made at a time. A database that is slow or locked costs the rest of the site nothing.
_MOST_AT_ONCE = 4

#: Makes the page for a request, in a thread.
MakePage = Callable[[Request], Page | Redirect]


def make_page_application(make_page: MakePage, proxies: Sequence[str] = ()) -> ASGIApp:
    """Make an application of what makes pages.

    `proxies` are addresses or networks, beside this machine, that are believed when they say for whom they ask
    (X-Forwarded-For).
    """
    limiter = CapacityLimiter(_MOST_AT_ONCE)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        request = await read_request(scope, receive)
        if isinstance(request, Refusal):
            response = _refuse(request)
        else:
            page = await to_thread.run_sync(make_page, request, limiter=limiter)
            response = _respond(page, is_head=scope["method"] == "HEAD")
        await response(scope, receive, send)

    application: ASGIApp = ProxyHeadersMiddleware(serve, [*LOOPBACK, *proxies])  # type: ignore[arg-type, assignment]
    return application


def mount_services(application: ASGIApp, services: Mapping[str, ASGIApp]) -> ASGIApp:
    """Let services answer all requests whose path begins with their key, such as `/subscribe/`."""
    starts = tuple(services)
    folders = {start.removesuffix("/") for start in services}

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        path, chosen = scope.get("path", ""), application
        if scope["type"] != "http":
            pass
        elif path.startswith(starts):
            chosen = next(service for start, service in services.items() if path.startswith(start))
        elif path in folders:
            chosen = Response(None, 308, {**PAGE_HEADERS, "Location": f"{path}/"})
        await chosen(scope, receive, send)

    return serve


def _respond(page: Page | Redirect, *, is_head: bool) -> Response:
    if isinstance(page, Redirect):
        return Response(None, 303, {**PAGE_HEADERS, "Location": page.address})
    headers = PAGE_HEADERS if page.is_listed else {**PAGE_HEADERS, **_UNLISTED}
    if page.retry_after_s is not None:
        headers = {**headers, "Retry-After": str(page.retry_after_s)}
    if page.policy:
        headers = {**headers, "Content-Security-Policy": page.policy}
    headers = {**headers, "Content-Length": str(len(page.content))}
    background = BackgroundTask(page.then) if page.then else None
    return Response(
        None if is_head else page.content, page.status, headers, "text/html; charset=utf-8", background=background
    )


def _refuse(refusal: Refusal) -> Response:
    headers = {**PAGE_HEADERS, **_UNLISTED, "Connection": "close"}
    if refusal.status == 405:  # noqa: PLR2004
        headers["Allow"] = ", ".join(METHODS)
    return PlainTextResponse(f"{refusal.status} {refusal.message}\n", refusal.status, headers)
