"""The report section on scores."""

import math
import re

from lrcn_seq.report.score_cards import families_of, score_cards


def test_scores_of_a_family_share_a_card():
    """Scores of one metric family, such as BLEU-1 and BLEU-4, share a card."""
    metrics = {"bleu_1": 0.5, "bleu_4": 0.2, "rouge_l": 0.4, "cider": 0.6}
    assert families_of(metrics, {"bleu": "B", "rouge_l": "R"}) == [
        ({"bleu_1": 0.5, "bleu_4": 0.2}, "B"),
        ({"rouge_l": 0.4}, "R"),
        ({"cider": 0.6}, ""),
    ]


def test_scores_of_different_signatures_have_their_own_cards():
    """Scores of one family with different signatures have separate cards."""
    metrics, signatures = {"bleu_1": 0.5, "bleu_4": 0.2}, {"bleu_1": "max:1", "bleu": "max:4"}
    assert [signature for _, signature in families_of(metrics, signatures)] == ["max:1", "max:4"]


def test_top_5_accuracy_of_five_classes_is_not_shown():
    """Scores that are 1 for all predictions have no card; with more classes, they have one."""
    metrics = {"top_1": 0.5, "top_5": 1.0}
    for classes, shown in ((5, ["top_1"]), (6, ["top_1", "top_5"])):
        signatures = {name: f"{name}|classes:{classes}|n:24" for name in metrics}
        families = families_of(metrics, signatures)
        assert [name for values, _ in families for name in values] == shown


def test_a_tiny_score_is_zero(parse):
    """The tiny BLEU of a caption without a common n-gram is shown as 0.000."""
    html = score_cards({"metrics": {"bleu_4": 2.6e-9}, "count": 1}, "image").html
    assert re.findall(r"class=\"value\">(.*?)</p>", html) == ["0.000"]


def test_last_score_of_a_family_is_large(parse):
    """The card of a family shows its last score in large type and the other scores below."""
    scores = {
        "metrics": {"bleu_1": 0.6, "bleu_4": 0.2, "cider": math.nan},
        "signatures": {"bleu": "n:4|tok:ptb"},
        "count": 1300,
    }
    html = score_cards(scores, "image").html
    assert re.findall(r"<h3>(.*?)</h3><p class=\"value\">(.*?)</p>", html) == [
        ("BLEU-4", "0.200"),
        ("CIDEr", "–"),
    ]
    text = parse(html).text
    assert "BLEU-1 0.600 n:4| tok:ptb" in text
    assert text.endswith("Computed on 1,300 images.")


def test_scores_are_shown_with_their_intervals(parse):
    """A score has its interval beside it, and the note says how the intervals are estimated."""
    scores = {
        "metrics": {"top_1": 0.8, "log_loss": 0.5},
        "intervals": {"top_1": [0.3755, 0.9638]},
        "interval_method": "Wilson over 5 groups",
        "count": 5,
    }
    text = parse(score_cards(scores, "clip").html).text
    assert "0.800 [0.376, 0.964]" in text
    assert text.endswith("0.500 Computed on 5 clips. 95 % intervals: Wilson over 5 groups.")


def test_run_without_scores(parse):
    """Without scores, the section says that the run has no scores yet."""
    assert parse(score_cards({}, "image").html).text == "Scores This run has no scores yet."
