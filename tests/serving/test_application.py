"""The routes of a server on the loopback interface, with its limits."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import lrcn_seq
from lrcn_seq.serving.request_log import LOGGER, JsonFormatter
from tests.serving.conftest import png


def predict(client, *files, query="", **options):
    """Post files to `/v1/predict`, and return the answer."""
    return client.post(f"/v1/predict{query}", files=[("file", file) for file in files], **options)


def texts(answer):
    """Return the captions of all files of an answer."""
    return [[c["text"] for c in row["captions"]] for row in answer.json()["results"]]


def log_lines(caplog):
    """Return the lines that the server has logged."""
    records = [record for record in caplog.records if record.name == LOGGER]
    return list(map(JsonFormatter().format, records))


@pytest.fixture
def gate(caption_server, monkeypatch):
    """Return an event; until it is set, no batch of the server is computed."""
    service, _ = caption_server
    opened, original = threading.Event(), service.task.predict

    def wait_and_predict(media, **options):
        if media:
            opened.wait(30)
        return original(media, **options)

    monkeypatch.setattr(service.task, "predict", wait_and_predict)
    yield opened
    opened.set()


def test_answer_is_the_object_of_json(caption_server, smoke_run, image, tmp_path, lrcn):
    """The captions of an image are those of `lrcn caption RUN IMAGE --json`, with its name."""
    _, client = caption_server
    (tmp_path / "a.png").write_bytes(image)
    expected = json.loads(lrcn("caption", smoke_run, tmp_path / "a.png", "--json").out)
    expected["results"][0]["file"] = "a.png"
    answer = predict(client, ("a.png", image))
    assert (answer.status_code, list(answer.json())) == (200, list(expected))
    (row,), (other,) = answer.json()["results"], expected["results"]
    assert list(row) == list(other)
    assert [c["text"] for c in row["captions"]] == [c["text"] for c in other["captions"]]
    assert row["captions"][0]["score"] == pytest.approx(other["captions"][0]["score"], rel=1e-4)


def test_form_and_raw_body_give_the_same(caption_server, image):
    """A raw body is predicted like a file of a form."""
    _, client = caption_server
    raw = client.post("/v1/predict", content=image, headers={"Content-Type": "image/png"})
    untyped = client.post("/v1/predict", content=image)
    form = predict(client, ("body", image, "image/png"))
    assert raw.json() == untyped.json() == form.json()


def test_options_of_the_search(caption_server, smoke_run, image, tmp_path):
    """Options in the query are those of `predict`."""
    _, client = caption_server
    (tmp_path / "a.png").write_bytes(image)
    task = lrcn_seq.load(smoke_run)
    (expected,) = task.predict([tmp_path / "a.png"], beams=3, best=2)
    (row,) = predict(client, image, query="?beams=3&best=2").json()["results"]
    assert [c["text"] for c in row["captions"]] == [c.text for c in expected.captions]
    (expected,) = task.predict([tmp_path / "a.png"], search={"type": "greedy"})
    (row,) = predict(client, image, query="?search.type=greedy").json()["results"]
    assert row["captions"][0]["text"] == expected.captions[0].text


def test_many_files_keep_their_order_and_their_errors(caption_server, image):
    """Each file of a form has its own result; one that cannot be read does not stop the others."""
    _, client = caption_server
    answer = predict(client, ("1.png", image), ("2", b"text"), ("3.png", png(1)))
    assert answer.status_code == 200
    rows = answer.json()["results"]
    assert [(row["file"], "error" in row) for row in rows] == [
        ("1.png", False),
        ("2", True),
        ("3.png", False),
    ]


def test_concurrent_requests_are_computed_together(caption_server, gate, image):
    """Requests that arrive while a batch is computed share the next batch, with equal results."""
    service, client = caption_server
    alone = [png(number) for number in range(4)]
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(predict, client, image)
        wait_for(lambda: service.batcher.admitted == 1 and service.batcher.waiting == 0)
        others = [pool.submit(predict, client, file) for file in alone]
        wait_for(lambda: service.batcher.waiting == 4)
        gate.set()
        together = [texts(other.result()) for other in [first, *others]]
    text = client.get("/metrics").text
    assert metric(text, 'lrcn_batch_size_bucket{le="4.0"}') > metric(
        text, 'lrcn_batch_size_bucket{le="2.0"}'
    )
    assert together == [texts(predict(client, file)) for file in [image, *alone]]


def test_beyond_the_queue_the_answer_is_503(caption_server, gate, image):
    """Requests beyond the queue are refused with Retry-After, and the others are answered."""
    service, client = caption_server
    with ThreadPoolExecutor(20) as pool:
        calls = [pool.submit(predict, client, image) for _ in range(service.batcher.places)]
        wait_for(lambda: service.batcher.admitted == service.batcher.places)
        refused = predict(client, image)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert "queue is full" in refused.json()["error"]
        assert client.get("/health").status_code == client.get("/ready").status_code == 200
        gate.set()
        assert {call.result().status_code for call in calls} == {200}
    assert predict(client, image).status_code == 200


@pytest.mark.parametrize(
    "case",
    [
        (b"hello", "image/png", 422, "expected an image"),
        (b"", "image/png", 422, "the file is empty"),
        (b"{}", "application/json", 415, "Expected the media type image/*."),
        (b"path=/etc/passwd", "application/x-www-form-urlencoded", 415, "Expected the media type"),
        (b"\0\0\0\x18ftypisom", "video/mp4", 415, "Expected the media type image/*."),
        (b"x", "multipart/form-data", 400, "Missing boundary"),
        (b"x" * (1 << 20) + b"x", "image/png", 413, "at most 1,048,576 bytes"),
    ],
)
def test_unusable_bodies(caption_server, image, case):
    """An unusable body gives its status and a sentence, and the next request is answered."""
    content, kind, status, sentence = case
    service, client = caption_server
    answer = client.post("/v1/predict", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert sentence in answer.json()["error"]
    assert predict(client, image).status_code == 200
    assert not list(service.folder.iterdir())


@pytest.mark.parametrize("form", [{"data": {"file": "/etc/passwd"}}, {"data": {"path": "a.png"}}])
def test_paths_in_a_form_are_refused(caption_server, form):
    """A path or address in place of a file is refused with a sentence."""
    _, client = caption_server
    answer = client.post("/v1/predict", files={"other": b""}, **form)
    assert answer.status_code == 422
    assert "Paths and addresses are not read." in answer.json()["error"]


def test_too_many_pixels_are_refused_before_decoding(caption_server):
    """A small file that states very many pixels is refused: a decompression bomb."""
    import struct
    import zlib

    def chunk(name, content):
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(10_000_000))
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )
    answer = predict(caption_server[1], bomb)
    assert answer.status_code == 422
    assert "expected at most 1,048,576 pixels. Received: 50000 × 50000" in answer.json()["error"]


def test_slow_and_idle_connections_do_not_stop_the_others(caption_server, image):
    """With 200 open connections, half of them in the middle of a body, requests are answered."""
    _, client = caption_server
    place = (client.base_url.host, client.base_url.port)
    connections = [socket.create_connection(place) for _ in range(200)]
    try:
        head = b"POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nslow"
        for connection in connections[::2]:
            connection.sendall(head)
        assert {predict(client, image).status_code for _ in range(3)} == {200}
    finally:
        for connection in connections:
            connection.close()


def test_a_body_of_ten_gigabytes_is_cut_off(caption_server, image):
    """A streamed body without end is answered with 413, and the connection is closed."""
    _, client = caption_server
    place = (client.base_url.host, client.base_url.port)
    with socket.create_connection(place, timeout=30) as connection:
        connection.sendall(
            b"POST /v1/predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        sent, chunk = 0, b"10000\r\n" + bytes(1 << 16) + b"\r\n"
        with pytest.raises(OSError):
            while sent < 10 << 30:
                connection.sendall(chunk)
                sent += 1 << 16
    assert sent < 64 << 20
    assert predict(client, image).status_code == 200


def test_answer_to_a_large_stated_length_can_be_read(caption_server):
    """A client that states a body of 10 GB receives 413 without sending it."""
    _, client = caption_server
    place = (client.base_url.host, client.base_url.port)
    with socket.create_connection(place, timeout=30) as connection:
        connection.sendall(
            b"POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Length: 10737418240\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_file_names_reach_neither_disk_nor_log(caption_server, image, caplog, monkeypatch):
    """The name of a file is returned as it is, but not stored and not logged."""
    service, client = caption_server
    stored, read = [], service.task.read_ahead
    monkeypatch.setattr(
        service.task, "read_ahead", lambda path, **o: (stored.append(path), read(path, **o))[1]
    )
    caplog.clear()
    (row,) = predict(client, ("../../secret <b>.PNG", image)).json()["results"]
    assert row["file"] == "../../secret <b>.PNG"
    (path,) = stored
    log = "\n".join(log_lines(caplog))
    assert (path.startswith(str(service.folder)), path[-4:]) == (True, ".png")
    assert "secret" not in path + log
    event = json.loads(log.splitlines()[-1])
    assert (event["event"], event["route"], event["status"]) == ("request", "/v1/predict", 200)


def test_unexpected_failures_are_hidden_and_logged(caption_server, image, caplog, monkeypatch):
    """An unexpected exception gives 500; its type and place are logged, but not its message."""
    service, client = caption_server

    def fail(media, **options):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(service.task, "predict", fail)
    caplog.clear()
    answer = predict(client, image)
    monkeypatch.undo()
    log = "\n".join(log_lines(caplog))
    assert (answer.status_code, "secret" in answer.text + log) == (500, False)
    assert '"error": "ZeroDivisionError"' in log
    assert "test_application.py" in log
    assert predict(client, image).status_code == 200


def test_explanation_of_a_caption(caption_server, image):
    """`/v1/explain` answers with the words of a caption and an overlay for each."""
    _, client = caption_server
    row = client.post("/v1/explain?target=a red circle", files={"file": image}).json()
    assert (row["text"], row["words"]) == ("a red circle", ["a", "red", "circle"])
    assert len(row["overlays"]) == 3
    assert len(row["frames"]) == 1
    refused = client.post(f"/v1/explain?target={'a' * 1001}", files={"file": image})
    assert refused.status_code == 422
    assert "at most 1,000 characters" in refused.json()["error"]
    assert client.post("/v1/explain?best=1", files={"file": image}).status_code == 422
    assert client.post("/v1/explain", files={"file": b"text"}).status_code == 422


def test_state_routes(caption_server):
    """`/health`, `/ready`, `/metrics` and `/v1/run` tell the state and the run."""
    _, client = caption_server
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/ready").json() == {"status": "ready"}
    text = client.get("/metrics").text
    assert metric(text, "lrcn_ready") == 1
    assert metric(text, "lrcn_queue_inputs") == 0
    facts = client.get("/v1/run").json()
    assert (facts["verb"], facts["media_types"]) == ("caption", ["image/*"])
    assert facts["limits"]["queue"] == 8
    assert client.get("/nothing").status_code == 404
    assert client.get("/v1/predict").status_code == 405


def test_all_answers_have_the_headers_of_a_safe_page(caption_server):
    """Every answer, also an error, forbids guessing its type and caching it."""
    _, client = caption_server
    for path in ("/", "/health", "/nothing"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_nothing_is_predicted_before_the_server_is_ready(caption_server, image):
    """Until the server is warmed up, predictions are refused with Retry-After."""
    service, client = caption_server
    service.is_ready = False
    try:
        assert client.get("/health").status_code == 200
        answers = [client.get("/ready"), client.get("/v1/run"), predict(client, image)]
    finally:
        service.is_ready = True
    assert [(a.status_code, a.headers["Retry-After"]) for a in answers] == [(503, "1")] * 3


def wait_for(condition):
    """Wait until a condition is true."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def metric(text, name):
    """Return the value of a metric in the text of Prometheus."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return float(line.split()[-1])
