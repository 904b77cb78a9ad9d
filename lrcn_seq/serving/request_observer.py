"""Counts and logs every request, and adds the headers that all answers have."""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lrcn_seq.serving.request_limits import received_bytes
from lrcn_seq.serving.request_log import log_event, log_failure

HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
"""The headers of all answers."""
OTHER = "other"
"""The route of requests that have no route."""


class RequestObserver:
    """An ASGI middleware that observes requests.

    Args:
        app: the application.
        observe: called with the route, the status and the seconds of each request.
    """

    def __init__(self, app: ASGIApp, *, observe: Callable[[str, int, float], None]):
        self.app, self.observe = app, observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; an unexpected exception is logged and answered with the status 500."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], *HEADERS]}
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            log_failure("request failed", error)
            if status:
                raise
            sentence = "The prediction failed; the log of the server names the place."
            await JSONResponse({"error": sentence}, 500)(scope, receive, send_with_headers)
        finally:
            route = getattr(scope.get("route"), "path", OTHER)
            seconds = time.perf_counter() - began
            self.observe(route, status, seconds)
            log_event(
                "request",
                method=scope["method"] if route != OTHER else OTHER,
                route=route,
                status=status,
                seconds=round(seconds, 4),
                bytes=received_bytes(scope),
            )
