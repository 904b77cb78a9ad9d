"""The process of the server: addresses, and an orderly end at SIGTERM."""

import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from lrcn_seq.errors import UsageError
from lrcn_seq.serving.server import address, listen
from tests.serving.conftest import png
from tests.serving.loopback import server_process, wait_until_ready


def test_address_of_a_socket():
    """The address names the host and the port; an address of IPv6 is in brackets."""
    with listen("127.0.0.1", 0) as listener:
        assert address(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"
    if socket.has_ipv6:
        with listen("::1", 0) as listener:
            assert address(listener) == f"http://[::1]:{listener.getsockname()[1]}"


def test_a_taken_port_is_an_error():
    """A port that another program uses gives a sentence with the reason."""
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(UsageError) as refused:
            listen("127.0.0.1", port)
    assert f"Received: 127.0.0.1:{port} (" in str(refused.value)
    with pytest.raises(UsageError, match="choose another --host or --port"):
        listen("no.such.host.invalid", 0)


@pytest.mark.slow
def test_sigterm_answers_what_was_accepted(smoke_run):
    """At SIGTERM, all requests in the queue are answered, and the process ends with 0."""
    with server_process(smoke_run, "--queue", "200") as (process, place):
        limits = httpx2.Limits(max_connections=100)
        with httpx2.Client(base_url=place, timeout=60, limits=limits) as client:
            wait_until_ready(client)
            files = [png(number) for number in range(60)]
            with ThreadPoolExecutor(60) as pool:
                calls = [pool.submit(client.post, "/v1/predict", files={"file": f}) for f in files]
                deadline = time.monotonic() + 30
                while "lrcn_admitted_inputs 0.0" in client.get("/metrics").text:
                    assert time.monotonic() < deadline
                process.send_signal(signal.SIGTERM)
                answered = [call for call in calls if call.exception() is None]
        process.wait(30)
        process.log_thread.join(10)
        log = "".join(process.log_lines)
    admitted = log.count('"route": "/v1/predict", "status": 200')
    assert {call.result().status_code for call in answered} == {200}
    assert len(answered) == admitted > 0
    assert process.returncode == 0
    assert '"event": "stopped"' in log
