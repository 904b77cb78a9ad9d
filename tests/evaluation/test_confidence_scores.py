"""Scores of the confidence of captions."""

import json

import numpy as np
import pytest

from lrcn_seq import metrics
from lrcn_seq.config.schema import Evaluation as EvaluationSettings
from lrcn_seq.evaluation import GoodCaptions, evaluate_captions, sentence_ciders
from lrcn_seq.evaluation.confidence_scores import curve_positions, evaluate_confidence
from lrcn_seq.records import Caption, Sample

TEXTS = ["a red dog runs", "a blue cat sits", "two men play", "a dog", "the red ball"]
SAMPLES = [
    Sample(str(n), "a.jpg", str(n), "test", (text, "a man on a horse"))
    for n, text in enumerate(TEXTS)
]


def captions(confidences, texts=("a red dog runs", "a blue cat", "men", "a dog", "a man")):
    """Return one caption per sample with its confidence."""
    return [Caption(text, -1.0, -1.0, p) for text, p in zip(texts, confidences, strict=True)]


def test_sentence_ciders_are_those_of_the_metric():
    """The CIDEr of each caption is that of `lrcn score --per-sentence`."""
    written = captions([0.5] * 5)
    hypotheses = {sample.id: one.text for sample, one in zip(SAMPLES, written, strict=True)}
    references = {sample.id: list(sample.captions) for sample in SAMPLES}
    expected = metrics.cider(hypotheses, references).sentences
    found = sentence_ciders(SAMPLES, written, tokenize="ptb")
    assert found.tolist() == [expected[sample.id]["cider"] for sample in SAMPLES]


def test_captions_above_the_threshold_are_good():
    """The share of good captions counts CIDEr above the threshold, not equal to it."""
    scores = evaluate_confidence([0.9, 0.1, 0.6], np.array([2.0, 1.0, 0.5]), GoodCaptions(1.0, 20))
    assert scores.share_good == pytest.approx(1 / 3)
    assert scores.mean_confidence == pytest.approx(1.6 / 3)
    # The errors of the three predictions are .1, .1 and .6, each in a bin of its own.
    assert scores.calibration_error == pytest.approx((0.1 + 0.1 + 0.6) / 3)
    assert scores.coverage.tolist() == pytest.approx([2.0, 1.25, 3.5 / 3])
    assert scores.gain.half == 1.25


def test_the_curve_ends_at_all_captions():
    """The curve has up to 20 shares, the last of which is 1."""
    assert curve_positions(3) == [(1 / 3, 0), (2 / 3, 1), (1.0, 2)]
    shares = curve_positions(47)
    assert len(shares) == 20
    assert shares[-1] == (1.0, 46)
    assert shares[0] == (3 / 47, 2)


def evaluate(good, confidences):
    """Return the evaluation of captions with confidences."""
    return evaluate_captions(
        SAMPLES, captions(confidences), EvaluationSettings(), unknown="<unk>", good=good
    )


def test_the_summary_has_the_scores_of_the_confidence():
    """The summary has calibration and risk–coverage, and the rows have the confidences."""
    evaluation = evaluate(GoodCaptions(0.5, 20), [0.9, 0.5, 0.2, 0.4, 0.1])
    entry = evaluation.summary()["confidence"]
    ciders = sentence_ciders(SAMPLES, evaluation.captions, tokenize="ptb")
    assert entry["threshold"] == 0.5
    assert entry["share_good"] == (ciders > 0.5).mean()
    assert entry["better_half"]["cider"] == pytest.approx(ciders[[0, 1, 3]].mean())
    assert entry["better_half"]["all"] == pytest.approx(evaluation.values["cider"])
    assert entry["risk_coverage"][0] == {"coverage": 0.2, "cider": pytest.approx(ciders[0])}
    assert [row["confidence"] for row in evaluation.rows()] == [0.9, 0.5, 0.2, 0.4, 0.1]
    json.dumps(entry, allow_nan=False)


def test_the_summary_of_a_run_without_confidence_is_unchanged():
    """If no confidence could be fitted, neither the summary nor the rows have one."""
    evaluation = evaluate(GoodCaptions(0.0, 3, "too few."), [None] * 5)
    assert "confidence" not in evaluation.summary()
    assert "confidence" not in evaluation.rows()[0]


def test_evaluations_without_confidence_are_unchanged():
    """If no confidence was fitted, the summary has no entry for it."""
    assert "confidence" not in evaluate(None, [None] * 5).summary()
