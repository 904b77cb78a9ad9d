"""The score functions and score reports."""

import json
import subprocess
import sys

import pytest

from lrcn_seq import metrics
from lrcn_seq.errors import ArgumentError, ConfigError

SCRIPT = """
import sys
import lrcn_seq.metrics as metrics
metrics.score(["a b"], [["a c"]])
print(*{"keras", "tensorflow", "nltk", "torch", "jax"} & set(sys.modules))
"""


def test_scoring_loads_neither_keras_nor_nltk():
    """Scoring with the default metrics loads neither a deep-learning framework nor NLTK."""
    result = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=True)
    assert result.stdout.strip() == b""


def test_lists_and_mappings_have_equal_scores():
    """Lists of captions have the same scores as mappings by ID."""
    mapping = metrics.score({1: "a dog", "x": "a cat"}, {"x": ["the cat"], "1": ["a dog runs"]})
    assert mapping.values == metrics.score(["a dog", "a cat"], [["a dog runs"], ["the cat"]]).values


def test_the_default_metrics_are_bleu_rouge_l_and_cider():
    """The default metrics are BLEU, ROUGE-L and CIDEr, in this order."""
    assert list(metrics.score(["a"], [["a"]]).values) == [
        "bleu_1",
        "bleu_2",
        "bleu_3",
        "bleu_4",
        "rouge_l",
        "cider",
    ]


def test_each_value_has_a_signature():
    """Each score of a report has the signature of its metric."""
    signatures = metrics.score(["a b"], [["a c", "b"]], ("bleu", "cider")).signatures
    assert signatures["bleu_4"] == (
        "bleu|variant:coco|smoothing:coco|length:closest|tokenize:ptb|refs:2|n:1"
    )
    assert "frequencies:references(1)" in signatures["cider"]


def test_sentences_combine_all_metrics():
    """The sentence scores of a report contain the values of all metrics."""
    report = metrics.score({"x": "a b"}, {"x": ["a b"]}, ["rouge_l", {"type": "bleu", "order": 1}])
    assert report.sentences == {"x": {"rouge_l": 1, "bleu_1": pytest.approx(1)}}


def test_a_report_is_a_json_object():
    """A report can be written as JSON with metrics, signatures, count and sentences."""
    report = metrics.score(["a b", "c"], [["a"], ["c"]])
    assert list(report.as_dict(sentences=True)) == ["metrics", "signatures", "sentences", "count"]
    assert list(report.as_dict()) == ["metrics", "signatures", "count"]
    assert json.loads(json.dumps(report.as_dict()))["count"] == 2


def test_a_subset_is_scored_like_the_set_of_its_ids():
    """With `subset=True`, references without a hypothesis do not change the scores."""
    references = {"a": ["a dog runs"], "b": ["a cat"], "c": ["two birds"]}
    hypotheses = {"a": "a dog", "b": "the cat"}
    del references["c"]
    expected = metrics.score(hypotheses, references).values
    references["c"] = ["two birds"]
    assert metrics.score(hypotheses, references, subset=True).values == expected


@pytest.mark.parametrize(
    "function", [metrics.score, metrics.bleu, metrics.rouge_l, metrics.cider, metrics.meteor]
)
def test_every_reference_needs_a_hypothesis_by_default(function):
    """A reference without a hypothesis raises an ArgumentError by default."""
    with pytest.raises(ArgumentError, match="hypothesis for every reference"):
        function({"a": "a dog"}, {"a": ["a dog"], "b": ["a cat"]})


def test_an_unknown_metric_raises():
    """The error for an unknown metric suggests a similar name."""
    with pytest.raises(ConfigError, match="Did you mean 'cider'"):
        metrics.score(["a"], [["a"]], ("cidr",))


def test_options_reach_the_metric():
    """Options of a score function and of a metric spec have the same effect."""
    score = metrics.rouge_l(["a"], [["a"]], beta=2.0)
    report = metrics.score(["a"], [["a"]], [{"type": "rouge_l", "beta": 2.0}])
    assert score.signature == report.signatures["rouge_l"]
    assert "beta:2|" in score.signature


def test_document_frequencies_need_references():
    """Counting document frequencies without any image raises an ArgumentError."""
    with pytest.raises(ArgumentError, match=r"at least one image\. Received: none"):
        metrics.document_frequencies({})


def test_document_frequencies_are_tokenized():
    """Document frequencies number the tokenized words in order of first use."""
    frequencies = metrics.document_frequencies([["A dog.", "The dog"]], orders=2)
    assert frequencies.words == ("a", "dog", "the")
    assert (frequencies.documents, len(frequencies.keys)) == (1, 2)
