"""Servers on the loopback interface for tests: in a thread of this process, or in their own."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx2

from lrcn_seq.serving.request_log import log_config
from lrcn_seq.serving.server import address, listen, load_service, make_server
from lrcn_seq.serving.service import ServiceLimits

LIFETIME = 240
"""Seconds after which a server process ends by itself."""


@contextmanager
def local_server(run, limits=None, change=lambda service: None, wait=True):
    """Serve a run in a thread; yield the service and a client once the server is ready.

    Args:
        run: the run folder.
        limits: the limits of the server.
        change: called with the service before the server starts.
        wait: whether to wait until the server is ready.
    """
    with listen("127.0.0.1", 0) as listener, ThreadPoolExecutor(1) as worker:
        service = load_service(str(run), worker, limits or ServiceLimits())
        change(service)
        server = make_server(service, captured_log())
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
        )
        thread.start()
        try:
            with httpx2.Client(base_url=address(listener), timeout=60) as client:
                if wait:
                    wait_until_ready(client)
                yield service, client
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


def captured_log():
    """Return the configuration of logging with records that the fixture `caplog` sees."""
    config = log_config("INFO")
    for logger in config["loggers"].values():
        logger["propagate"] = True
    return config


@contextmanager
def server_process(run, *arguments):
    """Run `lrcn serve` in a process of limited lifetime; yield the process and its address."""
    command = [sys.executable, "-m", "lrcn_seq", "serve", str(run), "--port", "0", *arguments]
    process = subprocess.Popen(
        ["timeout", "--foreground", str(LIFETIME), *command],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    lines = []
    try:
        for line in process.stderr:
            lines.append(line)
            if '"listening"' in line:
                break
        else:
            raise AssertionError("".join(lines))
        log = threading.Thread(target=lambda: lines.extend(process.stderr), daemon=True)
        log.start()
        process.log_lines, process.log_thread = lines, log
        yield process, json.loads(lines[-1])["address"]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until_ready(client, seconds=120):
    """Wait until `/ready` answers with 200."""
    deadline = time.monotonic() + seconds
    while client.get("/ready").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
