"""Metrics as they are written on the command line."""

import pytest

from lrcn_seq.errors import UsageError
from lrcn_seq.metrics.scoring.metric_specs import metric_specs


def test_names_are_separated_by_commas_and_lowercased():
    """Names of metrics are separated by commas and converted to lower case."""
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
    """Option values are numbers, booleans or null as in JSON, or else text."""
    assert metric_specs(f"cider:x={text}") == [{"type": "cider", "x": value}]


def test_a_metric_may_have_several_options():
    """The options of a metric are separated by colons."""
    assert metric_specs("cider:variant=plain:order=3,bleu") == [
        {"type": "cider", "variant": "plain", "order": 3},
        {"type": "bleu"},
    ]


@pytest.mark.parametrize("text", ["bleu:variant", "bleu:=3", "bleu:"])
def test_an_option_without_a_name_or_value_raises(text):
    """An option without a name or a value raises an error that shows the syntax."""
    with pytest.raises(UsageError, match=f"NAME or NAME:OPTION=VALUE. Received: '{text}'"):
        metric_specs(text)


@pytest.mark.parametrize("text", ["", " , ", "bleu,BLEU", "bleu,bleu:order=2"])
def test_no_metric_or_a_metric_twice_raises(text):
    """An empty list of metrics and a repeated metric raise a UsageError."""
    with pytest.raises(UsageError, match="each metric once, separated by commas"):
        metric_specs(text)
