"""Evaluation of captions against their references."""

import json
import math

import pytest

from lrcn_seq import metrics
from lrcn_seq.config.schema import Evaluation as EvaluationSettings
from lrcn_seq.evaluation import evaluate_captions
from lrcn_seq.records import Caption, Sample

SETTINGS = EvaluationSettings(metrics=["bleu", "rouge_l"])
SAMPLES = [
    Sample("12", "a.jpg", "a", "test", ("a red dog", "the dog")),
    Sample("b", "b.jpg", "b", "test", ("a blue cat runs",)),
]
CAPTIONS = [Caption("a red dog", -1.5, -0.5), Caption("a <unk> <unk>", -math.inf, -math.inf)]


def evaluate(captions=CAPTIONS, **options):
    return evaluate_captions(SAMPLES, captions, SETTINGS, unknown="<unk>", **options)


def test_whole_samples_are_scored():
    """Captions are scored by sample, so `unit` is None."""
    assert evaluate().unit is None


def test_values_are_corpus_scores():
    """Caption scores are corpus scores: BLEU-1 is 4 of 6 words times a brevity penalty."""
    values = evaluate().values
    assert values["bleu_1"] == pytest.approx(4 / 6 * math.exp(1 - 7 / 6))
    assert values.keys() >= {"bleu_4", "rouge_l"}


def test_the_scores_are_shown_as_a_table():
    """A notebook shows the scores of an evaluation instead of its captions."""
    assert "<tr><td>mean_length</td><td>3.0000</td></tr>" in evaluate()._repr_html_()


def test_values_include_the_diversity_of_captions():
    """The values include distinct captions, repetition, unknown words and caption lengths."""
    values = evaluate().values
    expected = {
        "distinct_captions": 1.0,
        "repetition": 1 / 6,
        "unknown": 2 / 6,
        "mean_length": 3.0,
        "min_length": 3,
        "max_length": 3,
    }
    assert {name: values[name] for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize(("tokenize", "distinct"), [("ptb", 0.5), ("none", 1.0)])
def test_diversity_uses_the_tokenization_of_the_scores(tokenize, distinct):
    """A period makes a caption distinct only if the tokenization keeps periods."""
    captions = [Caption(text, -1.0, -1.0) for text in ("a dog", "a dog.")]
    settings = EvaluationSettings(metrics=["bleu"], tokenize=tokenize)
    evaluation = evaluate_captions(SAMPLES, captions, settings, unknown="<unk>")
    assert evaluation.values["distinct_captions"] == distinct


def test_rows_describe_each_caption():
    """A row has the caption, its scores, file and references; infinite scores become None."""
    rows = evaluate().rows()
    assert (
        rows[0].items()
        >= {
            "id": "12",
            "caption": "a red dog",
            "log_probability": -1.5,
            "score": -0.5,
            "file": "a.jpg",
            "references": ["a red dog", "the dog"],
            "rouge_l": 1.0,
        }.items()
    )
    assert rows[1]["log_probability"] is None
    assert rows[1]["score"] is None
    assert rows[1]["rouge_l"] < 1
    json.dumps(rows, allow_nan=False)


def test_the_summary_has_scores_and_diversity():
    """The summary has scores with signatures and the diversity of the captions."""
    evaluation = evaluate()
    summary = evaluation.summary()
    assert summary["count"] == 2
    assert summary["metrics"]["bleu_1"] == evaluation.values["bleu_1"]
    assert summary["signatures"].keys() == summary["metrics"].keys()
    assert summary["health"]["distinct_captions"] == 1.0
    assert summary["health"]["novel"] is None
    json.dumps(summary, allow_nan=False)


def test_novel_captions_are_those_not_in_training():
    """The share of novel captions counts captions that do not occur among training captions."""
    assert evaluate(training_captions=["A red dog.", "a cat"]).health.novel == 0.5


def test_the_remark_gives_the_share_of_distinct_captions():
    """The remark states the share of distinct captions."""
    assert evaluate().remark().startswith("100% of the captions are distinct. ")
    repeated = evaluate([CAPTIONS[0], CAPTIONS[0]])
    assert repeated.remark().startswith("50% of the captions are distinct. ")


def evaluate_many(count, texts):
    """Return the evaluation of a number of samples with repeated captions."""
    samples = [Sample(f"{n}", "a.jpg", f"{n}", "test", ("a red dog",)) for n in range(count)]
    captions = [Caption(texts[n % len(texts)], -1.0, -1.0) for n in range(count)]
    return evaluate_captions(samples, captions, SETTINGS, unknown="<unk>")


def test_scores_have_the_intervals_of_the_bootstrap():
    """The summary has the bootstrap interval of each score, and the remark names the method."""
    evaluation = evaluate_many(12, ["a red dog", "a cat"])
    captions = {row["id"]: row["caption"] for row in evaluation.rows()}
    references = {name: ["a red dog"] for name in captions}
    expected = metrics.intervals(captions, references, ["rouge_l"])[0]
    assert evaluation.summary()["intervals"]["rouge_l"] == [expected.low, expected.high]
    method = "bootstrap over 12 samples, unreliable below 30"
    assert evaluation.summary()["interval_method"] == method
    assert evaluation.remark().endswith(f"95 % intervals: {method}.")


def test_few_samples_have_no_intervals():
    """Nine samples have no intervals, and the remark states the reason."""
    evaluation = evaluate_many(9, ["a red dog", "a cat"])
    assert evaluation.summary()["intervals"] == {}
    assert evaluation.remark().endswith("95 % intervals: none, 9 samples are too few.")


def test_interval_without_width_is_left_out():
    """Scores that are equal for all samples have no interval, which would look like certainty."""
    assert evaluate_many(12, ["a red dog"]).summary()["intervals"] == {}


def test_coco_results_have_numeric_ids():
    """In COCO results, IDs of digits become integers and other IDs remain strings."""
    assert evaluate().coco_results() == [
        {"image_id": 12, "caption": "a red dog"},
        {"image_id": "b", "caption": "a <unk> <unk>"},
    ]


def test_every_sample_needs_one_caption():
    """A number of captions that differs from the number of samples raises a ValueError."""
    with pytest.raises(ValueError, match="shorter"):
        evaluate(CAPTIONS[:1])
