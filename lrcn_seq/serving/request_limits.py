"""Limits on the bodies of requests: bytes and seconds."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINGER_SECONDS = 3.0
"""Seconds for which the rest of a refused body is read and discarded, so that a client that sends
its whole body first can read the answer."""


class BodyLimit:
    """An ASGI middleware that refuses bodies that are too large or arrive too slowly.

    A body is refused as soon as its stated or received length exceeds the limit. After an answer to
    an incomplete body, at most `limit` further bytes are read, and the connection is closed.

    Args:
        app: the application.
        limit: the largest number of bytes of a body.
        seconds: the time within which a body must arrive.
    """

    def __init__(self, app: ASGIApp, *, limit: int, seconds: float):
        self.app, self.limit, self.seconds = app, limit, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] == "http":
            body = LimitedBody(scope, receive, send, limit=self.limit, seconds=self.seconds)
            await self.app(scope, body.receive, body.send)
        else:
            await self.app(scope, receive, send)


class LimitedBody:
    """The body of one request, and the messages of its answer.

    Args:
        scope: the request.
        receive: receives the body from the server.
        send: sends the answer to the server.
        limit: the largest number of bytes.
        seconds: the time within which the body must arrive.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, limit: int, seconds: float):
        self._receive, self._send, self.limit, self.seconds = receive, send, limit, seconds
        headers = dict(scope["headers"])
        stated = headers.get(b"content-length", b"0")
        self.stated = int(stated) if stated.isdigit() else 0
        self.complete = not self.stated and b"transfer-encoding" not in headers
        self.received = 0
        self._deadline = asyncio.get_running_loop().time() + seconds
        scope["state"] = {**scope.get("state", {}), "body": self}

    async def receive(self) -> Message:
        """Receive the next message of the body.

        Raises:
            HTTPException: the body is too large (413) or too slow (408).
        """
        if self.complete:
            return await self._receive()
        if self.stated > self.limit:
            raise self._too_large(f"{self.stated:,} bytes")
        rest = self._deadline - asyncio.get_running_loop().time()
        message = await self._next(rest)
        if message is None:
            raise HTTPException(
                408,
                f"Expected the whole request within {self.seconds:g} seconds. Received: "
                f"{self.received:,} bytes; use a faster connection or a smaller file.",
            )
        if self.received > self.limit:
            raise self._too_large("more")
        return message

    async def send(self, message: Message) -> None:
        """Send a message of the answer; close the connection if the body is incomplete."""
        if self.complete:
            await self._send(message)
        elif message["type"] == "http.response.start":
            headers = [*message["headers"], (b"connection", b"close")]
            await self._send({**message, "headers": headers})
        elif message.get("more_body"):
            await self._send(message)
        else:
            await self._send({**message, "more_body": True})
            await self._linger()
            await self._send({"type": "http.response.body", "body": b""})

    async def _next(self, seconds: float) -> Message | None:
        """Return the next message, or None if it does not arrive in time."""
        try:
            message = await asyncio.wait_for(self._receive(), max(seconds, 0.0))
        except TimeoutError:
            return None
        self.received += len(message.get("body", b""))
        self.complete = not message.get("more_body", False)
        return message

    async def _linger(self) -> None:
        """Read and discard the rest of the body, within limits."""
        loop = asyncio.get_running_loop()
        deadline, limit = loop.time() + LINGER_SECONDS, self.received + self.limit
        while not self.complete and self.received <= limit:
            if await self._next(deadline - loop.time()) is None:
                return

    def _too_large(self, received: str) -> HTTPException:
        return HTTPException(
            413,
            f"Expected a request of at most {self.limit:,} bytes. Received: {received}; send a "
            "smaller file, or start the server with a larger --max-bytes.",
        )


def received_bytes(scope: Scope) -> int:
    """Return the number of bytes of the body of a request that were received so far."""
    body: LimitedBody | None = scope.get("state", {}).get("body")
    return 0 if body is None else body.received
