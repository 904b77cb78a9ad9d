"""Metrics in the notation of the command line: `bleu,cider:variant=plain:order=3`."""

from __future__ import annotations

import json
from typing import Any

from lrcn_seq.errors import UsageError


def metric_specs(text: str) -> list[dict[str, Any]]:
    """Parse `NAME` or `NAME:OPTION=VALUE`, separated by commas, into metric specs.

    Raises:
        UsageError: there is no metric, a metric is repeated, or an option has no value.
    """
    specs = []
    for written in filter(None, (part.strip() for part in text.split(","))):
        name, *options = written.split(":")
        pairs = [option.partition("=") for option in options]
        if not all(key and sign for key, sign, _ in pairs):
            raise UsageError(
                f"--metrics: expected NAME or NAME:OPTION=VALUE. Received: {written!r}."
            )
        arguments = {key: option_value(value) for key, _, value in pairs}
        specs.append({"type": name.lower(), **arguments})
    names = [spec["type"] for spec in specs]
    if not specs or len(set(names)) < len(names):
        raise UsageError(
            f"--metrics: expected each metric once, separated by commas. Received: {text!r}."
        )
    return specs


def option_value(text: str) -> str | float | bool | None:
    """Convert a JSON number, `true`, `false` or `null`; return any other text unchanged."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, int | float | bool) or value is None else text
