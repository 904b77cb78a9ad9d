"""The process of the server: loading, listening, and an orderly end."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn

import lrcn_seq
from lrcn_seq.errors import UsageError
from lrcn_seq.serving.application import make_application
from lrcn_seq.serving.request_log import log_config, log_event
from lrcn_seq.serving.service import Service, ServiceLimits
from lrcn_seq.terminal import is_quiet

BACKLOG = 2048
"""Number of connections that wait for the server."""
KEEP_ALIVE = 15
"""Seconds after which an idle connection is closed."""
HEAD_BYTES = 32 << 10
"""The largest head of a request."""


def serve(run: str, *, host: str, port: int, limits: ServiceLimits) -> None:
    """Serve a run until SIGTERM or Ctrl-C; requests that were accepted are answered before.

    Args:
        run: a run folder, or its address on the Hugging Face Hub.
        host: the address to listen at.
        port: the port; 0 for any free port.
        limits: the limits of the server.

    Raises:
        RunError: the run cannot be loaded.
        UsageError: the address is not available.
    """
    with listen(host, port) as listener, ThreadPoolExecutor(1, "worker") as worker:
        service = load_service(run, worker, limits)
        config = log_config("WARNING" if is_quiet() else "INFO")
        server = make_server(service, config)
        log_event("listening", address=address(listener), run=service.name)
        with suppress(KeyboardInterrupt):  # raised again by uvicorn after an orderly end
            asyncio.run(server.serve(sockets=[listener]))
        log_event("stopped")


def load_service(run: str, worker: Executor, limits: ServiceLimits) -> Service:
    """Load a run in the worker thread, since Keras keeps settings per thread.

    Args:
        run: a run folder.
        worker: an executor with a single thread.
        limits: the limits of the server.

    Raises:
        RunError: the run cannot be loaded.
    """
    task = worker.submit(lrcn_seq.load, run).result()
    return Service(task, worker, limits, Path(run).resolve().name)


def make_server(service: Service, logging: dict[str, Any]) -> uvicorn.Server:
    """Return the HTTP server of a service.

    Args:
        service: the service.
        logging: the configuration of `logging.config`.
    """
    return uvicorn.Server(
        uvicorn.Config(
            make_application(service),
            lifespan="on",
            http="h11",
            ws="none",
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            h11_max_incomplete_event_size=HEAD_BYTES,
            backlog=BACKLOG,
            log_config=logging,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address.

    Raises:
        UsageError: the address is not available.
    """
    try:
        family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(place[:2], family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"Expected an address and a free port. Received: {host}:{port} ({reason}); choose "
            "another --host or --port."
        ) from error
    return listener


def address(listener: socket.socket) -> str:
    """Return the address of a listening socket, as a browser expects it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
