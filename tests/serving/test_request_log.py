"""Log lines: JSON objects without messages of exceptions."""

import json
import logging
import logging.config

import pytest

from lrcn_seq.serving.request_log import LOGGER, JsonFormatter, log_config, log_event, log_failure


@pytest.fixture
def rows(caplog):
    """Return a function that returns the JSON objects that were logged."""
    caplog.set_level("INFO")
    return lambda: [json.loads(JsonFormatter().format(record)) for record in caplog.records]


def test_an_event_is_one_object_with_its_fields(rows):
    """An event has a time, a level and its fields; control characters are escaped."""
    log_event("request", status=200, route="/a\nb")
    (row,) = rows()
    assert row.pop("time").endswith("+00:00")
    assert row == {"level": "info", "event": "request", "status": 200, "route": "/a\\nb"}


def test_an_exception_is_logged_without_its_message(rows):
    """An exception is logged as its type and the places where it was raised."""
    try:
        int("secret")
    except ValueError as error:
        log_failure("request failed", error)
    (row,) = rows()
    assert (row["level"], row["event"], row["error"]) == ("error", "request failed", "ValueError")
    assert row["places"][0].startswith(__file__)
    assert "secret" not in json.dumps(row)


def test_the_lowest_level_is_configured(capsys):
    """With the level WARNING, events are not logged."""
    try:
        logging.config.dictConfig(log_config("WARNING"))
        log_event("request")
        logging.getLogger("uvicorn.error").warning("odd")
        (line,) = capsys.readouterr().err.splitlines()
    finally:
        for name in (LOGGER, "uvicorn"):
            logging.getLogger(name).handlers.clear()
            logging.getLogger(name).propagate = True
            logging.getLogger(name).setLevel(logging.NOTSET)
    assert json.loads(line)["event"] == "odd"
