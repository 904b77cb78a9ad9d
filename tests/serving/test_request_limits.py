"""Limits on bodies: stated and received bytes, slow bodies, and the end of refused requests."""

import asyncio

import pytest
from starlette.exceptions import HTTPException

from lrcn_seq.serving import request_limits
from lrcn_seq.serving.request_limits import BodyLimit, received_bytes


class Connection:
    """A connection that sends chunks of a body, then waits, and records the answer.

    Args:
        chunks: the chunks.
        headers: the headers of the request.
        more: whether the client still wants to send after the last chunk.
    """

    def __init__(self, chunks, headers=((b"transfer-encoding", b"chunked"),), more=False):
        self.chunks, self.more, self.sent = list(chunks), more, []
        self.scope = {"type": "http", "headers": list(headers)}

    async def receive(self):
        if not self.chunks:
            await asyncio.sleep(100)
        body = self.chunks.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(self.chunks) or self.more}

    async def send(self, message):
        self.sent.append(message)

    @property
    def answer(self):
        return self.sent[0]["status"], dict(self.sent[0]["headers"])

    @property
    def is_finished(self):
        return not self.sent[-1].get("more_body", False)


async def upload(scope, receive, send):
    """Read the body, and answer with 200 or the status of an HTTPException."""
    status = 200
    try:
        while (await receive()).get("more_body"):
            pass
    except HTTPException as error:
        status = error.status_code
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})


async def refuse(scope, receive, send):
    """Answer without reading the body."""
    await send({"type": "http.response.start", "status": 422, "headers": []})
    await send({"type": "http.response.body", "body": b"no"})


def serve(connection, app=upload, limit=10, seconds=5.0):
    """Serve a request with a limit, and return the number of bytes that were received."""
    middleware = BodyLimit(app, limit=limit, seconds=seconds)
    asyncio.run(middleware(connection.scope, connection.receive, connection.send))
    return received_bytes(connection.scope)


def test_a_body_within_the_limit_passes():
    """A body of exactly the limit is received, and the connection stays open."""
    connection = Connection([b"12345", b"67890"])
    assert serve(connection) == 10
    assert connection.answer == (200, {})


def test_a_body_beyond_the_limit_is_cut_off():
    """A streamed body is refused at the first chunk that exceeds the limit."""
    connection = Connection([b"123456"] * 1000)
    received = serve(connection)
    assert connection.answer == (413, {b"connection": b"close"})
    assert connection.is_finished
    assert 10 < received <= 12 + 10 + 6


def test_a_stated_length_beyond_the_limit_is_refused_before_reading(monkeypatch):
    """A body of a stated 10 GB is refused before a byte of it is read."""
    monkeypatch.setattr(request_limits, "LINGER_SECONDS", 0.05)
    connection = Connection([], [(b"content-length", b"10000000000")])
    assert serve(connection) == 0
    assert connection.answer == (413, {b"connection": b"close"})
    assert connection.is_finished


def test_a_slow_body_is_refused(monkeypatch):
    """A client that stops sending is answered with 408 after the time limit."""
    monkeypatch.setattr(request_limits, "LINGER_SECONDS", 0.05)
    connection = Connection([b"1"], more=True)
    assert serve(connection, seconds=0.1) == 1
    assert connection.answer == (408, {b"connection": b"close"})


def test_the_rest_of_an_unread_body_is_read_within_limits():
    """After an answer without reading, the rest of a small body is read before the end."""
    connection = Connection([b"123", b"456"])
    assert serve(connection, app=refuse) == 6
    assert [message["type"] for message in connection.sent] == [
        "http.response.start",
        "http.response.body",
        "http.response.body",
    ]
    assert connection.sent[1] == {"type": "http.response.body", "body": b"no", "more_body": True}


def test_a_request_without_a_body_is_left_alone():
    """The answer to a request without a body has no header of the limit."""
    connection = Connection([], headers=())
    assert serve(connection, app=refuse) == 0
    assert connection.answer == (422, {})
    assert len(connection.sent) == 2


def test_other_protocols_pass():
    """The lifespan protocol passes unchanged."""

    async def app(scope, receive, send):
        raise LookupError(scope["type"])

    with pytest.raises(LookupError, match="lifespan"):
        asyncio.run(BodyLimit(app, limit=1, seconds=1)({"type": "lifespan"}, None, None))


def test_a_request_that_no_limit_has_seen_has_no_bytes():
    """Without a body in the state of a request, 0 bytes were received."""
    assert received_bytes({"type": "http"}) == 0
