"""Tests of metrics as they are written on the command line."""

import pytest

from lrcn_seq.errors import UsageError
from lrcn_seq.metrics.scoring.metric_specs import metric_specs


def test_names_are_separated_by_commas_and_lowercased():
    """Names are separated by commas, and spaces and empty parts are ignored."""
    assert metric_specs("BLEU, ROUGE_L,,") == [{"type": "bleu"}, {"type": "rouge_l"}]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("0.5", 0.5),
        ("true", True),
        ("null", None),
        ("plain", "plain"),
        ("[1]", "[1]"),
        ("a=b", "a=b"),
        ('"3"', '"3"'),
    ],
)
def test_options_are_json_scalars_or_text(text, value):
    """Numbers, booleans and null are converted, and everything else is text."""
    assert metric_specs(f"cider:x={text}") == [{"type": "cider", "x": value}]


def test_a_metric_may_have_several_options():
    """Several options of a metric are separated by colons."""
    assert metric_specs("cider:variant=plain:order=3,bleu") == [
        {"type": "cider", "variant": "plain", "order": 3},
        {"type": "bleu"},
    ]


@pytest.mark.parametrize("text", ["bleu:variant", "bleu:=3", "bleu:"])
def test_an_option_without_a_name_or_value_raises(text):
    """The error for an option without a name or value shows the syntax."""
    with pytest.raises(UsageError, match=f"NAME or NAME:OPTION=VALUE. Received: '{text}'"):
        metric_specs(text)


@pytest.mark.parametrize("text", ["", " , ", "bleu,BLEU", "bleu,bleu:order=2"])
def test_no_metric_or_a_metric_twice_raises(text):
    """No metric and a repeated metric are errors."""
    with pytest.raises(UsageError, match="each metric once, separated by commas"):
        metric_specs(text)
