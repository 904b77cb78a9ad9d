"""The argument parser, the argument types, and the arguments that commands share."""

import argparse

import pytest

from lrcn_seq.cli._arguments import (
    Parser,
    add_config,
    numbers,
    positive_integer,
    positive_seconds,
)
from lrcn_seq.errors import UsageError, shorten


def test_parser_raises_one_sentence_that_points_to_the_help():
    """The parser raises a UsageError instead of printing the usage and exiting."""
    with pytest.raises(UsageError) as caught:
        Parser("lrcn score").parse_args(["--unknown"])
    assert str(caught.value) == "unrecognized arguments: --unknown. See `lrcn score --help`."


def test_positive_integer_is_parsed():
    """`positive_integer` parses decimal digits as an integer."""
    assert positive_integer("12") == 12


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "x", "", "²", "2147483648", "9" * 5000])
def test_other_numbers_are_not_positive_integers(text):
    """Text that is not an integer from 1 to 2147483647 is refused with an error that quotes it."""
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        positive_integer(text)
    assert (
        str(caught.value)
        == f"expected a whole number from 1 to 2147483647. Received: {shorten(repr(text))}"
    )


def test_positive_seconds_are_parsed():
    """`positive_seconds` accepts a fraction of a second."""
    assert positive_seconds("0.25") == 0.25


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "x", "1e-9"])
def test_other_numbers_are_not_positive_seconds(text):
    """Durations below 0.001 s, and infinite, NaN and non-numeric durations are refused."""
    with pytest.raises(argparse.ArgumentTypeError, match=r"number of seconds of at least 0\.001"):
        positive_seconds(text)


def test_numbers_are_separated_by_commas():
    """Numbers in a list are separated by commas; the zero before a decimal point is optional."""
    assert numbers(".33,.67") == [0.33, 0.67]


@pytest.mark.parametrize("text", ["", "1,,2", "a"])
def test_other_text_is_not_numbers(text):
    """Empty elements and words are refused in a list of numbers."""
    with pytest.raises(argparse.ArgumentTypeError, match=r"expected numbers like \.33,\.67"):
        numbers(text)


def test_overrides_may_stand_anywhere_after_the_config():
    """Overrides and options may follow the config in any order."""
    parser = Parser("lrcn train")
    add_config(parser)
    parser.add_argument("--run")
    parsed = parser.parse_intermixed_args(["x.yaml", "seed=1", "--run", "r", "data.limit=2"])
    assert (parsed.config, parsed.overrides, parsed.run) == (
        "x.yaml",
        ["seed=1", "data.limit=2"],
        "r",
    )
