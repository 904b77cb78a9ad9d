"""Log lines as JSON objects, without file names and contents of requests."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

from lrcn_seq.terminal import printable

LOGGER = "lrcn_seq.serving"
"""The name of the logger of the server."""


class JsonFormatter(logging.Formatter):
    """Formats a log record as one line with a JSON object.

    The object has `time`, `level`, `event`, and the fields of the record. An exception is logged as
    its type and the places in the code where it was raised; its message may have contents.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a log record."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        row: dict[str, Any] = {
            "time": time,
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        row.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[0] is not None:
            row["error"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])
            row["places"] = [f"{frame.filename}:{frame.lineno}" for frame in frames]
        return json.dumps({key: _plain(value) for key, value in row.items()})


def log_event(event: str, **fields: Any) -> None:
    """Log an event.

    Args:
        event: the name of the event.
        **fields: values without contents of requests.
    """
    logging.getLogger(LOGGER).info(event, extra={"fields": fields})


def log_failure(event: str, error: BaseException) -> None:
    """Log an unexpected exception."""
    logging.getLogger(LOGGER).error(event, exc_info=error)


def log_config(level: str) -> dict[str, Any]:
    """Return the configuration of `logging.config` for the server and for uvicorn.

    Args:
        level: the lowest level that is logged.
    """
    logger = {"handlers": ["stderr"], "level": level, "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFormatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "loggers": {LOGGER: logger, "uvicorn": logger},
    }


def _plain(value: Any) -> Any:
    return printable(value) if isinstance(value, str) else value
