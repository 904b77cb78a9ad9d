"""The observer of requests: counts, headers of answers, and unexpected exceptions."""

import asyncio
import json

import pytest

from lrcn_seq.serving.request_observer import RequestObserver


def serve(app, scope=None):
    """Serve a request, and return the messages of the answer and the observations."""
    sent, seen = [], []

    async def send(message):
        sent.append(message)

    observer = RequestObserver(app, observe=lambda *values: seen.append(values))
    scope = scope or {"type": "http", "method": "GET", "headers": []}
    try:
        asyncio.run(observer(scope, None, send))
    finally:
        serve.result = sent, seen
    return sent, seen


def test_an_answer_is_counted_and_has_the_headers():
    """A request without a route is counted as `other`, with its status."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 404, "headers": [(b"a", b"b")]})

    (start,), ((route, status, seconds),) = serve(app)
    assert (route, status) == ("other", 404)
    assert seconds >= 0
    assert start["headers"][0] == (b"a", b"b")
    assert (b"x-content-type-options", b"nosniff") in start["headers"]


def test_an_exception_before_the_answer_gives_500():
    """An unexpected exception is answered with a sentence that does not contain its message."""

    async def app(scope, receive, send):
        raise ValueError("secret")

    (start, body), seen = serve(app)
    assert (start["status"], seen[0][:2]) == (500, ("other", 500))
    assert list(json.loads(body["body"])) == ["error"]
    assert b"secret" not in body["body"]


def test_an_exception_after_the_beginning_of_the_answer_is_raised():
    """An answer that has begun cannot be replaced, so the server closes the connection."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError("late")

    with pytest.raises(ValueError, match="late"):
        serve(app)
    assert serve.result[1][0][:2] == ("other", 200)
