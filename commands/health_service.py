"""What `yibao serve` tells load balancers (`/health`) and monitors of this machine (`/metrics`)."""

import threading
import time

from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from flows.steps.metrics import collect_metrics
from yibao.settings import Settings
from yibao.web.personal_pages import LOOPBACK

HEALTH, METRICS = "/health", "/metrics"
#: However often somebody asks, the figures are collected no more often than this.
_FRESH_S = 15.0
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex"}


class HealthService:
    """Answers whether pages can be handed out, and how the installation stands."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._metrics, self._collected_at = b"", float("-inf")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET and HEAD; figures go to this machine alone, and to nobody for whom a proxy asks."""
        await (await self._respond(scope))(scope, receive, send)

    async def _respond(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("405 Method not allowed\n", 405, {**_HEADERS, "Allow": "GET, HEAD"})
        if scope["path"] == HEALTH:
            is_published = (self._settings.paths.public / "index.html").is_file()
            words = "ok" if is_published else "nothing is published yet"
            return JSONResponse({"status": words}, 200 if is_published else 503, _HEADERS)
        if scope["path"] == METRICS and _is_of_this_machine(scope):
            return Response(await run_in_threadpool(self._collect), 200, _HEADERS, CONTENT_TYPE_LATEST)
        return PlainTextResponse("404 页面不存在 Not found\n", 404, _HEADERS)

    def _collect(self) -> bytes:
        with self._lock:
            if time.monotonic() - self._collected_at > _FRESH_S:
                self._metrics, self._collected_at = collect_metrics(self._settings), time.monotonic()
            return self._metrics


def _is_of_this_machine(scope: Scope) -> bool:
    client = scope.get("client")
    is_forwarded = any(name in (b"x-forwarded-for", b"forwarded", b"via") for name, _ in scope["headers"])
    return client is not None and client[0] in LOOPBACK and not is_forwarded
