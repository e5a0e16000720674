"""An API of documents that are only read: conditional requests, compression, and problems as RFC 9457 has them."""

from collections.abc import Callable
from http import HTTPStatus

import orjson
from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from yibao.web.application import HEADERS, METHODS, PREFLIGHT, respond_with_document
from yibao.web.responses import Problem, Reply

#: Answers that are made at a time. Questions that take long cost the rest of the site nothing.
_MOST_AT_ONCE = 4

#: What is answered to a path and a query; called in a thread.
AnswerApi = Callable[[str, str], Reply | Problem]


def make_api_application(answer: AnswerApi) -> ASGIApp:
    """Make an application of what answers questions of programs."""
    limiter = CapacityLimiter(_MOST_AT_ONCE)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        if method == "OPTIONS":
            response = Response(None, 204, {**HEADERS, **PREFLIGHT})
        elif method not in METHODS:
            problem = Problem(405, "This API is read only: use GET or HEAD.")
            response = _tell_problem(problem, {"Allow": "GET, HEAD, OPTIONS"})
        else:
            query = scope["query_string"].decode("latin-1")
            reply = await to_thread.run_sync(answer, scope["path"], query, limiter=limiter)
            response = (
                _tell_problem(reply, is_head=method == "HEAD")
                if isinstance(reply, Problem)
                else respond_with_document(reply, Headers(scope=scope), method)
            )
        await response(scope, receive, send)

    return serve


def _tell_problem(problem: Problem, headers: dict[str, str] | None = None, *, is_head: bool = False) -> Response:
    content = orjson.dumps(
        {
            "type": "about:blank",
            "title": HTTPStatus(problem.status).phrase,
            "status": problem.status,
            "detail": problem.detail,
        }
    )
    headers = {**HEADERS, "Cache-Control": "no-store", **(headers or {}), "Content-Length": str(len(content))}
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(problem.retry_after_s)
    return Response(None if is_head else content, problem.status, headers, "application/problem+json")
