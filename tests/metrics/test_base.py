"""The interface of metrics, tested on a minimal metric, and the record of a score."""

import numpy as np
import pytest

from lrcn_seq import metrics
from lrcn_seq.metrics.base import Metric, Score, values_html


class WordCount(Metric):
    """A metric whose value is the mean number of words of the hypotheses."""

    names = ("words",)

    def statistics(self, corpus):
        words = corpus.texts.lengths[corpus.texts.hypothesis].astype(float)
        return np.stack([words, np.ones_like(words)], axis=1)

    def aggregate(self, totals):
        return totals[..., :1] / totals[..., 1:]

    def signature(self, corpus):
        return f"words|n:{len(corpus)}"


def test_a_metric_scores_corpus_and_sentences_from_its_statistics():
    """A corpus value uses the statistics of all sentences, and a sentence value those of one."""
    score = WordCount().score(metrics.make_corpus(["a b", "a b c d"], [["x"], ["y"]]))
    assert score.values == (3.0,)
    assert score.sentences == {"0": {"words": 2.0}, "1": {"words": 4.0}}


def test_a_metric_object_can_be_passed_to_the_score_functions():
    """`score` accepts metric objects, names and specs."""
    report = metrics.score(["a b"], [["a"]], [WordCount(), {"type": "bleu", "order": 1}])
    assert list(report.values) == ["words", "bleu_1"]


@pytest.fixture
def score():
    return Score(("x_1", "x_2"), (0.5, 0.25), "x|n:1", ("7",), np.array([[0.5, 0.25]]))


def test_value_is_the_last_value(score):
    """The property `value` of a score is its last value."""
    assert score.value == 0.25


def test_a_score_prints_its_values_and_signature(score):
    """A score is printed with four decimals of each value and its signature."""
    assert str(score) == "x_1=0.5000 x_2=0.2500 (x|n:1)"


def test_scores_are_shown_as_a_table():
    """A notebook shows the values of a score, and of a report, as a table."""
    score = WordCount().score(metrics.make_corpus(["a b"], [["x"]]))
    table = "<table><tr><td>words</td><td>2.0000</td></tr></table>"
    assert score._repr_html_() == table
    assert metrics.Report((score,), 1)._repr_html_() == table
    assert "<td>a&lt;b</td>" in values_html({"a<b": 1.0})
