"""The argument parser, argument types, and arguments that several verbs share."""

from __future__ import annotations

import argparse
import math
from typing import NoReturn

from lrcn_seq.errors import UsageError, shorten
from lrcn_seq.records import COUNT_LIMIT

SHORTEST = 0.001
"""Smallest number of seconds that an option accepts."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UsageError instead of printing the usage."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the message and a pointer to `--help`."""
        raise UsageError(f"{message.rstrip('.')}. See `{self.prog} --help`.")


def positive_integer(text: str) -> int:
    """Parse a whole number from 1 to `COUNT_LIMIT`."""
    value = int(text) if text.isdecimal() and len(text) < 20 else 0
    if not 0 < value <= COUNT_LIMIT:
        raise argparse.ArgumentTypeError(
            f"expected a whole number from 1 to {COUNT_LIMIT}. Received: {shorten(repr(text))}"
        )
    return value


def positive_seconds(text: str) -> float:
    """Parse a finite number of seconds of at least `SHORTEST`."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not SHORTEST <= value < math.inf:
        raise argparse.ArgumentTypeError(
            f"expected a number of seconds of at least {SHORTEST}. Received: {text!r}"
        )
    return value


def share(text: str) -> float:
    """Parse a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1. Received: {text!r}")
    return value


def numbers(text: str) -> list[float]:
    """Parse numbers separated by commas."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected numbers like .33,.67. Received: {text!r}"
        ) from None


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add the options of all verbs."""
    group = parser.add_argument_group("options of all verbs")
    level = group.add_mutually_exclusive_group()
    level.add_argument(
        "-q", "--quiet", action="store_true", help="print results and errors, no progress or notes"
    )
    level.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="also print details, and the logs of other libraries",
    )
    group.add_argument(
        "--import",
        dest="imports",
        action="append",
        default=[],
        metavar="FILE.py",
        help="import a Python file with parts of your own; a run remembers it",
    )
    group.add_argument("--debug", action="store_true", help="show the traceback of an error")


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add the arguments for a config file and its overrides."""
    parser.add_argument(
        "config", help="a YAML file, or the name of a shipped config such as captioning/own_table"
    )
    parser.set_defaults(override_prefix="")
    parser.add_argument(
        "overrides",
        nargs="*",
        default=[],
        metavar="section.key=value",
        help="values that replace those of the config",
    )


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the argument for the run folder to predict with."""
    parser.add_argument("run", help="a run folder, or hf://USER/NAME on the Hugging Face Hub")


def add_explain(parser: argparse.ArgumentParser) -> None:
    """Add `--explain`, which all prediction verbs have."""
    parser.add_argument(
        "--explain",
        metavar="DIR",
        help="write an image per file: the regions on which each word or the class depends",
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add `--output`, `--json` and `--explain`, which all prediction verbs have."""
    parser.add_argument(
        "--output",
        metavar="FILE.jsonl",
        help="append one JSON line per input file; a repeated call skips finished files",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_explain(parser)
