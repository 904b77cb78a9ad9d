"""Serve a run over HTTP, with a web page, until it is stopped.

The routes are POST /v1/predict, which answers with the object of --json, and GET /, /health, /ready
and /metrics. Log lines are JSON objects on stderr.
"""

from __future__ import annotations

import argparse

from lrcn_seq.cli._arguments import add_run, positive_integer, positive_seconds
from lrcn_seq.cli._keras_import import import_keras
from lrcn_seq.errors import MissingPackageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_run(parser)
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen at (default: %(default)s)"
    )
    parser.add_argument(
        "--port", type=port, default=8000, help="port; 0 for any (default: %(default)s)"
    )
    integer, seconds = positive_integer, positive_seconds
    for name, parse, metavar, default, text in (
        ("batch", integer, "N", 16, "largest number of inputs that are computed together"),
        ("wait-ms", milliseconds, "MS", 5, "time for which an input waits for others"),
        ("bytes", integer, "N", 64 << 20, "largest request in bytes"),
        ("pixels", integer, "N", 50_000_000, "largest image or frame in pixels"),
        ("seconds", seconds, "S", 300, "longest video in seconds"),
    ):
        parser.add_argument(
            f"--max-{name}",
            type=parse,
            metavar=metavar,
            default=default,
            help=f"{text} (default: %(default)s)",
        )
    parser.add_argument(
        "--queue",
        type=positive_integer,
        metavar="N",
        default=64,
        help="inputs that may wait; beyond it, the answer is 503 (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve a run."""
    from lrcn_seq.runs.folder import check_trained
    from lrcn_seq.runs.hub import local_folder
    from lrcn_seq.runs.unfinished_training import note_unfinished

    folder = local_folder(arguments.run)
    check_trained(folder)
    note_unfinished(folder)
    import_keras()
    try:
        from lrcn_seq.serving.server import serve
        from lrcn_seq.serving.service import ServiceLimits
    except ModuleNotFoundError as error:
        raise MissingPackageError(str(error.name), "serve", "lrcn serve") from error
    limits = ServiceLimits(
        max_batch=arguments.max_batch,
        max_wait=arguments.max_wait_ms / 1000,
        queue=arguments.queue,
        max_bytes=arguments.max_bytes,
        max_pixels=arguments.max_pixels,
        max_seconds=arguments.max_seconds,
    )
    serve(str(folder), host=arguments.host, port=arguments.port, limits=limits)
    return 0


def port(text: str) -> int:
    """Parse a port from 0 to 65535."""
    value = int(text) if text.isdecimal() and len(text) < 6 else -1
    if not 0 <= value <= 65535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535. Received: {text!r}")
    return value


def milliseconds(text: str) -> float:
    """Parse a number of milliseconds from 0 to 60,000."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 60_000:
        raise argparse.ArgumentTypeError(
            f"expected a number of milliseconds from 0 to 60000. Received: {text!r}"
        )
    return value
