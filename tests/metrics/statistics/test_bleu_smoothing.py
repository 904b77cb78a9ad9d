"""The BLEU variants of NLTK and sacreBLEU compared with these packages."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcn_seq import metrics
from lrcn_seq.metrics.bleu import SMOOTHING
from lrcn_seq.metrics.statistics.bleu_smoothing import averaged, interpolated, nltk_bleu, sacre_bleu
from tests.metrics.caption_cases import ROWS, columns


@pytest.mark.filterwarnings("ignore:\nThe hypothesis contains 0 counts:UserWarning")
@settings(max_examples=80, deadline=None)
@given(ROWS, st.sampled_from(SMOOTHING["nltk"]))
def test_nltk_variant_equals_nltk(rows, smoothing):
    """BLEU with each of NLTK's eight smoothing methods equals NLTK's `corpus_bleu`.

    Methods 5 to 7 of NLTK use the last sentence only, so they are compared on one sentence.
    """
    nltk = pytest.importorskip("nltk.translate.bleu_score")
    if smoothing in ("method5", "method6", "method7"):
        rows = rows[:1]
    hypotheses, references = columns(rows)
    score = metrics.bleu(
        hypotheses, references, tokenize="none", variant="nltk", smoothing=smoothing
    )
    try:
        expected = nltk.corpus_bleu(
            [[text.split() for text in group] for group in references],
            [text.split() for text in hypotheses],
            weights=[tuple([1 / n] * n) for n in range(1, 5)],
            smoothing_function=getattr(nltk.SmoothingFunction(), smoothing),
        )
    except AssertionError:
        return  # NLTK's method 6 rejects sentences without a common trigram.
    assert score.values == pytest.approx(expected, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from(SMOOTHING["sacrebleu"]), st.booleans())
def test_sacrebleu_variant_equals_sacrebleu(rows, smoothing, effective_order):
    """BLEU with each of sacreBLEU's smoothing methods equals sacreBLEU, as a fraction."""
    sacrebleu = pytest.importorskip("sacrebleu")
    most = max(len(references) for _, references in rows)
    rows = [
        (hypothesis, references + references[-1:] * (most - len(references)))
        for hypothesis, references in rows
    ]
    hypotheses, references = columns(rows)
    scorer = sacrebleu.BLEU(
        tokenize="none", smooth_method=smoothing, effective_order=effective_order, force=True
    )
    score = metrics.bleu(
        hypotheses,
        references,
        tokenize="none",
        variant="sacrebleu",
        smoothing=smoothing,
        effective_order=effective_order,
    )
    streams = list(zip(*references, strict=True))
    corpus = scorer.corpus_score(hypotheses, streams).score / 100
    sentences = [scorer.sentence_score(*row).score / 100 for row in rows]
    assert score.value == pytest.approx(corpus, abs=1e-12)
    assert score.table[:, -1] == pytest.approx(sentences, abs=1e-12)


def test_leading_axes_are_independent_corpora():
    """Each row of a stack of BLEU statistics is scored independently."""
    generator = np.random.default_rng(0)
    guesses = np.sort(generator.integers(4, 30, (7, 5)), axis=-1)[:, ::-1].astype(float)
    matches = np.floor(guesses * generator.random((7, 5)))
    words, reference_words = guesses[:, :1], guesses[:, :1] + 2
    stacked = nltk_bleu(matches, guesses, words, reference_words, method=4)
    for row in range(7):
        single = nltk_bleu(matches[row], guesses[row], words[row], reference_words[row], method=4)
        assert stacked[row] == pytest.approx(single)


def test_method_5_averages_neighbors():
    """NLTK's method 5 averages each precision with its neighbors."""
    smoothed = averaged(np.array([0.5, 0.25]), np.array(0.125))
    assert smoothed == pytest.approx([0.75, (0.75 + 0.25 + 0.125) / 3])


def test_method_6_interpolates_from_the_third_order():
    """NLTK's method 6 interpolates precisions from the third order on with p2² / p1."""
    smoothed = interpolated(
        np.array([0.5, 0.25, 0.0]), np.array([2.0, 1, 1]), np.array([4.0, 4, 3])
    )
    assert smoothed == pytest.approx([0.5, 0.25, (1 + 5 * 0.125) / 8])


def test_sacrebleu_exp_smoothing_halves_per_order_without_a_match():
    """sacreBLEU's `exp` smoothing replaces the first zero count by 1/2, the second by 1/4 etc."""
    value = sacre_bleu(
        np.array([3.0, 0, 0]),
        np.array([3.0, 2, 1]),
        np.array([3.0]),
        np.array([3.0]),
        smoothing="exp",
        effective_order=False,
    )
    assert value[-1] == pytest.approx(math.prod([1, 0.5 / 2, 0.25]) ** (1 / 3))
